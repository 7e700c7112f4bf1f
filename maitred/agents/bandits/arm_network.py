"""The reward network where arms are a fixed set without features: one prediction for each from the context."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class ArmNetwork(nn.Module):
    """Two hidden layers; the last layer sees a constant, the context and the second of them.

    Args:
        context: number of context features C.
        arms: number of arms K.
        width: of the hidden layers.
    """

    def __init__(self, context: int, arms: int, width: int = 64) -> None:
        super().__init__()
        self.hidden = nn.Sequential(nn.Linear(context, width), nn.ReLU(), nn.Linear(width, width), nn.ReLU())
        self.out = nn.Linear(context + width, arms)

    def forward(self, context: Tensor) -> tuple[Tensor, Tensor]:
        """Predictions (B, K) and regressors (B, 1, 1 + C + width) of standardised contexts (B, C) float32."""
        seen = torch.cat([context, self.hidden(context)], dim=1)
        return self.out(seen), torch.cat([torch.ones_like(seen[:, :1]), seen], dim=1).unsqueeze(1)
