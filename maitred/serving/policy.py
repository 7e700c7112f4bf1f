"""A loaded bundle as a `Policy`, for batches and for one decision at a time.

Where the bundle says what it has seen, decisions unlike it get the answer of the platform's own rule (AC-11).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from maitred.envs.decision import CANDIDATE_NAMES, CONTEXT_NAMES, Choices, Decisions, draw
from maitred.serving.bundle import Bundle
from maitred.serving.enforce import usual
from maitred.serving.familiar import Familiar
from maitred.serving.runtime import MASKED_LOGIT, Floats


class Scored(NamedTuple):
    """One decision, answered.

    Attributes:
        candidate: index of the chosen candidate; always legal.
        propensity: probability with which it was chosen.
        logits: (K,) float32, scores; `MASKED_LOGIT` where illegal.
        probabilities: (K,) float32, their softmax; 0 where illegal.
        abstained: why the platform's rule answered, and not the policy; None where the policy did.
    """

    candidate: int
    propensity: float
    logits: Floats
    probabilities: Floats
    abstained: str | None = None


def usual_where_strange(familiar: Familiar | None, decisions: Decisions, choices: Choices) -> Choices:
    """The choices, but the platform's own (B,) where decisions are unlike what was seen; None has seen everything."""
    if familiar is None or not (strange := familiar.strange(decisions)).any():
        return choices
    place = np.where(strange, usual(decisions.candidates, decisions.mask), choices.candidate)
    return Choices(place, np.where(strange, 1.0, choices.propensity))


@dataclass(frozen=True, slots=True)
class BundlePolicy:
    """Decides with a bundle, exploring as its card says."""

    bundle: Bundle

    @property
    def name(self) -> str:
        """Name of the policy in its model card."""
        return self.bundle.card.name

    def act(self, decisions: Decisions) -> Choices:
        """Answer every decision of the batch.

        Raises:
            ValueError: A decision has no legal candidate, or a feature is not finite.
        """
        context = np.asarray(decisions.context, np.float32)
        candidates = np.asarray(decisions.candidates, np.float32)
        if not decisions.mask.any(axis=1).all():
            raise ValueError("expected at least one legal candidate in every decision")
        if not (np.isfinite(context).all() and np.isfinite(candidates).all()):
            raise ValueError("expected finite features")
        outputs = self.bundle.network.forward(context, candidates, decisions.mask)
        if self.bundle.card.exploration == "softmax":
            choices = draw(outputs.probabilities, decisions.key)
        else:
            choices = Choices(outputs.action, np.ones(len(decisions)))
        return usual_where_strange(self.bundle.familiar, decisions, choices)

    def abstains(self, decisions: Decisions) -> NDArray[np.bool_]:
        """(B,) bool, decisions that the platform's rule answers, as they are unlike what the policy has seen."""
        seen = self.bundle.familiar
        return np.zeros(len(decisions), np.bool_) if seen is None else seen.strange(decisions)

    def reasons(self, decisions: Decisions) -> list[str | None]:
        """(B,) why each is answered by the platform's rule; None where the policy answers."""
        seen, found = self.bundle.familiar, list[str | None]([None] * len(decisions))
        if seen is not None:
            for row in np.flatnonzero(seen.strange(decisions)):
                found[row] = seen.reason(decisions.context[row], decisions.candidates[row][decisions.mask[row]])
        return found

    def decide_one(self, context: Floats, candidates: Floats, mask: NDArray[np.bool_], key: int = 0) -> Scored:
        """Answer one decision: (C,) context, (K, F) candidates and (K,) mask in raw units, uint64 key.

        Raises:
            ValueError: A shape is wrong, no candidate is legal, or a legal feature is not finite.
        """
        places = len(mask)
        if context.shape != (len(CONTEXT_NAMES),) or candidates.shape != (places, len(CANDIDATE_NAMES)):
            raise ValueError("expected (C,) context, (K, F) candidates and (K,) mask")
        count = np.count_nonzero(mask)
        if not count:
            raise ValueError("expected at least one legal candidate")
        legal = candidates if count == places else candidates[mask]
        logits = self.bundle.network.logits(context, legal)
        if count < places:
            own, logits = logits, np.full(places, MASKED_LOGIT)
            logits[mask] = own
        scored, seen = self._choose(logits, key), self.bundle.familiar
        if seen is None or (reason := seen.reason(context, legal)) is None:
            return scored
        place = int(usual(candidates[None], mask[None])[0])
        return scored._replace(candidate=place, propensity=1.0, abstained=reason)

    def _choose(self, logits: Floats, key: int) -> Scored:
        """Take the best candidate, or draw one with the bundle's exploration."""
        best = int(logits.argmax())
        probabilities = np.exp(logits - logits[best])
        probabilities /= np.add.reduce(probabilities)
        if self.bundle.card.exploration == "softmax":
            drawn = draw(probabilities[None], np.array([key], np.uint64))
            return Scored(int(drawn.candidate[0]), float(drawn.propensity[0]), logits, probabilities)
        return Scored(best, 1.0, logits, probabilities)
