"""Governance as masks: what is forbidden is no candidate, whatever the policy says (GV-1, GV-4, AC-5).

Features say what a candidate would do; `Facts` say what only names can: which intent, which agent, whose work. The
same rules hold for a batch of decisions and for one request of a service.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from maitred.envs.decision import CANDIDATE_NAMES, CONTEXT_NAMES, Action, Choices, Decisions, Kind, Policy
from maitred.serving.governance import Governance, Trigger

Flags = NDArray[np.bool_]
Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

NOBODY = -1
_DAY_S = 86_400.0
_PLACE = {name: place for place, name in enumerate(CANDIDATE_NAMES)}
_TIME = [CONTEXT_NAMES.index("time_of_day_sin"), CONTEXT_NAMES.index("time_of_day_cos")]
_BOTS = (Action.BOT, Action.HAND_BACK)


@dataclass(frozen=True, slots=True)
class Facts:
    """What the names in B decisions with K candidate places say; anything where there is no candidate.

    Attributes:
        intent: (B, K) int64, place in `Governance.intents` of the contact's intent; `NOBODY` without a contact.
        cap: (B, K) float64, most slots that the candidate's agent may fill; inf without an agent.
        amount: (B, K) float64, money at stake in the contact.
        awaiting: (B, K) bool, the contact waits for a second person's approval.
        own: (B, K) bool, the candidate's agent is the one whose work is to be approved.
        with_bot: (B,) bool, a bot holds the conversation.
        messages_today: (B,) float64, proactive messages sent today.
        messages_week: (B,) float64, those this customer got in the last seven days.
    """

    intent: Ints
    cap: Floats
    amount: Floats
    awaiting: Flags
    own: Flags
    with_bot: Flags
    messages_today: Floats
    messages_week: Floats

    def rows(self, rows: Flags | Ints) -> Facts:
        """Those of some decisions."""
        return Facts(*(getattr(self, field.name)[rows] for field in fields(self)))


@dataclass(frozen=True, slots=True)
class Ruled:
    """The answers to a batch under governance.

    Attributes:
        choices: the answers; candidate -1 of decisions that are refused, as nothing is allowed.
        allowed: (B, K) bool, legal candidates that no rule forbids.
        overridden: (B,) bool, the policy chose what is forbidden, and the usual, or the first allowed, was taken.
        needs_approval: (B,) bool, what is chosen may not be closed before a second person approved.
    """

    choices: Choices
    allowed: Flags
    overridden: Flags
    needs_approval: Flags


def actions(candidates: NDArray[np.float32]) -> Ints:
    """(..., K) int64, the `Action` of each of (..., K, F) candidates."""
    flags = candidates[..., : len(Action) - 1] != 0
    found: Ints = np.where(flags.any(axis=-1), flags.argmax(axis=-1) + 1, Action.ASSIGN)
    return found


def usual(candidates: NDArray[np.float32], mask: Flags) -> Ints:
    """(B,) int64, what the platform does by its own rule, or else the first legal candidate; of (B, K, F)."""
    found: Ints = np.where(mask, 1 + candidates[:, :, _PLACE["usual"]], 0).argmax(axis=1)
    return found


def forbidden(governance: Governance, decisions: Decisions, facts: Facts) -> dict[str, Flags]:
    """(B, K) bool by rule: what it forbids, of the legal candidates."""
    action = actions(decisions.candidates)
    by_rule = {
        "must_human": _must_human(governance, decisions, facts, action),
        "two_person": facts.awaiting & ((facts.own & (action == Action.ASSIGN)) | np.isin(action, _BOTS)),
        "max_cap": _above_cap(decisions, facts, action),
        "frequency": _too_frequent(governance, decisions, facts)[:, None] & (action == Action.MESSAGE),
        "escalation": _escalation(governance, decisions, facts, action),
    }
    return {rule: found & decisions.mask for rule, found in by_rule.items()}


def needs_approval(governance: Governance, facts: Facts) -> Flags:
    """(B, K) bool, contacts that nobody may close before a second person approved."""
    above = np.array([governance.approval_above.get(name, np.inf) for name in governance.intents])
    needed: Flags = _listed(governance, governance.two_person, facts) | (
        (facts.intent != NOBODY) & (facts.amount > above[facts.intent])
    )
    return needed


def enforce(governance: Governance, policy: Policy, decisions: Decisions, facts: Facts) -> Ruled:
    """Let a policy answer among what is allowed, and overrule it where it answers something else."""
    allowed = decisions.mask & ~np.logical_or.reduce(list(forbidden(governance, decisions, facts).values()))
    rows = np.flatnonzero(allowed.any(axis=1))
    order = np.argsort(~allowed[rows], axis=1, kind="stable")  # policies find real candidates first
    mask = np.take_along_axis(allowed[rows], order, axis=1)
    candidates = np.take_along_axis(decisions.candidates[rows], order[:, :, None], axis=1)
    answer = policy.act(Decisions(decisions.key[rows], decisions.context[rows], candidates, mask))
    kept = mask[np.arange(len(rows)), answer.candidate]
    place = order[np.arange(len(rows)), np.where(kept, answer.candidate, usual(candidates, mask))]
    candidate, propensity = np.full(len(decisions), -1), np.ones(len(decisions))
    overridden, approval = np.zeros((2, len(decisions)), np.bool_)
    candidate[rows], propensity[rows] = place, np.where(kept, answer.propensity, 1.0)
    overridden[rows] = ~kept
    approval[rows] = needs_approval(governance, facts)[rows, place]
    return Ruled(Choices(candidate, propensity), allowed, overridden, approval)


def _listed(governance: Governance, names: tuple[str, ...], facts: Facts) -> Flags:
    """(B, K) bool, contacts of these intents."""
    listed = np.array([name in names for name in governance.intents])
    found: Flags = listed[facts.intent] & (facts.intent != NOBODY)
    return found


def _must_human(governance: Governance, decisions: Decisions, facts: Facts, action: Ints) -> Flags:
    """No bot gets such a contact, and one that a bot holds goes to a person."""
    stays = facts.with_bot & (decisions.kind == Kind.REASSESS)
    with_bot = np.isin(action, _BOTS) | (stays[:, None] & (action != Action.ESCALATE))
    found: Flags = with_bot & _listed(governance, governance.must_human, facts)
    return found


def _above_cap(decisions: Decisions, facts: Facts, action: Ints) -> Flags:
    """No cap above the highest, and no more work for who has filled it."""
    candidates = decisions.candidates
    set_above: Flags = (action == Action.CAP) & (candidates[:, :, _PLACE["cap_set"]] > facts.cap)
    full: Flags = (action == Action.ASSIGN) & (candidates[:, :, _PLACE["load"]] >= facts.cap)
    above: Flags = set_above | full
    return above


def _too_frequent(governance: Governance, decisions: Decisions, facts: Facts) -> Flags:
    """(B,) bool, no further message now."""
    limits = governance.outreach
    sine, cosine = decisions.context[:, _TIME].astype(np.float64).T
    now_s = np.arctan2(sine, cosine) % (2 * np.pi) / (2 * np.pi) * _DAY_S
    sent = (facts.messages_today >= limits.messages_per_day) | (
        facts.messages_week >= limits.messages_per_customer_week
    )
    closed: Flags = (now_s < limits.open_from_s) | (now_s >= limits.open_to_s)
    return sent | closed


def _escalation(governance: Governance, decisions: Decisions, facts: Facts, action: Ints) -> Flags:
    """Where a criterion is met and escalation is possible nothing else is; where none is met it may not be."""
    turn = (decisions.kind == Kind.REASSESS)[:, None]
    escalates = decisions.mask & (action == Action.ESCALATE)
    must = _fired(governance, governance.must_escalate, decisions, facts)
    found: Flags = turn & must & ~escalates & escalates.any(axis=1, keepdims=True)
    if governance.may_escalate is None:
        return found
    leaves_bot = facts.with_bot[:, None] & _listed(governance, governance.must_human, facts)
    may = must | leaves_bot | _fired(governance, governance.may_escalate, decisions, facts)
    found |= turn & escalates & ~may
    return found


def _fired(governance: Governance, triggers: tuple[Trigger, ...], decisions: Decisions, facts: Facts) -> Flags:
    """(B, K) bool, any trigger fires for the contact."""
    found = np.zeros(decisions.mask.shape, np.bool_)
    for trigger in triggers:
        value = decisions.candidates[:, :, _PLACE[trigger.feature]]
        fires = np.ones(decisions.mask.shape, np.bool_)
        if trigger.at_least is not None:
            fires &= value >= np.float32(trigger.at_least)
        if trigger.at_most is not None:
            fires &= value <= np.float32(trigger.at_most)
        if trigger.intents:
            fires &= _listed(governance, trigger.intents, facts)
        found |= fires
    return found
