"""What it is worth to let novices learn: half a year with a wave of new hires, myopic against long-horizon.

    python -m experiments.learning_value.table --episodes 20 --out runs/learning-value

The claim to be tested (domain RS-3): who sends every contact to the quickest agent starves novices, whose ramp is then
longer; a rule that counts what a contact teaches gives up some handle time at first and has it back within the 26
weeks of `w7_new_hires`. Five rules: the platform's; the fastest server by estimates that are never renewed; the same
by estimates that follow each agent's experience (myopic); and two long-horizon rules whose parameter is tuned on
training episodes. Intervals are at 95 %, paired by episode. `--load` scales the arrivals, since who is idle is what a
rule decides about. Finished parts are kept in the out folder, and a run that is cut off goes on from them.
"""

from __future__ import annotations

import argparse
import re
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from experiments.figures import Figure, print_table, write_json
from experiments.learning_value.picture import draw_weeks
from experiments.learning_value.rules import Floats, LeastWork, NovicesFirst, settled
from experiments.learning_value.weeks import MEASURES, play
from experiments.parts import part
from maitred.agents.rules import RULES
from maitred.envs.decision import Policy
from maitred.envs.kpi.people import PROFICIENT
from maitred.envs.scenario import Scenario
from maitred.envs.scenario_file import load_scenario, scenario_hash
from maitred.envs.traffic import draw_trace
from maitred.training.paired import Interval, paired_difference, pooled

SCENARIO = "w7_new_hires"
LATER_CONTACTS = (250, 500, 1000, 2000, 4000)
FREE_AT_LEAST = (2, 3, 4, 5, 6)
TRAINING, JUDGING = 0, 1  # branches of the seed
REFERENCE = "myopic"


@dataclass(frozen=True, eq=False)
class Study:
    """A center, where its episodes come from, and where finished parts are kept."""

    scenario: Scenario
    seed: int
    out: Path

    def weeks(self, policy: Policy, believed: Scenario, branch: int, episodes: int) -> Floats:
        """(E, W, Q, 2) ratios of a policy on episodes of a branch of the seed."""
        settings = {
            "scenario": scenario_hash(self.scenario),
            "believed": scenario_hash(believed),
            "policy": repr(policy),
            "seed": [self.seed, branch],
            "episodes": episodes,
            "measures": list(MEASURES),
        }
        name = f"{policy.name} {believed.name} {'training' if branch == TRAINING else 'judging'}"
        file = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
        made = part(self.out, file, settings, lambda: self._play(policy, believed, branch, episodes))
        return np.array(made["numbers"], np.float64)

    def _play(self, policy: Policy, believed: Scenario, branch: int, episodes: int) -> dict[str, Any]:
        seeds = [np.random.SeedSequence([self.seed, branch, i]) for i in range(episodes)]
        numbers = play(believed, [draw_trace(self.scenario, seed) for seed in seeds], policy)
        return {"numbers": numbers.tolist()}


def main(arguments: Sequence[str] | None = None) -> int:
    """Tune, run, print, draw; returns the exit code."""
    parser = _parser()
    options, began = parser.parse_args(arguments), time.monotonic()
    if options.episodes < 2 or options.tuning_episodes < 1 or not 1 <= options.weeks <= 52 or options.load <= 0:
        parser.error("expected at least 2 episodes, 1 tuning episode, 1 to 52 weeks and a load above 0")
    study = Study(_scenario(options.weeks, options.load), options.seed, options.out)
    known = settled(study.scenario)
    rules: dict[str, tuple[Policy, Scenario]] = {
        "incumbent": (RULES["incumbent"], study.scenario),
        "stale estimates": (RULES["fastest"], study.scenario),
        REFERENCE: (LeastWork(known.people, 0.0), known),
        **{name: (rule, known) for name, rule in _tuned(study, options.tuning_episodes).items()},
    }
    weeks = {name: study.weeks(rule, of, JUDGING, options.episodes) for name, (rule, of) in rules.items()}
    figures = _report(weeks)
    draw_weeks(weeks, REFERENCE, "lesson counted", options.out / "weeks.png")
    print(f"seed {options.seed}; {options.episodes} episodes of {options.weeks} weeks at load x {options.load:g};"
          f" {time.monotonic() - began:.0f} s; {options.out / 'weeks.png'}")  # fmt: skip
    write_json(options.out / "figures.json", figures)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--episodes", type=int, default=20)
    parser.add_argument("--tuning-episodes", type=int, default=4, help="per value of a rule's parameter")
    parser.add_argument("--weeks", type=int, default=26, help="length of an episode")
    parser.add_argument("--load", type=float, default=1.0, help="factor on the arrivals")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=Path("runs/learning-value"), help="folder of parts and pictures")
    return parser


def _scenario(weeks: int, load: float) -> Scenario:
    scenario = load_scenario(SCENARIO)
    arrivals = replace(scenario.arrivals, rate_per_h=scenario.arrivals.rate_per_h * load)
    return replace(scenario, days=7 * weeks, arrivals=arrivals)


def _tuned(study: Study, episodes: int) -> dict[str, Policy]:
    """Either long-horizon rule with the parameter of the best reward per case on training episodes."""
    known = settled(study.scenario)
    families: dict[str, tuple[Callable[[float], Policy], tuple[int, ...]]] = {
        "lesson counted": (lambda value: LeastWork(known.people, value), LATER_CONTACTS),
        "novices first": (lambda value: NovicesFirst(known.people, value), FREE_AT_LEAST),
    }
    found: dict[str, Policy] = {}
    for name, (rule, values) in families.items():
        rewards = [_total(study.weeks(rule(value), known, TRAINING, episodes), "reward") for value in values]
        found[name] = rule(values[int(np.argmax(rewards))])
        print_table(
            f"{name}: reward per case on {episodes} training episodes; chosen: {found[name].name}",
            tuple(str(value) for value in values),
            [tuple(f"{reward:.3f}" for reward in rewards)],
        )
    return found


def _total(weeks: Floats, measure: str) -> float:
    return float(pooled(weeks.sum(axis=1))[list(MEASURES).index(measure)])


def _report(weeks: dict[str, Floats]) -> list[Figure]:
    """The whole half-year by policy, and the weeks at its ends."""
    myopic = weeks[REFERENCE].sum(axis=1)
    changes = {name: paired_difference(ratios.sum(axis=1), myopic) for name, ratios in weeks.items()}
    values = {name: pooled(ratios.sum(axis=(0, 1))[None]) for name, ratios in weeks.items()}
    ramps = {name: ramp_weeks(ratios) for name, ratios in weeks.items()}
    rows = [(m, *(_cell(m, values[name], changes[name]) for name in weeks)) for m in MEASURES]
    rows.append(("weeks to proficiency", *(str(ramps[name] or "none") for name in weeks)))
    print_table("All weeks; differences to the myopic rule, 95 % by episode", ("", *weeks), rows)
    print_table("First and last four weeks", ("policy", *_BY_TIME), [(n, *_ends(r)) for n, r in weeks.items()])
    return [figure for name in weeks for figure in _figures(name, values[name], changes[name], ramps[name])]


def _figures(name: str, values: Floats, change: Interval, ramp: int | None) -> list[Figure]:
    figures = [Figure(f"{name}: weeks to proficiency", ramp, "weeks")] if ramp else []
    for q, (measure, meaning) in enumerate(MEASURES.items()):
        figures.append(Figure(f"{name}: {measure}", float(values[q]), meaning))
        bounds = zip(("", " from", " to"), change, strict=True)
        figures += [Figure(f"{name}: {measure} less myopic{end}", float(b[q]), meaning) for end, b in bounds]
    return figures


_BY_TIME = ("novices' share", "at the end", "their handle time", "at the end", "reward", "at the end")


def _ends(ratios: Floats) -> list[str]:
    early, late = (pooled(part.sum(axis=1)) for part in (ratios[:, :4], ratios[:, -4:]))
    at = [list(MEASURES).index(measure) for measure in ("novice_share", "novice_handle", "reward")]
    return [f"{when[q]:.3f}" for q in at for when in (early, late)]


def _cell(measure: str, values: Floats, change: Interval) -> str:
    """A value with its difference and half the difference's interval."""
    q, digits = list(MEASURES).index(measure), 1 if measure == "aht_s" else 3
    half = (change.high[q] - change.low[q]) / 2
    difference = f" ({change.value[q]:+.{digits}f} ±{half:.{digits}f})" if change.high[q] > change.low[q] else ""
    return f"{values[q]:.{digits}f}{difference}"


def ramp_weeks(ratios: Floats) -> int | None:
    """The first week at whose end novices have on average at most 10 % of their handle time left to learn."""
    there = pooled(ratios)[:, list(MEASURES).index("to_learn")] <= PROFICIENT
    return int(there.argmax()) + 1 if there.any() else None


if __name__ == "__main__":
    sys.exit(main())
