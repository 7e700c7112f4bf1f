"""Putting a contact off: an answer in writing within a promised time, or a call back."""

from __future__ import annotations

from dataclasses import dataclass

from maitred.envs.blocks.fields import Index, Value, flag, number, reference


@dataclass(frozen=True)
class Deferral:
    """Neither stops the clock: waits run from arrival to the first human word (AC-2, AC-3, DG-3)."""

    async_of: Index = reference("type", "type")
    promise_s: float = number(14400, 60, 7 * 86400, source="reply promise of 4 h (domain 2.3)")
    callback: Value = flag(False, "type")
    callback_window_s: float = number(1800, 60, 86400)
    callback_accept_p: float = number(0.4, 0, 1, source="30-50 % (domain 2.5)")
    callback_no_answer_p: float = number(0.2, 0, 1, source="15-25 % (domain 2.5)")
    callback_dial_s: float = number(25, 1, 600, source="agent time of a call nobody answers [E]")
    callback_tries: float = number(2, 1, 10)
    callback_cost: float = number(0.02, 0, 10, source="domain 2.5")
