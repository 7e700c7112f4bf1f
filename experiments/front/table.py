"""One policy that is told the preference, against one policy for each: `python -m experiments.front.table`.

Claim: with the weights of the objective in the context, one trained policy gives the whole front of AHT, CSAT and cost,
and whoever runs it moves along the front without training again. It is judged beside a policy trained for each
preference, the policy of the default weights under all of them, and the best rule tuned for each. Every training run
has the same budget, so that the policies of their own have together as many times more as there are preferences.
Checkpoints of the conditioned policy are chosen on validation episodes under many objectives. Where satisfaction,
work and cost hardly pull apart, as on `bpo_chat`, there is little of a front; on `w8_bots`, whose bots cost less and
satisfy less, there is.

The hypervolume is that of the points of all preferences, with each KPI scaled to 0 at the best and 1 at the worst of
all points of all families; the reference point lies at 1.1, and the volume is given as a share of the box. Differences
of reward are paired by frozen day, 95 %, learners as the mean over training seeds. Finished parts lie in `--out`, with
the picture; the study goes on from them.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict

import numpy as np

from experiments.figures import Figure, print_table, write_json
from experiments.front.families import (
    AXES,
    CONDITIONED,
    DEFAULT,
    FAMILIES,
    FIXED,
    OWN,
    RULE,
    Front,
    Study,
    judge_front,
    points,
    preferences,
)
from experiments.front.hypervolume import Floats, hypervolume
from experiments.front.picture import draw_front
from experiments.judging import FROZEN_SEED, Judged, budget_of, difference, ppo, training_options, word, written
from maitred.envs.kpi import KPIS
from maitred.envs.scenario_file import load_scenario
from maitred.training.paired import pooled

MARGIN = 0.1  # of the reference point beyond the worst of all points
AGAINST = (OWN, FIXED, RULE)


def main(arguments: Sequence[str] | None = None) -> int:
    """Train, judge, print and draw."""
    options = _options(arguments)
    study = Study(
        out=options.out,
        seeds=tuple(range(1, options.seeds + 1)),
        episodes=options.episodes,
        budget=options.budget,
        spread=options.spread,
        ppo=ppo(options),
    )
    possible = preferences(study.spread)
    objectives = {DEFAULT: possible[DEFAULT]} | {name: possible[name] for name in options.preferences or possible}
    file = written(load_scenario(options.scenario), study.out)
    front = judge_front(load_scenario(file), file, study, objectives)
    print_front(front, options.scenario, study)
    draw_front(front, study.out / "front.png")
    if options.json:
        write_json(options.json, figures(front))
    return 0


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="One policy told the preference, against one policy for each.")
    parser.add_argument("--scenario", default="w8_bots", help="name, or path of a scenario file")
    parser.add_argument("--spread", type=float, default=4.0, help="factor by which weights are raised or lowered")
    parser.add_argument("--preferences", nargs="+", metavar="NAME", help="beside the default, such as csat_x4; all")
    training_options(parser, "runs/front")
    options = parser.parse_args(arguments)
    if options.spread <= 1:
        parser.error(f"--spread: expected more than 1, found {options.spread}")
    if unknown := set(options.preferences or ()) - set(preferences(options.spread)):
        parser.error(f"--preferences: expected some of {', '.join(preferences(options.spread))}, found {unknown}")
    return options


def print_front(front: Front, scenario: str, study: Study) -> None:
    """Rewards by preference, what each family reaches, and hypervolumes."""
    one = budget_of(study.ppo)
    print(f"Training per seed: conditioned {one}, one per weight {len(front)} times {one}")
    print(f"Training seeds {study.seeds}; {study.episodes} frozen days of seed {FROZEN_SEED}; spread {study.spread:g}")
    print_table(
        f"{scenario}: conditioned less each other, money per case under each preference",
        ("preference", *AGAINST, "than its own"),
        [_rewards(of, name) for name, of in front.items()],
    )
    print_table(
        "What is reached: AHT in s, CSAT, cost per contact",
        ("preference", *FAMILIES),
        [(name, *(_reached(front, family)[i] for family in FAMILIES)) for i, name in enumerate(front)],
    )
    print(f"Box, reference point {1 + MARGIN:g}: {_box(front)}")
    print_table(
        "Hypervolume, share of the box",
        ("family", "mean", "by seed"),
        [(family, *_volume_cells(volumes)) for family, volumes in hypervolumes(front).items()],
    )


def _rewards(of: Mapping[str, Sequence[Judged]], name: str) -> tuple[str, ...]:
    found = {other: difference(of[CONDITIONED], of[other]) for other in AGAINST}
    return name, *map(str, found.values()), word(found[OWN])


def _reached(front: Front, family: str) -> list[str]:
    """By preference, the mean over training seeds."""
    means = points(front, family).mean(axis=0) * list(AXES.values())
    return [f"{aht:.1f} {csat:.4f} {cost:.3f}" for aht, csat, cost in means.tolist()]


def _ends(front: Front) -> tuple[Floats, Floats]:
    """(D,) best and worst of all points of all families."""
    every = np.concatenate([points(front, family).reshape(-1, len(AXES)) for family in FAMILIES])
    return every.min(axis=0), every.max(axis=0)


def _box(front: Front) -> str:
    ends = zip(AXES.items(), *(end.tolist() for end in _ends(front)), strict=True)
    return ", ".join(f"{kpi} {sign * best:.4g} (0) to {sign * worst:.4g} (1)" for (kpi, sign), best, worst in ends)


def hypervolumes(front: Front) -> dict[str, list[float]]:
    """Share of the box that the points of each family reach, by training seed."""
    best, worst = _ends(front)
    span = np.where(worst > best, worst - best, 1.0)
    reference = np.full(len(AXES), 1 + MARGIN)
    return {
        family: [hypervolume((at - best) / span, reference) / float(reference.prod()) for at in points(front, family)]
        for family in FAMILIES
    }


def _volume_cells(volumes: Sequence[float]) -> tuple[str, str]:
    return f"{np.mean(volumes):.4f}", " ".join(f"{volume:.4f}" for volume in volumes)


def figures(front: Front) -> list[Figure]:
    """Differences of reward with the ends of their intervals, KPIs and hypervolumes."""
    found = [Figure(f"hypervolume: {f}", float(np.mean(v)), "share of the box") for f, v in hypervolumes(front).items()]
    units = {kpi.name: kpi.unit for kpi in KPIS}
    for name, of in front.items():
        for other in AGAINST:
            for end, value in asdict(difference(of[CONDITIONED], of[other])).items():
                found.append(Figure(f"{name}: {CONDITIONED} less {other}, {end}", value, "money per case"))
        for family, judged in of.items():
            for kpi in AXES:
                value = float(np.mean([pooled(one.kpis[kpi]) for one in judged]))
                found.append(Figure(f"{name}: {family}, {kpi}", value, units[kpi]))
    return found


if __name__ == "__main__":
    sys.exit(main())
