"""Call-backs: who takes the offer, and who is there when called."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from maitred.envs.calibration.turns.estimates import Estimates, share
from maitred.envs.calibration.turns.events import CODE, Log


@dataclass(frozen=True)
class PromiseFits:
    """Both under the name "all"."""

    callback_accept_p: Estimates
    callback_no_answer_p: Estimates


def fit_promises(log: Log) -> PromiseFits:
    """Shares of offers and of dialled calls; a call is answered if the agent's turn follows it."""
    offered, accepted, missed = (len(log.rows(f"callback_{what}")) for what in ("offered", "accepted", "no_answer"))
    rows = log.rows("callback_accepted", "callback_no_answer", "start_turn")
    before, _ = log.neighbours(rows)
    promised = (before >= 0) & np.isin(log.code[before], [CODE["callback_accepted"], CODE["callback_no_answer"]])
    dialled = missed + int((promised & (log.code[rows] == CODE["start_turn"])).sum())
    return PromiseFits(
        {"all": share(accepted, offered)} if offered else {},
        {"all": share(missed, dialled)} if dialled else {},
    )
