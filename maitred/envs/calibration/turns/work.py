"""Work of turns: how irregular it is within a contact, and what other open conversations add.

log work = agent x type + learning + complexity of the contact + log(1 + overhead x other conversations) + noise.
Within a contact with one agent all but the last two stand still, so both are fitted to differences between the turns
of a contact: no assumption on agents or complexity enters.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from maitred.envs.calibration.arrivals import Estimate
from maitred.envs.calibration.service import SHORT_S
from maitred.envs.calibration.turns.conversations import Turns
from maitred.envs.calibration.turns.estimates import Estimates, normal
from maitred.envs.calibration.turns.events import Bools, Log
from maitred.envs.scenario import Floats, Ints

MOST_OPEN = 0.99  # quantile of the conversations open with an agent that is taken for the cap
_ROUNDS = 20
LEAST_LOG_SD = 0.01  # keeps the noise of a turn positive


@dataclass(frozen=True)
class WorkFits:
    """`switch_overhead` under the name "all"; `log_sd` by type; and how many conversations agents held."""

    switch_overhead: Estimates
    log_sd: Estimates
    most_open: int


def usable(turns: Turns) -> Bools:
    """(m,) turns whose work says how fast the agent is: right queue, no hand-over to catch up with, not cut short."""
    with np.errstate(invalid="ignore"):
        plain = (turns.work_s > 0) & np.isnan(turns.context) & ~is_short(turns)
    return np.asarray(plain & ~turns.misdirected & ~turns.unsure)


def is_short(turns: Turns) -> Bools:
    """(m,) only turns of their contacts that are cut very short."""
    number = np.bincount(turns.contact)
    with np.errstate(invalid="ignore"):
        return np.asarray((turns.work_s <= SHORT_S) & (number[turns.contact] == 1) & turns.ended_by("resolve"))


def fit_work(log: Log, turns: Turns) -> WorkFits:
    """Fit the overhead over all types, and the scatter of each.

    A type whose contacts have one turn each has no scatter within contacts: its scatter is that around the agent's
    mean for the type, complexity included unless contacts carry labels.
    """
    y, group = np.log(turns.work_s), groups_of(turns)
    overhead = switch_overhead(y, turns.others_open, group)
    adjusted = y - np.log1p(overhead.value * turns.others_open)
    log_sd = {}
    for t, name in enumerate(log.types):
        here = turns.type == t
        estimate = scatter(adjusted[here], group[here])
        if estimate is None and here.any():
            label = log.arrived.complexity[turns.contact[here]]
            estimate = scatter(adjusted[here], turns.agent[here] * (len(log.arrived.labels) + 1) + label + 1)
        if estimate is not None:
            log_sd[name] = estimate
    return WorkFits({"all": overhead}, log_sd, 1 + int(np.quantile(turns.others_open, MOST_OPEN)))


def groups_of(turns: Turns) -> Ints:
    """(m,) index of the contact, agent and type of each turn."""
    key = np.stack([turns.contact, turns.agent, turns.type])
    return np.unique(key, axis=1, return_inverse=True)[1].ravel()


def centred(values: Floats, group: Ints) -> Floats:
    """(m,) values less the mean of their group."""
    return values - (np.bincount(group, values) / np.maximum(np.bincount(group), 1))[group]


def switch_overhead(y: Floats, others_open: Ints, group: Ints) -> Estimate:
    """The s of log(1 + s k), k other conversations; never below 0.

    What stands still within a group (agent, type, complexity) is taken off by forward orthogonal deviations: each
    turn less the mean of those after it. After a long turn more conversations are open, so deviations of k are
    not independent of the noise, but k itself is: it serves as instrument (Arellano and Bover 1995). Plain
    deviations from the mean of all turns would give too small an s (Nickell 1981).

    Args:
        y: (m,) log work.
        others_open: (m,) k.
        group: (m,) group of each turn, turns of a group in order of time.
    """
    s, others = 0.0, others_open.astype(float)
    instrument = others - others.mean()
    for _ in range(_ROUNDS):
        residual = forward_deviations(y - np.log1p(s * others), group)
        slope = float(instrument @ forward_deviations(others / (1 + s * others), group))
        if slope <= 0:
            return normal(0.0, np.inf, 0)
        s = max(s + float(instrument @ residual) / slope, 0.0)
    se = np.sqrt(float((instrument * residual) @ (instrument * residual))) / slope
    return normal(s, se, 0)


def forward_deviations(values: Floats, group: Ints) -> Floats:
    """(m,) values less the mean of those after them in their group, scaled to equal variance; 0 for the last."""
    order = np.argsort(group, kind="stable")
    v, g = values[order], group[order]
    end = np.searchsorted(g, g, side="right")
    total = np.append(0.0, np.cumsum(v))
    after = end - np.arange(len(v)) - 1
    mean = (total[end] - total[1:]) / np.maximum(after, 1)
    deviations = np.empty(len(v))
    deviations[order] = np.where(after > 0, np.sqrt(after / (after + 1)) * (v - mean), 0.0)
    return deviations


def scatter(y: Floats, group: Ints) -> Estimate | None:
    """Standard deviation within groups (its error that of normal data); None where every group has one member."""
    freedom = len(y) - len(np.unique(group))
    if freedom < 2:
        return None
    sd = float(np.sqrt((centred(y, group) ** 2).sum() / freedom))
    return normal(sd, sd / np.sqrt(2 * freedom), 0)
