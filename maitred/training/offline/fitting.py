"""The one loop all learners share: minibatches, a loss, Adam."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice

import numpy as np
import torch
from torch import Tensor, nn

from maitred.agents.network import CandidateNetwork
from maitred.training.offline.lessons import Batch, Lessons


@dataclass(frozen=True)
class Fit:
    """How a network is fitted.

    Attributes:
        steps: updates.
        batch: decisions per update.
        learning_rate: at the start; falls linearly to a hundredth.
        width: of the network's hidden layers.
    """

    steps: int = 5_000
    batch: int = 128
    learning_rate: float = 1e-3
    width: int = 64


def fitted(
    modules: nn.Module,
    lessons: Lessons,
    loss: Callable[[Batch], Tensor],
    fit: Fit,
    rng: np.random.Generator,
    *,
    refresh: Callable[[Tensor], None] = lambda rows: None,
    every: int | None = None,
) -> None:
    """Minimise the mean loss of minibatches over the parameters of some modules, in place.

    Args:
        modules: what is fitted.
        lessons: where minibatches come from.
        loss: of a minibatch, a scalar.
        fit: budget.
        rng: of the minibatches.
        refresh: called before the first update and then after each `every` of them, with the (m,) int64 rows that the
            updates until the next will be of: targets that stand still, and of others nobody asks.
        every: updates between two refreshes; None for the first alone.
    """
    flat, gradient = _flattened(modules)
    optimizer = torch.optim.Adam([flat], fit.learning_rate, fused=True)
    schedule = torch.optim.lr_scheduler.LinearLR(optimizer, 1.0, 0.01, fit.steps)
    draws = lessons.draws(fit.steps, fit.batch, rng)
    while coming := list(islice(draws, every)):
        refresh(lessons.rows(coming))
        for draw in coming:
            gradient.zero_()
            loss(lessons.drawn(draw)).backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            schedule.step()


def _flattened(modules: nn.Module) -> tuple[nn.Parameter, Tensor]:
    """All parameters as one, of which they become views with their gradients: Adam takes one step instead of twenty."""
    own = list(modules.parameters())
    flat = nn.Parameter(torch.cat([p.detach().ravel() for p in own]))
    flat.grad = gradient = torch.zeros_like(flat)
    ends = np.cumsum([p.numel() for p in own]).tolist()
    for p, end in zip(own, ends, strict=True):
        place = slice(end - p.numel(), end)
        p.data, p.grad = flat.data[place].view_as(p), gradient[place].view_as(p)
    return flat, gradient


def scores(network: CandidateNetwork, batch: Batch) -> Tensor:
    """(b, L) what a network says of each candidate, `MASKED_LOGIT` where illegal."""
    logits: Tensor = network(batch.context, batch.candidates, batch.mask)[0]
    return logits


def action_values(network: CandidateNetwork, batch: Batch) -> Tensor:
    """(b, L) a network's scores as differences between candidates of the value that it gives their state.

    Wang et al. 2016, "Dueling network architectures for deep reinforcement learning", eq. 8, without the baseline.
    """
    logits, value = network(batch.context, batch.candidates, batch.mask)
    found: Tensor = value.unsqueeze(1) + logits
    return found


def of_chosen(values: Tensor, batch: Batch) -> Tensor:
    """(b,) the entries of (b, L) values at the chosen places."""
    return values.gather(1, batch.chosen).squeeze(1)
