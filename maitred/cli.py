"""The `maitred` command: its help, its arguments, and what it says when something is wrong.

Nothing but the standard library is imported here, so that help is quick and the base install, numpy alone, has it
too; each command imports what it needs when it runs.
"""

from __future__ import annotations

import argparse
import os
import sys
import traceback
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

from maitred import __version__
from maitred.commands import COMMANDS
from maitred.commands.declare import Command

MISTAKE, BUG, INTERRUPTED = 2, 1, 130
_FORMAT: Any = partial(argparse.RawDescriptionHelpFormatter, max_help_position=30)

INTRODUCTION = """\
Learns which contact goes to whom in a contact center, and proves it on frozen evidence.

The whole job on a center fitted from a real log, in minutes:
  maitred demo

The same on your own log:
  maitred import calls/*.tsv.gz --format technion --out log.parquet
  maitred calibrate log=log.parquet out=my_center.yaml
  maitred freeze scenario=my_center.yaml out=frozen/my_center
  maitred train scenario_file=my_center.yaml evaluation.set=frozen/my_center
  maitred export run=runs/ppo-... out=bundle
  maitred evaluate bundle=bundle set=frozen/my_center
  maitred decide --bundle bundle < decision.json
"""
EPILOG = "maitred COMMAND --help explains a command. MAITRED_DEBUG=1 shows the traceback of an error."


class UsageError(ValueError):
    """A command line that cannot be understood."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command line; returns 0, 2 for a mistake of the user, 1 for a bug."""
    try:
        name, values = _parsed(list(sys.argv[1:] if argv is None else argv))
        return COMMANDS[name].run(**values)
    except KeyboardInterrupt:
        return INTERRUPTED
    except Exception as error:
        if os.environ.get("MAITRED_DEBUG") == "1":
            raise
        status, line = _explained(error)
        print(f"maitred: {line}", file=sys.stderr)
        return status


def _parsed(argv: list[str]) -> tuple[str, dict[str, Any]]:
    """The command's name and the values of its arguments."""
    parser = argparse.ArgumentParser(prog="maitred", description=INTRODUCTION, epilog=EPILOG, formatter_class=_FORMAT)
    parser.add_argument("--version", action="version", version=f"maitred {__version__}")
    subparsers = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for name, command in COMMANDS.items():
        _add(subparsers.add_parser(name, **_help(command)), command)
    arguments, rest = parser.parse_known_args(_with_whole_name(argv))
    values = vars(arguments)
    name = values.pop("command")
    command = COMMANDS[name]
    if name == "train":
        return name, {"overrides": rest}
    if rest and not command.keys:
        raise UsageError(f"{name}: unknown argument {rest[0]}; see maitred {name} --help")
    return name, values | _key_values(name, command, rest)


def _with_whole_name(argv: list[str]) -> list[str]:
    """The arguments, the two words of a command such as `logs join` made one."""
    if " ".join(argv[:2]) in COMMANDS and len(argv) > 1:
        return [" ".join(argv[:2]), *argv[2:]]
    if argv and (second := [name.partition(" ")[2] for name in COMMANDS if name.startswith(f"{argv[0]} ")]):
        raise UsageError(f"{argv[0]}: expected {' or '.join(second)} after it; see maitred --help")
    return argv


def _help(command: Command) -> dict[str, Any]:
    keys = "\n".join(f"  {key.name}={'...':<{14 - len(key.name)}} {key.meaning}" for key in command.keys)
    return {
        "help": command.summary,
        "description": f"{command.summary.capitalize()}.\n\n{command.explanation}",
        "epilog": f"arguments:\n{keys}" if keys else None,
        "formatter_class": _FORMAT,
        "allow_abbrev": False,
    }


def _add(parser: argparse.ArgumentParser, command: Command) -> None:
    if command.keys:
        required = " ".join(f"{key.name}=..." for key in command.keys if key.required)
        parser.usage = f"{parser.prog} {required} [key=value ...]"
    if command.flags is not None:
        command.flags(parser)


def _key_values(name: str, command: Command, pairs: Sequence[str]) -> dict[str, Any]:
    """Values by key, each read; refuses what is unknown, given twice, missing or unreadable."""
    keys = {key.name: key for key in command.keys}
    values: dict[str, Any] = {}
    for pair in pairs:
        key, equals, text = pair.partition("=")
        if not equals or key not in keys:
            raise UsageError(f"{name}: expected {', '.join(f'{known}=...' for known in keys)}, found {pair}")
        if key in values:
            raise UsageError(f"{name}: {key} is given twice")
        try:
            values[key] = keys[key].read(text)
        except ValueError as error:
            raise UsageError(f"{name}: {key}: cannot read {text!r} ({error})") from error
    if missing := [key.name for key in command.keys if key.required and key.name not in values]:
        raise UsageError(f"{name}: {missing[0]}=... is missing; see maitred {name} --help")
    return values


def _explained(error: Exception) -> tuple[int, str]:
    """Exit status and one line for an error: whose it is, and what to do."""
    if isinstance(error, ModuleNotFoundError) and not (error.name or "").startswith("maitred"):
        return MISTAKE, f'this command needs {error.name}, which is not installed: pip install "maitred[train]"'
    if not _is_mistake(error):
        return BUG, f"internal error: {type(error).__name__}: {_one_line(error)} (MAITRED_DEBUG=1 shows where)"
    cause = error.__cause__ if type(error).__module__.startswith("hydra") else None
    return MISTAKE, _one_line(error) + (f" ({_one_line(cause)})" if cause is not None else "")


def _is_mistake(error: Exception) -> bool:
    """Whether an error is about what the user gave: a file, a setting, or a value that our own code refused."""
    package = type(error).__module__.partition(".")[0]
    if isinstance(error, OSError) or package in ("maitred", "hydra", "omegaconf"):
        return True
    frames = traceback.extract_tb(error.__traceback__)
    ours = str(Path(__file__).parent)
    return isinstance(error, ValueError) and bool(frames) and frames[-1].filename.startswith(ours)


def _one_line(error: BaseException) -> str:
    """The message without the internals that Hydra and OmegaConf add in lines of their own."""
    text = str(error).partition("Config search path:")[0].partition("\n    full_key:")[0]
    return " ".join(text.split())
