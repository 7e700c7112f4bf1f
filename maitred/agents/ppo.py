"""PPO on the candidate network: the policy class for sb3-contrib, and the trained network as a `Policy`.

Masked PPO is `sb3_contrib.MaskablePPO(CandidatePolicy, env)`; this module gives it only the network. The
observation is a Dict of "context" (C,), "candidates" (K, F) and "mask" (K,); the action is the index of a
candidate.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from gymnasium import spaces
from sb3_contrib.common.maskable.policies import MaskableActorCriticPolicy
from stable_baselines3.common.torch_layers import BaseFeaturesExtractor
from stable_baselines3.common.type_aliases import Schedule
from torch import Tensor, nn

from maitred.agents.network import WIDTH, CandidateNetwork
from maitred.envs.decision import Choices, Decisions, best, draw


class CandidateExtractor(BaseFeaturesExtractor):
    """The whole network in the place of a features extractor: K logits and the value in one (B, K+1) row."""

    def __init__(self, observation_space: spaces.Dict, width: int = WIDTH) -> None:
        places = observation_space["mask"].shape
        assert places is not None
        super().__init__(observation_space, features_dim=places[0] + 1)
        self.network = CandidateNetwork(width)

    def forward(self, observations: dict[str, Tensor]) -> Tensor:
        """(B, K+1) float32: logits, then the value."""
        mask = observations["mask"] > 0.5
        logits, value = self.network(observations["context"], observations["candidates"], mask)
        return torch.cat([logits, value.unsqueeze(-1)], dim=-1)


class _Split(nn.Module):
    """Takes the row of `CandidateExtractor` apart, under the names stable-baselines3 calls."""

    def forward(self, features: Tensor) -> tuple[Tensor, Tensor]:
        return self.forward_actor(features), self.forward_critic(features)

    def forward_actor(self, features: Tensor) -> Tensor:
        return features[:, :-1]

    def forward_critic(self, features: Tensor) -> Tensor:
        return features[:, -1:]


class CandidatePolicy(MaskableActorCriticPolicy):
    """Actor and critic of MaskablePPO made of one `CandidateNetwork`.

    Its width is set by `policy_kwargs={"features_extractor_kwargs": {"width": 64}}`.
    """

    def __init__(
        self,
        *args: Any,
        features_extractor_class: type[BaseFeaturesExtractor] = CandidateExtractor,
        **kwargs: Any,
    ) -> None:
        kwargs["features_extractor_class"] = features_extractor_class
        super().__init__(*args, **kwargs)

    def _build(self, lr_schedule: Schedule) -> None:
        """Replace the parent's heads and its initialisation: the network has its own."""
        self.mlp_extractor = _Split()  # type: ignore[assignment]
        self.action_net = nn.Identity()
        self.value_net = nn.Identity()  # type: ignore[assignment]
        options = {"lr": lr_schedule(1), **self.optimizer_kwargs}
        self.optimizer = self.optimizer_class(self.parameters(), **options)

    @property
    def extractor(self) -> CandidateExtractor:
        """The network as stable-baselines3 calls it."""
        extractor = self.features_extractor
        assert isinstance(extractor, CandidateExtractor)
        return extractor

    @property
    def network(self) -> CandidateNetwork:
        """The network that is trained and exported."""
        return self.extractor.network


@dataclass(frozen=True, slots=True)
class TorchPolicy:
    """A network as a `Policy`: greedy, or drawing from its probabilities where `sample` is set."""

    network: CandidateNetwork
    name: str = "ppo"
    sample: bool = False

    def act(self, decisions: Decisions) -> Choices:
        """Answer every decision of the batch."""
        with torch.inference_mode():
            logits, _ = self.network(
                torch.from_numpy(decisions.context),
                torch.from_numpy(decisions.candidates),
                torch.from_numpy(decisions.mask),
            )
        if self.sample:
            return draw(torch.softmax(logits, dim=-1).numpy(), decisions.key)
        return best(logits.numpy(), decisions.mask)
