"""Problems that are predicted before the customer gets in touch; some of them are real."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit

from maitred.envs.scenario import Scenario
from maitred.envs.trace import NEED


def draw_needs(scenario: Scenario, rng: np.random.Generator) -> NDArray[np.void]:
    """(M,) `NEED` records in time order: a Poisson stream of each type, at all hours.

    The predictor sees a normal signal of mean +1/2 for a real problem and -1/2 for another, with standard
    deviation `outreach.prediction_sd`, and reports the posterior. Its log odds are those of `real_share` plus the
    log likelihood ratio, signal / sd^2, so predictions are calibrated: of problems predicted with p, p are real.
    More noise brings predictions closer to `real_share`.
    """
    o = scenario.outreach
    if not np.any(o.needs_per_h):
        return np.zeros(0, NEED)
    rate_per_h = np.broadcast_to(o.needs_per_h, len(scenario.types.names))
    type_ = np.repeat(np.arange(len(rate_per_h)), rng.poisson(rate_per_h * scenario.horizon_s / 3600))
    needs = np.zeros(len(type_), NEED)
    needs["type"] = type_
    needs["s"] = rng.uniform(0, scenario.horizon_s, len(needs))
    needs["key"] = rng.integers(0, 2**64, size=len(needs), dtype=np.uint64)
    needs["genuine"] = rng.random(len(needs)) < o.real_share
    signal = needs["genuine"] - 0.5 + o.prediction_sd * rng.standard_normal(len(needs))
    needs["predicted_p"] = expit(logit(o.real_share) + signal / o.prediction_sd**2)
    return needs[np.argsort(needs["s"])]
