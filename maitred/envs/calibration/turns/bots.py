"""Bots: turns, containment by intent and complexity, customers who leave, and answers that were wrong.

A session ends in one of three ways that a log shows: the customer leaves, the bot closes the contact, or people go on
with it. Whether a closed contact was really settled only shows later, when the customer comes back about it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from maitred.envs.calibration.arrivals import Estimate
from maitred.envs.calibration.turns.channels import left_a_bot
from maitred.envs.calibration.turns.estimates import Estimates, exponential_mean, log_normal, normal, share
from maitred.envs.calibration.turns.events import CODE, Bools, Log
from maitred.envs.scenario import Floats, Ints


@dataclass(frozen=True)
class BotFits:
    """By bot; `containment` by bot/type, and `containment_of_class` by bot/class where contacts carry labels."""

    turn_s: Estimates
    turns_mean: Estimates
    max_turns: Estimates
    leave_p: Estimates
    containment: Estimates
    containment_of_class: Estimates
    wrong_share: Estimates  # of contained contacts
    wrong_p: Estimates  # of contacts that the bot cannot resolve


@dataclass(frozen=True)
class Sessions:
    """One row per session that the log shows the end of, (S,)."""

    contact: Ints
    bot: Ints
    turns: Ints
    left: Bools
    contained: Bools

    @property
    def handed(self) -> Bools:
        """(S,) whether people went on."""
        return ~self.left & ~self.contained

    def of(self, bot: int) -> Sessions:
        """Those of one bot."""
        return Sessions(**{name: values[self.bot == bot] for name, values in vars(self).items()})


def sessions_of(log: Log) -> Sessions:
    """Find the sessions, and how they ended."""
    rows = log.rows("bot_start", "bot_turn", "resolve", "abandon", "accept", "start_turn")
    starts = np.flatnonzero(log.code[rows] == CODE["bot_start"])
    session = np.searchsorted(starts, np.arange(len(rows)), side="right") - 1
    same = (session >= 0) & (log.contact[rows] == log.contact[rows[starts]][session])
    inside, session = rows[same], session[same]
    turns = np.bincount(session[log.code[inside] == CODE["bot_turn"]], minlength=len(starts))
    left, closed, went_on = np.zeros((3, len(starts)), bool)
    left[session[np.isin(inside, left_a_bot(log))]] = True
    closed[session[(log.code[inside] == CODE["resolve"]) & (log.agent[inside] < 0)]] = True
    went_on[session[np.isin(log.code[inside], [CODE["accept"], CODE["start_turn"], CODE["abandon"]])]] = True
    ended = (turns > 0) & (left | closed | went_on)
    first = rows[starts]
    return Sessions(
        log.contact[first][ended], log.bot[first][ended], turns[ended], left[ended], (closed & ~went_on)[ended]
    )


def fit_bots(log: Log, repeats: Floats, repeat_p: Estimate | None) -> BotFits:
    """Fit every bot.

    Args:
        log: the log.
        repeats: (C,) chance-weighted sign that the customer came back about the same case, nan where the log ends
            too soon to tell.
        repeat_p: chance that a customer whose matter is unresolved comes back, from agents' contacts.
    """
    found: dict[str, dict[str, Estimate]] = {name: {} for name in BotFits.__dataclass_fields__}
    if not log.bots:
        return BotFits(**found)
    every = sessions_of(log)
    for bot, name in enumerate(log.bots):
        sessions = every.of(bot)
        if len(sessions.turns) == 0:
            continue
        seconds = log.duration_s[log.rows("bot_turn")][log.bot[log.rows("bot_turn")] == bot]
        seconds = seconds[np.isfinite(seconds)]
        found["turn_s"][name] = exponential_mean(float(seconds.sum()), len(seconds))
        found["leave_p"][name] = share(sessions.left.sum(), sessions.turns.sum())
        found["turns_mean"][name], longest = length_of_sessions(sessions)
        found["max_turns"][name] = normal(longest, 0.0)
        found["containment"] |= containment(sessions, log.arrived.type, log.types, name)
        found["containment_of_class"] |= containment(sessions, log.arrived.complexity, log.arrived.labels, name)
        if repeat_p is not None:
            found["wrong_share"][name], found["wrong_p"][name] = wrong_answers(sessions, repeats, repeat_p)
    return BotFits(**found)


def length_of_sessions(sessions: Sessions) -> tuple[Estimate, int]:
    """Mean of the geometric number of turns a bot takes, and the number at which it stops at the latest.

    A turn ends the session with chance 1 / mean, unless the customer left at it; the last turn always does. Nearly
    the longest sessions pile up where the bot stops.
    """
    longest = int(sessions.turns.max())
    ended_early = int((~sessions.left & (sessions.turns < longest)).sum())
    at_risk = int(np.minimum(sessions.turns - sessions.left, longest - 1).sum())
    p = max(ended_early, 0.5) / max(at_risk, 1)
    return log_normal(1 / p, np.sqrt((1 - p) / max(ended_early, 0.5))), longest


def containment(sessions: Sessions, kind: Ints, names: tuple[str, ...], bot: str) -> dict[str, Estimate]:
    """Share of the sessions that customers stayed in that the bot closed, by bot/name of kind."""
    stayed, mine = ~sessions.left, kind[sessions.contact]
    found = {}
    for k, name in enumerate(names):
        here = stayed & (mine == k)
        if here.any():
            found[f"{bot}/{name}"] = share(sessions.contained[here].sum(), here.sum())
    return found


def wrong_answers(sessions: Sessions, repeats: Floats, repeat_p: Estimate) -> tuple[Estimate, Estimate]:
    """Share of contained contacts that were wrongly closed, and the chance of it where the bot cannot resolve.

    Customers come back with the chance `repeat_p` if their matter is unresolved and never otherwise, so that
    repeats after contained contacts over that chance are the wrong answers. With c the containment and v the wrong
    share, the bot cannot resolve 1 - c + v c of its cases and errs in v c of them. Errors by the delta method.
    """
    back = repeats[sessions.contact[sessions.contained]]
    back = back[np.isfinite(back)]
    if len(back) == 0:
        return normal(0, np.inf, 0, 1), normal(0, np.inf, 0, 1)
    q, n = back.mean(), len(back)
    q_se = max(float(back.std()), 1 / n) / np.sqrt(n)
    v = min(q / repeat_p.value, 1.0)
    v_se = np.hypot(q_se / repeat_p.value, v * repeat_p.se / repeat_p.value)
    c = sessions.contained.sum() / (~sessions.left).sum()
    failed = 1 - c + v * c
    return normal(v, v_se, 0, 1), normal(v * c / failed, v_se * c * (1 - c) / failed**2, 0, 1)
