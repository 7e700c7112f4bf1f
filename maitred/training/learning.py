"""What every learner shares: where its randomness comes from, how it reports, and what it hands back."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from maitred.envs.decision import Policy
from maitred.envs.scenario import Scenario
from maitred.envs.trace import Trace
from maitred.envs.traffic import draw_trace
from maitred.training.frozen import FROZEN_BRANCH
from maitred.training.validation import Difference

# Branches of the seed tree. Training draws from (group of siblings, episode), a frozen set from FROZEN_BRANCH.
VALIDATION, REHEARSAL, ALGORITHM, PARITY = (FROZEN_BRANCH - i for i in range(1, 5))

Log: TypeAlias = Callable[[dict[str, float], int], None]  # figures of the learning curve, at a number of decisions


@dataclass(frozen=True)
class Learned:
    """What a learner hands back.

    Attributes:
        policy: the best that was found, as it is to be judged and used.
        difference: its reward per case over the incumbent's, on the validation episodes; where each of these has an
            objective of its own, by all of them.
        steps: decisions that training took.
        seconds: wall clock, validation included.
        figures: other measurements of the run.
    """

    policy: Policy
    difference: Difference
    steps: int
    seconds: float
    figures: dict[str, float]


def branch(seed: int, purpose: int) -> np.random.SeedSequence:
    """The branch of a run's seed tree that serves one purpose."""
    return np.random.SeedSequence(entropy=seed, spawn_key=(purpose,))


def training_traces(scenario: Scenario, seed: int, episodes: Iterable[int]) -> list[Trace]:
    """Episodes, counted from 0, that a learner of this seed trains on: those of the first siblings."""
    keys = (np.random.SeedSequence(seed, spawn_key=(0, episode)) for episode in episodes)
    return [draw_trace(scenario, key) for key in keys]


def progress_bar() -> Progress:
    """A bar on standard error, with a field `status` for what has been reached."""
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.fields[status]}"),
        console=Console(stderr=True),
    )
