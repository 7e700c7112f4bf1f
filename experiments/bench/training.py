"""Speed of the whole PPO training loop, and what it reaches: `python -m experiments.bench.training --minutes 3`.

First, for one rollout and its update, what one gets without this project's batched view and settings: MaskablePPO
with its defaults (batches of 64 decisions, 10 epochs) on 8 single environments in a `DummyVecEnv`. It is the reference
of the speed, with the same network on the same scenario. Then `maitred.training.train` as the command line runs it,
with timers around its phases, and checkpoints judged beside it on a second core. Seconds are wall clock; torch uses one
thread in both.

The reward difference is per case, in money, against the incumbent on the run's validation episodes: of the best
checkpoint so far, as training would hand it back. The learning rate falls over the whole budget, so a shorter run is
not the beginning of a longer one.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import torch
from sb3_contrib import MaskablePPO
from stable_baselines3.common.vec_env import DummyVecEnv

from experiments.figures import Figure, print_figures, write_json
from maitred.agents.ppo import CandidatePolicy
from maitred.configs.schema import PPOConfig, TrainConfig
from maitred.envs.contact_center import ContactCenter
from maitred.envs.scenario import Scenario
from maitred.envs.scenario_file import load_scenario
from maitred.training.checkpoints import Checkpoints
from maitred.training.curve import Curve, CurveRecorder
from maitred.training.learning import Learned
from maitred.training.train import train
from maitred.training.training_centers import TrainingCenters

SINGLES = 8
READINGS = 6  # of the learning curve
PHASES = {
    "environment": (TrainingCenters, "step_wait"),
    "bringing siblings together": (TrainingCenters, "gather"),
    "policy in rollouts": (CandidatePolicy, "forward"),
    "updates": (MaskablePPO, "train"),
    "waiting for verdicts": (Checkpoints, "hear"),
}


def peer(scenario: Scenario) -> float:
    """Decisions per second of MaskablePPO's defaults on single environments, over one rollout and its update."""
    env = DummyVecEnv([lambda: ContactCenter(scenario=scenario)] * SINGLES)
    model = MaskablePPO(CandidatePolicy, env, device="cpu", seed=0)
    begin = time.perf_counter()
    model.learn(model.n_steps * SINGLES)
    return model.num_timesteps / (time.perf_counter() - begin)


@contextmanager
def stopwatch(owner: type, method: str) -> Iterator[list[float]]:
    """Seconds of every call of a method while the block runs."""
    original, seconds = getattr(owner, method), []

    def timed(*arguments: Any, **named: Any) -> Any:
        begin = time.perf_counter()
        result = original(*arguments, **named)
        seconds.append(time.perf_counter() - begin)
        return result

    with patch.object(owner, method, timed):
        yield seconds


def timed_training(config: TrainConfig) -> tuple[Learned, Curve, dict[str, float]]:
    """Train, and tell the learning curve and the seconds of each phase."""
    recorder = CurveRecorder()
    with ExitStack() as watches:
        calls = {name: watches.enter_context(stopwatch(*phase)) for name, phase in PHASES.items()}
        learned = train(config, recorder).learned
    return learned, recorder.curve(), {name: sum(seconds) for name, seconds in calls.items()}


def speed(learned: Learned, phases: dict[str, float], reference: float) -> list[Figure]:
    """Decisions per second, and where the wall clock went."""
    phases = {**phases, "all else": learned.seconds - sum(phases.values())}
    rate = learned.figures["steps_per_s"]
    return [
        Figure.against("training loop", rate, "steps/s", reference),
        Figure.against("training loop, validation included", learned.steps / learned.seconds, "steps/s", reference),
        *(Figure(f"wall clock, {name}", seconds / learned.seconds, "share") for name, seconds in phases.items()),
    ]


def progress(learned: Learned, curve: Curve) -> list[Figure]:
    """The best checkpoint so far after parts of the budget, and the interval of the last."""
    best = np.maximum.accumulate(curve.checkpoint_difference)
    figures = []
    for wall_s in np.linspace(0, curve.checkpoint_wall_s[-1], READINGS + 1)[1:]:
        reached = best[curve.checkpoint_wall_s <= wall_s][-1]
        figures.append(Figure(f"reward difference after {wall_s / 60:.2f} min", float(reached), "money/case"))
    low, high = learned.difference.low, learned.difference.high
    return [
        *figures,
        Figure("reward difference, 95 % interval from", low, "money/case"),
        Figure("reward difference, 95 % interval to", high, "money/case"),
    ]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description="Speed of the PPO training loop, and what it reaches per minute.")
    parser.add_argument("--minutes", type=float, default=3.0, help="budget of the training run")
    parser.add_argument("--seed", type=int, default=0, help="of the training run")
    parser.add_argument("--json", type=Path, help="also write the figures here")
    options = parser.parse_args(arguments)
    torch.set_num_threads(1)
    config = TrainConfig(seed=options.seed, policy=PPOConfig(minutes=options.minutes))
    scenario = load_scenario(config.scenario_source)
    reference = peer(scenario)
    learned, curve, phases = timed_training(config)
    figures = [
        Figure(f"MaskablePPO's defaults, {SINGLES} single environments", reference, "steps/s"),
        *speed(learned, phases, reference),
        *progress(learned, curve),
    ]
    print_figures(f"PPO on {scenario.name}, {scenario.routing.places} candidates, {options.minutes:g} min", figures)
    if options.json:
        write_json(options.json, figures)
    return 0


if __name__ == "__main__":
    sys.exit(main())
