"""What the center was told to expect."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from maitred.envs.scenario import Scenario
from maitred.envs.trace import FORECAST


def draw_forecast(scenario: Scenario, day_types: NDArray[np.int64], rng: np.random.Generator) -> NDArray[np.void]:
    """(periods + 1,) `FORECAST` records: what the profile says times an error of each period.

    The forecast knows nothing of busyness, outages, induced demand or callers who come back. Its errors are
    log-normal with mean 1 and coefficient of variation `demand.forecast_error_cv`.
    """
    a, mean_s = scenario.arrivals, scenario.agents.type_mean_s
    rate = a.rate_per_h[day_types]  # (days, T, N)
    error = _errors(scenario.demand.forecast_error_cv, rate[:, 0].shape, rng)
    per_h = rate.sum(axis=1) * error
    contacts = per_h * a.period_s / 3600
    out = np.zeros(per_h.size + 1, dtype=FORECAST)
    out["per_h"][:-1] = per_h.ravel()
    out["work"][:-1] = (np.einsum("dtn,t->dn", rate, mean_s / 3600) * error).ravel()
    out["cumulative"][:-1] = (contacts.cumsum(axis=1) - contacts).ravel()
    return out


def _errors(cv: float, shape: tuple[int, ...], rng: np.random.Generator) -> NDArray[np.float64]:
    """Log-normal factors of mean 1."""
    if cv == 0:
        return np.ones(shape)
    variance = np.log1p(cv**2)
    return np.asarray(np.exp(np.sqrt(variance) * rng.standard_normal(shape) - variance / 2))
