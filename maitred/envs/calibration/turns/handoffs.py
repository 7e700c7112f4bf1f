"""Hand-overs: wrong queues, escalations, and what whoever takes over must be told again."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from maitred.envs.calibration.turns.conversations import Turns
from maitred.envs.calibration.turns.estimates import Estimates, mean, normal, share
from maitred.envs.calibration.turns.events import NOTHING, Bools, Log
from maitred.envs.scenario import Floats, Ints


@dataclass(frozen=True)
class HandoffFits:
    """`misroute_p`, `escalated` and `transferred_later` by type, the others under the name "all" or by bot."""

    misroute_p: Estimates
    escalated: Estimates  # share of contacts
    transferred_later: Estimates  # share of contacts transferred neither at the first turn nor by escalation
    discovery_s: Estimates
    context_kept: Estimates
    bot_context: Estimates
    repeat_info_s: Estimates
    kept_info_s: Estimates
    escalate_to: Ints  # (T,) commonest destination, -1 for none


def fit_handoffs(log: Log, turns: Turns, expected_s: Floats) -> HandoffFits:
    """Fit shares over contacts that reached an agent, and the extra work of taking over.

    A transfer at the end of an agent's first turn that is no escalation shows that the contact was in the wrong
    queue: its type is that of the transfer. Some queues lose more contacts to bots and impatience than others before
    an agent sees them, so contacts count by one over the share of their first queue that reaches an agent (Horvitz
    and Thompson 1952).

    Args:
        log: the log.
        turns: (m,) every turn.
        expected_s: (m,) work of such a turn of such a contact with such an agent without a hand-over.
    """
    wrong = turns.misdirected
    plain = wrong & np.isnan(turns.context) & (turns.work_s > 0)
    escalated, later = turns.ended_by("escalate"), turns.ended_by("transfer") & (turns.nth > 0)
    to = _destination(log, turns)
    kind = np.where(wrong, to, turns.type)
    reached = np.bincount(kind[turns.nth == 0], minlength=len(log.types))
    weight = _arrivals_per_reached(log, turns)
    taken = taken_over(log, turns)
    context, bot_context = contexts(log, turns)
    return HandoffFits(
        misroute_p=_weighted(log, kind[turns.nth == 0], wrong[turns.nth == 0], weight),
        escalated=_by_type(log, turns.type[escalated], reached),
        transferred_later=_by_type(log, turns.type[later], reached),
        discovery_s={"all": mean(turns.work_s[plain])} if plain.sum() > 1 else {},
        context_kept=context,
        bot_context=bot_context,
        **dict(zip(("repeat_info_s", "kept_info_s"), extra_work(turns.where(taken), expected_s[taken]), strict=True)),
        escalate_to=np.array([_commonest(to[escalated & (turns.type == t)]) for t in range(len(log.types))]),
    )


def _by_type(log: Log, kind: Ints, reached: Ints) -> Estimates:
    hits = np.bincount(kind, minlength=len(log.types))
    return {name: share(hits[t], reached[t]) for t, name in enumerate(log.types) if reached[t] > 0}


def _arrivals_per_reached(log: Log, turns: Turns) -> Floats:
    """One weight per contact that reached an agent: arrivals of the type it came as over those that reached one."""
    came, types = log.arrived.type, len(log.types)
    first = came[turns.contact[turns.nth == 0]]
    ratio = np.bincount(came, minlength=types) / np.maximum(np.bincount(first, minlength=types), 1)
    return np.asarray(ratio[first])


def _weighted(log: Log, kind: Ints, hit: Bools, weight: Floats) -> Estimates:
    """Weighted shares by type; their trials are the effective ones (Kish 1965)."""
    found = {}
    for t, name in enumerate(log.types):
        w = weight[kind == t]
        if len(w) > 0:
            trials = w.sum() ** 2 / (w**2).sum()
            found[name] = share(w[hit[kind == t]].sum() / w.sum() * trials, trials)
    return found


def _destination(log: Log, turns: Turns) -> Ints:
    """(m,) type of the first transfer at or after the end of each turn, or the turn's own."""
    rows = log.rows("transfer")
    span = 2 * (log.end_s - log.s.min() + 1)
    key = log.contact[rows] * span + log.s[rows] - log.s.min()
    place = np.searchsorted(key, turns.contact * span + turns.end_s - log.s.min())
    found = np.append(rows, NOTHING)[place]
    mine = (found >= 0) & (log.contact[found] == turns.contact)
    return np.where(mine, log.type[found], turns.type)


def _commonest(values: Ints) -> int:
    return int(np.bincount(values).argmax()) if len(values) else NOTHING


def taken_over(log: Log, turns: Turns) -> Bools:
    """(m,) first turns after a hand-over, in the right queue, whose context and work the log states."""
    return np.isfinite(turns.context) & (turns.work_s > 0) & ~turns.misdirected & ~turns.unsure


def contexts(log: Log, turns: Turns) -> tuple[Estimates, Estimates]:
    """Mean context on taking over: between agents, and by bot handed over from."""
    with_bot = np.full(len(log.arrived.s), NOTHING)
    rows = log.rows("bot_start")
    with_bot[log.contact[rows]] = log.bot[rows]
    stated = np.isfinite(turns.context)
    bot = np.where(turns.nth == 0, with_bot[turns.contact], NOTHING)
    human = turns.context[stated & (bot < 0)]
    by_bot = {name: turns.context[stated & (bot == b)] for b, name in enumerate(log.bots)}
    return {"all": mean(human)} if len(human) > 1 else {}, {b: mean(c) for b, c in by_bot.items() if len(c) > 1}


def extra_work(turns: Turns, expected_s: Floats) -> tuple[Estimates, Estimates]:
    """Seconds of being told again what was lost, and of reading what was kept.

    Work less what is expected = kept_info + repeat_info x share lost + noise, whose size grows with what is expected:
    weighted least squares, errors robust (White 1980). Where all hand-overs lose the same share, all is put
    down to what was lost, if anything was.
    """
    if len(expected_s) < 3:
        return {}, {}
    lost, y = 1 - turns.context, turns.work_s - expected_s
    if np.ptp(lost) > 0.01:
        design = np.stack([lost, np.ones_like(lost)], axis=1)
    else:
        design = lost[:, None] if lost[0] > 0 else np.ones((len(lost), 1))
    weight = 1 / expected_s**2
    inverse = np.linalg.inv(design.T @ (design * weight[:, None]))
    value = inverse @ (design.T @ (weight * y))
    spread = design * (weight * (y - design @ value))[:, None]
    se = np.sqrt(np.diag(inverse @ spread.T @ spread @ inverse))
    told = [{"all": normal(v, e, 0)} for v, e in zip(np.maximum(value, 0), se, strict=True)]
    if design.shape[1] == 2:
        return told[0], told[1]
    return (told[0], {}) if lost[0] > 0 else ({}, told[0])
