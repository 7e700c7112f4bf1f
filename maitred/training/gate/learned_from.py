"""Whether a candidate learned from the very decisions that are to judge it.

What a policy has learned from tells how well it remembers, not how well it decides: on its own log the luckiest rows
are what it learned, and it looks better than it is. The record of a run, which its bundle carries in the manifest,
says where its log came from, and holds a fingerprint of it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from maitred.training.decision_log.provenance import provenance_of
from maitred.training.decision_log.read import read_groups

SAMPLE = 256  # rows of a fingerprint: 2 % of a log's rows found in another are missed once in 170 times


def fingerprint(log: str | Path) -> dict[str, Any]:
    """What a run's record keeps of the log that it learned from.

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


def learned_from(training: Mapping[str, Any], log: str | Path, sha256: str) -> str | None:
    """Why a log is no evidence of a policy that was trained as its record says; None if nothing speaks against it.

    Args:
        training: record of the run, or what the bundle's manifest says of it.
        log: the decisions that are to judge it.
        sha256: of that file.
    """
    told = training.get("log")
    if not isinstance(told, Mapping):
        return None
    if told.get("sha256") == sha256:
        return "the candidate learned from this very file"
    here: Mapping[str, Any] = provenance_of(log)
    drawn = ("seed", "scenario_sha256")
    if here.get("seed") is not None and all(told.get(name) == here.get(name) for name in drawn):
        return f"the candidate learned from days of the same seed, {here['seed']}"
    if common := sorted({*told.get("log_days", ())} & {*here.get("log_days", ())}):
        return f"the candidate learned from {len(common)} of its days, {common[0]} to {common[-1]}"
    if shared := _shared(told.get("sample", ()), log):
        return f"the candidate learned from some of its decisions: {shared} of {len(told['sample'])} sampled are in it"
    return None


def _shared(sample: list[str], log: str | Path) -> int:
    known = np.array([int(one, 16) for one in sample], np.uint64)
    return sum(int(np.isin(known, hashes).sum()) for hashes in _hashes(log)) if len(known) else 0


def _hashes(log: str | Path) -> Iterator[NDArray[np.uint64]]:
    """The hashes of each row group's rows (B,), of what no later join changes: the decision's identifier and time."""
    for rows in read_groups(log, ["decision_id", "time"]):
        times = rows["time"].cast(pa.int64()).to_pylist()
        named = (f"{time} {one}".encode() for one, time in zip(rows["decision_id"].to_pylist(), times, strict=True))
        digests = b"".join(hashlib.blake2b(name, digest_size=8).digest() for name in named)
        yield np.frombuffer(digests, ">u8").astype(np.uint64)
