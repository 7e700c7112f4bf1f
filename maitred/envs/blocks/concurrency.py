"""How many conversations an agent may hold at once, and what holding many costs."""

from __future__ import annotations

from dataclasses import dataclass

from maitred.envs.blocks.fields import Value, flag, number


@dataclass(frozen=True)
class Concurrency:
    """Caps in weighted slots, for new work only (CC-6), and the price of switching between conversations.

    A turn takes 1 + switch_overhead x (other open conversations) times as long, fixed when it starts (domain 2.2).
    With `decided`, an agent's cap of 1..max_cap_slots is a decision at every shift start and freed slot (AC-7).
    """

    cap_slots: float = number(1, 0.1, 25, source="Genesys 4 chats; practice 3-4 (domain 2.2)")
    max_cap_slots: float = number(6, 1, 25, source="what a decision may set")
    open_limit: float = number(25, 1, 1000, source="hard limit on open conversations, inactive ones included (CC-4)")
    switch_overhead: float = number(0, 0, 0.5, source="0-0.15, default 0.05 (domain 2.2) [E]")
    resolve_loss: float = number(0, 0, 0.2, source="resolution lost per other open conversation (CC-2) [E]")
    decided: Value = flag(False)
    heavy_above_s: float = number(0, 0, 86400, source="expected work that makes a contact weigh double; 0 never (CT-7)")
