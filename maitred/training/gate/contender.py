"""Who takes part in a gate run: a bundle, a training run or a rule, and what identifies each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from maitred.agents.rules import rule
from maitred.envs.decision import Choices, Decisions, Policy
from maitred.serving.bundle import MANIFEST, load_bundle
from maitred.serving.enforce import usual
from maitred.serving.familiar import Familiar
from maitred.serving.governance import NONE, Governance
from maitred.serving.level import RULES_LEVEL, TRAINED_LEVEL, weights_sha256
from maitred.serving.policy import BundlePolicy, usual_where_strange
from maitred.serving.runtime import NumpyNetwork
from maitred.training.drift.of_run import seen_by
from maitred.training.evaluate import policy_id
from maitred.training.run_folder import NETWORK, RUN, read_arrays, read_record, read_weights

WEIGHTS = "weights.npz"  # of a bundle

Floats = NDArray[np.float64]


class GateError(ValueError):
    """A gate run that cannot be made; the message names the argument, what was expected and what was found."""


@dataclass(frozen=True)
class NetworkPolicy:
    """The network of a training run, as its bundle would decide: it abstains where that would."""

    name: str
    network: NumpyNetwork = field(repr=False)
    familiar: Familiar | None = field(default=None, repr=False)

    def act(self, decisions: Decisions) -> Choices:
        """The best legal candidate of every decision, or the platform's own where it is unlike what was seen."""
        found = self.network.forward(decisions.context, decisions.candidates, decisions.mask)
        return usual_where_strange(self.familiar, decisions, Choices(found.action, np.ones(len(decisions))))


@dataclass(frozen=True, eq=False)
class Contender:
    """A policy with what it is and where it comes from.

    Attributes:
        policy: who decides.
        id: what the ledger of looks calls it; the same weights have the same.
        level: AI level (domain LV-AI): 0 a rule, 1 trained in simulation, 2 retrained from its own logs.
        weights_sha256: `weights_sha256` of its network; None of a rule.
        objective: weights it was trained for; None of a rule.
        governance: the rules that its bundle enforces.
        governance_sha256: their hash, "none" without.
        exploration: "greedy" or "softmax".
        training: provenance, as its model card or run tells it.
    """

    policy: Policy
    id: str
    level: int
    weights_sha256: str | None = None
    objective: Mapping[str, float] | None = None
    governance: Governance | None = None
    governance_sha256: str = NONE
    exploration: str = "greedy"
    training: Mapping[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Of the policy."""
        return self.policy.name

    def described(self) -> dict[str, Any]:
        """What the gate's file says of it."""
        own = ("name", "id", "level", "weights_sha256", "governance_sha256", "exploration")
        return {key: getattr(self, key) for key in own}


def never_abstaining(policy: Policy) -> Policy:
    """The same policy, but one that answers itself whatever it is asked."""
    if isinstance(policy, BundlePolicy):
        return BundlePolicy(replace(policy.bundle, familiar=None))
    return replace(policy, familiar=None) if isinstance(policy, NetworkPolicy) else policy


def contender(text: str) -> Contender:
    """The policy of a bundle's folder, of a training run's folder, or the rule of that name.

    Raises:
        GateError: a folder that is neither, or the run of a policy that is no network.
        BundleError: a damaged bundle.
        RunError: a damaged run.
        UnknownRuleError: no folder, and no rule of that name.
    """
    folder = Path(text)
    if (folder / MANIFEST).is_file():
        return _of_bundle(folder)
    if (folder / RUN).is_file():
        return _of_run(folder)
    if folder.is_dir():
        raise GateError(f"{text}: expected a bundle or a finished training run, found neither {MANIFEST} nor {RUN}")
    policy = rule(text)
    return Contender(policy, policy_id(policy), RULES_LEVEL)


def _of_bundle(folder: Path) -> Contender:
    bundle = load_bundle(folder)
    card = bundle.card
    return Contender(
        policy=BundlePolicy(bundle),
        id=bundle.sha256,
        level=card.level,
        weights_sha256=weights_sha256(read_arrays(folder / WEIGHTS)),
        objective=card.objective,
        governance=bundle.governance,
        governance_sha256=card.governance_sha256,
        exploration=card.exploration,
        training=card.training,
    )


def _of_run(folder: Path) -> Contender:
    if not (folder / NETWORK).is_file():
        raise GateError(f"{folder}: expected the run of a network, which can be exported, found no {NETWORK}")
    arrays, record = read_weights(folder), read_record(folder)
    sha256, sure = weights_sha256(arrays), NetworkPolicy(folder.resolve().name, NumpyNetwork(arrays))
    return Contender(
        policy=replace(sure, familiar=seen_by(folder, record, sure)),
        id=f"weights:{sha256}",
        level=record.get("level", TRAINED_LEVEL),
        weights_sha256=sha256,
        objective=record["config"]["objective"],
        governance_sha256=record.get("governance", NONE),
        training=record,
    )


def probabilities(contender: Contender, decisions: Decisions) -> Floats:
    """(B, K) float64, the chance with which a contender takes each place.

    Raises:
        GateError: the policy draws its answers, and does not tell the chances of those it did not draw.
    """
    policy = contender.policy
    if isinstance(policy, BundlePolicy) and contender.exploration == "softmax":
        outputs = policy.bundle.network.forward(decisions.context, decisions.candidates, decisions.mask)
        chances = outputs.probabilities.astype(np.float64)
        strange = policy.abstains(decisions)[:, None]
        own = _certain(usual(decisions.candidates, decisions.mask), decisions.mask.shape[1])
        return np.where(strange, own, chances / chances.sum(axis=1, keepdims=True))
    choices = policy.act(decisions)
    if (choices.propensity < 1).any():
        raise GateError(f"{contender.name}: expected a policy whose chances are known, found one that draws")
    return _certain(choices.candidate, decisions.mask.shape[1])


def _certain(place: NDArray[np.int64], places: int) -> Floats:
    """(B, K) float64, 1 at the place (B,) that is taken."""
    return np.asarray(np.arange(places) == place[:, None], np.float64)
