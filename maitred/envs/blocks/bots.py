"""Bots and virtual agents: automation that takes conversations at a price and contains some of them."""

from __future__ import annotations

from dataclasses import dataclass

from maitred.envs.blocks.fields import Value, flag, names, number


@dataclass(frozen=True)
class Bots:
    """Each bot answers in turns; at the last it resolves, answers wrongly, or gives up and hands over (RS-1).

    A wrong answer closes the contact as if resolved: contained, but the customer comes back. A virtual agent
    closes a case like a human: it hands over with `handoff_context`, and the human's wrap-up shrinks to
    `wrap_up_factor`. With `first`, the platform's own rule sends what a bot may take to it before anyone else.
    """

    names: tuple[str, ...] = names()
    takes: Value = flag(True, "bot", "type")
    first: Value = flag(False, "bot", "type")
    resolve_p: Value = number(0, 0, 1, "bot", "complexity", source="0.65, 0.35, 0.15 (domain 2.8)")
    intent_factor: Value = number(1, 0, 2, "bot", "type", source="containment of this type over the average")
    wrong_p: Value = number(0, 0, 1, "bot", source="closed without being resolved [E]")
    turn_s: Value = number(15, 0.1, 3600, "bot", source="of bot and customer together [E]")
    turns_mean: Value = number(4, 1, 100, "bot", source="geometric [E]")
    max_turns: Value = number(8, 1, 100, "bot", source="domain 2.8")
    leave_p: Value = number(0, 0, 1, "bot", source="chance per turn that the customer leaves, times intolerance [E]")
    sessions: Value = number(0, 0, 1e6, "bot", source="at once; 0 for no limit")
    cost_per_session: Value = number(0, 0, 100, "bot", source="0.40 (domain 2.8)")
    cost_per_turn: Value = number(0, 0, 10, "bot")
    handoff_context: Value = number(0, 0, 1, "bot", source="share of what was said that the human sees (K-17)")
    wrap_up_factor: Value = number(1, 0, 1, "bot", source="LV-G3")
