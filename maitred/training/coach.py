"""The coach of a PPO run: ends it in time, and hands the network in to be judged every few rollouts."""

from __future__ import annotations

import time
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from rich.progress import Progress
from stable_baselines3.common.callbacks import BaseCallback
from stable_baselines3.common.logger import KVWriter

from maitred.agents.network import CandidateNetwork
from maitred.agents.ppo import TorchPolicy
from maitred.configs.schema import PPOConfig
from maitred.training.checkpoints import Checkpoints
from maitred.training.learning import Learned, Log
from maitred.training.semi_markov import Timed


class Centers(Timed, Protocol):
    """Centers to learn in, besides what stable-baselines3 asks of a `VecEnv`.

    Attributes:
        eldest: (B,) int64, the first of each center's siblings; not read where there are none.
    """

    eldest: NDArray[np.int64]

    def gather(self) -> Any:
        """Put all siblings where the eldest stands; what they then observe."""
        ...

    def take_reward_per_decision(self) -> float:
        """Mean reward of a decision since the last call, in money."""
        ...


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
    """Ends training in time, and hands the network in every few rollouts."""

    def __init__(
        self,
        config: PPOConfig,
        checkpoints: Checkpoints,
        network: CandidateNetwork,
        clock: Clock,
        bar: Progress,
        centers: Centers,
    ) -> None:
        super().__init__()
        self.config, self.checkpoints, self.network = config, checkpoints, network
        self.clock, self.centers = clock, centers
        self.bar, self.task = bar, bar.add_task("ppo", total=1.0, status="")
        self.rollouts, self.rollout_s = 0, 0.0

    def _on_rollout_start(self) -> None:
        if self.rollouts % self.config.validate_every == 0:
            self.checkpoints.hear(wait=True)  # no more than one at a time
            self.checkpoints.hand_in(self.network, self.num_timesteps)
        self.rollout_began = time.monotonic()
        if self.centers.siblings > 1:
            self._gather()

    def _gather(self) -> None:
        """Let all siblings begin the rollout where the eldest stands."""
        starts = self.model._last_episode_starts
        assert starts is not None
        self.model._last_obs = self.centers.gather()
        self.model._last_episode_starts = starts[self.centers.eldest]

    def _on_step(self) -> bool:
        return self.clock.spent(0.0) < 1

    def _on_rollout_end(self) -> None:
        self.rollouts += 1
        self.rollout_s += time.monotonic() - self.rollout_began
        self.checkpoints.hear()
        self.logger.record("rollout/reward_per_decision", self.centers.take_reward_per_decision())
        self.logger.record("time/rollout_share", self.rollout_s / self.training_s)
        self.bar.update(
            self.task, completed=self.clock.spent(self.num_timesteps / self.config.steps), status=self.status
        )

    def _on_training_end(self) -> None:
        if self.logger.name_to_value:  # of the last update
            self.logger.dump(self.num_timesteps)
        self.checkpoints.hand_in(self.network, self.num_timesteps)
        self.checkpoints.hear(wait=True)

    @property
    def training_s(self) -> float:
        """Wall clock of rollouts and updates, without waiting for verdicts."""
        return self.clock.seconds - self.checkpoints.waited_s

    @property
    def status(self) -> str:
        """One line for the progress bar."""
        reward = self.logger.name_to_value["rollout/reward_per_decision"]
        speed = self.num_timesteps / self.training_s
        best = self.checkpoints.best
        over = "not judged yet" if best is None else f"best over incumbent {best.verdict.difference} per case"
        return f"{speed:,.0f} steps/s, {reward:.3f} per decision, {over}"

    def learned(self, figures: dict[str, float]) -> Learned:
        """The best network as a policy, and what training took, besides the figures given."""
        best = self.checkpoints.best
        assert best is not None
        figures = figures | {
            "steps_per_s": self.num_timesteps / self.training_s,
            "rollout_share": self.rollout_s / self.training_s,
            "waited_for_verdicts_s": self.checkpoints.waited_s,
            "breach": best.verdict.breach,
        }
        policy, seconds = TorchPolicy(best.network), self.clock.seconds
        return Learned(policy, best.verdict.difference, self.num_timesteps, seconds, figures)
