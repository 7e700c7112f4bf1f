"""The candidate-scoring network as a model of rewards: what the state is worth, and each candidate beyond that."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from maitred.agents.network import CandidateNetwork


class CandidateReward(nn.Module):
    """Predicts the reward of every candidate; the last layer sees a constant, the state's value and the hidden layer.

    Args:
        network: its logits become differences of reward, its value the reward that candidates have in common.
    """

    def __init__(self, network: CandidateNetwork) -> None:
        super().__init__()
        self.network = network

    def forward(self, context: Tensor, candidates: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """Predictions (B, K) and regressors (B, K, 2 + width) of a batch of decisions, in raw units."""
        hidden, value = self.network.represent(context, candidates, mask)
        common = value[:, None, None].expand(-1, mask.shape[1], 1)
        predicted = value[:, None] + self.network.score(hidden, candidates, mask)
        return predicted, torch.cat([torch.ones_like(common), common, hidden], dim=2)
