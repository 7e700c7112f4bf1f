"""Fresh evidence, frozen evidence and guards put together: promote, hold, reject or demote."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from maitred.training.gate.difference import Estimate
from maitred.training.gate.guard_rail import Rail
from maitred.training.gate.guards import Guarded, Standing


class Decision(StrEnum):
    """What becomes of a candidate, or of the champion."""

    PROMOTE = "promote"
    HOLD = "hold"
    REJECT = "reject"
    KEEP = "keep"
    DEMOTE = "demote"


@dataclass(frozen=True)
class Verdict:
    """A decision and every reason for it, in the order in which they were looked at."""

    decision: Decision
    reasons: tuple[str, ...]


def judge_candidate(
    fresh: Estimate, z: float, margin: float, last: bool, rail: Rail | None = None, guards: Sequence[Guarded] = ()
) -> Verdict:
    """Whether a candidate takes the champion's place.

    It is promoted if fresh evidence crosses the boundary, the frozen set does not forbid it and every guard is shown
    within its tolerance. It is rejected as soon as the frozen set forbids it or a guard is shown beyond; and when no
    look is left. Otherwise it is held until the next look.

    Args:
        fresh: candidate less champion on decisions made after the candidate was named.
        z: boundary of this look, of `spending.boundary`.
        margin: 0 to ask for a better policy, above 0 for one that is worse by less than this.
        last: whether no look is left after this one.
        rail: the look at the frozen set, None if it was looked at before.
        guards: every guard KPI.
    """
    asked = "above 0" if margin == 0 else f"above {-margin:g}"
    proven = fresh.z(-margin) > z
    reasons = [f"fresh evidence: {_told(fresh)}, {'' if proven else 'not '}shown {asked} (boundary z {z:.3f})"]
    if rail is not None:
        reasons.append(f"frozen set: {_told(rail.found)}, lower bound {rail.lower:+.4g}, margin {rail.margin:g}")
    reasons += [f"guard {guard}" for guard in guards]
    forbidden = (rail is not None and not rail.holds) or any(guard.standing is Standing.BEYOND for guard in guards)
    guarded = all(guard.standing is Standing.WITHIN for guard in guards)
    if proven and guarded and not forbidden:
        return Verdict(Decision.PROMOTE, tuple(reasons))
    return Verdict(Decision.REJECT if forbidden or last else Decision.HOLD, tuple(reasons))


def judge_champion(fresh: Estimate, z: float) -> Verdict:
    """Whether the champion must make way for the policy it can fall back on.

    Args:
        fresh: champion less fallback, on decisions made while both had a share of them.
        z: standard errors by which the champion must be below.
    """
    demoted = fresh.z() < -z
    reason = f"champion less fallback: {_told(fresh)}, {'' if demoted else 'not '}shown below 0 (boundary z {z:.3f})"
    return Verdict(Decision.DEMOTE if demoted else Decision.KEEP, (reason,))


def _told(found: Estimate) -> str:
    return f"{found.mean:+.4g} +- {found.error:.2g} on {found.rows} decisions"
