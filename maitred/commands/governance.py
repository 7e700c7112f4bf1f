"""Commands about the governance file."""

from __future__ import annotations

from pathlib import Path

from maitred.commands.declare import Command, Key


def check(file: str) -> int:
    """Print a file's rules, who approved it, and its hash."""
    from rich.console import Console

    from maitred.training.governance.files import load_draft, load_governance
    from maitred.training.governance.tables import rules_table

    draft, stated = load_draft(file)
    Console().print(rules_table(draft if stated is None else load_governance(file), Path(file).name))
    return 0


def diff(old: str, new: str) -> int:
    """Print what differs."""
    from rich.console import Console

    from maitred.training.governance.files import load_draft
    from maitred.training.governance.tables import changes_table

    before, after = load_draft(old)[0], load_draft(new)[0]
    Console().print(changes_table(before, after, f"{Path(old).name} to {Path(new).name}"))
    return 0


def approve(file: str, by: str, previous: str) -> int:
    """Write the new version, and say what follows from it."""
    from maitred.training.governance.approve import approve
    from maitred.training.governance.files import load_governance

    out = approve(file, by, previous)
    print(f"{out}: {load_governance(out).sha256}")
    print("Bundles under other rules are no longer in force: export them with it and pass the gate again.")
    return 0


COMMANDS = {
    "governance check": Command(
        "check a governance file, and print its rules and hash",
        "  maitred governance check file=governance.v1.yaml",
        check,
        keys=(Key("file", "governance file, a draft or approved (docs/governance.md)", required=True),),
    ),
    "governance diff": Command(
        "say in words what differs between two governance files",
        "  maitred governance diff old=governance.v1.yaml new=governance.yaml",
        diff,
        keys=(
            Key("old", "governance file", required=True),
            Key("new", "governance file", required=True),
        ),
    ),
    "governance approve": Command(
        "write a new version of the rules, approved by name",
        "  maitred governance approve file=governance.yaml by='Ana Ruiz' previous=none\n"
        "  maitred governance approve file=governance.yaml by='Ana Ruiz' previous=governance.v1.yaml",
        approve,
        keys=(
            Key("file", "the rules as they are to be; NAME.vN.yaml is written beside it", required=True),
            Key("by", "name of the person who approves", required=True),
            Key("previous", "approved file that it replaces; none for the first", required=True),
        ),
    ),
}
