"""Changes to a small center, one mechanism at a time."""

from dataclasses import replace

import numpy as np

from maitred.envs.blocks import Demand, Outreach, People
from maitred.envs.scenario import Staffing


def with_arrivals(center, **changes):
    plain = {"day_factor_cv": 0.0, "period_factor_cv": 0.0, "period_factor_ar1": 0.0}
    return replace(center, arrivals=replace(center.arrivals, **plain | changes))


def with_demand(center, **changes):
    return replace(center, demand=Demand(**changes))


def with_people(center, **changes):
    return replace(center, people=People(**changes))


def with_needs(center, **changes):
    return replace(center, outreach=Outreach(**changes))


def with_agents(center, **changes):
    return replace(center, agents=replace(center.agents, **changes))


def with_shifts(center, *shifts, **changes):
    """`shifts` are (group, start hour, end hour, agents)."""
    group, start_h, end_h, agents = map(np.array, zip(*shifts, strict=True))
    every_day = np.zeros(len(shifts), int)
    return replace(center, staffing=Staffing(every_day, group, start_h * 3600.0, end_h * 3600.0, agents, **changes))


def with_everything(center):
    """Every mechanism that is drawn beforehand, at once."""
    center = with_demand(center, shocks_per_month=40, elasticity=0.3, forecast_error_cv=0.2)
    center = with_needs(center, needs_per_h=4.0)
    center = with_agents(center, tenure_wk=np.array([1.0, 2.0, 30.0, 40.0, 50.0, 60.0]))
    return with_people(
        center, absence_p=0.2, break_min=30, nesting_wk=6, shadow_min_per_day=20, empathy_sd=1, resolve_logit_se=0.5
    )
