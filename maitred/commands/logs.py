"""Commands about decision logs."""

from __future__ import annotations

from collections.abc import Sequence

from maitred.commands.declare import Command, Key, files
from maitred.commands.policies import policy_of

REFUSED = 3  # exit status where the command worked and the answer is no


def record(
    scenario: str, out: str, policy: str = "incumbent", explore: float = 0.0, days: int = 20, seed: int = 0
) -> int:
    """Record a policy's decisions and print how many."""
    from maitred.agents.exploring import Exploring
    from maitred.envs.scenario_file import load_scenario
    from maitred.training.decision_log.record import Source, logged_traces, record

    center, decider = load_scenario(scenario), policy_of(policy)
    source = Source(Exploring(decider, explore) if explore else decider, seed)
    rows = record(center, logged_traces(center, seed, days), source, out)
    print(f"{out}: {rows:,} decisions of {source.policy.name} in {center.name}")
    return 0


def join(log: str, outcomes: Sequence[str], out: str, window_days: float | None = None) -> int:
    """Join outcomes to a log and print what became of them."""
    from rich.console import Console

    from maitred.training.decision_log.join import WINDOW_DAYS, join, joined_table

    joined = join(log, outcomes, out, WINDOW_DAYS if window_days is None else window_days)
    Console().print(joined_table(joined))
    return 0


def check(log: str, reference: str | None = None, out: str | None = None) -> int:
    """Check a log and print what was found; faulty rows that are not set apart make it fail."""
    from rich.console import Console

    from maitred.training.decision_log.check import check, checked_table

    checked = check(log, reference, out)
    Console().print(checked_table(checked))
    return REFUSED if checked.faulty and out is None else 0


def from_contacts(log: str, out: str) -> int:
    """Make a decision log of a contact log and print what became of the contacts."""
    from rich.console import Console

    from maitred.training.decision_log.from_contacts import from_contacts, made_table

    Console().print(made_table(from_contacts(log, out)))
    return 0


def estimate(log: str, out: str) -> int:
    """Fit missing propensities and print how well the fit predicts."""
    from rich.console import Console

    from maitred.training.decision_log.estimate import estimate, estimated_table

    Console().print(estimated_table(estimate(log, out)))
    return 0


COMMANDS = {
    "logs record": Command(
        "run a policy in a center and log its decisions",
        "Every decision with its candidates, the chance of the choice, and what came of it (docs/decision_log.md).\n\n"
        "  maitred logs record scenario=bank policy=incumbent explore=0.1 days=20 seed=1 out=log.parquet",
        record,
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
        join,
        keys=(
            Key("log", "decision log", required=True),
            Key("outcomes", "messages (.jsonl or parquet), comma-separated", required=True, read=files),
            Key("out", "decision log to write; may be the same", required=True),
            Key("window_days", "days after a decision during which more may come (default: 7)", read=float),
        ),
    ),
    "logs check": Command(
        "tell what is wrong with a decision log",
        "The exit status is 3 if a row breaks a rule, unless out= sets such rows apart.\n\n"
        "  maitred logs check log=log.parquet reference=last_month.parquet out=sound.parquet",
        check,
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
        from_contacts,
        keys=(
            Key("log", "contact log of two months or more, that `maitred import` wrote", required=True),
            Key("out", "decision log to write (parquet)", required=True),
        ),
    ),
    "logs estimate": Command(
        "fit the chances of decisions that were logged without",
        "They are marked as estimated. A decision's chance comes from a model that has not seen its episode.\n\n"
        "  maitred logs estimate log=log.parquet out=estimated.parquet",
        estimate,
        keys=(
            Key("log", "decision log", required=True),
            Key("out", "decision log to write; may be the same", required=True),
        ),
    ),
}
