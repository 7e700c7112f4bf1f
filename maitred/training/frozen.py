"""Frozen evaluation sets: traces as files, hashed, so that every policy is judged on the same days.

A set is a directory of `traces.npz`, the folder `scenario/`, `manifest.json` and `ledger.jsonl`. The manifest
declares the hash of every file and closes with a hash of itself, the identity of the set; the ledger of looks
(`looks`) starts from that identity. Nothing but the ledger ever changes.

Training and evidence must not overlap. Training draws its traces from SeedSequence(entropy=seed,
spawn_key=(group, episode)) and a set from SeedSequence(entropy=seed, spawn_key=(FROZEN_BRANCH, episode)), so
even one seed would give different traces; `check_disjoint` refuses a shared seed all the same, because one
rule without exceptions can be checked by reading two numbers.
"""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import numpy as np

from maitred.envs.scenario import Scenario
from maitred.envs.scenario_error import ScenarioError
from maitred.envs.scenario_file import load_scenario, save_scenario, scenario_hash
from maitred.envs.trace import Trace, pack_traces, unpack_traces
from maitred.envs.traffic import draw_trace
from maitred.training.looks import FrozenSetError, Looks
from maitred.training.provenance import commit, versions

FROZEN_VERSION = 1
FROZEN_BRANCH = 2**32 - 1  # of the seed tree; no training run has that many centers
MANIFEST, LEDGER, TRACES, CENTER = "manifest.json", "ledger.jsonl", "traces.npz", "scenario/center.yaml"

__all__ = [
    "FROZEN_BRANCH",
    "FrozenSet",
    "FrozenSetError",
    "OverlapError",
    "check_disjoint",
    "find_frozen",
    "freeze",
    "load_frozen",
]


class OverlapError(ValueError):
    """Training data that a frozen set also holds; the message names the set and what overlaps."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FrozenSet:
    """A verified frozen set.

    Attributes:
        path: its directory.
        name: what it is called in reports.
        purpose: what it is to be used for.
        created: when it was frozen, UTC, ISO 8601.
        sha256: its identity: the hash over the manifest, and through it over every file.
        scenario: the center that the traces are days of.
        scenario_sha256: `scenario_hash` of it.
        seed: entropy of the SeedSequence the traces were drawn from.
        episodes: number of traces E.
        log_days: days of a contact log that the set stands for, ISO 8601; none if it stands for no log.
    """

    path: Path
    name: str
    purpose: str
    created: str
    sha256: str
    scenario: Scenario
    scenario_sha256: str
    seed: int
    episodes: int
    log_days: tuple[str, ...]

    def traces(self) -> list[Trace]:
        """The E traces, read from the file."""
        with np.load(self.path / TRACES, allow_pickle=False) as packed:
            return unpack_traces(packed)

    @property
    def looks(self) -> Looks:
        """The ledger of looks at this set."""
        return Looks(self.path / LEDGER, self.sha256)


def freeze(
    scenario: Scenario,
    out_dir: str | Path,
    *,
    episodes: int,
    seed: int,
    purpose: str,
    name: str,
    log_days: Iterable[date | str] = (),
) -> FrozenSet:
    """Draw the traces of a set and write it.

    Args:
        scenario: the center.
        out_dir: the set's directory; must not exist.
        episodes: number of traces, at least 2, since intervals are taken over episodes.
        seed: entropy of the traces; no training run on this scenario may use it.
        purpose: what the set is to be used for, in words.
        name: what to call it in reports.
        log_days: days of the contact log that the scenario was fitted to, where they were held out for this.

    Raises:
        FrozenSetError: `out_dir` exists, or an argument cannot be used; nothing is left behind.
    """
    out = Path(out_dir)
    if out.exists():
        raise FrozenSetError(f"{out}: expected a directory that does not exist; a frozen set is never overwritten")
    if episodes < 2 or seed < 0 or not name or not purpose:
        raise FrozenSetError("expected a name, a purpose, at least 2 episodes and a seed of at least 0")
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out.parent, prefix=f".{out.name}-") as staging:
        folder = Path(staging) / out.name
        (folder / CENTER).parent.mkdir(parents=True)
        save_scenario(scenario, folder / CENTER)
        saved = load_scenario(folder / CENTER)
        _write_traces(folder, saved, seed, episodes)
        content = {
            "frozen_version": FROZEN_VERSION,
            "name": name,
            "purpose": purpose,
            "created": datetime.now(UTC).isoformat(timespec="seconds"),
            "scenario": {"name": saved.name, "sha256": scenario_hash(saved)},
            "seed": {"entropy": seed, "branch": FROZEN_BRANCH, "episodes": episodes},
            "log_days": sorted({_iso_day(day) for day in log_days}),
            "tools": versions("numpy", "scipy"),
            "commit": commit(),
            "files": _hashes(folder),
        }
        (folder / MANIFEST).write_bytes(_manifest({**content, "sha256": _identity(content)}))
        (folder / LEDGER).touch()
        load_frozen(folder)
        folder.rename(out)
    return load_frozen(out)


def load_frozen(path: str | Path) -> FrozenSet:
    """Read a set and verify every file of it, the ledger included.

    Raises:
        FrozenSetError: naming the file that is missing, unexpected or not what was frozen.
    """
    folder = Path(path)
    manifest = _read_manifest(folder / MANIFEST)
    declared, found = manifest["files"], _hashes(folder)
    for name in sorted({*declared, *found}):
        if name not in found:
            raise FrozenSetError(f"{folder / name}: missing")
        if name not in declared:
            raise FrozenSetError(f"{folder / name}: not part of the set")
        if declared[name] != found[name]:
            raise FrozenSetError(f"{folder / name}: changed since it was frozen")
    try:
        scenario = load_scenario(folder / CENTER)
    except ScenarioError as error:
        raise FrozenSetError(f"{folder / CENTER}: {error}") from error
    frozen = FrozenSet(
        path=folder,
        **{key: manifest[key] for key in ("name", "purpose", "created", "sha256")},
        scenario=scenario,
        scenario_sha256=manifest["scenario"]["sha256"],
        seed=manifest["seed"]["entropy"],
        episodes=manifest["seed"]["episodes"],
        log_days=tuple(manifest["log_days"]),
    )
    frozen.looks.read()
    return frozen


def find_frozen(root: str | Path = "frozen") -> list[FrozenSet]:
    """Every set that is a directory in `root`, by name; none if there is no such directory.

    Raises:
        FrozenSetError: One of them is damaged: a guard that passed over it would guard nothing.
    """
    manifests = sorted(Path(root).glob(f"*/{MANIFEST}"))
    return [load_frozen(file.parent) for file in manifests if not file.parent.name.startswith(".")]


def check_disjoint(
    sets: Iterable[FrozenSet],
    *,
    seed_entropy: int | None = None,
    scenario_hash: str | None = None,
    log_days: Iterable[date | str] = (),
) -> None:
    """Refuse training data that overlaps a frozen set.

    Data overlap that share the seed's entropy on the same scenario, whatever the branch of the seed tree, or
    that share a day of a contact log.

    Args:
        sets: the frozen sets.
        seed_entropy: entropy that training draws its traces from, if it draws any.
        scenario_hash: of the scenario that it draws them for.
        log_days: days of the log that the training data, or the scenario, come from.

    Raises:
        OverlapError: naming the first set that overlaps, and what overlaps.
    """
    days = {_iso_day(day) for day in log_days}
    for frozen in sets:
        if seed_entropy == frozen.seed and scenario_hash == frozen.scenario_sha256:
            raise OverlapError(
                f"training overlaps the frozen set {frozen.name!r} ({frozen.path}): both draw scenario "
                f"{frozen.scenario.name!r} from seed {frozen.seed}; train with another seed"
            )
        if common := sorted(days & set(frozen.log_days)):
            raise OverlapError(
                f"training overlaps the frozen set {frozen.name!r} ({frozen.path}): both hold {len(common)} "
                f"day(s) of the log, {common[0]} to {common[-1]}; leave them out of training"
            )


def _iso_day(day: date | str) -> str:
    try:
        return (date.fromisoformat(day) if isinstance(day, str) else day).isoformat()
    except ValueError as error:
        raise FrozenSetError(f"log_days: expected days as YYYY-MM-DD, found {day!r}") from error


def _write_traces(folder: Path, scenario: Scenario, seed: int, episodes: int) -> None:
    seeds = (np.random.SeedSequence(entropy=seed, spawn_key=(FROZEN_BRANCH, i)) for i in range(episodes))
    packed: dict[str, Any] = pack_traces([draw_trace(scenario, s) for s in seeds])
    np.savez_compressed(folder / TRACES, allow_pickle=False, **packed)


def _hashes(folder: Path) -> dict[str, str]:
    """SHA-256 of every file that must not change, by its path inside the set."""
    files = {path.relative_to(folder).as_posix(): path for path in sorted(folder.rglob("*")) if path.is_file()}
    return {
        name: hashlib.sha256(path.read_bytes()).hexdigest()
        for name, path in files.items()
        if name not in (MANIFEST, LEDGER)
    }


def _manifest(content: Mapping[str, Any]) -> bytes:
    return json.dumps(content, indent=1).encode() + b"\n"


def _identity(content: Mapping[str, Any]) -> str:
    return hashlib.sha256(_manifest(content)).hexdigest()


def _read_manifest(path: Path) -> dict[str, Any]:
    """The manifest, if it is to the byte what `freeze` wrote."""
    try:
        raw = path.read_bytes()
        manifest = json.loads(raw)
        content = {key: manifest[key] for key in manifest if key != "sha256"}
        intact = raw == _manifest(manifest) and manifest["sha256"] == _identity(content)
    except OSError as error:
        raise FrozenSetError(f"{path}: expected a readable file, found {error.strerror}") from error
    except (ValueError, TypeError, KeyError):
        intact = False
    if not intact:
        raise FrozenSetError(f"{path}: changed since it was frozen")
    if manifest.get("frozen_version") != FROZEN_VERSION:
        raise FrozenSetError(f"{path}: expected frozen_version {FROZEN_VERSION}, found another layout")
    return dict(manifest)
