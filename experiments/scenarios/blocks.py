"""The reference page of the blocks, written from their declarations: `python -m experiments.scenarios.blocks`."""

from __future__ import annotations

import inspect
from dataclasses import Field
from pathlib import Path
from typing import Any

from maitred.envs.blocks import BLOCKS
from maitred.envs.blocks.fields import declared
from maitred.whole_file import whole_file

PAGE = Path("docs/blocks.md")
INTRODUCTION = """# Blocks of a scenario

A mechanism beyond calls and agents is a block of the scenario's YAML file; a block left out is off and costs nothing.
A value is one number, or a mapping by the names along its axes (`{chat: 80, messages: 900}`); what is left out keeps
the default. [E] marks an engineering choice without a source: test the sensitivity of results to it. Written by
`python -m experiments.scenarios.blocks` from `maitred/envs/blocks/`; the mechanism itself is in
`maitred/envs/kernel/`, under the name of the block where there is one.
"""


def page() -> str:
    """The page as Markdown."""
    return "\n".join([INTRODUCTION, *(_section(name, block) for name, block in BLOCKS.items())])


def _section(name: str, block: Any) -> str:
    lines = [f"## {name}", "", inspect.getdoc(block) or "", ""]
    lines += ["| field | default | range | along | source |", "|---|---|---|---|---|"]
    return "\n".join([*lines, *(_row(f) for f in declared(block)), ""])


def _row(f: Field[Any]) -> str:
    kind, (low, high) = f.metadata["kind"], f.metadata["range"]
    if kind == "number":
        default, within = f"{f.default:g}", f"{low:g} to {high:g}"
    elif kind == "flag":
        default, within = str(bool(f.default)).lower(), "true, false"
    else:
        default, within = "none" if int(str(f.default)) < 0 else "the first", f"name of a {kind}"
    return f"| `{f.name}` | {default} | {within} | {' x '.join(f.metadata['axes'])} | {f.metadata['source']} |"


def main() -> None:
    """Write the page."""
    with whole_file(PAGE) as temporary:
        temporary.write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
