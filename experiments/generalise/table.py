"""Policies where they were not trained: `python -m experiments.generalise.table`.

Claim: a policy that scores candidates by what they are carries over to centers of other sizes, other loads and other
kinds, and better so when its training centers varied in size and load. Two policies are trained with equal budgets,
at the scenario as it is and at randomised sizes and loads, and judged without further training at more and fewer
agents, at other loads, and in every other shipped scenario whose short lists are as long; the table says which cases
one of them was trained in. They are held against the rule that was best when tuned at the scenario as it is, which
knows as much as the first of them, and against the incumbent. All meet the same frozen days; where agents are many
times more, days are fewer and intervals wider. Differences are paired by day, 95 %, learners as the mean over
training seeds. Finished parts lie in `--out`, with the picture; the study goes on from them.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import asdict

from experiments.figures import Figure, print_table, write_json
from experiments.generalise.cases import (
    AS_IS,
    INCUMBENT,
    LEARNED,
    LOADS,
    RANDOMISED,
    RULE,
    SIZES,
    Case,
    Judgements,
    Study,
    grid,
    judged_in,
    others,
    train_both,
)
from experiments.generalise.picture import draw_gains
from experiments.judging import FROZEN_SEED, budget_of, difference, ppo, training_options, word, written
from maitred.envs.scenario_file import SHIPPED, load_scenario
from maitred.training.paired import pooled
from maitred.training.validation import Difference

Found = list[tuple[Case, Judgements]]


def main(arguments: Sequence[str] | None = None) -> int:
    """Train, judge everywhere, print and draw."""
    options = _options(arguments)
    study = Study(
        out=options.out,
        seeds=tuple(range(1, options.seeds + 1)),
        episodes=options.episodes,
        large_episodes=options.large_episodes,
        budget=options.budget,
        ppo=ppo(options),
    )
    center = load_scenario(written(load_scenario(options.scenario), study.out))
    policies, tuned = train_both(center, study)
    cases = grid(center, options.agents, options.loads, study)
    cases += others(center, options.others, options.episodes)
    found = [(case, judged_in(case, policies, tuned, study.out)) for case in cases]
    print_found(found, center.name, tuned, study)
    draw_gains({how: gains(found, how) for how in LEARNED}, study.out / "generalise.png")
    if options.json:
        write_json(options.json, figures(found))
    return 0


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    shipped = sorted(path.stem for path in SHIPPED.glob("*.yaml"))
    parser = argparse.ArgumentParser(description="Policies at sizes, loads and centers they were not trained at.")
    parser.add_argument("--scenario", default="bpo_chat", help="trained at; name, or path of a scenario file")
    parser.add_argument("--agents", type=float, nargs="+", default=[0.5, 1.0, 2.0, 10.0], help="factors judged at")
    parser.add_argument("--loads", type=float, nargs="+", default=[0.6, 0.8, 1.0, 1.1], help="factors judged at")
    parser.add_argument("--others", nargs="*", default=shipped, choices=shipped, metavar="NAME", help="judged in; all")
    parser.add_argument("--large-episodes", type=int, default=4, help="the same where agents are many times more")
    training_options(parser, "runs/generalise")
    return parser.parse_args(arguments)


def print_found(found: Found, scenario: str, tuned: str, study: Study) -> None:
    """Both policies against the rule, then against the incumbent, case by case."""
    print(f"Best rule, tuned at {scenario} as it is ({study.budget} episodes per family): {tuned}")
    print("Cases of its grid are named by agents and load in % of its own; learned policies are not trained again")
    print(f"PPO {budget_of(study.ppo)} each, training seeds {study.seeds}; frozen days of seed {FROZEN_SEED}")
    print(f"Randomised training: agents x {SIZES}, load x {LOADS}; checkpoints chosen at {scenario} as it is")
    for reference in (RULE, INCUMBENT):
        print_table(
            f"Reward per case less that of the {reference}; days of the 95 % intervals in the second column",
            ("case", "days", reference, *(name for how in LEARNED for name in (how, ""))),
            [(case.center.name, str(case.episodes), *_cells(judged, reference)) for case, judged in found],
        )
    print_table(
        "Randomised training less training as it is",
        ("case", "difference", "is", "trained there"),
        [
            (case.center.name, str(one := difference(of[RANDOMISED], of[AS_IS])), word(one), case.seen_by)
            for case, of in found
        ],
    )


def _cells(judged: Judgements, reference: str) -> list[str]:
    """The reference's reward, then every learner's difference with a mark where it is clear of zero."""
    cells = [f"{pooled(judged[reference][0].rewards):.3f}"]
    for how in LEARNED:
        one = difference(judged[how], judged[reference])
        cells += [str(one), "" if word(one) not in ("better", "worse") else word(one)]
    return cells


def gains(found: Found, how: str) -> dict[tuple[float, float], Difference]:
    """Reward per case over the tuned rule by size and load."""
    return {case.place: difference(of[how], of[RULE]) for case, of in found if case.place is not None}


def figures(found: Found) -> list[Figure]:
    """Every learner less the rule and the incumbent, with the ends of the intervals."""
    return [
        Figure(f"{case.center.name}: {how} less {reference}, {end}", value, "money per case")
        for case, judged in found
        for how in LEARNED
        for reference in (RULE, INCUMBENT)
        for end, value in asdict(difference(judged[how], judged[reference])).items()
    ]


if __name__ == "__main__":
    sys.exit(main())
