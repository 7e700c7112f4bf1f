"""What PPO reaches against wall time: `python -m experiments.bench.learning --scenario omni --minutes 5 --seeds 1`.

Begun cold, begun cold with half the passes over a rollout and, on omni, half the judging (`policy.epochs=2
policy.validate_every=28`), begun cold without siblings (`policy.siblings=1`: centers that share no luck), and begun
where the best tuned rule stands, imitation included in the minutes. The reward is per case, in money, over the
incumbent's, of the best checkpoint so far on a run's validation episodes, and so is the rule's; tuning the rule takes
time of its own, which is told apart. What is handed back is judged on frozen days against the same rule, with 95 %
intervals paired by day.

The learning rate falls over the whole budget, so a shorter run is not the beginning of a longer one. Runs that are
finished lie in `--out`; the picture beside them shows every checkpoint.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib import rc_context
from matplotlib.figure import Figure as Drawing
from numpy.typing import NDArray

from experiments.figures import Figure, print_table, write_json
from experiments.judging import FROZEN_SEED, Judge, Kept, difference, training_options, written
from maitred.agents.rules import rule
from maitred.configs.schema import EvaluationConfig, PPOConfig
from maitred.envs.scenario_file import load_scenario
from maitred.training.learning import VALIDATION, branch
from maitred.training.pictures import CANDIDATE, INK, OTHERS, REFERENCE, STYLE
from maitred.training.validation import Difference, prepare_validation
from maitred.whole_file import whole_file

COLD, TWO_PASSES, ALONE, WARM = "cold", "cold, two passes", "cold, no siblings", "from the rule"
COLOURS = {COLD: CANDIDATE, TWO_PASSES: OTHERS[1], ALONE: REFERENCE, WARM: OTHERS[0]}
READINGS = (1, 2, 3, 5, 7.5, 10, 15, 20, 30)  # minutes

Runs = Mapping[str, Sequence[Kept]]


def main(arguments: Sequence[str] | None = None) -> int:
    """Tune, train each way from each seed, and print what was reached when."""
    options = _options(arguments)
    center = load_scenario(options.scenario)
    judge = Judge(center, written(center, options.out), options.out, options.episodes)
    tuned, seeds = judge.tuned(options.budget), range(1, options.seeds + 1)
    best = tuned["best"]
    print(f"{center.name}: {best} is the best rule, tuned in {tuned['seconds'] / 60:.1f} min", flush=True)
    runs = {
        begun: [judge.trained(_ppo(begun, best, options.minutes), seed, _file(begun)) for seed in seeds]
        for begun in options.begun
    }
    of_rule = [_of_rule(judge, best, seed) for seed in seeds]
    _print_curves(runs, of_rule, options.minutes)
    found = {begun: _less_rule(judge, begun, of, best) for begun, of in runs.items()}
    print_table(
        f"Less the rule on {options.episodes} frozen days of seed {FROZEN_SEED}, money per case",
        ("begun", "difference"),
        [(begun, str(less)) for begun, less in found.items()],
    )
    _draw(runs, of_rule, options.out / f"{center.name}-learning.png")
    if options.json:
        figures = [Figure(f"{begun} less the rule", less.value, "money/case") for begun, less in found.items()]
        write_json(options.json, figures)
    return 0


def _less_rule(judge: Judge, begun: str, runs: Sequence[Kept], best: str) -> Difference:
    """On the frozen days, the mean over training seeds."""
    judged = [judge.kept(f"{_file(begun)}-{seed}", one) for seed, one in enumerate(runs, start=1)]
    return difference(judged, [judge.rule(best)])


def _ppo(begun: str, best: str, minutes: float) -> PPOConfig:
    settings: dict[str, dict[str, Any]] = {
        COLD: {},
        TWO_PASSES: {"epochs": 2, "validate_every": 28},  # leaves time for more rollouts
        ALONE: {"siblings": 1},
        WARM: {"teacher": best},
    }
    return PPOConfig(minutes=minutes, **settings[begun])


def _file(begun: str) -> str:
    return begun.replace(",", "").replace(" ", "_")


def _of_rule(judge: Judge, name: str, seed: int) -> float:
    """The rule's reward over the incumbent's on the validation episodes of a training run, money per case."""
    episodes = EvaluationConfig().validation_episodes
    validation = prepare_validation(judge.center, judge.objective, branch(seed, VALIDATION), episodes)
    return validation.difference(rule(name)).value


def _print_curves(runs: Runs, of_rule: Sequence[float], minutes: float) -> None:
    """The best checkpoint so far at each reading, and when the first of them was at the rule's level."""
    rows = [
        (f"{at:g} min", *(_money([_best_by(one, at) for one in of]) for of in runs.values()))
        for at in READINGS
        if at <= minutes
    ]
    there = [[_there(one, level) for one, level in zip(of, of_rule, strict=True)] for of in runs.values()]
    print_table(
        f"Over the incumbent on validation episodes, money per case; {len(of_rule)} seeds, best checkpoint so far",
        ("after", *runs),
        [
            *rows,
            ("at the end", *(_money([_curve(one)[1].max() for one in of]) for of in runs.values())),
            ("the rule", *(_money(of_rule) for _ in runs)),
            ("at the rule after", *(", ".join(each) for each in there)),
        ],
    )


def _money(values: Sequence[float]) -> str:
    """The mean; a dash where a run has none yet."""
    return "-" if np.isnan(values).any() else f"{np.mean(values):+.3f}"


def _best_by(run: Kept, minutes: float) -> float:
    """Of the best checkpoint judged within the minutes; NaN where there was none yet."""
    judged = _curve(run)[1][_curve(run)[0] <= minutes]
    return float(judged.max()) if len(judged) else float("nan")


def _there(run: Kept, level: float) -> str:
    minutes, reached = _curve(run)
    return f"{minutes[reached >= level][0]:.1f} min" if (reached >= level).any() else "never"


def _curve(run: Kept) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """(M,) minutes, and (M,) money per case over the incumbent, of the checkpoints."""
    return np.array(run.told["minutes"]), np.array(run.told["difference"])


def _draw(runs: Runs, of_rule: Sequence[float], path: Path) -> None:
    """Write a PNG of every checkpoint against wall time, the rule's level beside them."""
    with rc_context(STYLE):
        drawing = Drawing(figsize=(8, 4.5), layout="constrained")
        axes = drawing.subplots()
        for begun, of in runs.items():
            for i, one in enumerate(of):
                axes.plot(*_curve(one), color=COLOURS[begun], marker="o", markersize=3, label="" if i else begun)
        axes.axhline(float(np.mean(of_rule)), color=INK, linestyle="--", linewidth=1, label="best tuned rule")
        axes.axhline(0, color=REFERENCE, linewidth=0.8)
        axes.set_ylim(bottom=max(axes.get_ylim()[0], -1.0))  # an untrained network may be far below
        axes.set(xlabel="wall time, minutes", ylabel="reward per case over the incumbent, money")
        axes.set_title("Checkpoints on validation episodes")
        axes.legend()
        with whole_file(path) as temporary:
            drawing.savefig(temporary, format="png")


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="PPO against wall time, beside the best tuned rule.")
    parser.add_argument("--scenario", default="omni", help="name, or path of a scenario file")
    parser.add_argument("--begun", nargs="+", default=list(COLOURS), choices=list(COLOURS), help="ways to begin; all")
    training_options(parser, "runs/learning")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
