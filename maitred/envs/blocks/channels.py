"""Channels: how a conversation on voice, chat or messaging occupies the agent who holds it."""

from __future__ import annotations

from dataclasses import dataclass

from maitred.envs.blocks.fields import Index, Value, flag, names, number, reference
from maitred.envs.scenario_error import require

MOST = 15  # the kernel keeps an agent's room on each channel in the bits of an integer


@dataclass(frozen=True)
class Channels:
    """A conversation alternates work turns of the agent and think turns of the customer.

    A channel without think time has a single turn. An exclusive channel (voice) is a lock: its agent holds no other
    live conversation, only interruptible ones, whose work gives way to it. Customers may leave without a word: in
    the queue (`silent_share` of those who give up), or waiting for a reply: nobody within `silence_tolerance_s`,
    then at a rate of one per as long again. The agent finds out after `silence_timeout_s`.
    """

    names: tuple[str, ...] = names("voice")
    of_type: Index = reference("channel", "type", default=0)
    exclusive: Value = flag(False, "channel")
    interruptible: Value = flag(False, "channel")
    think_mean_s: Value = number(0, 0, 7 * 86400, "channel", source="80 s in chat (domain 2.2)")
    slots: Value = number(1, 0.05, 10, "channel", source="weight of a conversation against an agent's cap (RS-8)")
    inactive_after_s: Value = number(0, 0, 86400, "channel", source="LivePerson 240 s; 0 for never (CC-4)")
    inactive_slots: Value = number(0.1, 0, 10, "channel", source="LivePerson 0.1 (CC-4)")
    silent_share: Value = number(0, 0, 1, "channel", source="0.15 of those who abandon a chat (domain 2.8, K-4)")
    silence_tolerance_s: Value = number(0, 0, 7 * 86400, "channel", source="180 (120-240, domain 2.3); 0 for endless")
    silence_timeout_s: Value = number(180, 1, 86400, "channel", source="120-240 s [E]")
    answer_target_s: Value = number(0, 0, 7 * 86400, "channel", source="0 for that of the routing block")

    def __post_init__(self) -> None:
        require(len(self.names) <= MOST, "channels.names", f"at most {MOST} channels", len(self.names))
