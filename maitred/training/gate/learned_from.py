"""Whether a candidate learned from the very decisions that are to judge it.

What a policy has learned from tells how well it remembers, not how well it decides: on its own log the luckiest rows
are what it learned, and it looks better than it is. The record of a run, which its bundle carries in the manifest,
says where its log came from, and holds a fingerprint of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from maitred.training.decision_log.fingerprint import shared
from maitred.training.decision_log.provenance import provenance_of


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
    if found := shared(told.get("sample", ()), log):
        return f"the candidate learned from some of its decisions: {found} of {len(told['sample'])} sampled are in it"
    return None
