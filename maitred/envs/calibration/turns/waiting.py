"""Patience in the queue, where some of those who give up say nothing.

The hazards are those of `calibration.patience`, which sees the abandonments that show. Those who left without a word
stay among the waiting, so that what it fits is the share who have left and shown it: (1 - silent) x the share who
have given up, from which the hazard of giving up follows step by step.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from maitred.envs.calibration.levels import HIGH_FROM, LEVELS
from maitred.envs.calibration.patience import PatienceFit, fit_patience, survival_of
from maitred.envs.calibration.turns.channels import left_a_bot
from maitred.envs.calibration.turns.events import CODE, Log
from maitred.envs.scenario import Floats

LAST_STEP_S = 600.0  # length of the open step over which its hazard is taken
_FEWEST_LEFT = 0.02  # share still waiting below which a step's hazard is that of the step before


def first_waits(log: Log) -> pa.Table:
    """Type, priority, wait_s and outcome of the first wait for an agent of every contact, bots' time left out."""
    rows = log.rows("arrive", "bot_turn", "bot_start", "accept", "start_turn", "abandon", "callback_accepted")
    rows = rows[~np.isin(rows, left_a_bot(log))]
    waits = np.isin(log.code[rows], [CODE["arrive"], CODE["bot_turn"]])
    _, after = log.neighbours(rows)
    ended = (after >= 0) & np.isin(
        log.code[after], [CODE[e] for e in ("accept", "start_turn", "abandon", "callback_accepted")]
    )
    at = np.flatnonzero(waits & ended)
    at = at[np.unique(log.contact[rows[at]], return_index=True)[1]]
    begin, end = rows[at], after[at]
    contact = log.contact[begin]
    return pa.table(
        {
            "type": [log.types[t] for t in log.type[begin]],
            "priority": np.where(log.arrived.priority[contact] > 0, HIGH_FROM, 0),
            "wait_s": log.s[end] - log.s[begin],
            "outcome": np.where(log.code[end] == CODE["abandon"], "abandoned", "served"),
        }
    )


def fit_waiting(log: Log, silent_share: Floats) -> tuple[PatienceFit, Floats]:
    """Fit the abandonments that show, and the hazard of giving up, (T, P, H).

    Args:
        log: the log.
        silent_share: (T,) of those who give up, who say nothing.
    """
    shown = fit_patience(first_waits(log), log.types, LEVELS)
    return shown, np.stack(
        [giving_up(h, shown.from_s, q) for h, q in zip(shown.hazard_per_s, silent_share, strict=True)]
    )


def giving_up(hazard_per_s: Floats, from_s: Floats, silent_share: float) -> Floats:
    """Hazards (P, H) of giving up from those of being seen to."""
    if silent_share == 0:
        return hazard_per_s
    edges = np.append(from_s, from_s[-1] + LAST_STEP_S)
    seen = 1 - survival_of(hazard_per_s, from_s, edges)
    left = np.maximum(1 - seen / (1 - silent_share), _FEWEST_LEFT)
    hazard = -np.diff(np.log(left), axis=1) / np.diff(edges)
    for h in range(1, hazard.shape[1]):
        hazard[:, h] = np.where(left[:, h + 1] <= _FEWEST_LEFT, hazard[:, h - 1], hazard[:, h])
    return np.asarray(hazard)
