"""The `maitred` command: its help, its arguments, and what it says when something is wrong.

Nothing but the standard library is imported here, so that help is quick and the base install, numpy alone, has it
too; each command imports what it needs when it runs.
"""

from __future__ import annotations

import argparse
import os
import sys
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from maitred import __version__, commands

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


@dataclass(frozen=True)
class Key:
    """A `name=value` argument of a command.

    Attributes:
        name: what stands before the equals sign.
        meaning: one line of help, the default included.
        required: whether the command needs it.
        read: makes a value of the text; raises ValueError if it cannot.
    """

    name: str
    meaning: str
    required: bool = False
    read: Callable[[str], Any] = str


@dataclass(frozen=True)
class Command:
    """A subcommand.

    Attributes:
        summary: one line, in the list of commands.
        explanation: the rest of its help.
        run: does it; gets the values of its keys or flags by name, and returns the exit status.
        keys: its `name=value` arguments.
        flags: adds its argparse flags, if it has any.
    """

    summary: str
    explanation: str
    run: Callable[..., int]
    keys: tuple[Key, ...] = ()
    flags: Callable[[argparse.ArgumentParser], None] | None = None


def _import_flags(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("paths", nargs="+", type=Path, help="raw log files, plain or gzipped")
    parser.add_argument("--format", required=True, choices=("technion", "mapped"), help="layout of the files")
    parser.add_argument("--out", required=True, type=Path, help="contact log to write (parquet)")
    parser.add_argument("--mapping", type=Path, help="column mapping (YAML), for --format mapped")


def _decide_flags(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--bundle", required=True, type=Path, help="folder of an exported bundle")


COMMANDS = {
    "import": Command(
        "convert raw call logs into one contact log",
        "Bad rows go to OUT.rejects.csv with reasons, counts to OUT.report.json.\n\n"
        "  maitred import calls/*.tsv.gz --format technion --out log.parquet\n"
        "  maitred import records.csv --format mapped --mapping amazon_connect.yaml --out log.parquet",
        commands.import_log,
        flags=_import_flags,
    ),
    "calibrate": Command(
        "fit a scenario to a contact log, or to a turn log",
        "  maitred calibrate log=log.parquet out=my_center.yaml end=1999-07-01 report=calibration.html\n"
        "  maitred calibrate log=turns.jsonl out=my_center.yaml report=figures.csv",
        commands.calibrate,
        keys=(
            Key("log", "contact log that `maitred import` wrote, or turn log (docs/turn_log.md)", required=True),
            Key("out", "scenario file to write; its tables go beside it", required=True),
            Key("name", "name of the scenario (default: that of the file)"),
            Key("start", "first day to use, YYYY-MM-DD (default: the log's first)", read=commands.day),
            Key("end", "the day after the last to use, YYYY-MM-DD (default: the log's end)", read=commands.day),
            Key("report", "report of the fits to write: HTML, of a turn log CSV"),
            Key("head_start_s", "seconds a high priority counts as having waited (default: 0)", read=float),
        ),
    ),
    "simulate": Command(
        "watch a policy at work in a center",
        "Shows the day on the terminal as it goes, then the KPIs; writes pictures and one page, day.html.\n\n"
        "  maitred simulate scenario=omni policy=quadrant\n"
        "  maitred simulate scenario=bpo_chat policy=cap4+least_busy_first seed=3\n"
        "  maitred simulate scenario=my_center.yaml policy=bundle days=5",
        commands.simulate,
        keys=(
            Key("scenario", "name of a shipped scenario, or a scenario file", required=True),
            Key("policy", "name of a rule, parameters included, or folder of a bundle (default: incumbent)"),
            Key("days", "length of the episode (default: the scenario's)", read=int),
            Key("seed", "of the arrivals and all other luck (default: 0)", read=int),
            Key("out", "folder for the page and the pictures (default: a new one in runs/)"),
        ),
    ),
    "tune": Command(
        "find the best setting of every rule for a center",
        "Every family of rules gets the same number of training episodes, with the default objective. The names it\n"
        "prints are what policy= takes.\n\n"
        "  maitred tune scenario=omni\n"
        "  maitred tune scenario=my_center.yaml budget=192 out=rules.json\n"
        "  maitred simulate scenario=omni 'policy=cap4+cmu(level_cost=2)'",
        commands.tune,
        keys=(
            Key("scenario", "name of a shipped scenario, or a scenario file", required=True),
            Key("seed", "of the training episodes (default: 0)", read=int),
            Key("budget", "training episodes per family, 12 or more (default: 48)", read=int),
            Key("out", "file for all that was tried (JSON)"),
        ),
    ),
    "freeze": Command(
        "draw an evaluation set that training may never see",
        "  maitred freeze scenario=my_center.yaml out=frozen/my_center episodes=200",
        commands.freeze,
        keys=(
            Key("scenario", "name of a shipped scenario, or a scenario file", required=True),
            Key("out", "folder of the set; keep it in frozen/, where training looks for it", required=True),
            Key("episodes", "number of episodes (default: 200)", read=int),
            Key("seed", f"of its episodes; no training run may use it (default: {commands.FROZEN_SEED})", read=int),
            Key("purpose", "what it is for, in words (default: final evaluation)"),
            Key("log_days", "FIRST:LAST days of the log that it stands for, YYYY-MM-DD", read=commands.days),
        ),
    ),
    "train": Command(
        "train a policy and log it in MLflow",
        "Arguments are Hydra overrides; -m sweeps over all combinations of comma-separated values.\n\n"
        "  maitred train policy=ppo policy.minutes=5 seed=1\n"
        "  maitred train scenario_file=my_center.yaml policy=linucb\n"
        "  maitred train evaluation.set=frozen/bank objective.csat=10\n"
        "  maitred train -m policy=ppo,lints seed=1,2,3\n"
        "  maitred train --cfg job      shows every setting with its value\n\n"
        "Groups: policy=ppo|linucb|lints|squarecb|neural, scenario, objective, evaluation, tracking.\n"
        "A run's files go to runs/; `mlflow ui --backend-store-uri sqlite:///mlflow.db` shows all runs.",
        commands.train,
    ),
    "learn": Command(
        "learn a policy from a decision log alone",
        "Writes the folder of a run, which `maitred gate` takes for a candidate; without a gate report that promotes it,\n"
        "it cannot be exported. Chances that were fitted to the log are flagged in its run.json.\n\n"
        "  maitred learn log=decisions.parquet method=pessimistic out=runs/learned",
        commands.learn,
        keys=(
            Key("log", "decision log, with what came of the decisions", required=True),
            Key("method", "cloning | greedy | pessimistic | gradient | cql | iql (default: greedy)"),
            Key("out", "folder to write; may not hold a run already", required=True),
            Key("seed", "of everything random (default: 0)", read=int),
        ),
    ),
    "evaluate": Command(
        "judge a bundle and every rule on a frozen set",
        "  maitred evaluate bundle=bundle set=frozen/my_center",
        commands.evaluate,
        keys=(
            Key("bundle", "folder of an exported bundle", required=True),
            Key("set", "folder of a frozen set", required=True),
            Key("out", "folder for the report and the figures (default: a new one in runs/)"),
        ),
    ),
    "export": Command(
        "write the bundle of a training run",
        "The runtimes are compared with the trained network on 10,000 decisions; it is refused if they differ.\n\n"
        "  maitred export run=runs/ppo-20260102-030405-678901 out=bundle",
        commands.export,
        keys=(
            Key("run", "folder of a training run", required=True),
            Key("out", "folder to write; must not exist", required=True),
            Key("governance", "approved governance file to enforce (default: none)"),
            Key("gate", "gate.json that promotes this policy; AI level 2 needs one (default: none)"),
        ),
    ),
    "gate": Command(
        "decide whether a candidate may replace the champion",
        "On frozen sets, on a log of real decisions, under governance; writes gate.json and gate.html (docs/gate.md).\n"
        "Candidate, champion and generation0 are folders of a bundle or a training run, or names of rules.\n"
        "The exit status is 0 to promote, 3 to hold, 4 to reject, and 2 for a mistake.\n\n"
        "  maitred gate candidate=bundle champion=incumbent set=frozen/my_center out=gate\n"
        "  maitred gate candidate=new champion=bundle set=frozen/now,frozen/last_year log=log.parquet \\\n"
        "      governance=governance.v1.yaml mode=no_worse margin=0.05 out=gate",
        commands.gate,
        keys=(
            Key("candidate", "who wants to serve", required=True),
            Key("champion", "who serves", required=True),
            Key("set", "frozen sets, comma-separated; the first is the world it is meant for", True, commands.files),
            Key("out", "folder for gate.json and gate.html; may not hold a report already", required=True),
            Key("log", "decision log, made after the candidate was named (default: none)"),
            Key("governance", "approved governance file (default: that of the candidate's bundle)"),
            Key("mode", "better, or no_worse than the champion by the margin (default: better)"),
            Key("margin", "how much worse no worse still is, money per case (default: 0.05)", read=float),
            Key("generation0", "policy that all began with, which the candidate must not fall behind"),
            Key("settings", "file of tolerances and levels, YAML (default: those of docs/gate.md)"),
        ),
    ),
    "governance check": Command(
        "check a governance file, and print its rules and hash",
        "  maitred governance check file=governance.v1.yaml",
        commands.governance_check,
        keys=(Key("file", "governance file, a draft or approved (docs/governance.md)", required=True),),
    ),
    "governance diff": Command(
        "say in words what differs between two governance files",
        "  maitred governance diff old=governance.v1.yaml new=governance.yaml",
        commands.governance_diff,
        keys=(
            Key("old", "governance file", required=True),
            Key("new", "governance file", required=True),
        ),
    ),
    "governance approve": Command(
        "write a new version of the rules, approved by name",
        "  maitred governance approve file=governance.yaml by='Ana Ruiz' previous=none\n"
        "  maitred governance approve file=governance.yaml by='Ana Ruiz' previous=governance.v1.yaml",
        commands.governance_approve,
        keys=(
            Key("file", "the rules as they are to be; NAME.vN.yaml is written beside it", required=True),
            Key("by", "name of the person who approves", required=True),
            Key("previous", "approved file that it replaces; none for the first", required=True),
        ),
    ),
    "decide": Command(
        "answer decisions from standard input with a bundle",
        "One JSON request, or one a line; one reply a line. Needs the base install only.\n\n"
        "  maitred decide --bundle bundle < decision.json",
        commands.decide,
        flags=_decide_flags,
    ),
    "logs record": Command(
        "run a policy in a center and log its decisions",
        "Every decision with its candidates, the chance of the choice, and what came of it (docs/decision_log.md).\n\n"
        "  maitred logs record scenario=bank policy=incumbent explore=0.1 days=20 seed=1 out=log.parquet",
        commands.logs_record,
        keys=(
            Key("scenario", "name of a shipped scenario, or a scenario file", required=True),
            Key("out", "decision log to write (parquet)", required=True),
            Key("policy", "name of a rule, parameters included, or folder of a bundle (default: incumbent)"),
            Key("explore", "chance of taking any legal candidate instead (default: 0)", read=float),
            Key("days", "days to simulate (default: 20)", read=int),
            Key("seed", "of the arrivals and all other luck (default: 0)", read=int),
        ),
    ),
    "logs join": Command(
        "join what came of decisions, told late, to their log",
        "The newest message about a decision counts; delivering messages again changes nothing. Those of no use go to\n"
        "OUT.quarantine.jsonl with reasons.\n\n"
        "  maitred logs join log=log.parquet outcomes=monday.jsonl,tuesday.jsonl out=joined.parquet",
        commands.logs_join,
        keys=(
            Key("log", "decision log", required=True),
            Key("outcomes", "messages (.jsonl or parquet), comma-separated", required=True, read=commands.files),
            Key("out", "decision log to write; may be the same", required=True),
            Key("window_days", "days after a decision during which more may come (default: 7)", read=float),
        ),
    ),
    "logs check": Command(
        "tell what is wrong with a decision log",
        "The exit status is 3 if a row breaks a rule, unless out= sets such rows apart.\n\n"
        "  maitred logs check log=log.parquet reference=last_month.parquet out=sound.parquet",
        commands.logs_check,
        keys=(
            Key("log", "decision log", required=True),
            Key("reference", "decision log to compare features and policies with"),
            Key("out", "log of the sound rows; the others go to OUT.quarantine.parquet with reasons"),
        ),
    ),
    "logs from_contacts": Command(
        "make a decision log of a contact log",
        "Each answered contact is the choice of one of the agents who were free. There are no propensities yet:\n"
        "`maitred logs estimate` fits them.\n\n"
        "  maitred logs from_contacts log=log.parquet out=decisions.parquet",
        commands.logs_from_contacts,
        keys=(
            Key("log", "contact log of two months or more, that `maitred import` wrote", required=True),
            Key("out", "decision log to write (parquet)", required=True),
        ),
    ),
    "logs estimate": Command(
        "fit the chances of decisions that were logged without",
        "They are marked as estimated. A decision's chance comes from a model that has not seen its episode.\n\n"
        "  maitred logs estimate log=log.parquet out=estimated.parquet",
        commands.logs_estimate,
        keys=(
            Key("log", "decision log", required=True),
            Key("out", "decision log to write; may be the same", required=True),
        ),
    ),
    "demo": Command(
        "the main job end to end on the shipped scenario, in five minutes",
        "Freezes a set, trains PPO and two bandits, judges them with every rule, logs to MLflow, writes a report,\n"
        "exports a bundle, loads it back without torch and decides with it. Files go to the current folder.",
        commands.demo,
    ),
}


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
