"""Transfers and escalations: where a contact goes next, and how much of it must be said again."""

from __future__ import annotations

from dataclasses import dataclass

from maitred.envs.blocks.fields import Index, Value, flag, number, reference


@dataclass(frozen=True)
class Handoff:
    """A contact may have landed in the wrong queue, need a specialist's approval, or be escalated by decision.

    A misrouted contact is transferred once the first agent has found out. Whoever takes a contact over works
    `repeat_info_s` longer for the share of the context that was lost, and `kept_info_s` in any case (K-17).
    """

    misroute_p: Value = number(0, 0, 1, "type", source="menu errors and wrong first choices (LV-G1)")
    discovery_s: float = number(45, 1, 3600, source="work until the error shows [E]")
    keep_position: Value = flag(False, source="else a transfer queues anew (QU-1)")
    context_kept: float = number(1, 0, 1, source="between humans: 1 for warm transfers, 0 for cold")
    repeat_info_s: float = number(0, 0, 3600, source="60-120 s (domain 2.4) [E]")
    kept_info_s: float = number(0, 0, 3600, source="20 s (domain 2.4) [E]")
    resolve_loss: float = number(0, 0, 1, source="0.14 per transfer (SQM, domain 2.4)")
    escalate_to: Index = reference("type", "type")
    approval_by: Index = reference("type", "type")
    approval_p: Value = number(0, 0, 1, "type", source="share that a specialist must approve (RS-10)")
    sticky_wait_s: float = number(0, 0, 86400, source="a repeat is kept for its last agent this long at most (CT-8)")
