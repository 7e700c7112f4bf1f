"""PPO: sb3-contrib's MaskablePPO on the candidate network, with checkpoints chosen on validation episodes."""

from __future__ import annotations

import copy
import time
from typing import Any

import numpy as np
from rich.progress import Progress
from sb3_contrib import MaskablePPO
from stable_baselines3.common.callbacks import BaseCallback
from stable_baselines3.common.logger import KVWriter, Logger
from stable_baselines3.common.vec_env import VecEnv

from maitred.agents.network import CandidateNetwork
from maitred.agents.ppo import CandidatePolicy, TorchPolicy
from maitred.agents.rules import RULES
from maitred.configs.schema import PPOConfig
from maitred.envs.objective import Objective
from maitred.envs.scenario import Scenario
from maitred.training.learning import ALGORITHM, REHEARSAL, Learned, Log, branch, progress_bar
from maitred.training.rehearsal import rehearse
from maitred.training.short_lists import ShortListExtractor
from maitred.training.training_centers import TrainingCenters
from maitred.training.validation import Difference, Validation

WARM_UP_DECISIONS = 20_000


def train_ppo(
    config: PPOConfig, scenario: Scenario, objective: Objective, validation: Validation, seed: int, log: Log
) -> Learned:
    """Train until the budget of decisions or of wall clock is spent; hand back the best checkpoint."""
    rehearsal = rehearse(
        scenario,
        RULES["random"],
        branch(seed, REHEARSAL),
        WARM_UP_DECISIONS,
        objective=objective,
        gamma=config.gamma,
    )
    centers = TrainingCenters(
        scenario=scenario,
        num_envs=config.n_envs,
        seed=seed,
        objective=objective,
        scale=float(rehearsal.returns.std()) or 1.0,
        episode=len(rehearsal.decisions) // rehearsal.episodes,
    )
    clock = Clock(config)
    model = _model(config, centers, clock, seed)
    policy = model.policy
    assert isinstance(policy, CandidatePolicy)
    policy.network.fit_normaliser(rehearsal.decisions)
    model.set_logger(Logger(None, [Curve(log)]))
    with progress_bar() as bar:
        coach = Coach(config, validation, policy.network, clock, bar, centers)
        model.learn(config.steps, callback=coach)
        coach.validate()
    return coach.learned()


def _model(config: PPOConfig, env: VecEnv, clock: Clock, seed: int) -> MaskablePPO:
    return MaskablePPO(
        CandidatePolicy,
        env,
        learning_rate=clock.learning_rate,
        n_steps=config.n_steps,
        batch_size=config.batch_size,
        n_epochs=config.epochs,
        gamma=config.gamma,
        gae_lambda=config.gae_lambda,
        clip_range=config.clip_range,
        ent_coef=config.entropy,
        policy_kwargs={
            "features_extractor_class": ShortListExtractor,
            "features_extractor_kwargs": {"width": config.width},
        },
        seed=int(branch(seed, ALGORITHM).generate_state(1)[0]),
        device="cpu",
    )


class Clock:
    """How much of the budget is spent: of decisions or of wall clock, whichever is further."""

    def __init__(self, config: PPOConfig) -> None:
        self.config = config
        self.started = time.monotonic()

    @property
    def seconds(self) -> float:
        """Wall clock since training began."""
        return time.monotonic() - self.started

    def spent(self, of_steps: float) -> float:
        """Share of the budget that is spent, given the share of its decisions."""
        minutes = self.config.minutes
        return max(of_steps, 0.0 if minutes is None else self.seconds / (60 * minutes))

    def learning_rate(self, progress_remaining: float) -> float:
        """Linear decay to a hundredth."""
        return self.config.learning_rate * max(1 - self.spent(1 - progress_remaining), 0.01)


class Curve(KVWriter):
    """Passes each dump of stable-baselines3's figures on as one call."""

    def __init__(self, log: Log) -> None:
        self.log = log

    def write(self, key_values: dict[str, Any], key_excluded: dict[str, tuple[str, ...]], step: int = 0) -> None:
        """Keep the numbers."""
        numbers = {key: float(x) for key, x in key_values.items() if isinstance(x, int | float | np.number)}
        self.log(numbers, step)

    def close(self) -> None:
        """Nothing is held open."""


class Coach(BaseCallback):
    """Ends training in time, validates every few rollouts and keeps the best network.

    Learning curves of PPO are not monotone, so the last network need not be the best; all are compared on the
    same episodes.
    """

    def __init__(
        self,
        config: PPOConfig,
        validation: Validation,
        network: CandidateNetwork,
        clock: Clock,
        bar: Progress,
        centers: TrainingCenters,
    ) -> None:
        super().__init__()
        self.config, self.validation, self.network = config, validation, network
        self.clock, self.centers = clock, centers
        self.bar, self.task = bar, bar.add_task("ppo", total=1.0, status="")
        self.best: tuple[Difference, CandidateNetwork] | None = None
        self.rollouts, self.rollout_s, self.validation_s = 0, 0.0, 0.0

    def _on_rollout_start(self) -> None:
        if self.rollouts % self.config.validate_every == 0:
            self.validate()
        self.rollout_began = time.monotonic()

    def _on_step(self) -> bool:
        return self.clock.spent(0.0) < 1

    def _on_rollout_end(self) -> None:
        self.rollouts += 1
        self.rollout_s += time.monotonic() - self.rollout_began
        self.logger.record("rollout/reward_per_decision", self.centers.take_reward_per_decision())
        self.logger.record("time/rollout_share", self.rollout_s / self.training_s)
        self.bar.update(
            self.task, completed=self.clock.spent(self.num_timesteps / self.config.steps), status=self.status
        )

    def validate(self) -> None:
        """Judge the network as it is, keep a copy of it if it is the best so far, and log both at this step."""
        began = time.monotonic()
        difference = self.validation.difference(TorchPolicy(self.network))
        if self.best is None or difference.value > self.best[0].value:
            self.best = difference, copy.deepcopy(self.network)
        self.logger.record("validation/reward_difference", difference.value)
        self.logger.record("validation/best", self.best[0].value)
        self.logger.dump(self.num_timesteps)
        self.validation_s += time.monotonic() - began

    @property
    def training_s(self) -> float:
        """Wall clock of rollouts and updates, without validation."""
        return self.clock.seconds - self.validation_s

    @property
    def status(self) -> str:
        """One line for the progress bar."""
        assert self.best is not None
        reward = self.logger.name_to_value["rollout/reward_per_decision"]
        speed = self.num_timesteps / self.training_s
        return f"{speed:,.0f} steps/s, {reward:.3f} per decision, best over incumbent {self.best[0]} per case"

    def learned(self) -> Learned:
        """The best network as a policy, and what training took."""
        assert self.best is not None
        figures = {
            "steps_per_s": self.num_timesteps / self.training_s,
            "rollout_share": self.rollout_s / self.training_s,
            "validation_s": self.validation_s,
            "reward_scale": self.centers.scale,
        }
        difference, network = self.best
        return Learned(TorchPolicy(network), difference, self.num_timesteps, self.clock.seconds, figures)
