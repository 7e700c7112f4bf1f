"""By what a log is known again, whatever became of it since: its bytes, and a sample of its rows."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from maitred.training.decision_log.read import read_groups

SAMPLE = 256  # rows of a fingerprint: 2 % of a log's rows found in another are missed once in 170 times


def fingerprint(log: str | Path) -> dict[str, Any]:
    """What the record of a run keeps of the log that it learned from.

    Returns:
        `sha256` of the file, and `sample`: the least `SAMPLE` of its rows' hashes, in hexadecimal. They are a random
        sample of the rows, the same in every log that holds these rows (Broder 1997, "On the resemblance and
        containment of documents"), so that an excerpt, a continuation or a log with other outcomes is known again.

    Raises:
        DecisionLogError: no decision log.
    """
    least = np.empty(0, np.uint64)
    for hashes in _hashes(log):
        least = np.unique(np.concatenate([least, hashes]))[:SAMPLE]
    with Path(log).open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    return {"sha256": sha256, "sample": [f"{one:016x}" for one in least.tolist()]}


def shared(sample: Sequence[str], log: str | Path) -> int:
    """How many rows of a fingerprint's sample are in a log."""
    known = np.array([int(one, 16) for one in sample], np.uint64)
    return sum(int(np.isin(known, hashes).sum()) for hashes in _hashes(log)) if len(known) else 0


def _hashes(log: str | Path) -> Iterator[NDArray[np.uint64]]:
    """The hashes of each row group's rows (B,), of what no later join changes: the decision's identifier and time."""
    for rows in read_groups(log, ["decision_id", "time"]):
        times = rows["time"].cast(pa.int64()).to_pylist()
        named = (f"{time} {one}".encode() for one, time in zip(rows["decision_id"].to_pylist(), times, strict=True))
        digests = b"".join(hashlib.blake2b(name, digest_size=8).digest() for name in named)
        yield np.frombuffer(digests, ">u8").astype(np.uint64)
