"""Commands about decision logs."""

from __future__ import annotations

from collections.abc import Sequence

from maitred.commands.declare import REFUSED, Command, Key, files
from maitred.commands.declare import seed as read_seed
from maitred.commands.policies import center_of, policy_of


def record(
    scenario: str,
    out: str,
    policy: str = "incumbent",
    explore: float = 0.0,
    days: int = 20,
    seed: int = 0,
    governance: str | None = None,
) -> int:
    """Record a policy's decisions, under the rules given or else its bundle's, and print how many."""
    from maitred.agents.exploring import Exploring
    from maitred.training.decision_log.record import Source, logged_traces, record

    decider = policy_of(policy)
    center, rules = center_of(scenario, decider, governance)
    source = Source(Exploring(decider, explore) if explore else decider, seed, None if rules is None else rules.sha256)
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


def evaluate(log: str, policy: str, seed: int = 0, out: str | None = None) -> int:
    """Print what a policy would have earned; a log that cannot tell says why, and the exit status says so too."""
    from rich.console import Console

    from maitred.commands.figures import write_figures
    from maitred.training.gate.contender import contender
    from maitred.training.offline.log_value import as_json, log_value, value_table

    found = log_value(log, contender(policy), seed)
    Console().print(value_table(found))
    if found.answer is not None and found.answer.propensity_estimated:
        print("The chances of the logged choices were estimated, which no bound accounts for.")
    if out is not None:
        write_figures(out, as_json(found))
    return REFUSED if found.answer is None else 0


def drift(log: str, reference: str, days_per_alarm: float | None = None, seed: int = 0, out: str | None = None) -> int:
    """Print what has drifted since which day; the exit status says whether anything has."""
    from rich.console import Console

    from maitred.commands.figures import write_figures
    from maitred.training.drift.log_drift import DAYS_PER_ALARM, drift_json, drift_table, log_drift

    found = log_drift(log, reference, DAYS_PER_ALARM if days_per_alarm is None else days_per_alarm, seed)
    Console().print(drift_table(found))
    if out is not None:
        write_figures(out, drift_json(found))
    return REFUSED if found.found else 0


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
            Key("seed", "of the arrivals and all other luck (default: 0)", read=read_seed),
            Key("governance", "approved governance file in force (default: that of the policy's bundle)"),
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
    "logs evaluate": Command(
        "tell from a log what a policy would have earned",
        "With bounds that take days for independent and not decisions, and one step at a time: what decisions do to\n"
        "the queue is not in it. The exit status is 3 if the log cannot tell.\n\n"
        "  maitred logs evaluate log=log.parquet policy=bundle\n"
        "  maitred logs evaluate log=log.parquet policy=cmu out=value.json",
        evaluate,
        keys=(
            Key("log", "decision log, with what came of the decisions", required=True),
            Key("policy", "folder of a bundle or of a training run, or name of a rule", required=True),
            Key("seed", "of which days the reward model learns from together (default: 0)", read=read_seed),
            Key("out", "file for the figures (JSON)"),
        ),
    ),
    "logs drift": Command(
        "tell since when decisions, rewards or chances are no longer as they were",
        "Each day is compared with the same hours of the week of the reference's days (docs/drift.md). The exit\n"
        "status is 3 if anything has drifted.\n\n"
        "  maitred logs drift log=this_month.parquet reference=last_quarter.parquet",
        drift,
        keys=(
            Key("log", "decision log to watch, its days in order", required=True),
            Key("reference", "decision log of 12 earlier days or more", required=True),
            Key("days_per_alarm", "a false alarm in so many days at most (default: 365)", read=float),
            Key("seed", "of what breaks ties (default: 0)", read=read_seed),
            Key("out", "file for the figures (JSON)"),
        ),
    ),
}
