"""Training at the length of the short lists: most decisions fill a few of their candidate places.

The network gives the same answer whatever the number of empty places, so a minibatch is computed in groups of
decisions of similar length, each without the places that all of it leaves empty.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import pad

from maitred.agents.network import MASKED_LOGIT
from maitred.agents.ppo import CandidateExtractor

LENGTHS = (2, 4, 8)  # longest list of each group but the last, which takes the rest
WORTH_IT = 1024  # decisions; grouping fewer costs more than it saves


class ShortListExtractor(CandidateExtractor):
    """`CandidateExtractor`, computed group by group; legal candidates come first in their places."""

    def forward(self, observations: dict[str, Tensor]) -> Tensor:
        """(B, K+1) float32: logits, then the value."""
        if len(observations["mask"]) < WORTH_IT:
            return super().forward(observations)
        context, candidates, mask = observations["context"], observations["candidates"], observations["mask"] > 0.5
        places, legal = mask.shape[1], mask.sum(dim=1)
        order, parts = [], []
        for shorter, longest in zip((0, *LENGTHS), (*LENGTHS, places), strict=True):
            rows = ((legal > shorter) & (legal <= longest)).nonzero().squeeze(1)
            if len(rows):
                logits, value = self.network(context[rows], candidates[rows, :longest], mask[rows, :longest])
                logits = pad(logits, (0, places - logits.shape[1]), value=MASKED_LOGIT)
                order.append(rows)
                parts.append(torch.cat([logits, value.unsqueeze(-1)], dim=-1))
        return torch.cat(parts)[torch.cat(order).argsort()]
