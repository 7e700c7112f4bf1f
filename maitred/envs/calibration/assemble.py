"""From fits to a scenario, rounded to the digits that they support.

What no log of this kind can tell stands in `assumptions`, and is said so in the scenario's provenance.
"""

from __future__ import annotations

import numpy as np

from maitred.envs.calibration.assumptions import COST_PER_MIN, RESOLVE_P
from maitred.envs.calibration.fits import Calibration
from maitred.envs.calibration.log_arrays import PERIOD_S, PERIODS
from maitred.envs.calibration.returns import ReturnsFit
from maitred.envs.calibration.service import SHORT_S
from maitred.envs.calibration.shifts import rounded, shifts_of
from maitred.envs.calibration.staffing import StaffingFit
from maitred.envs.scenario import (
    Agents,
    Arrivals,
    ContactTypes,
    Floats,
    Patience,
    Returns,
    Routing,
    Scenario,
    Service,
    Staffing,
)

CLOSED_PER_H = 1.0  # with nobody on duty and fewer contacts than this, the center is closed


def assemble(name: str, fits: Calibration, head_start_s: float, provenance: dict[str, str]) -> Scenario:
    """Put the fits together, rounded to the digits that they support."""
    f, desks = fits.arrivals, fits.staffing
    shifts = staffing_section(desks)
    agents = f"{len(fits.agents)} agents, {len(fits.types)} types of contact"
    return Scenario(
        name=name,
        description=f"A center as its log of {provenance['first_day']} to {provenance['last_day']} shows it: {agents}.",
        days=1,
        types=ContactTypes(fits.types, shares(fits.priority_share), np.array([0.0, head_start_s])),
        arrivals=Arrivals(
            period_s=PERIOD_S,
            rate_per_h=opening_hours(first_attempts(fits), shifts),
            day_type_of_weekday=f.day_type_of_weekday,
            day_type_names=f.day_type_names,
            day_factor_cv=float(significant(f.day_factor_cv.value)),
            period_factor_cv=float(significant(f.period_factor_cv.value)),
            period_factor_ar1=float(significant(f.period_factor_ar1.value)),
        ),
        agents=agents_section(fits),
        service=Service(
            distribution="lognormal",
            log_sd=significant(fits.service.log_sd),
            wrap_up_mean_s=np.zeros(len(fits.types)),
            period_factor=significant(fits.service.period_factor),
            short_max_s=SHORT_S,
        ),
        patience=Patience(fits.patience.from_s, significant(fits.patience.hazard_per_s), np.ones(PERIODS)),
        returns=returns_section(fits.returns),
        staffing=shifts,
        routing=Routing(),
        provenance=provenance,
    )


def significant(values: Floats | float, digits: int = 3) -> Floats:
    """Round to `digits` significant decimal digits."""
    array = np.asarray(values, dtype=float)
    return np.array([float(f"{v:.{digits}g}") for v in array.ravel()]).reshape(array.shape)


def shares(values: Floats) -> Floats:
    """Round rows of shares (.., P) to 4 decimals, the last making up the sum."""
    first = np.round(values[:, :-1], 4)
    return np.column_stack([first, np.round(1 - first.sum(axis=1), 4)])


def first_attempts(fits: Calibration) -> Floats:
    """(D, T, N) contacts per hour that are nobody's return."""
    return significant(fits.arrivals.rate_per_h * (1 - fits.returns.return_share))


def opening_hours(rate_per_h: Floats, shifts: Staffing) -> Floats:
    """Set the rates (D, T, N) of periods to 0 in which nobody is on duty and next to nobody calls."""
    begin = np.arange(PERIODS) * PERIOD_S
    closed = rate_per_h.sum(axis=1) < CLOSED_PER_H
    for day_type, start, end in zip(shifts.shift_day_type, shifts.shift_start_s, shifts.shift_end_s, strict=True):
        closed[day_type, (begin < end) & (begin + PERIOD_S > start)] = False
    return np.where(closed[:, None, :], 0.0, rate_per_h)


def agents_section(fits: Calibration) -> Agents:
    """The kept agents; what they would be at types that they do not answer is left out."""
    desks, service = fits.staffing, fits.service
    return Agents(
        names=fits.agents,
        group=desks.group,
        group_names=desks.group_names,
        weight=significant(desks.weight),
        may_answer=desks.may_answer,
        mean_s=np.where(desks.may_answer, significant(service.mean_s, 4), 0.0),
        log_se=np.where(desks.may_answer, significant(service.log_se), 0.0),
        resolve_p=np.where(desks.may_answer, RESOLVE_P, 0.0),
        short_share=significant(service.short_share),
        cost_per_min=np.full(len(desks.group_names), COST_PER_MIN),
    )


def returns_section(fit: ReturnsFit) -> Returns:
    """The returns; those after an ordinary service are put down to the contacts left unresolved."""
    return Returns(
        retrial_p=float(significant(fit.abandoned.p)),
        retrial_mean_s=float(significant(fit.abandoned.mean_s)),
        repeat_short_p=float(significant(fit.short.p)),
        repeat_short_mean_s=float(significant(fit.short.mean_s)),
        repeat_unresolved_p=float(significant(min(fit.ordinary.p / (1 - RESOLVE_P), 0.95))),
        repeat_unresolved_mean_s=float(significant(fit.ordinary.mean_s)),
    )


def staffing_section(fit: StaffingFit) -> Staffing:
    """Shifts that add up to the mean staffing of every day type and group."""
    longest = int(np.ceil(fit.longest_shift_s / PERIOD_S))
    rows = [
        (day_type, group, first * PERIOD_S, last * PERIOD_S, agents)
        for day_type, group in np.ndindex(fit.mean.shape[:2])
        for first, last, agents in shifts_of(rounded(fit.mean[day_type, group]), longest)
    ]
    # In the order in which the day fills, so that who is drawn for a shift is free.
    table = np.array(sorted(rows, key=lambda row: (row[0], row[2], row[1], row[3])), dtype=np.int64)
    return Staffing(
        shift_day_type=table[:, 0],
        shift_group=table[:, 1],
        shift_start_s=table[:, 2].astype(float),
        shift_end_s=table[:, 3].astype(float),
        shift_agents=table[:, 4],
    )
