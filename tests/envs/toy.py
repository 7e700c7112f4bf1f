"""A hand-made center, small enough to follow: two types, four agents, one day from eight to eighteen."""

from __future__ import annotations

import numpy as np

from maitred.envs.scenario import (
    Agents,
    Arrivals,
    ContactTypes,
    Patience,
    Returns,
    Routing,
    Scenario,
    Service,
    Staffing,
)

HOURS = np.arange(48) / 2


def toy(*, places: int = 6, days: int = 1, open_weekdays: int = 7) -> Scenario:
    """Sales and service; Ann and Bob answer both, Cleo only sales, Dan only service.

    Args:
        places: candidate places. With two, a decision always has one candidate and to hold, so that every action
            is legal.
        days: length of an episode.
        open_weekdays: the center is open on this many days from Monday on.
    """
    per_h = np.where((HOURS >= 8) & (HOURS < 17), [[20.0], [14.0]], 0.0)
    may_answer = np.array([[1, 1], [1, 1], [1, 0], [0, 1]], dtype=bool)
    return Scenario(
        name="toy",
        description="",
        days=days,
        types=ContactTypes(("sales", "service"), np.array([[0.8, 0.2], [1.0, 0.0]]), np.array([0.0, 60.0])),
        arrivals=Arrivals(
            1800, np.stack([per_h, 0 * per_h]), np.where(np.arange(7) < open_weekdays, 0, 1), ("open", "closed")
        ),
        agents=Agents(
            names=("Ann", "Bob", "Cleo", "Dan"),
            group=np.zeros(4, int),
            group_names=("floor",),
            weight=np.ones(4),
            may_answer=may_answer,
            mean_s=np.array([[300.0, 420.0], [360.0, 400.0], [280.0, 0.0], [0.0, 500.0]]),
            log_se=np.full((4, 2), 0.1),
            resolve_p=np.array([[0.8, 0.7], [0.75, 0.75], [0.9, 0.0], [0.0, 0.6]]),
            short_share=np.array([0.0, 0.1, 0.0, 0.05]),
            cost_per_min=np.array([0.65]),
        ),
        service=Service("lognormal", np.full(2, 0.8), np.array([20.0, 0.0]), np.ones(48)),
        patience=Patience(np.array([0.0, 60.0]), np.full((2, 2, 2), 0.004), np.ones(48)),
        returns=Returns(retrial_p=0.3, repeat_unresolved_p=0.2),
        staffing=Staffing(
            np.zeros(1, int), np.zeros(1, int), np.array([8 * 3600.0]), np.array([18 * 3600.0]), np.array([4]), 0.9
        ),
        routing=Routing(places=places),
    )
