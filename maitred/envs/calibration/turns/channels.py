"""Channels: how long customers think, how long they wait for a reply, and how many leave without a word."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import optimize

from maitred.envs.calibration.arrivals import Estimate
from maitred.envs.calibration.turns.conversations import Turns
from maitred.envs.calibration.turns.estimates import Estimates, exponential_mean, log_normal, mean, normal
from maitred.envs.calibration.turns.events import Bools, Log
from maitred.envs.scenario import Floats, Ints


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
            asked, in_queue = np.isfinite(here.asked_s), here.nth == 0
            tolerance = silence_tolerance((here.end_s - here.asked_s)[asked], silent[asked])
            if tolerance is not None:
                found["silence_tolerance_s"][name] = tolerance
            arrival_s = log.arrived.s[here.contact]
            found["silent_share"][name] = silent_share(
                (here.end_s - arrival_s)[in_queue],
                silent[in_queue],
                tolerance.value if tolerance else np.inf,
                loud_abandonments(log, k),
            )
    return ChannelFits(**found)


def think_mean(turns: Turns, replied: Bools) -> Estimate:
    """Mean of exponential thinking; turns without a next event are censored where the log ends."""
    waiting = replied | (turns.next < 0)
    return exponential_mean(float((turns.next_s - turns.end_s)[waiting].sum()), int(replied.sum()))


def silence_tolerance(reply_s: Floats, left: Bools) -> Estimate | None:
    """Mean of the exponential time customers wait for a reply before they leave without a word.

    Nobody sees when they leave, only that they have when the reply comes: current-status data (Sun 2006,
    chapter 3), whose likelihood has 1 - exp(-x / m) for those who left and exp(-x / m) for the others.

    Args:
        reply_s: (m,) waits for replies.
        left: (m,) whether the customer was gone.

    Returns:
        The estimate, or None where nobody left.
    """
    if not left.any():
        return None

    def loss(log_mean: float) -> float:
        z = reply_s / np.exp(log_mean)
        return float(z[~left].sum() - np.log(-np.expm1(-z[left])).sum())

    guess = np.log(reply_s.sum() / left.sum())
    best = optimize.minimize_scalar(loss, bounds=(guess - 5, guess + 5), method="bounded").x
    z = np.maximum(reply_s / np.exp(best), 1e-12)
    information = float((z**2 * np.exp(-z) / -np.expm1(-z)).sum())
    return log_normal(float(np.exp(best)), information**-0.5)


def silent_share(reply_s: Floats, silent: Bools, tolerance_s: float, loud: int) -> Estimate:
    """Share of those who give up in the queue who say nothing.

    Whoever is found gone after the first answer left in the queue, or was there and then lost patience with the
    answer: of those still there a share l = 1 - exp(-x / m) did, so survivors / (1 - l) x l are taken off
    (Horvitz and Thompson 1952). Both kinds of leaving run against the same answer, so the share needs no more.

    Args:
        reply_s: (m,) from arrival to the end of the first answer.
        silent: (m,) whether nobody was there any more.
        tolerance_s: mean tolerance of silence.
        loud: abandonments that showed.
    """
    lost = np.expm1(reply_s[~silent] / tolerance_s).sum()
    gone = max(float(silent.sum() - lost), 0.0)
    total = max(gone + loud, 1.0)
    variance = loud**2 * (silent.sum() + lost) + gone**2 * loud
    return normal(gone / total, float(np.sqrt(variance)) / total**2, 0, 1)


def loud_abandonments(log: Log, channel: int) -> int:
    """Abandonments in queue that showed, of one channel: those not at the end of a bot's turn."""
    rows = log.rows("abandon")
    return int((log.channel[rows] == channel).sum() - (log.channel[left_a_bot(log)] == channel).sum())


def left_a_bot(log: Log) -> Ints:
    """Rows of abandonments at the end of a bot's turn."""
    rows = log.rows("bot_turn", "abandon")
    before, _ = log.neighbours(rows)
    at_turn = (log.code[rows] != log.code[before]) & (before >= 0) & (log.s[before] == log.s[rows])
    return np.asarray(rows[at_turn & np.isin(rows, log.rows("abandon"))])
