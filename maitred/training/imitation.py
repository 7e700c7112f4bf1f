"""A warm start: the network learns what a rule would choose, and what came of it, before it learns anything better."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import log_softmax, mse_loss

from maitred.agents.ppo import CandidateExtractor
from maitred.envs.decision import Decisions

BATCH = 1024
LEARNING_RATE = 3e-3  # at the start; falls linearly to nothing
SMOOTHING = 0.05  # probability spread evenly over the legal candidates, so that no logit runs away
OPEN_MIND = 0.92  # entropy of what is begun with, over that of equal chances
HOTTEST, HALVINGS = 1e3, 30  # range of the search for the temperature


def imitate(
    extractor: CandidateExtractor,
    decisions: Decisions,
    chosen: NDArray[np.int64],
    values: NDArray[np.floating],
    epochs: int,
    rng: np.random.Generator,
) -> float:
    """Fit the network's choices to those of a teacher, and its value to the returns.

    Minimises cross-entropy with label smoothing (behaviour cloning: Pomerleau 1989) plus half the squared error of
    the value, which PPO would otherwise have to learn while its advantages are already in use.

    Args:
        extractor: the network, changed in place.
        decisions: (N,) what the teacher met.
        chosen: (N,) the candidates it chose.
        values: (N,) returns in the units of the network's value.
        epochs: passes over the decisions.
        rng: of their order.

    Returns:
        The share of the decisions in which the network's first choice is then the teacher's, in [0, 1].
    """
    optimizer = torch.optim.Adam(extractor.parameters(), LEARNING_RATE)
    batches = -(-len(decisions) // BATCH)
    schedule = torch.optim.lr_scheduler.LinearLR(optimizer, 1.0, 0.01, epochs * batches)
    for _ in range(epochs):
        for rows in np.array_split(rng.permutation(len(decisions)), batches):
            output, mask = extractor(_tensors(decisions, rows)), torch.from_numpy(decisions.mask[rows])
            loss = _disagreement(output[:, :-1], mask, torch.from_numpy(chosen[rows]))
            loss = loss + 0.5 * mse_loss(output[:, -1], torch.from_numpy(values[rows].astype(np.float32)))
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            schedule.step()
    return float(np.mean(_logits(extractor, decisions).argmax(dim=1).numpy() == chosen))


def open_mind(extractor: CandidateExtractor, decisions: Decisions) -> None:
    """Divide the logits by the temperature at which their mean entropy is `OPEN_MIND` of that of equal chances.

    They stay in their order. A policy as sure as its teacher tries nothing else, and was seen to learn less in a
    million decisions than an untrained one in a third of that.

    Args:
        extractor: the network, changed in place.
        decisions: (N,) what the teacher met.
    """
    logits, mask = _logits(extractor, decisions), torch.from_numpy(decisions.mask)
    wanted = OPEN_MIND * torch.log(mask.sum(dim=1)).mean()
    low, high = 1.0, HOTTEST
    for _ in range(HALVINGS):
        middle = (low * high) ** 0.5
        log_p = log_softmax(torch.where(mask, logits / middle, logits), dim=1)
        cold = -(log_p.exp() * log_p * mask).sum(dim=1).mean() < wanted
        low, high = (middle, high) if cold else (low, middle)
    network = extractor.network
    with torch.no_grad():
        for weights in (network.score_out.weight, network.hold_prior, network.usual_prior):
            weights.div_(low)


def _logits(extractor: CandidateExtractor, decisions: Decisions) -> Tensor:
    """(N, K) of all decisions."""
    parts = np.array_split(np.arange(len(decisions)), -(-len(decisions) // BATCH))
    with torch.no_grad():
        return torch.cat([extractor(_tensors(decisions, rows))[:, :-1] for rows in parts])


def _tensors(decisions: Decisions, rows: NDArray[np.int64]) -> dict[str, Tensor]:
    arrays = {"context": decisions.context, "candidates": decisions.candidates, "mask": decisions.mask}
    return {name: torch.from_numpy(array[rows]).float() for name, array in arrays.items()}


def _disagreement(logits: Tensor, mask: Tensor, teacher: Tensor) -> Tensor:
    """Mean cross-entropy of (B, K) logits against a choice (B,) that gives `SMOOTHING` to all legal candidates."""
    log_p = log_softmax(logits, dim=1)
    evenly = (log_p * mask).sum(dim=1) / mask.sum(dim=1)
    own = log_p.gather(1, teacher.unsqueeze(1)).squeeze(1)
    return -((1 - SMOOTHING) * own + SMOOTHING * evenly).mean()
