"""FIFO, ACD, rules, greedy AI, the best tuned rule, a bandit and PPO on every shipped scenario.

    python -m experiments.ladder.table --out runs/ladder [--scenarios bank omni] [--seeds 3] [--steps 1000000]

Claim: each rung of routing practice adds to the one below, and a learned policy adds to the best tuned rule where
there is something to choose; the tables also show where it does not. FIFO and ACD are as platforms ship them; from
rules on, a rung has the center's other levers, too (bots, caps, messages, another channel). Every family of rules is
tuned with the same budget on training episodes (`maitred.training.tuning`); the best of them on these is what
learners are held against, and what PPO begins by imitating. All are judged on the same frozen days, drawn from a seed
that nothing is trained with; differences are paired by day, those of learners being taken of the mean over training
seeds. The study goes on where it was cut off: finished parts lie in the folder `--out`.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from itertools import pairwise

from experiments.figures import Figure, print_table, write_json
from experiments.judging import FROZEN_SEED, Judged, budget_of, difference, per_case, ppo, training_options, word
from experiments.ladder.picture import draw_ladder
from experiments.ladder.rungs import BEST, RUNGS, Study, climb
from maitred.envs.scenario_file import SHIPPED
from maitred.training.validation import Difference

Rungs = Mapping[str, Sequence[Judged]]


def main() -> None:
    """Climb, print and write."""
    options = _options()
    study = Study(
        out=options.out,
        seeds=tuple(range(1, options.seeds + 1)),
        episodes=options.episodes,
        budget=options.budget,
        bandit_episodes=options.bandit_episodes,
        ppo=ppo(options),
    )
    found: dict[str, Rungs] = {}
    for name in options.scenarios:
        found[name] = climb(name, study)
        print(f"{name}: {_spent(found[name])}", flush=True)
    climbed = {name: rungs for name, rungs in found.items() if rungs}
    print_ladder(climbed, study)
    if options.json:
        write_json(options.json, figures(climbed))
    if climbed:
        draw_ladder({name: gains(rungs) for name, rungs in climbed.items()}, study.out / "ladder.png")


def _options() -> argparse.Namespace:
    shipped = sorted(path.stem for path in SHIPPED.glob("*.yaml"))
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scenarios", nargs="+", default=shipped, choices=shipped, metavar="NAME")
    parser.add_argument("--bandit-episodes", type=int, default=256, help="of training LinUCB")
    training_options(parser, "runs/ladder")
    return parser.parse_args()


def gains(rungs: Rungs) -> dict[str, Difference]:
    """What each rung adds to FIFO."""
    return {rung: difference(rungs[rung], rungs["FIFO"]) for rung in RUNGS[1:]}


def print_ladder(climbed: Mapping[str, Rungs], study: Study) -> None:
    """Reward per case by rung, then learners against the best tuned rule, and which rule that is."""
    print_table(
        f"Reward per case, {study.episodes} frozen days of seed {FROZEN_SEED}, training seeds {study.seeds}",
        ("scenario", *RUNGS),
        [(name, *(f"{per_case(rungs[rung]):.3f}" for rung in RUNGS)) for name, rungs in climbed.items()],
    )
    print_table(
        "What each rung adds to the one below; ? where the 95 % interval is not clear of zero",
        ("scenario", *RUNGS[1:]),
        [(name, *(_step(rungs, *pair) for pair in pairwise(RUNGS))) for name, rungs in climbed.items()],
    )
    print_table(
        f"Learners less the best tuned rule; PPO {budget_of(study.ppo)}, LinUCB {study.bandit_episodes} episodes",
        ("scenario", "LinUCB", "PPO", "PPO by seed", "PPO is"),
        [_against_best(name, rungs) for name, rungs in climbed.items()],
    )
    print_table(
        f"Best tuned rule on training episodes ({study.budget} per family)",
        ("scenario", "rule"),
        [(name, rungs[BEST][0].policy) for name, rungs in climbed.items()],
    )


def _step(rungs: Rungs, below: str, above: str) -> str:
    found = difference(rungs[above], rungs[below])
    return f"{found.value:+.3f}{'' if word(found) in ('better', 'worse') else '?'}"


def _against_best(name: str, rungs: Rungs) -> tuple[str, ...]:
    learned = difference(rungs["PPO"], rungs[BEST])
    best = per_case(rungs[BEST])
    by_seed = " ".join(f"{per_case([one]) - best:+.3f}" for one in rungs["PPO"])
    return name, str(difference(rungs["LinUCB"], rungs[BEST])), str(learned), by_seed, word(learned)


def figures(climbed: Mapping[str, Rungs]) -> list[Figure]:
    """Rewards per case, and differences of learners to the best tuned rule with the ends of their intervals."""
    found = []
    for name, rungs in climbed.items():
        for rung in RUNGS:
            found.append(Figure(f"{name}: {rung}", per_case(rungs[rung]), "money per case"))
        for rung in ("LinUCB", "PPO"):
            for end, value in asdict(difference(rungs[rung], rungs[BEST])).items():
                found.append(Figure(f"{name}: {rung} less {BEST}, {end}", value, "money per case"))
    return found


def _spent(rungs: Rungs) -> str:
    """Wall clock of every rung; the tuning of all families is counted once."""
    if not rungs:
        return "nothing is decided here"
    learned = {rung: sum(one.seconds for one in rungs[rung]) for rung in ("LinUCB", "PPO")}
    return f"tuning {rungs[BEST][0].seconds:.0f} s, " + ", ".join(f"{k} {s:.0f} s" for k, s in learned.items())


if __name__ == "__main__":
    main()
