"""Held to its teacher: every nat by which a policy departs from the network that imitated one has a price.

The objective is that of KL-regularised control, sum of r - price * (log pi(a|s) - log pi_0(a|s)) over decisions, with
the fixed policy pi_0 (Todorov 2006, "Linearly-solvable Markov decision problems"; for a network that begins as pi_0,
Jaques et al. 2017, "Sequence tutor: conservative fine-tuning of sequence generation models with KL-control").
"""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import log_softmax

from maitred.agents.ppo import CandidateExtractor
from maitred.training.semi_markov import SemiMarkovBuffer

CHUNK = 4096  # decisions whose probabilities are worked out at a time


class AnchoredBuffer(SemiMarkovBuffer):
    """A rollout in which decisions cost what they depart from an anchor.

    Of a decision itself counts what was chosen, price * (log pi(a|s) - log pi_0(a|s)); of the decisions after it, the
    mean over their candidates, the divergence KL(pi || pi_0). The gradient is in expectation that of the sampled sum,
    without the noise of what was drawn later (Schulman, Chen and Abbeel 2017, "Equivalence between policy gradients
    and soft Q-learning": later rewards less KL, and KL's own gradient).

    Args:
        price: of one nat, in the unit of the rewards; 0 or more. Where a minute of decisions costs far more than it can
            earn, the value's error takes what the clipped gradient allows, and the policy is held less.

    Attributes:
        divergence: mean KL(pi || pi_0) over the decisions of the latest complete rollout, nats; NaN before the first.
    """

    def __init__(self, *args: Any, price: float, **kwargs: Any) -> None:
        self.price, self.divergence = price, float("nan")
        super().__init__(*args, **kwargs)

    def hold(self, policy: CandidateExtractor) -> None:
        """Hold a policy, from now on, to what it is now."""
        self._policy, self._anchor = policy, copy.deepcopy(policy)

    def compute_returns_and_advantage(self, last_values: Tensor, dones: NDArray[np.bool_]) -> None:
        """Advantages and returns of the rollout, less the price of departing."""
        departed, divergence = self._departures()
        self.divergence = float(divergence.mean())
        self.rewards -= self.price * divergence
        super().compute_returns_and_advantage(last_values, dones)
        self.advantages -= self.price * (departed - divergence)

    def _departures(self) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """(steps, B) log pi - log pi_0 of what was chosen, and its mean over the candidates; nats."""
        observed = {name: torch.from_numpy(x.reshape(-1, *x.shape[2:])) for name, x in self.observations.items()}
        chosen = torch.from_numpy(self.actions.reshape(-1, 1)).long()
        found = []
        for first in range(0, len(chosen), CHUNK):
            rows = slice(first, first + CHUNK)
            part = {name: x[rows] for name, x in observed.items()}
            with torch.inference_mode():
                ours, theirs = (log_softmax(each(part)[:, :-1], dim=1) for each in (self._policy, self._anchor))
            apart = ours - theirs
            found.append(torch.cat([apart.gather(1, chosen[rows]), (ours.exp() * apart).sum(1, keepdim=True)], dim=1))
        departed, divergence = torch.cat(found).numpy().T.reshape(2, *self.rewards.shape)
        return departed, divergence
