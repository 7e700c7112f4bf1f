"""A new version of the governance file: a person's name, the hash of the version it replaces, and its own (GV-1)."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import yaml

from maitred.serving.governance import NONE, Approval, Governance, GovernanceError, document
from maitred.training.governance.diff import differences
from maitred.training.governance.files import load_draft, load_governance
from maitred.whole_file import whole_file

_READ_ONLY = 0o444


def approve(file: str | Path, by: str, previous: str) -> Path:
    """Write the rules of a file as a new approved version beside it, `NAME.vN.yaml`, read-only.

    Args:
        file: the rules as they are to be; a copy of the last version with changes, or the first version's draft.
        by: name of the person who answers for them.
        previous: the approved file that it replaces; `none` for the first version.

    Raises:
        GovernanceError: no name, the wrong previous version, nothing changed, or the new version is there already.
    """
    path = Path(file)
    draft, stated = load_draft(path)
    if not by.strip():
        raise GovernanceError(path.name, "approver", "the name of who approves it", "none")
    before = None if previous == NONE else load_governance(previous)
    _check_previous(path.name, draft, stated, before)
    number = 1 if before is None or before.approval is None else before.approval.version + 1
    approval = Approval(version=number, approver=by.strip(), previous=NONE if before is None else before.sha256)
    out = path.with_name(f"{re.sub(r'[.]v[0-9]+$', '', path.stem)}.v{number}.yaml")
    _write(out, replace(draft, approval=approval))
    return out


def _check_previous(file: str, draft: Governance, stated: str | None, before: Governance | None) -> None:
    """The draft was made of the version it replaces, and differs from it."""
    expected = NONE if before is None else before.sha256
    if stated is not None and stated != expected:
        raise GovernanceError(file, "previous", f"the file of the version it was made of, {stated}", expected)
    if before is not None and not differences(before, draft):
        raise GovernanceError(file, "file", "a rule that differs from the previous version", "none")


def _write(out: Path, governance: Governance) -> None:
    """The file appears whole, with its hash, and is not written again."""
    if out.exists():
        raise GovernanceError(out.name, "file", "a version that is not there yet", "a file")
    content = {**document(governance), "sha256": governance.sha256}
    with whole_file(out) as temporary:
        temporary.write_text(yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=118), encoding="utf-8")
        temporary.chmod(_READ_ONLY)
