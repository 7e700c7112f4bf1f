"""A warm start: the network learns what a rule would choose, and what came of it, before it learns anything better."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import kl_div, log_softmax, mse_loss

from maitred.agents.ppo import CandidateExtractor
from maitred.envs.decision import Decisions, Kind

BATCH = 1024
LEARNING_RATE = 3e-3  # at the start; falls linearly to nothing
SMOOTHING = 0.05  # probability spread evenly over the legal candidates, so that no logit runs away
OPEN_MIND = 0.92  # entropy of what is begun with, over that of equal chances
STEPS = 200  # of gradient, to learn to open all but the caps
HOTTEST, HALVINGS = 1e3, 30  # range of the search for a temperature

Loss = Callable[[Tensor, NDArray[np.int64]], Tensor]  # of (B, K + 1) logits and values, and the rows they are of


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
    teacher, returns = torch.from_numpy(chosen), torch.from_numpy(values.astype(np.float32))
    mask = torch.from_numpy(decisions.mask)

    def loss(output: Tensor, rows: NDArray[np.int64]) -> Tensor:
        disagreement = _disagreement(output[:, :-1], mask[rows], teacher[rows])
        return disagreement + 0.5 * mse_loss(output[:, -1], returns[rows])

    _fit(extractor, decisions, loss, epochs, rng)
    return float((_outputs(extractor, decisions)[:, :-1].argmax(dim=1) == teacher).float().mean())


def open_mind(extractor: CandidateExtractor, decisions: Decisions, rng: np.random.Generator) -> None:
    """Divide the logits by the temperature at which their mean entropy is `OPEN_MIND` of that of equal chances.

    They stay in their order. A policy as sure as its teacher tries nothing else, and was seen to learn less in a
    million decisions than an untrained one in a third of that. Caps alone stay as they are: one agent's cap tells next
    to nothing, but the caps of all make the center in which everything else is learned, and it should be one that
    somebody would choose. No weight belongs to a kind of decision, so the network learns its own choices anew.

    Args:
        extractor: the network, changed in place.
        decisions: (N,) what the teacher met.
        rng: of the order in which they are learned from.
    """
    output, mask = _outputs(extractor, decisions), torch.from_numpy(decisions.mask)
    caps = torch.from_numpy(decisions.kind == Kind.CONCURRENCY)
    temperature = _temperature(output[~caps, :-1], mask[~caps])
    network = extractor.network
    with torch.no_grad():
        for weights in (network.score_out.weight, network.hold_prior, network.usual_prior):
            weights.div_(temperature)
    if caps.any():
        output[~caps, :-1] /= temperature
        _learn(extractor, decisions, output, rng)


def _learn(extractor: CandidateExtractor, decisions: Decisions, wanted: Tensor, rng: np.random.Generator) -> None:
    """Fit choices and values to those of (N, K + 1) outputs (distillation: Hinton, Vinyals and Dean 2015)."""
    chances = log_softmax(wanted[:, :-1], dim=1)

    def loss(output: Tensor, rows: NDArray[np.int64]) -> Tensor:
        apart = kl_div(log_softmax(output[:, :-1], dim=1), chances[rows], reduction="batchmean", log_target=True)
        return apart + 0.5 * mse_loss(output[:, -1], wanted[rows, -1])

    _fit(extractor, decisions, loss, -(-STEPS * BATCH // len(decisions)), rng)


def _temperature(logits: Tensor, mask: Tensor) -> float:
    """From 1 on, at which the mean entropy of (N, K) masked logits is `OPEN_MIND` of that of equal chances."""
    wanted = OPEN_MIND * torch.log(mask.sum(dim=1)).mean()
    low, high = 1.0, HOTTEST
    for _ in range(HALVINGS):
        middle = (low * high) ** 0.5
        log_p = log_softmax(torch.where(mask, logits / middle, logits), dim=1)
        cold = -(log_p.exp() * log_p * mask).sum(dim=1).mean() < wanted
        low, high = (middle, high) if cold else (low, middle)
    return low


def _fit(
    extractor: CandidateExtractor, decisions: Decisions, loss: Loss, epochs: int, rng: np.random.Generator
) -> None:
    """Adam over all decisions in batches of changing order."""
    optimizer = torch.optim.Adam(extractor.parameters(), LEARNING_RATE)
    batches = -(-len(decisions) // BATCH)
    schedule = torch.optim.lr_scheduler.LinearLR(optimizer, 1.0, 0.01, epochs * batches)
    for _ in range(epochs):
        for rows in np.array_split(rng.permutation(len(decisions)), batches):
            optimizer.zero_grad()
            loss(extractor(_tensors(decisions, rows)), rows).backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            schedule.step()


def _outputs(extractor: CandidateExtractor, decisions: Decisions) -> Tensor:
    """(N, K + 1) logits and values."""
    parts = np.array_split(np.arange(len(decisions)), -(-len(decisions) // BATCH))
    with torch.no_grad():
        return torch.cat([extractor(_tensors(decisions, rows)) for rows in parts])


def _tensors(decisions: Decisions, rows: NDArray[np.int64]) -> dict[str, Tensor]:
    arrays = {"context": decisions.context, "candidates": decisions.candidates, "mask": decisions.mask}
    return {name: torch.from_numpy(array[rows]).float() for name, array in arrays.items()}


def _disagreement(logits: Tensor, mask: Tensor, teacher: Tensor) -> Tensor:
    """Mean cross-entropy of (B, K) logits against a choice (B,) that gives `SMOOTHING` to all legal candidates."""
    log_p = log_softmax(logits, dim=1)
    evenly = (log_p * mask).sum(dim=1) / mask.sum(dim=1)
    own = log_p.gather(1, teacher.unsqueeze(1)).squeeze(1)
    return -((1 - SMOOTHING) * own + SMOOTHING * evenly).mean()
