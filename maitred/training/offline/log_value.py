"""What a policy would have earned, from a decision log that another one made: the question a log is asked first.

One step at a time: what the policy's decisions do to the queue, and so to the decisions after them, is not in it. Days
are what is taken for independent, never decisions.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from rich.table import Table

from maitred.training.decision_log.read import Logged as LoggedRows
from maitred.training.decision_log.read import as_logged, read_groups
from maitred.training.gate.contender import Contender, probabilities
from maitred.training.gate.learned_from import learned_from
from maitred.training.offline.experience import OfflineError
from maitred.training.ope.clusters import LEAST_CLUSTERS
from maitred.training.ope.estimate import CannotTell, Estimate, estimate
from maitred.training.ope.logged import Floats, Integers, Logged
from maitred.training.ope.reward_model import FOLDS, folds, joined, ridge
from maitred.training.ope.support import Support

EPISODES, CALENDAR = "episodes", "days of the calendar"
UNKNOWN, UNFINISHED = "propensity not known", "outcome not complete"


@dataclass(frozen=True)
class LogValue:
    """What a log says of a policy, in money per decision.

    Attributes:
        policy: its name.
        logged: what the logged decisions earned on average.
        answer: the estimate; None where the log cannot tell.
        reasons: why it cannot.
        support: diagnostics of the weights.
        resampled: what the bounds take for independent.
        clusters: how many of those there are.
        rows: of the log.
        left_out: rows that are not used, by reason.
    """

    policy: str
    logged: float
    answer: Estimate | None
    reasons: tuple[str, ...]
    support: Support
    resampled: str
    clusters: int
    rows: int
    left_out: Counter[str]


@dataclass(frozen=True, eq=False)
class _Used:
    """The m decisions of a row group that can tell something.

    Attributes:
        logged: (m,) with K places.
        target: (m, K) float64.
        cluster: (m,) str.
        left_out: rows of the group that are not used, by reason.
        unit: what `cluster` names.
    """

    logged: LoggedRows
    target: Floats
    cluster: NDArray[np.str_]
    left_out: Counter[str]
    unit: str


def log_value(log: str | Path, contender: Contender, seed: int = 0) -> LogValue:
    """Ask a log what a policy would have earned; holds its decisions in memory, 2 to 10 kB each.

    Every decision counts whose chance is known and whose outcome is complete; an answer that is about no contact, as
    when an agent stays free, earns 0. Rewards are predicted by a ridge that has not seen the decision's day. A log that
    the policy learned from cannot tell.

    Args:
        log: decision log.
        contender: the policy.
        seed: of which days are fitted together.

    Raises:
        DecisionLogError: no decision log.
        OfflineError: no decision can be used, or all are of one day.
        GateError: a policy whose chances are not known.
    """
    parts = [_used(group, contender) for group in read_groups(log) if group.num_rows]
    left_out: Counter[str] = sum((part.left_out for part in parts), Counter())
    used = sum(len(part.logged) for part in parts)
    if not used:
        raise OfflineError(f"{log}: expected decisions of known chance and complete outcome, found none")
    cluster = np.unique(np.concatenate([part.cluster for part in parts]), return_inverse=True)[1]
    if (clusters := int(cluster.max()) + 1) < 2:
        raise OfflineError(f"{log}: expected decisions of {LEAST_CLUSTERS} days or more, found those of one")
    evidence = _evidence(parts, folds(cluster, FOLDS, seed))
    found = estimate(evidence, cluster=cluster)
    if why := _remembered(log, contender):
        found = CannotTell((why,), found.support)
    return LogValue(
        policy=contender.name,
        logged=float(evidence.reward.mean()),
        answer=found if isinstance(found, Estimate) else None,
        reasons=found.reasons if isinstance(found, CannotTell) else (),
        support=found.support,
        resampled=" and ".join(sorted({part.unit for part in parts}, reverse=True)),
        clusters=clusters,
        rows=used + left_out.total(),
        left_out=left_out,
    )


def _remembered(log: str | Path, contender: Contender) -> str | None:
    with Path(log).open("rb") as file:
        return learned_from(contender.training, log, hashlib.file_digest(file, "sha256").hexdigest())


def _used(group: pa.Table, contender: Contender) -> _Used:
    logged, named = as_logged(group), group["episode_id"]
    known, finished = np.isfinite(logged.propensity), np.isfinite(logged.earned)
    rows = np.flatnonzero(known & finished)
    used = logged.only(rows)
    day = pc.strftime(group["time"], format="%Y-%m-%d")
    return _Used(
        used,
        probabilities(contender, used.decisions) if len(rows) else np.zeros(used.decisions.mask.shape),
        np.asarray(pc.coalesce(named, day).to_numpy()[rows], np.str_),
        Counter({UNKNOWN: int((~known).sum()), UNFINISHED: int((known & ~finished).sum())}),
        CALENDAR if named.null_count else EPISODES,
    )


def _evidence(parts: list[_Used], fold: Integers) -> Logged:
    places = max(part.target.shape[1] for part in parts)

    def together(name: str) -> Any:
        return np.concatenate([getattr(part.logged, name) for part in parts])

    return Logged(
        reward=together("earned"),
        propensity=together("propensity"),
        chosen=together("chosen"),
        target=np.concatenate([_wide(part.target, places) for part in parts]),
        behaviour=None,
        q=_predictions(parts, together("earned"), fold, places),
        propensity_estimated=bool(together("estimated").any()),
    )


def _predictions(parts: list[_Used], reward: Floats, fold: Integers, places: int) -> Floats:
    """(n, K) float64 rewards predicted by ridges that have not seen a decision's fold, a group of rows at a time."""
    taken = np.concatenate([_features(part)[np.arange(len(part.logged)), part.logged.chosen] for part in parts])
    predict = {held: ridge()(taken[fold != held], reward[fold != held]) for held in np.unique(fold).tolist()}
    q, ends = np.zeros((len(reward), places)), np.cumsum([0, *(len(part.logged) for part in parts)])
    for part, (first, last) in zip(parts, pairwise(ends), strict=True):
        features, own = _features(part), fold[first:last]
        for held in np.unique(own).tolist():
            rows = own == held
            q[np.flatnonzero(rows) + first] = _wide(predict[held](features[rows]), places)
    return q.clip(reward.min(), reward.max())


def _features(part: _Used) -> NDArray[np.floating]:
    return joined(part.logged.decisions.context, part.logged.decisions.candidates)


def _wide(table: Floats, places: int) -> Floats:
    """(m, places) a narrower table, 0 beyond it."""
    return np.pad(table, ((0, 0), (0, places - table.shape[1])))


def as_json(found: LogValue) -> dict[str, Any]:
    """The same for a file."""
    return asdict(found) | {"left_out": {reason: count for reason, count in found.left_out.items() if count}}


def value_table(found: LogValue) -> Table:
    """The same for people."""
    table = Table("", "", title=f"{found.policy}, from a log of other decisions, in money per decision")
    table.columns[1].justify = "right"
    table.add_row("the logged decisions", f"{found.logged:.3f}")
    if found.answer is None:
        table.add_row(f"{found.policy}", "cannot tell")
        for reason in found.reasons:
            table.add_row("", reason)
    else:
        answer = found.answer
        table.add_row(f"{found.policy}", f"{answer.value:.3f}")
        table.add_row(f"at least, at {1 - answer.alpha:.0%}", f"{answer.low:.3f}")
        table.add_row(f"at most, at {1 - answer.alpha:.0%}", f"{answer.high:.3f}")
        table.add_row("bounds wider than of independent decisions by", f"x {answer.widening:.2f}")
    table.add_row("resampled", f"{found.clusters:,} {found.resampled}")
    for line in _diagnostics(found):
        table.add_row(*line)
    return table


def _diagnostics(found: LogValue) -> list[tuple[str, str]]:
    support = found.support
    return [
        ("decisions used, of rows", f"{support.decisions:,} of {found.rows:,}"),
        *((f"left out: {reason}", f"{count:,}") for reason, count in found.left_out.items() if count),
        ("effective sample size", f"{support.effective:,.0f}"),
        ("mean weight, 1 if chances are right", f"{support.mean_weight:.3f} +- {support.mean_weight_error:.3f}"),
        ("largest weight", f"{support.largest_weight:.1f}"),
        ("Pareto k of the weights", f"{support.pareto_k:.2f}"),
    ]
