"""The learning curve of one training run, kept from the figures that a learner logs."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

ROLLOUT, LOSS, CHECKPOINT = "rollout/reward_per_decision", "train/loss", "validation/reward_difference"

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """N rollouts and M validation checkpoints, in order.

    Attributes:
        steps: (N,) decisions trained on so far.
        wall_s: (N,) seconds since training began.
        reward: (N,) money per decision in the rollouts.
        loss: (N,) training loss; NaN where the learner has none.
        checkpoint_steps: (M,) decisions trained on when the checkpoint was judged.
        checkpoint_wall_s: (M,) seconds since training began.
        checkpoint_difference: (M,) money per case over the incumbent, on the validation episodes.
    """

    steps: Floats
    wall_s: Floats
    reward: Floats
    loss: Floats
    checkpoint_steps: Floats
    checkpoint_wall_s: Floats
    checkpoint_difference: Floats

    def __post_init__(self) -> None:
        for prefix in ("", "checkpoint_"):
            names = [f.name for f in fields(self) if f.name.startswith("checkpoint_") == bool(prefix)]
            shapes = {name: np.shape(getattr(self, name)) for name in names}
            if len(set(shapes.values())) > 1 or len(shapes[f"{prefix}steps"]) != 1:
                raise ValueError(f"curve: expected vectors of one length, found {shapes}")


class CurveRecorder:
    """Keeps what a learner logs; call it with figures and the number of decisions they stand at."""

    def __init__(self) -> None:
        self._started = time.monotonic()
        self._rows: list[tuple[float, float, dict[str, float]]] = []

    def __call__(self, figures: Mapping[str, float], steps: int) -> None:
        """Keep the figures of one dump."""
        self._rows.append((float(steps), time.monotonic() - self._started, dict(figures)))

    def curve(self) -> Curve:
        """The curve so far."""
        rollouts = [row for row in self._rows if ROLLOUT in row[2]]
        checkpoints = [row for row in self._rows if CHECKPOINT in row[2]]
        return Curve(
            steps=np.array([steps for steps, _, _ in rollouts]),
            wall_s=np.array([wall_s for _, wall_s, _ in rollouts]),
            reward=np.array([figures[ROLLOUT] for _, _, figures in rollouts]),
            loss=np.array([figures.get(LOSS, np.nan) for _, _, figures in rollouts]),
            checkpoint_steps=np.array([steps for steps, _, _ in checkpoints]),
            checkpoint_wall_s=np.array([wall_s for _, wall_s, _ in checkpoints]),
            checkpoint_difference=np.array([figures[CHECKPOINT] for _, _, figures in checkpoints]),
        )
