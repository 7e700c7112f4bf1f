"""What agents are really like in an episode, scattered around what is estimated of them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit

from maitred.envs.scenario import Scenario

Floats = NDArray[np.float64]


def draw_handle_means(scenario: Scenario, rng: np.random.Generator) -> Floats:
    """(A, T) true mean handle times: the estimates times log-normal errors of mean 1."""
    agents = scenario.agents
    error = agents.log_se * rng.standard_normal(agents.mean_s.shape) - agents.log_se**2 / 2
    return agents.mean_s * np.exp(error)


def draw_resolution(scenario: Scenario, rng: np.random.Generator) -> Floats:
    """(A, T) true chances of resolving a contact: log odds normal around those of the estimates."""
    estimate, se = scenario.agents.resolve_p, scenario.people.resolve_logit_se
    if se == 0:
        return estimate.copy()
    return np.asarray(expit(logit(estimate) + se * rng.standard_normal(estimate.shape)))


def draw_empathy(scenario: Scenario, rng: np.random.Generator) -> Floats:
    """(A,) true empathy in the standard deviations of the CSAT model, whose spread between agents is `empathy_sd`.

    The estimate is taken for what partial pooling reports, the mean of the truth given the data. The variance
    between agents is then that of the estimates plus that of their errors, so the errors have what the estimates
    leave: all of it where nothing is known (every estimate 0), none where the estimates spread as far. Agents who
    do not differ (`empathy_sd` 0) are all 0, whatever the estimates.
    """
    estimate, sd = scenario.agents.empathy, scenario.people.empathy_sd
    if sd == 0:
        return np.zeros(len(estimate))
    error_sd = np.sqrt(np.maximum(sd**2 - np.mean(estimate**2), 0))
    empathy = estimate + error_sd * rng.standard_normal(len(estimate))
    return np.asarray(empathy)
