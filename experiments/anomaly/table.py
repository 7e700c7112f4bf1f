"""How soon an outage is noticed, and how often an ordinary day raises an alarm: `python -m experiments.anomaly.table`.

Claim (AN-1): ordinary days keep the stated rate of false alarms, and an outage that multiplies by six an intent of at
least five contacts a minute is found within five minutes. Ordinary days and days with one planted outage of an hour are
drawn from a shipped center with `--scale` times its contacts, busyness of days and hours included; each is watched
minute by minute against the same 20 past days. Five minutes into the outage, a detector is learned from the last five
minutes: its words, how many contacts it says are affected against how many there are, and whether it finds another
outage of the same kind in a past day (more than 10 % of an hour's contacts) and nothing in an ordinary one. Finished
days lie in `--out`.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import chi2

from experiments.anomaly.days import FACTOR, OUTAGE_S, Planted, center, ordinary_day, outage_day
from experiments.figures import Figure, print_table, write_json
from experiments.parts import part
from maitred.envs.scenario import Scenario
from maitred.envs.scenario_file import scenario_hash
from maitred.envs.traffic.tokens import OUTAGE_WORDS, VOCABULARY
from maitred.training.drift.contacts import Contacts
from maitred.training.drift.detector import back_count
from maitred.training.drift.volume import STEP_S
from maitred.training.drift.watch import WINDOW_S, Watched, explain, watch

HISTORY_DAYS = 20
WITHIN_S = 300.0
FOUND = 0.1  # of an hour's contacts
HISTORY, ORDINARY, OUTAGE, PAST = range(4)  # children of the seed


def main(arguments: Sequence[str] | None = None) -> int:
    """Watch the days, print what was found; returns the exit code."""
    options = _parser().parse_args(arguments)
    scenario = center(options.scenario, options.scale)
    history = [ordinary_day(scenario, _seed(options.seed, HISTORY, day)) for day in range(HISTORY_DAYS)]
    settings = {
        "scenario": scenario_hash(scenario),
        "history": HISTORY_DAYS,
        "seed": options.seed,
        "rate": options.rate,
    }
    ordinary = [
        part(options.out, f"ordinary-{day}", settings, partial(_ordinary, scenario, history, options, day))
        for day in range(options.days)
    ]
    outages = [
        part(options.out, f"outage-{day}", settings, partial(_outage, scenario, history, options, day))
        for day in range(options.days)
    ]
    found = figures(ordinary, outages, options.rate)
    title = f"{options.scenario} x {options.scale:g}, {options.days} ordinary days and as many with an outage"
    print_table(f"{title}, seed {options.seed}", ("figure", "value", "unit"), [_row(figure) for figure in found])
    if options.json:
        write_json(options.json, found)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scenario", default="omni", help="name of a shipped center, or a file")
    parser.add_argument("--scale", type=float, default=10.0, help="of its contacts")
    parser.add_argument("--days", type=int, default=20, help="ordinary ones, and as many with an outage")
    parser.add_argument("--rate", type=float, default=0.05, help="false alarms a day, at most")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, default=Path("runs/anomaly"), help="folder of finished days")
    parser.add_argument("--json", type=Path, help="file for the figures")
    return parser


def _seed(seed: int, purpose: int, day: int) -> np.random.SeedSequence:
    return np.random.SeedSequence(seed, spawn_key=(purpose, day))


def _watched(scenario: Scenario, history: list[Contacts], day: Contacts, options: argparse.Namespace) -> Watched:
    return watch(history, day, VOCABULARY, len(scenario.types.names), options.seed, options.rate)


def _ordinary(scenario: Scenario, history: list[Contacts], options: argparse.Namespace, day: int) -> dict[str, Any]:
    contacts = ordinary_day(scenario, _seed(options.seed, ORDINARY, day))
    watched = _watched(scenario, history, contacts, options)
    tested = watched.z != 0
    return {
        "contacts": len(contacts),
        "alarms": len(watched.alarms_s()),
        "by_words": int((watched.z > watched.z_limit).any()),
        "by_volume": int((watched.volume > watched.volume_limit).any()),
        "auc": float(watched.auc[tested].mean()),
        "z_sd": float(watched.z[tested].std()),
        "z_max": float(watched.z.max()),
    }


def _outage(scenario: Scenario, history: list[Contacts], options: argparse.Namespace, day: int) -> dict[str, Any]:
    contacts, planted = outage_day(scenario, _seed(options.seed, OUTAGE, day))
    watched = _watched(scenario, history, contacts, options)
    after_s = float(np.ceil((planted.start_s + WITHIN_S) / STEP_S) * STEP_S)
    intents = len(scenario.types.names)
    detector = explain(history, contacts, after_s, VOCABULARY, intents)
    window = contacts.between(after_s - WINDOW_S, after_s)
    louder = np.asarray((watched.volume > watched.volume_limit).any(axis=1))
    past, calm = _past(scenario, options.seed, day, planted)
    return {
        "planted": asdict(planted),
        "delay_s": _first(watched.alarmed, planted.start_s),
        "delay_words_s": _first(watched.z > watched.z_limit, planted.start_s),
        "delay_volume_s": _first(louder, planted.start_s),
        "auc": float(watched.auc[round(after_s / STEP_S) - 1]),
        "words": sum(word in planted.words for word in detector.top_words(2 * OUTAGE_WORDS)),
        "affected": detector.affected(window),
        "truly": float((window.intent == planted.intent).sum() * (1 - 1 / FACTOR)),
        "intent_found": int(np.argmax(detector.intents)) == planted.intent,
        "past": float(back_count(detector, past).max()),
        "calm": float(back_count(detector, calm).max()),
    }


def _first(raised: NDArray[np.bool_], start_s: float) -> float | None:
    """Seconds from the outage to the first alarm; None if there is none while it lasts."""
    delays = (np.flatnonzero(raised) + 1) * STEP_S - start_s
    soon = delays[(delays > 0) & (delays <= OUTAGE_S)]
    return float(soon[0]) if len(soon) else None


def _past(scenario: Scenario, seed: int, day: int, planted: Planted) -> tuple[Contacts, Contacts]:
    """A past day with an outage of the same intent, and one without."""
    for attempt in range(1000):
        past, other = outage_day(scenario, _seed(seed, PAST, 1000 * day + attempt))
        if other.intent == planted.intent:
            return past, ordinary_day(scenario, _seed(seed, ORDINARY, 10_000 + day))
    raise RuntimeError(f"expected an outage of intent {planted.intent} among 1,000 drawn, found none")


def figures(ordinary: Sequence[dict[str, Any]], outages: Sequence[dict[str, Any]], rate: float) -> list[Figure]:
    """What the days come to."""
    days, alarms = len(ordinary), sum(day["alarms"] for day in ordinary)
    delays = np.array([day["delay_s"] or np.inf for day in outages])
    interval = chi2.ppf(0.025, 2 * alarms) / 2 / days if alarms else 0.0, chi2.ppf(0.975, 2 * alarms + 2) / 2 / days
    by = {test: np.mean([(day[f"delay_{test}_s"] or np.inf) <= WITHIN_S for day in outages]) for test in TESTS}
    return [
        Figure("false alarms, stated at most", rate, "a day"),
        Figure("false alarms, measured", alarms / days, "a day"),
        Figure("false alarms, from", float(interval[0]), "a day"),
        Figure("false alarms, to (95 %, exact Poisson)", float(interval[1]), "a day"),
        Figure("ordinary days, mean AUC", float(np.mean([day["auc"] for day in ordinary])), "1"),
        Figure("ordinary days, sd of z", float(np.mean([day["z_sd"] for day in ordinary])), "1"),
        *(Figure(f"delay, {name}", float(value), "s") for name, value in _quantiles(delays)),
        Figure("found within 300 s", float((delays <= WITHIN_S).mean()), "share"),
        Figure("found within 300 s by words alone", float(by["words"]), "share"),
        Figure("found within 300 s by volume alone", float(by["volume"]), "share"),
        Figure("AUC five minutes in, median", float(np.median([day["auc"] for day in outages])), "1"),
        Figure("AUC five minutes in, least", float(np.min([day["auc"] for day in outages])), "1"),
        Figure("planted words among the top 8, of 4, mean", float(np.mean([day["words"] for day in outages])), "words"),
        Figure("days with a planted word among the top 8", float(np.mean([d["words"] > 0 for d in outages])), "share"),
        Figure(
            "affected, over the truth, median", float(np.median([d["affected"] / d["truly"] for d in outages])), "1"
        ),
        Figure("past outage of the same kind found", float(np.mean([d["past"] > FOUND for d in outages])), "share"),
        Figure("ordinary past day taken for one", float(np.mean([d["calm"] > FOUND for d in outages])), "share"),
    ]


TESTS = ("words", "volume")


def _quantiles(delays: NDArray[np.float64]) -> list[tuple[str, float]]:
    return [
        ("median", np.quantile(delays, 0.5, method="higher")),
        ("90 % quantile", np.quantile(delays, 0.9, method="higher")),
        ("longest", delays.max()),
    ]


def _row(figure: Figure) -> tuple[str, str, str]:
    return figure.name, f"{figure.value:.3g}", figure.unit


if __name__ == "__main__":
    sys.exit(main())
