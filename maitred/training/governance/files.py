"""Governance files, opened for reading only: drafts, and approved versions that must be as they were approved."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from maitred.envs.kpi import KPIS
from maitred.serving.governance import Governance, GovernanceError, read_governance


def load_draft(path: str | Path) -> tuple[Governance, str | None]:
    """Read a governance file, approved or not.

    Returns:
        What it says, and the hash that its approval stated; None where it was never approved.

    Raises:
        GovernanceError: naming the file, the field, what was expected and found.
    """
    file = Path(path).name
    content = _parsed(Path(path), file)
    governance = read_governance(content, file)
    _check_kpis(governance, file)
    return governance, content.get("sha256") if governance.approval is not None else None


def load_governance(path: str | Path) -> Governance:
    """Read an approved governance file.

    Raises:
        GovernanceError: a field is wrong, nobody approved it, or it changed since.
    """
    governance, stated = load_draft(path)
    if governance.approval is None:
        raise GovernanceError(Path(path).name, "approver", "an approval (maitred governance approve)", "none")
    if stated != governance.sha256:
        expected = f"{governance.sha256}, as the rules are now: a change needs an approval"
        raise GovernanceError(Path(path).name, "sha256", expected, stated)
    return governance


def _parsed(path: Path, file: str) -> dict[str, Any]:
    """The mapping of a YAML or JSON file."""
    try:
        text = path.read_text(encoding="utf-8")
        _check_keys(yaml.compose(text, Loader=yaml.SafeLoader), file)
        content = yaml.safe_load(text)
    except (OSError, UnicodeDecodeError, yaml.YAMLError, RecursionError) as error:
        raise GovernanceError(file, "file", "a readable YAML file", " ".join(str(error).split())) from error
    if not isinstance(content, dict):
        raise GovernanceError(file, "file", "a mapping of rules", type(content).__name__)
    return content


def _check_keys(node: yaml.Node | None, file: str) -> None:
    """Refuse a rule that is stated twice: YAML would take the second and say nothing."""
    seen: set[str] = set()
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if str(key.value) in seen:
                raise GovernanceError(file, str(key.value), "to be stated once", "twice")
            seen.add(str(key.value))
            _check_keys(value, file)
    elif isinstance(node, yaml.SequenceNode):
        for item in node.value:
            _check_keys(item, file)


def _check_kpis(governance: Governance, file: str) -> None:
    """Fairness is bounded in KPIs that there are."""
    known = {kpi.name for kpi in KPIS}
    for bound in governance.fairness:
        if (name := bound.removesuffix("_at_most").removesuffix("_at_least")) not in known:
            raise GovernanceError(file, f"fairness.{bound}", "the name of a KPI with _at_most or _at_least", name)
