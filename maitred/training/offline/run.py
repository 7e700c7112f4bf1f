"""From a decision log to the folder of a run, which the gate takes for a candidate."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from maitred.envs.decision import Decisions
from maitred.serving.governance import NONE
from maitred.serving.level import RETRAINED_LEVEL
from maitred.training.decision_log.fingerprint import fingerprint
from maitred.training.decision_log.provenance import check_log_disjoint, objective_of, provenance_of
from maitred.training.decision_log.read import decisions_of, open_log, read_groups
from maitred.training.drift.familiarity import seen_in_order
from maitred.training.drift.of_run import FAMILIAR
from maitred.training.frozen import find_frozen
from maitred.training.offline.experience import OfflineError, read_experience
from maitred.training.offline.methods import LearnedOffline, Study, learn
from maitred.training.provenance import commit, versions
from maitred.training.run_folder import DECISIONS, NETWORK, RUN
from maitred.whole_file import whole_file

PARITY_DECISIONS = 2_000
FAMILIAR_DECISIONS = 20_000


def run_offline(log: str | Path, method: str, out: str | Path, seed: int = 0) -> LearnedOffline:
    """Learn from a log and write `network.npz`, `decisions.npz`, `familiar.npz` and, last, `run.json`.

    The policy is of AI level 2, retrained from logs: its export needs the report of a gate that promotes it.

    Args:
        log: decision log.
        method: one of `methods.METHODS`.
        out: folder to write; may not hold a run already.
        seed: of everything random.

    Raises:
        OverlapError: the log holds what a frozen set in `frozen/` also holds.
        DecisionLogError: it is no decision log, or does not say what its rewards are in terms of.
        OfflineError: no such method, the log lacks what it needs, or `out` holds a run.
    """
    out, began = Path(out), datetime.now(UTC)
    if (out / RUN).exists():
        raise OfflineError(f"{out}: expected a folder without a run, found {RUN}")
    check_log_disjoint(log, find_frozen())
    objective = objective_of(log)
    study = Study(read_experience(log), seed)
    learned = learn(study, method)
    out.mkdir(parents=True, exist_ok=True)
    weights = {name: value.numpy() for name, value in learned.policy.network.state_dict().items()}
    _write(out / NETWORK, weights)
    _write(out / DECISIONS, _sample(log))
    _write(out / FAMILIAR, dict(seen_in_order(_spread(log)).arrays()))
    record = {
        "level": RETRAINED_LEVEL,
        "governance": NONE,
        "config": {"seed": seed, "objective": asdict(objective), "policy": {"name": method}},
        "log": {**provenance_of(log), **fingerprint(log), "decisions": len(study.experience)},
        "propensity_estimated": learned.propensity_estimated,
        "began": began.isoformat(timespec="seconds"),
        "seconds": round(learned.seconds, 1),
        "figures": dict(learned.figures),
        "commit": commit(),
        "versions": versions("numpy", "torch"),
    }
    with whole_file(out / RUN) as temporary:
        temporary.write_text(json.dumps(record, indent=1) + "\n")
    return learned


def _sample(log: str | Path) -> dict[str, np.ndarray[Any, Any]]:
    """The first decisions of a log, as arrays."""
    groups: list[pa.Table] = []
    for rows in read_groups(log, ("key", "context", "candidates", "mask")):
        groups.append(rows)
        if sum(map(len, groups)) >= PARITY_DECISIONS:
            break
    return asdict(decisions_of(pa.concat_tables(groups).slice(0, PARITY_DECISIONS)))


def _spread(log: str | Path) -> Decisions:
    """Decisions of a log, evenly from its first to its last."""
    with open_log(log) as file:
        every = max(1, file.metadata.num_rows // FAMILIAR_DECISIONS)
    before, groups = 0, list[pa.Table]()
    for rows in read_groups(log, ("key", "context", "candidates", "mask")):
        groups.append(rows.take(np.arange(-before % every, len(rows), every)))
        before += len(rows)
    return decisions_of(pa.concat_tables(groups))


def _write(path: Path, arrays: dict[str, np.ndarray[Any, Any]]) -> None:
    with whole_file(path) as temporary, temporary.open("wb") as file:
        np.savez(file, allow_pickle=False, **arrays)
