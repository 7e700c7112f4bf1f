"""What rows of a decision log must satisfy among each other: identifiers once, clocks that run forward."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from maitred.envs.decision_json import key_of
from maitred.training.decision_log.rules import Rule

Keys = NDArray[np.uint64]

_BUCKETS = 256


def repeated_ids(groups: Iterable[list[str]], scratch: Path) -> Keys:
    """Keys (`key_of`) of the identifiers that occur more than once, sorted.

    The keys of all identifiers go to files by their highest byte, and only one of these is in memory at a time. Two
    identifiers of the same 64-bit key would be taken for one: of 100 million, that is to be expected in one log of
    3,700.

    Args:
        groups: identifiers, part by part.
        scratch: folder for the files while they are needed, 8 bytes per identifier.
    """
    with TemporaryDirectory(dir=scratch, prefix=".ids-") as folder:
        paths = [Path(folder) / str(bucket) for bucket in range(_BUCKETS)]
        with ExitStack() as stack:
            files = [stack.enter_context(open(path, "wb")) for path in paths]
            for ids in groups:
                keys = np.array([key_of(identity) for identity in ids], np.uint64)
                for bucket in np.unique(keys >> np.uint64(56)):
                    files[bucket].write(keys[keys >> np.uint64(56) == bucket].tobytes())
        return np.concatenate([_repeated(np.fromfile(path, np.uint64)) for path in paths])


def _repeated(keys: Keys) -> Keys:
    values, counts = np.unique(keys, return_counts=True)
    return values[counts > 1]


def occurs_once(rows: pa.Table, repeated: Keys) -> Rule:
    """The condition that an identifier is none of the repeated ones, on rows (B,)."""
    if not len(repeated):
        return Rule("decision_id", "an identifier of its own", np.ones(rows.num_rows, np.bool_))
    keys = np.array([key_of(identity or "") for identity in rows["decision_id"].to_pylist()], np.uint64)
    return Rule("decision_id", "an identifier of its own", ~np.isin(keys, repeated))


class Clocks:
    """The last decision of each episode so far; rows that belong to none are one sequence.

    Attributes:
        gaps: rows that do not follow the step before.
    """

    def __init__(self) -> None:
        self.gaps = 0
        self._last: dict[str, tuple[int, int]] = {}

    def run_forward(self, rows: pa.Table) -> list[Rule]:
        """The conditions that, within its episode, no row (B,) is earlier than the row before, and steps increase."""
        episode = pc.fill_null(rows["episode_id"], "").to_pylist()
        time = pc.fill_null(pc.cast(rows["time"], pa.int64()), 0).to_pylist()
        step = pc.fill_null(rows["step"], -1).to_pylist()
        in_time, in_step = np.ones(len(time), np.bool_), np.ones(len(time), np.bool_)
        for row, (name, now, count) in enumerate(zip(episode, time, step, strict=True)):
            before, steps = self._last.get(name, (now, -1))
            in_time[row], in_step[row] = now >= before, not name or count > steps
            self.gaps += bool(name) and count != steps + 1
            self._last[name] = max(now, before), max(count, steps)
        return [
            Rule("time", "not before the row before of its episode", in_time),
            Rule("step", "more than in the row before of its episode", in_step),
        ]
