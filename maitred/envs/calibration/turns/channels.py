"""Channels: how long customers think, how long they wait for a reply, and how many leave without a word."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import optimize

from maitred.envs.calibration.arrivals import Estimate
from maitred.envs.calibration.turns.conversations import Turns
from maitred.envs.calibration.turns.estimates import Estimates, exponential_mean, log_normal, mean, normal
from maitred.envs.calibration.turns.events import CODE, Bools, Log
from maitred.envs.scenario import Floats, Ints

SHORTEST_S = 1.0  # tolerance of silence that is looked for


@dataclass(frozen=True)
class ChannelFits:
    """By channel."""

    think_mean_s: Estimates
    silence_tolerance_s: Estimates
    silence_timeout_s: Estimates
    silent_share: Estimates


def fit_channels(log: Log, turns: Turns) -> ChannelFits:
    """Fit every channel that has turns; a channel without replies has no thinking, and no silence either."""
    found: dict[str, dict[str, Estimate]] = {name: {} for name in ChannelFits.__dataclass_fields__}
    for k, name in enumerate(log.channels):
        here = turns.where(turns.channel == k)
        replied, silent = here.ended_by("reply"), here.ended_by("silent_abandon_suspected")
        if not replied.any():
            continue
        found["think_mean_s"][name] = think_mean(here, replied)
        if silent.any():
            found["silence_timeout_s"][name] = mean((here.next_s - here.end_s)[silent])
            asked, in_queue = np.isfinite(here.asked_s) & np.isnan(here.context), here.nth == 0
            tolerance = silence_tolerance((here.end_s - here.asked_s)[asked], silent[asked])
            if tolerance is not None:
                found["silence_tolerance_s"][name] = tolerance
            found["silent_share"][name] = silent_share(
                (here.end_s - here.accepted_s)[in_queue],
                silent[in_queue],
                tolerance.value if tolerance else np.inf,
                loud_abandonments(log, k),
            )
    return ChannelFits(**found)


def think_mean(turns: Turns, replied: Bools) -> Estimate:
    """Mean of exponential thinking; turns without a next event are censored where the log ends."""
    waiting = replied | (turns.next < 0)
    return exponential_mean(float((turns.next_s - turns.end_s)[waiting].sum()), int(replied.sum()))


def lost_share(reply_s: Floats, tolerance_s: float | Floats) -> Floats:
    """Chance of having left within each wait: 0 up to the tolerance, then at a rate of one per tolerance."""
    return np.asarray(-np.expm1(-np.maximum(reply_s / tolerance_s - 1, 0)))


def silence_tolerance(reply_s: Floats, left: Bools) -> Estimate | None:
    """How long customers wait for a reply before they begin to leave without a word.

    Nobody sees when they leave, only that they have when the reply comes: current-status data (Sun 2006, chapter 3).
    The tolerance is the one under which as many are expected to have left as did. (That of greatest likelihood has no
    normal error: the first to leave bounds it.) Error by the delta method.

    Args:
        reply_s: (m,) waits for replies.
        left: (m,) whether the customer was gone.

    Returns:
        The estimate, or None where nobody left, or so many that any tolerance is too long.
    """

    def excess(log_s: float) -> float:
        return float(lost_share(reply_s, np.exp(log_s)).sum() - left.sum())

    low, high = np.log(SHORTEST_S), np.log(reply_s.max(initial=SHORTEST_S))
    if not left.any() or excess(low) <= 0:
        return None
    best = np.exp(optimize.brentq(excess, low, high))
    p = lost_share(reply_s, best)
    slope = ((1 - p) * reply_s / best)[reply_s > best].sum()
    return log_normal(float(best), float(np.sqrt((p * (1 - p)).sum()) / slope))


def stayed(log: Log, turns: Turns, fits: ChannelFits) -> Floats:
    """(m,) chance that a customer who was there when the wait for each turn began was still there at its end."""
    tolerance = [fits.silence_tolerance_s[k].value if k in fits.silence_tolerance_s else np.inf for k in log.channels]
    since_s = np.where(np.isfinite(turns.asked_s), turns.asked_s, turns.accepted_s)
    reply_s = np.where(np.isfinite(since_s), turns.end_s - since_s, 0.0)
    return 1 - lost_share(reply_s, np.array(tolerance)[turns.channel])


def silent_share(reply_s: Floats, silent: Bools, tolerance_s: float, loud: int) -> Estimate:
    """Share of those who give up in the queue who say nothing.

    Whoever is found gone after the first answer left in the queue, or was there and then lost patience with the
    answer: of those still there a share l (`lost_share`) did, so survivors / (1 - l) x l are taken off
    (Horvitz and Thompson 1952).

    Args:
        reply_s: (m,) from when the agent took the chat to the end of the first answer.
        silent: (m,) whether nobody was there any more.
        tolerance_s: tolerance of silence.
        loud: abandonments that showed.
    """
    share = lost_share(reply_s[~silent], tolerance_s)
    lost = float((share / (1 - share)).sum())
    gone = max(float(silent.sum() - lost), 0.0)
    total = max(gone + loud, 1.0)
    variance = loud**2 * (silent.sum() + lost) + gone**2 * loud
    return normal(gone / total, float(np.sqrt(variance)) / total**2, 0, 1)


def loud_abandonments(log: Log, channel: int) -> int:
    """Abandonments in queue that showed, of one channel: not at the end of a bot's turn, nor of a call in vain."""
    rows = log.rows("callback_no_answer", "abandon")
    before, _ = log.neighbours(rows)
    in_vain = (before >= 0) & (log.code[before] == CODE["callback_no_answer"])
    queued = np.setdiff1d(rows[(log.code[rows] == CODE["abandon"]) & ~in_vain], left_a_bot(log))
    return int((log.channel[queued] == channel).sum())


def left_a_bot(log: Log) -> Ints:
    """Rows of abandonments at the end of a bot's turn."""
    rows = log.rows("bot_turn", "abandon")
    before, _ = log.neighbours(rows)
    at_turn = (log.code[rows] != log.code[before]) & (before >= 0) & (log.s[before] == log.s[rows])
    return np.asarray(rows[at_turn & np.isin(rows, log.rows("abandon"))])
