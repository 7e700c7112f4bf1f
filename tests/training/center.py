"""A small center, made by hand: two types, six agents, half of them twice as fast on one type."""

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

OPEN_S, CLOSE_S = 8 * 3600.0, 16 * 3600.0


def small_center(load: float = 0.8) -> Scenario:
    """Open from 8 to 16; `load` is offered work over agent time if contacts are spread at random."""
    periods = np.arange(48) * 1800.0
    rate = np.where((periods >= OPEN_S) & (periods < CLOSE_S), load * 6 * 3600 / 300 / 2, 0.0)
    mean_s = np.array([[200.0, 400.0]] * 3 + [[400.0, 200.0]] * 3)
    agents = Agents(
        names=tuple(f"agent {i}" for i in range(6)),
        group=np.zeros(6, int),
        group_names=("all",),
        weight=np.ones(6),
        may_answer=np.ones((6, 2), bool),
        mean_s=mean_s,
        log_se=np.full((6, 2), 0.05),
        resolve_p=np.full((6, 2), 0.9),
        short_share=np.zeros(6),
        cost_per_min=np.array([0.65]),
    )
    return Scenario(
        name="small",
        description="Two types and six agents, each fast on one type.",
        days=1,
        types=ContactTypes(("loans", "cards"), np.ones((2, 1)), np.zeros(1)),
        arrivals=Arrivals(1800, np.tile(rate, (1, 2, 1)), np.zeros(7, int), ("all",), day_factor_cv=0.1),
        agents=agents,
        service=Service("lognormal", np.array([0.6, 0.6]), np.array([20.0, 20.0]), np.ones(48)),
        patience=Patience(np.zeros(1), np.full((2, 1, 1), 1 / 240), np.ones(48)),
        returns=Returns(retrial_p=0.3),
        staffing=Staffing(np.zeros(1, int), np.zeros(1, int), np.array([OPEN_S]), np.array([CLOSE_S]), np.array([6])),
        routing=Routing(may_hold=False),
    )
