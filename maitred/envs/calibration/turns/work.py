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
MOST_APART = 3  # turns compared: further apart, what is open has less to do with what was
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


def fit_work(log: Log, turns: Turns, stayed: Floats) -> WorkFits:
    """Fit the overhead over all types, and the scatter of each; `stayed` as in `switch_overhead`.

    A type whose contacts have one turn each has no scatter within contacts: its scatter is that around the agent's
    mean for the type, complexity included unless contacts carry labels.
    """
    y, group = np.log(turns.work_s), groups_of(turns)
    overhead = switch_overhead(y, turns, stayed)
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


def switch_overhead(y: Floats, turns: Turns, stayed: Floats) -> Estimate:
    """The s of log(1 + s k), k other conversations; never below 0.

    What stands still (agent, type, complexity) is taken off by comparing each turn with the next few. After a long
    turn more conversations are open, so differences of k are not independent of the noise, but the k of the earlier
    turn is: it serves as instrument (Anderson and Hsiao 1981). And after a long turn the customer may be gone, the more
    so the more are open, so that turns with a next are too short: each pair counts by one over the chance of staying
    from one to the other (Robins, Rotnitzky and Zhao 1995). Errors robust, by contact.

    Args:
        y: (m,) log work.
        turns: (m,) of these turns, by contact and time.
        stayed: (m,) chance that the customer had not left by the end of the turn.
    """
    first, later = pairs(turns)
    k = turns.others_open.astype(float)
    staying = np.append(0.0, np.cumsum(np.log(stayed)))
    instrument = (k - k.mean())[first] * np.exp(staying[first] - staying[later])

    def moment(values: Floats) -> Floats:
        return np.asarray(instrument * (values[first] - values[later]))

    s = 0.0
    for _ in range(_ROUNDS):
        terms = moment(y - np.log1p(s * k))
        slope = float(moment(k / (1 + s * k)).sum())
        if slope <= 0:
            return normal(0.0, np.inf, 0)
        s = max(s + float(terms.sum()) / slope, 0.0)
    se = np.sqrt(float((np.bincount(turns.contact[first], terms) ** 2).sum())) / slope
    return normal(s, se, 0)


def pairs(turns: Turns) -> tuple[Ints, Ints]:
    """Rows of earlier and later turns of a conversation, at most `MOST_APART`, with one agent and type throughout."""
    key = np.stack([turns.contact, turns.agent, turns.type, turns.nth - np.arange(len(turns.nth))])
    unbroken = [np.flatnonzero((key[:, apart:] == key[:, :-apart]).all(axis=0)) for apart in range(1, MOST_APART + 1)]
    return np.concatenate(unbroken), np.concatenate([first + apart + 1 for apart, first in enumerate(unbroken)])


def scatter(y: Floats, group: Ints) -> Estimate | None:
    """Standard deviation within groups (its error that of normal data); None where every group has one member."""
    freedom = len(y) - len(np.unique(group))
    if freedom < 2:
        return None
    sd = float(np.sqrt((centred(y, group) ** 2).sum() / freedom))
    return normal(sd, sd / np.sqrt(2 * freedom), 0)
