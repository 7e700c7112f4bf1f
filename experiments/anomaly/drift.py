"""How soon drift is noticed, and how often there is none: `python -m experiments.anomaly.drift`.

Claim (GV-7): at a stated rate of false alarms, drift of what a policy sees, earns and expects is found within a known
number of contacts; (AC-11): decisions unlike those a policy learned from go to its fallback, and hardly any others.
Decisions are those of a rule in a shipped center. Without drift, reference and watched cases are drawn from the same
days; "fresh days" are watched as they come, against other days, which the monitor does not promise to bear. Drifts: the
decisions of a center with a quarter more contacts; rewards lower by a quarter of their standard deviation; outcomes
5 or 10 points rarer than stated. Rewards and outcomes are drawn, their predictions being true until they drift.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.stats import beta

from experiments.anomaly.days import center
from experiments.figures import Figure, print_table, write_json
from maitred.agents.abstain import familiar
from maitred.agents.rules import RULES
from maitred.envs.decision import CANDIDATE_NAMES, Decisions, Kind
from maitred.envs.scenario import Scenario
from maitred.training.drift.monitor import SIGNALS, Cases, monitor
from maitred.training.rehearsal import rehearse

Floats = NDArray[np.float64]

REFERENCE = 3000
POOL = 20_000
BUSIER = 1.25
RATE = 0.001  # share of familiar decisions that the policy abstains on


def main(arguments: Sequence[str] | None = None) -> int:
    """Draw, watch, print; returns the exit code."""
    options = _parser().parse_args(arguments)
    found = [*drift_figures(options), *abstain_figures(options)]
    title = f"{options.scenario}, {options.streams} streams of {options.cases:,} contacts, seed {options.seed}"
    print_table(title, ("figure", "value", "unit"), [(f.name, f"{f.value:.3g}", f.unit) for f in found])
    if options.json:
        write_json(options.json, found)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scenario", default="level1", help="name of a shipped center, or a file")
    parser.add_argument("--streams", type=int, default=40, help="of each sort")
    parser.add_argument("--cases", type=int, default=10_000, help="contacts in a stream")
    parser.add_argument("--per-alarm", type=float, default=100_000.0, help="contacts per false alarm, at least")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", type=Path, help="file for the figures")
    return parser


def drift_figures(options: argparse.Namespace) -> list[Figure]:
    """False alarms and delays of the monitor."""
    usual, fresh, busier = _pools(center(options.scenario, 1.0), center(options.scenario, BUSIER), options.seed)
    stated = options.cases / options.per_alarm
    figures = [Figure("false alarms of a stream, stated at most", stated, "share")]
    for name, pool, drifted, shuffled in (
        ("no drift", usual, {}, True),
        ("fresh days, in order", fresh, {}, False),
        ("busier center", busier, {}, True),
        ("rewards - 0.25 sd", usual, {"reward": 0.25}, True),
        ("outcomes - 5 points", usual, {"chance": 0.05}, True),
        ("outcomes - 10 points", usual, {"chance": 0.10}, True),
    ):
        alarms = [_alarms(usual, pool, drifted, shuffled, options, stream) for stream in range(options.streams)]
        figures += _summarised(name, alarms)
    return figures


def _pools(scenario: Scenario, busier: Scenario, seed: int) -> list[Floats]:
    """Features of decisions: of usual days, of other usual days, and of days with more contacts."""
    plans = ((scenario, 0), (scenario, 1), (busier, 2))
    return [_features(_decisions(center, seed, child)) for center, child in plans]


def _decisions(scenario: Scenario, seed: int, child: int) -> Decisions:
    """`POOL` decisions of whole days, in their order."""
    sequence = np.random.SeedSequence(seed, spawn_key=(child,))
    d = rehearse(scenario, RULES["incumbent"], sequence, POOL).decisions
    rows = np.linspace(0, len(d) - 1, POOL).astype(np.int64)
    return Decisions(d.key[rows], d.context[rows], d.candidates[rows], d.mask[rows])


def _features(decisions: Decisions) -> Floats:
    """(N, F): the context and the mean candidate, logarithms of their size."""
    mean = decisions.candidates.sum(axis=1) / decisions.mask.sum(axis=1)[:, None]  # 0 where there is no candidate
    raw = np.hstack([decisions.context[:, len(Kind) :], mean]).astype(np.float64)
    return np.asarray(np.sign(raw) * np.log1p(np.abs(raw)))


def _alarms(
    usual: Floats, pool: Floats, drifted: dict[str, float], shuffled: bool, options: argparse.Namespace, stream: int
) -> dict[str, int | None]:
    """The case at which each signal raised an alarm."""
    rng = np.random.default_rng(np.random.SeedSequence(options.seed, spawn_key=(9, stream)))
    order = rng.permutation(len(usual))
    reference = _cases(usual[order[:REFERENCE]], {}, rng)
    if shuffled:
        rest = order[REFERENCE:] if pool is usual else rng.permutation(len(pool))
        watched = pool[rng.choice(rest, options.cases)]
    else:
        watched = np.roll(pool, -int(rng.integers(len(pool))), axis=0)[: options.cases]
    return monitor(reference, _cases(watched, drifted, rng), options.per_alarm, stream).alarm


def _cases(features: Floats, drifted: dict[str, float], rng: np.random.Generator) -> Cases:
    """Rewards of mean 5 and standard deviation 2 around predictions, and outcomes of stated chances."""
    n = len(features)
    predicted, chance = rng.normal(5, 1, n), rng.beta(8, 3, n)
    reward = predicted + 2 * (rng.standard_normal(n) - drifted.get("reward", 0.0))
    return Cases(features, reward, predicted, chance, rng.random(n) < chance - drifted.get("chance", 0.0))


def _summarised(name: str, alarms: list[dict[str, int | None]]) -> list[Figure]:
    """For each signal how many streams raised an alarm, with an exact interval, and how late."""
    figures, streams = [], len(alarms)
    for signal in SIGNALS:
        late = [case for each in alarms if (case := each[signal]) is not None]
        share = len(late) / streams
        top = float(beta.ppf(0.975, len(late) + 1, streams - len(late))) if len(late) < streams else 1.0
        figures.append(Figure(f"{name}: {signal}, alarms", share, f"of streams (<= {top:.2f})"))
        if late:
            figures.append(Figure(f"{name}: {signal}, median delay", float(np.median(late)), "contacts"))
            figures.append(Figure(f"{name}: {signal}, longest delay", float(max(late)), "contacts"))
    return figures


def abstain_figures(options: argparse.Namespace) -> list[Figure]:
    """How often decisions of usual days, of other usual days and of strange ones count as strange."""
    scenario = center(options.scenario, 1.0)
    learned, other = (_decisions(scenario, options.seed, child) for child in (0, 1))
    known = familiar(learned, RATE)
    strange = {
        "usual days": learned,
        "fresh days": other,
        "twice the contacts": _decisions(center(options.scenario, 2.0), options.seed, 3),
        "waits of a day": _waiting(other),
    }
    return [Figure(f"abstains: {name}", float(known.strange(d).mean()), "share") for name, d in strange.items()]


def _waiting(decisions: Decisions) -> Decisions:
    """The same decisions, every contact a day late."""
    candidates = decisions.candidates.copy()
    candidates[:, :, CANDIDATE_NAMES.index("wait_s")] += 86_400 * decisions.mask
    return replace(decisions, candidates=candidates)


if __name__ == "__main__":
    sys.exit(main())
