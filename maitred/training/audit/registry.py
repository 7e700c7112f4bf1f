"""All detectors, and the audit that runs those a scenario has a use for."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from maitred.envs.kpi import Books
from maitred.envs.objective import Objective
from maitred.envs.scenario import Scenario
from maitred.envs.simulator import Ledger
from maitred.envs.trace import Trace
from maitred.training.audit.abandon_harvesting import ABANDON_HARVESTING
from maitred.training.audit.bot_trap import BOT_TRAP
from maitred.training.audit.cherry_picking import CHERRY_PICKING
from maitred.training.audit.clock_stopping import CLOCK_STOPPING
from maitred.training.audit.early_bird import EARLY_BIRD
from maitred.training.audit.empty_replies import EMPTY_REPLIES
from maitred.training.audit.end_dumping import END_DUMPING
from maitred.training.audit.finding import AuditError, Detector, Episode, Finding, find
from maitred.training.audit.idle_reservation import IDLE_RESERVATION
from maitred.training.audit.lost_in_queue import LOST_IN_QUEUE
from maitred.training.audit.piling_up import PILING_UP
from maitred.training.audit.ping_pong import PING_PONG
from maitred.training.audit.proactive_spam import PROACTIVE_SPAM
from maitred.training.audit.short_calls import SHORT_CALLS
from maitred.training.audit.survey_gaming import SURVEY_GAMING

ALPHA = 0.05  # of flagging anything at all, shared equally by the detectors

DETECTORS: tuple[Detector, ...] = (
    BOT_TRAP,
    SHORT_CALLS,
    CLOCK_STOPPING,
    ABANDON_HARVESTING,
    EMPTY_REPLIES,
    PING_PONG,
    CHERRY_PICKING,
    PILING_UP,
    IDLE_RESERVATION,
    PROACTIVE_SPAM,
    END_DUMPING,
    EARLY_BIRD,
    LOST_IN_QUEUE,
    SURVEY_GAMING,
)

Deeds = Sequence[NDArray[np.void]]


def audit(
    candidate: Sequence[Ledger],
    reference: Sequence[Ledger],
    traces: Sequence[Trace],
    scenario: Scenario,
    *,
    candidate_deeds: Deeds | None = None,
    reference_deeds: Deeds | None = None,
    alpha: float = ALPHA,
) -> tuple[Finding, ...]:
    """Look for every degenerate behaviour that is possible in a scenario; `left_out` says which are not.

    Args:
        candidate: E ledgers of the policy in question, E at least 2.
        reference: E ledgers of the champion or incumbent, on the same traces.
        traces: E, what both met.
        scenario: the center.
        candidate_deeds: E arrays of `watching.DEED`; without both of them, detectors that need decisions are left out.
        reference_deeds: likewise of the reference.
        alpha: chance in (0, 1) of flagging anything in a policy that is no worse than tolerated, by Bonferroni over
            all detectors, those left out included.

    Raises:
        AuditError: fewer than two episodes, or not as many of the one as of the other.
    """
    counts = {len(candidate), len(reference), len(traces)}
    counts |= {len(deeds) for deeds in (candidate_deeds, reference_deeds) if deeds is not None}
    if len(counts) > 1 or min(counts) < 2:
        raise AuditError(
            f"audit: expected at least 2 episodes, as many of candidate, reference and traces; found "
            f"{len(candidate)}, {len(reference)} and {len(traces)}"
        )
    ours = episodes_of(candidate, traces, scenario, candidate_deeds)
    theirs = episodes_of(reference, traces, scenario, reference_deeds)
    return audit_episodes(ours, theirs, scenario, alpha)


def audit_episodes(
    candidate: Sequence[Episode], reference: Sequence[Episode], scenario: Scenario, alpha: float = ALPHA
) -> tuple[Finding, ...]:
    """The audit of episodes as detectors read them, which need not be on the same traces; see `audit`."""
    watched = all(episode.deeds is not None for episode in (*candidate, *reference))
    unused, each = left_out(scenario, watched), alpha / len(DETECTORS)
    return tuple(find(detector, candidate, reference, each) for detector in DETECTORS if detector.id not in unused)


def left_out(scenario: Scenario, watched: bool = True) -> dict[str, str]:
    """Why detectors do not apply, by id: the scenario cannot do such a thing, or nobody watched the decisions."""
    reasons = {d.id: f"{d.name}: {scenario.name} has no {d.needs}" for d in DETECTORS if not d.applies(scenario)}
    unseen = {d.id: f"{d.name}: decisions were not watched" for d in DETECTORS if d.from_deeds and not watched}
    return unseen | reasons


def episodes_of(
    ledgers: Sequence[Ledger], traces: Sequence[Trace], scenario: Scenario, deeds: Deeds | None = None
) -> list[Episode]:
    """Episodes as detectors read them."""
    books = [Books(ledger, scenario, Objective()) for ledger in ledgers]
    seen = [None] * len(books) if deeds is None else deeds
    return [Episode(*one) for one in zip(books, traces, seen, strict=True)]
