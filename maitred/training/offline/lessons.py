"""Experience as tensors: features normalised once for all updates, and minibatches of lists of like length."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from maitred.agents.network import CandidateNetwork
from maitred.training.offline.experience import Bools, Experience, ShortLists

PREDICTED = 4096  # decisions at a time where all are computed


@dataclass(frozen=True, eq=False)
class Batch:
    """b decisions of up to L legal candidates, features normalised.

    Attributes:
        row: (b,) int64, place in the log.
        context: (b, C) float32.
        candidates: (b, L, F) float32.
        mask: (b, L) bool.
        chosen: (b, 1) int64.
    """

    row: Tensor
    context: Tensor
    candidates: Tensor
    mask: Tensor
    chosen: Tensor

    def __len__(self) -> int:
        """Number of decisions b."""
        return len(self.row)

    def of(self, places: Tensor) -> Batch:
        """Some of the decisions, by their (m,) int64 places."""
        arrays = (self.row, self.context, self.candidates, self.mask, self.chosen)
        return Batch(*(array.index_select(0, places) for array in arrays))


class Draw(NamedTuple):
    """A minibatch that was drawn: of which part, and (b,) int64 places there."""

    part: int
    places: Tensor


@dataclass(frozen=True, eq=False)
class Lessons:
    """All decisions by length of list, and the scales that the network needs to see raw units again.

    Attributes:
        parts: by length of list.
        count: number of decisions of the log n; rows of the parts may be fewer.
        scales: a network whose normalisers were fitted.
    """

    parts: tuple[Batch, ...]
    count: int
    scales: CandidateNetwork

    def among(self, allowed: Bools) -> Lessons:
        """The decisions (n,) that are allowed."""
        kept = (part.of(torch.from_numpy(allowed)[part.row].nonzero().squeeze(1)) for part in self.parts)
        return Lessons(tuple(part for part in kept if len(part)), self.count, self.scales)

    def draws(self, steps: int, size: int, rng: np.random.Generator) -> Iterator[Draw]:
        """Draw minibatches; every decision has the same chance in each."""
        sizes = np.array([len(part) for part in self.parts])
        for part in rng.choice(len(sizes), size=steps, p=sizes / sizes.sum()):
            yield Draw(int(part), torch.from_numpy(rng.integers(sizes[part], size=size)))

    def drawn(self, draw: Draw) -> Batch:
        """The decisions of a minibatch."""
        return self.parts[draw.part].of(draw.places)

    def rows(self, draws: Sequence[Draw]) -> Tensor:
        """(m,) int64 rows of the log that minibatches are of, repeats included."""
        return torch.cat([self.parts[draw.part].row[draw.places] for draw in draws])

    def every(self, of: Callable[[Batch], Tensor], among: Tensor | None = None) -> Tensor:
        """(n,) float32, a number of each decision, or of those in (m,) rows of the log; 0 of those left out."""
        found, wanted = torch.zeros(self.count), torch.ones(self.count, dtype=torch.bool)
        if among is not None:
            wanted = torch.zeros_like(wanted).index_fill_(0, among, True)
        with torch.inference_mode():
            for part in self.parts:
                chosen = wanted[part.row].nonzero().squeeze(1)
                for places in chosen.tensor_split(len(chosen) // PREDICTED + 1) if len(chosen) else ():
                    batch = part.of(places)
                    found[batch.row] = of(batch)
        return found

    def network(self, width: int, rng: np.random.Generator) -> CandidateNetwork:
        """An untrained network for normalised features, without opinion on holding or on what is usual."""
        with torch.random.fork_rng():
            torch.manual_seed(int(rng.integers(2**63)))
            network = CandidateNetwork(width)
        network.context_normaliser = network.candidate_normaliser = nn.Identity()  # type: ignore[assignment]
        nn.init.zeros_(network.hold_prior)
        nn.init.zeros_(network.usual_prior)
        return network

    def finished(self, network: CandidateNetwork) -> CandidateNetwork:
        """A trained network, made to take raw units."""
        network.context_normaliser = copy.deepcopy(self.scales.context_normaliser)
        network.candidate_normaliser = copy.deepcopy(self.scales.candidate_normaliser)
        return network.eval()


def lessons(experience: Experience) -> Lessons:
    """Fit the scales to the experience and apply them."""
    scales = CandidateNetwork(1)
    scales.context_normaliser.fit(np.concatenate([lists.context for lists in experience.lists]))
    scales.candidate_normaliser.fit(np.concatenate([lists.candidates[lists.mask] for lists in experience.lists]))
    return Lessons(tuple(_normalised(lists, scales) for lists in experience.lists), len(experience), scales)


def _normalised(lists: ShortLists, scales: CandidateNetwork) -> Batch:
    with torch.inference_mode():
        context = scales.context_normaliser(torch.from_numpy(lists.context))
        candidates = scales.candidate_normaliser(torch.from_numpy(lists.candidates))
    chosen = torch.from_numpy(lists.chosen)[:, None]
    return Batch(torch.from_numpy(lists.row), context.clone(), candidates.clone(), torch.from_numpy(lists.mask), chosen)
