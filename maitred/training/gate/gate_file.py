"""The gate's file: everything a decision rests on, sealed by a hash over its content.

The hash shows that the file was changed after it was written; it does not show who wrote it. Whoever may write the file
may write another with another hash, so keep it where only the pipeline that runs the gate can write.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from enum import Enum
from pathlib import Path
from typing import Any

import numpy as np

from maitred.whole_file import whole_file

GATE_VERSION = 1
_FIELDS = ("verdict", "level", "reasons", "candidate", "champion", "sets", "checks", "settings")


class GateFileError(ValueError):
    """A file that is no gate report, or not as it was written; the message names it."""


def seal(content: Mapping[str, Any]) -> dict[str, Any]:
    """The content as JSON can hold it, with the SHA-256 of its canonical form."""
    plain = _plain({**content, "gate_version": GATE_VERSION})
    return {**plain, "sha256": _identity(plain)}


def write_gate(path: str | Path, sealed: Mapping[str, Any]) -> None:
    """Write a sealed report, whole or not at all."""
    text = json.dumps(sealed, indent=1, allow_nan=False, ensure_ascii=False) + "\n"
    with whole_file(Path(path)) as temporary:
        temporary.write_text(text, encoding="utf-8")


def load_gate(path: str | Path) -> dict[str, Any]:
    """Read a report and verify that it is as it was written.

    Raises:
        GateFileError: unreadable, of another version, incomplete, or changed since.
    """
    try:
        content = json.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise GateFileError(f"{path}: expected a readable file, found {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise GateFileError(f"{path}: expected a gate report as JSON, found {error}") from error
    if not isinstance(content, dict) or content.get("gate_version") != GATE_VERSION:
        raise GateFileError(f"{path}: expected a gate report of version {GATE_VERSION}, found another file")
    if missing := [name for name in _FIELDS if name not in content]:
        raise GateFileError(f"{path}: expected the field {missing[0]}, found none")
    stated = content.get("sha256")
    if (found := _identity({key: content[key] for key in content if key != "sha256"})) != stated:
        raise GateFileError(f"{path}: changed since it was written: it states {stated}, its content has {found}")
    return content


def promotion_of(path: str | Path, weights_sha256: str, governance_sha256: str) -> dict[str, Any]:
    """What a report that promotes a policy says of it, for its model card.

    Args:
        path: of the report.
        weights_sha256: of the policy that is to be exported.
        governance_sha256: of the rules that it is to be exported under, "none" without.

    Raises:
        GateFileError: as `load_gate`; or it does not promote, or is of other weights or rules.
    """
    content = load_gate(path)
    if content["verdict"] != "promote":
        raise GateFileError(f"{path}: expected a report that promotes, found {content['verdict']}")
    for field, here, found in (
        ("candidate.weights_sha256", weights_sha256, content["candidate"].get("weights_sha256")),
        ("governance_sha256", governance_sha256, content.get("governance_sha256")),
    ):
        if found != here:
            raise GateFileError(f"{path}: {field}: expected {here}, of what is exported, found {found}")
    return {
        "sha256": content["sha256"],
        "created": content.get("created"),
        "verdict": content["verdict"],
        "level": content["level"],
        "weights_sha256": weights_sha256,
        "governance_sha256": governance_sha256,
    }


def _identity(plain: Mapping[str, Any]) -> str:
    """Of the canonical form: keys sorted, no spaces, UTF-8."""
    text = json.dumps(plain, sort_keys=True, separators=(",", ":"), allow_nan=False, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def _plain(value: Any) -> Any:
    """The value in JSON's own types; what is not a finite number is null."""
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, np.generic):
        return _plain(value.item())
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, np.ndarray) or (isinstance(value, Sequence) and not isinstance(value, str)):
        return [_plain(item) for item in value]
    return value
