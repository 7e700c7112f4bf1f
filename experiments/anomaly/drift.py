"""How soon drift is noticed, and how often there is none: `python -m experiments.anomaly.drift`.

Claim (GV-7): at a stated rate of false alarms, drift of what a policy sees, earns and expects is found within a known
number of days; (AC-11): decisions unlike those a policy learned from go to its fallback, and hardly any others.
Decisions are those that a rule leaves in the log of a shipped center. A stream is so many reference days and as many
watched ones, drawn from the log's days in any order. Drifts: days of a center with a quarter more contacts; rewards
lower by a quarter of their standard deviation; cases resolved 5 or 10 points rarer than stated. The upper ends
of alarms take streams for independent, though all are drawn from one log.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from experiments.anomaly.days import center
from experiments.figures import Figure, print_table, write_json
from experiments.intervals import share_interval
from maitred.agents.rules import RULES
from maitred.envs.decision import CANDIDATE_NAMES, CONTEXT_NAMES, Decisions
from maitred.envs.scenario import Scenario
from maitred.training.decision_log.record import Source, logged_traces, record
from maitred.training.drift.encounters import encounters
from maitred.training.drift.familiarity import RATE, fit_familiar
from maitred.training.drift.log_drift import read_cases
from maitred.training.drift.monitor import SIGNALS, Cases, monitor

BUSIER = 1.25
DAYS = 14  # of each sample of decisions that abstention is fitted to or measured on


def main(arguments: Sequence[str] | None = None) -> int:
    """Record, watch, print; returns the exit code."""
    options = _parser().parse_args(arguments)
    found = [*drift_figures(options), *abstain_figures(options)]
    title = f"{options.scenario}, {options.streams} streams of {options.watched} days, seed {options.seed}"
    print_table(title, ("figure", "value", "unit"), [(f.name, f"{f.value:.3g}", f.unit) for f in found])
    if options.json:
        write_json(options.json, found)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scenario", default="bank", help="name of a shipped center, or a file")
    parser.add_argument("--streams", type=int, default=200, help="of each sort")
    parser.add_argument("--logged", type=int, default=280, help="days of the log that streams are drawn from")
    parser.add_argument("--reference", type=int, default=60, help="reference days of a stream")
    parser.add_argument("--watched", type=int, default=28, help="watched days of a stream")
    parser.add_argument("--per-alarm", type=float, default=365.0, help="days per false alarm, at least")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", type=Path, help="file for the figures")
    return parser


def drift_figures(options: argparse.Namespace) -> list[Figure]:
    """False alarms and delays of the monitor."""
    usual = _days(center(options.scenario, 1.0), options.seed, options.logged)
    busier = _days(center(options.scenario, BUSIER), options.seed + 1, options.logged // 2)
    stated = options.watched / options.per_alarm
    figures = [Figure("false alarms of a stream, stated at most", stated, "share")]
    for name, pool, drifted in (
        ("no drift", usual, {}),
        ("a quarter more contacts", busier, {}),
        ("rewards - 0.25 sd", usual, {"reward": 0.25}),
        ("resolved - 5 points", usual, {"outcome": 0.05}),
        ("resolved - 10 points", usual, {"outcome": 0.10}),
    ):
        alarms = [_alarms(usual, pool, drifted, options, stream) for stream in range(options.streams)]
        figures += _summarised(name, alarms)
    return figures


def _days(scenario: Scenario, seed: int, count: int) -> list[Cases]:
    """The days of a rule's log."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "log.parquet"
        record(scenario, logged_traces(scenario, seed, count), Source(RULES["incumbent"], seed), path)
        return read_cases(path).cases.days()


def _alarms(
    usual: list[Cases], pool: list[Cases], drifted: dict[str, float], options: argparse.Namespace, stream: int
) -> dict[str, int | None]:
    """The day at which each signal raised an alarm."""
    rng = np.random.default_rng(np.random.SeedSequence(options.seed, spawn_key=(9, stream)))
    order = rng.permutation(len(usual))
    rest = order[options.reference :] if pool is usual else rng.permutation(len(pool))
    watched = [_drifted(pool[day], drifted, rng) for day in rest[: options.watched]]
    reference = _in_a_row([usual[day] for day in order[: options.reference]], 0)
    return monitor(reference, _in_a_row(watched, options.reference), options.per_alarm, stream).alarm


def _drifted(day: Cases, drifted: dict[str, float], rng: np.random.Generator) -> Cases:
    """A day with lower rewards, or fewer of the outcomes that came."""
    lost = drifted.get("reward", 0.0) * float(np.nanstd(day.reward))
    stays = rng.random(len(day.day)) >= drifted.get("outcome", 0.0) / max(float(day.outcome.mean()), 0.01)
    return replace(day, reward=day.reward - lost, outcome=day.outcome & stays)


def _in_a_row(days: list[Cases], first: int) -> Cases:
    """Days as one stream, numbered anew."""
    numbered = [replace(day, day=np.full(len(day.day), first + i)) for i, day in enumerate(days)]
    return Cases(*(np.concatenate([getattr(day, name) for day in numbered]) for name in Cases.__dataclass_fields__))


def _summarised(name: str, alarms: list[dict[str, int | None]]) -> list[Figure]:
    """For each signal how many streams raised an alarm, with an exact interval, and how late; then for any of them."""
    figures, streams = [], len(alarms)
    anything = [
        {"anything": min((case for case in each.values() if case is not None), default=None)} for each in alarms
    ]
    for signal in (*SIGNALS, "anything"):
        late = [case for each in (anything if signal == "anything" else alarms) if (case := each[signal]) is not None]
        share = len(late) / streams
        _, top = share_interval(len(late), streams)
        figures.append(Figure(f"{name}: {signal}, alarms", share, f"of streams (<= {top:.2f})"))
        if late and signal != "anything":
            figures.append(Figure(f"{name}: {signal}, median delay", float(np.median(late)), "days"))
    return figures


def abstain_figures(options: argparse.Namespace) -> list[Figure]:
    """How often decisions of new days, and of strange ones, are taken for strange."""
    usual, twice = center(options.scenario, 1.0), center(options.scenario, 2.0)
    learned, limits, fresh = (_met(usual, options.seed, child) for child in range(4, 7))
    busy = _met(twice, options.seed, 7)
    known = fit_familiar(learned, limits)
    measured = {
        "new days": fresh,
        "a quarter more contacts": _met(center(options.scenario, BUSIER), options.seed, 8),
        "twice the contacts, forecast": busy,
        "twice the contacts, not forecast": _unforeseen(busy),
        "waits of a day": _waiting(fresh),
    }
    stated = Figure("abstains, stated of either question", RATE, "share")
    return [stated, *(Figure(f"abstains: {n}", float(known.strange(d).mean()), "share") for n, d in measured.items())]


def _met(scenario: Scenario, seed: int, child: int) -> Decisions:
    return encounters(scenario, RULES["incumbent"], np.random.SeedSequence(seed, spawn_key=(child,)), DAYS)


def _unforeseen(decisions: Decisions) -> Decisions:
    """The same decisions with the forecasts of half of the contacts."""
    context = decisions.context.copy()
    for name, factor in (("forecast_per_h", 0.5), ("forecast_load", 0.5), ("busyness", 2.0)):
        context[:, CONTEXT_NAMES.index(name)] *= factor
    return replace(decisions, context=context)


def _waiting(decisions: Decisions) -> Decisions:
    """The same decisions, every contact a day late."""
    candidates = decisions.candidates.copy()
    candidates[:, :, CANDIDATE_NAMES.index("wait_s")] += 86_400 * decisions.mask
    return replace(decisions, candidates=candidates)


if __name__ == "__main__":
    sys.exit(main())
