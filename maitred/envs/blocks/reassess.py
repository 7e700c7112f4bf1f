"""What may be decided at a turn boundary of a running conversation."""

from __future__ import annotations

from dataclasses import dataclass

from maitred.envs.blocks.fields import Index, Value, flag, number, reference


@dataclass(frozen=True)
class Reassess:
    """Options besides going on; where none is legal no decision is raised (AC-2, AC-5, AC-8, AC-12, CT-3).

    Going asynchronous turns the contact into its sibling type `async_of`; going on by live voice, which is offered to
    the customer once, turns the rest of the conversation into one exclusive turn of `live_work` times the work that
    was left. A customer who would rather use another channel accepts, of the others a share of `live_accept_p`.
    """

    escalate: Value = flag(False, "type")
    hand_back: Value = flag(False, "type")
    async_of: Index = reference("type", "type")
    live_of: Index = reference("type", "type")
    live_work: float = number(0.8, 0.1, 2, source="work of the rest on voice over that in writing [E]")
    live_accept_p: float = number(0.4, 0, 1, source="share that goes on by voice when offered; as of call-backs [E]")
    keep_context: Value = flag(True, source="whether a change of channel keeps what was said")
    next_issue_s: Value = number(0, 0, 3600, "type", source="work that heads off a repeat; 0 for no such option")
    next_issue_avoids_p: float = number(0.5, 0, 1, source="repeats that it heads off [E]")
    stop_bot_early: Value = flag(False, "type", source="a decision at every turn of a bot, to escalate at once (Q-D)")
