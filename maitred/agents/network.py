"""The candidate-scoring network: any number of candidates, one shared scorer, one value.

Permuting the candidates permutes the scores (shared weights, symmetric pooling), and an illegal candidate
changes nothing, so one set of weights serves every short-list length. The normaliser is part of the network:
it takes raw units, and what is exported is exactly what was trained.

Pooling by mean and maximum follows Zaheer et al. 2017, "Deep Sets"; that the state meets each candidate as a
sum of two linear maps instead of one map of their concatenation is the same function at a fraction of the
cost.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from maitred.envs.decision import CANDIDATE_FEATURES, CANDIDATE_NAMES, CONTEXT_FEATURES, Decisions, Feature

WIDTH = 32  # of every hidden layer; 64 halves the training speed
CLIP = 10.0  # normalised features beyond this say no more
MASKED_LOGIT = -1e8
DIMENSIONLESS = ("1", "0/1", "0..1")
HOLD = CANDIDATE_NAMES.index("is_hold")
USUAL = CANDIDATE_NAMES.index("usual")
HOLD_PRIOR = -3.0  # initial logit of holding: an untrained policy holds 1 time in 20 against one candidate
USUAL_PRIOR = 1.0  # initial logit of what the platform does by its own rule


class Normaliser(nn.Module):
    """Raw units to about zero mean and unit variance, clipped.

    Natural units (seconds, counts, rates) that are never negative are heavy-tailed: they pass through log(1 + x)
    first. Dimensionless and signed features do not. Both cases are one affine map of (x, log(1 + x)), so no feature is
    selected at run time: y = clip(linear * x + log * log(1 + max(x, 0)) + shift).
    """

    linear: Tensor  # (F,) float32
    log: Tensor  # (F,) float32
    shift: Tensor  # (F,) float32

    def __init__(self, features: tuple[Feature, ...]) -> None:
        super().__init__()
        self.is_log = np.array([f.unit not in DIMENSIONLESS and f.low >= 0 for f in features])
        self.is_flag = np.array([f.unit == "0/1" for f in features])
        for name in ("linear", "log", "shift"):
            self.register_buffer(name, torch.zeros(len(features)))
        self._set(np.zeros(len(features)), np.ones(len(features)))

    def fit(self, values: NDArray[np.float32]) -> None:
        """Take mean and deviation from (N, F) observed values; flags and constants keep their scale."""
        x = values.astype(np.float64)
        x = np.where(self.is_log, np.log1p(x.clip(min=0)), x)
        std = x.std(axis=0)
        self._set(np.where(self.is_flag, 0.0, x.mean(axis=0)), np.where(self.is_flag | (std < 1e-6), 1.0, std))

    def _set(self, mean: NDArray[np.float64], std: NDArray[np.float64]) -> None:
        """Fold float64 statistics of the transformed features into the float32 affine map."""
        for name, value in (
            ("linear", ~self.is_log / std),
            ("log", self.is_log / std),
            ("shift", -mean / std),
        ):
            getattr(self, name).copy_(torch.as_tensor(value, dtype=torch.float32))

    def forward(self, x: Tensor) -> Tensor:
        """Normalise (..., F) float32."""
        # log(1 + x) and not log1p, which ONNX lacks: all runtimes then round alike. In place, because fresh memory
        # for each step of the largest array of the network takes longer than the arithmetic.
        y = torch.relu(x).add_(1).log_().mul_(self.log)
        return y.addcmul_(self.linear, x).add_(self.shift).clamp_(-CLIP, CLIP)


class CandidateNetwork(nn.Module):
    """Scores every candidate of a decision and values its state.

    Holding starts with a prior logit of `HOLD_PRIOR`, what is usual with one of `USUAL_PRIOR` (both learnable, and
    added where both hold), everything else with about 0. An untrained policy is therefore nearly work-conserving and
    otherwise prefers what the platform does, except where that is to hold: both together are below 0, so that it puts
    off or calls back where it may (on `omni`, .15 to .26 money per case below the incumbent).

    It keeps to what is usual where nothing is learned: one agent's cap changes next to nothing, so that of near ties
    any could come first, while the same cap chosen for all agents can be ruinous.
    """

    def __init__(self, width: int = WIDTH) -> None:
        super().__init__()
        self.width = width
        self.context_normaliser = Normaliser(CONTEXT_FEATURES)
        self.candidate_normaliser = Normaliser(CANDIDATE_FEATURES)
        self.context_encoder = nn.Linear(len(CONTEXT_FEATURES), width)
        self.candidate_encoder = nn.Linear(len(CANDIDATE_FEATURES), width)
        self.state_encoder = nn.Linear(3 * width, width)
        self.score_candidate = nn.Linear(width, width, bias=False)
        self.score_state = nn.Linear(width, width)
        self.score_out = nn.Linear(width, 1, bias=False)
        self.value_hidden = nn.Linear(width, width)
        self.value_out = nn.Linear(width, 1)
        self.hold_prior = nn.Parameter(torch.tensor(HOLD_PRIOR))
        self.usual_prior = nn.Parameter(torch.tensor(USUAL_PRIOR))
        self._initialise()

    def _initialise(self) -> None:
        """Orthogonal weights; a small score layer, so that the first policy is nearly uniform."""
        gains: dict[nn.Module, float] = {self.score_out: 0.01, self.value_out: 1.0}
        for module in self.modules():
            if isinstance(module, nn.Linear):
                nn.init.orthogonal_(module.weight, gains.get(module, 2**0.5))
                if module.bias is not None:
                    nn.init.zeros_(module.bias)

    def fit_normaliser(self, decisions: Decisions) -> None:
        """Take the normaliser's statistics from observed decisions: their contexts and real candidates."""
        real = decisions.mask & (decisions.candidates[..., HOLD] == 0)
        self.context_normaliser.fit(decisions.context)
        self.candidate_normaliser.fit(decisions.candidates[real])

    def forward(self, context: Tensor, candidates: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """Score and value.

        Args:
            context: (B, C) float32, raw units.
            candidates: (B, K, F) float32, raw units.
            mask: (B, K) bool, True where legal; at least one per row.

        Returns:
            (B, K) float32 logits, `MASKED_LOGIT` where illegal, and (B,) float32 values.
        """
        joint, value = self.represent(context, candidates, mask)
        return self.score(joint, candidates, mask), value

    def represent(self, context: Tensor, candidates: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """(B, K, width) hidden layer that scores are read from, and (B,) values, of the arguments of `forward`."""
        situation = torch.relu(self.context_encoder(self.context_normaliser(context)))
        each = torch.relu(self.candidate_encoder(self.candidate_normaliser(candidates)))
        each = each * mask.unsqueeze(-1)  # not negative, so 0 also drops out of the maximum
        mean = each.sum(1) / mask.sum(1, keepdim=True)
        state = torch.relu(self.state_encoder(torch.cat([situation, mean, each.amax(1)], dim=-1)))
        joint = torch.relu(self.score_candidate(each) + self.score_state(state).unsqueeze(1))
        return joint, self.value_out(torch.relu(self.value_hidden(state))).squeeze(-1)

    def score(self, joint: Tensor, candidates: Tensor, mask: Tensor) -> Tensor:
        """(B, K) logits of the hidden layer that `represent` gives, `MASKED_LOGIT` where illegal."""
        prior = self.hold_prior * candidates[..., HOLD] + self.usual_prior * candidates[..., USUAL]
        return torch.where(mask, self.score_out(joint).squeeze(-1) + prior, MASKED_LOGIT)
