"""What no policy may do, whatever it has learned: rules that the platform enforces on every decision (GV-1, GV-4)."""

from __future__ import annotations

from dataclasses import dataclass

from maitred.envs.blocks.fields import Value, flag, number


@dataclass(frozen=True)
class Governance:
    """Rules, as against abilities: a bot may be able to take a type, and not be allowed to.

    They are part of the mask: what they forbid is never a candidate. A type under `two_person` never closes before a
    specialist (`handoff.approval_by`) has approved.
    """

    must_human: Value = flag(False, "type")
    two_person: Value = flag(False, "type")
    max_cap_slots: float = number(25, 1, 25, source="the most a decision may let an agent fill")
