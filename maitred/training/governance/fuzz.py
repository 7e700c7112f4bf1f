"""Governance under fire: a policy answers any decisions whatever, and what it then did is checked rule by rule (GV-4).

The check reads the one candidate that was chosen and nothing of the masks, so that a hole in `serving.enforce` shows.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import reduce

import numpy as np
from numpy.typing import NDArray

from maitred.envs.decision import CANDIDATE_NAMES, CONTEXT_NAMES, Action, Decisions, Kind, Policy
from maitred.serving.enforce import Facts, Ruled, enforce
from maitred.serving.governance import Governance, Trigger
from maitred.training.governance.anything import any_decisions, any_facts

RULES = ("must_human", "two_person", "max_cap", "frequency", "escalation")
BATCH = 5_000

Enforce = Callable[[Governance, Policy, Decisions, Facts], Ruled]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Fuzzed:
    """What came of it.

    Attributes:
        decisions: how many were answered.
        refused: for how many governance left nothing to choose.
        overridden: how often the policy chose what was forbidden, and was overruled.
        tempted: by rule, in how many decisions a legal candidate would have broken it.
        violations: by rule, in how many decisions the answer broke it.
    """

    decisions: int
    refused: int
    overridden: int
    tempted: Mapping[str, int]
    violations: Mapping[str, int]

    @property
    def clean(self) -> bool:
        """No rule was broken."""
        return not any(self.violations.values())

    def __add__(self, other: Fuzzed) -> Fuzzed:
        """Counts of both."""
        return Fuzzed(
            self.decisions + other.decisions,
            self.refused + other.refused,
            self.overridden + other.overridden,
            {rule: self.tempted[rule] + other.tempted[rule] for rule in RULES},
            {rule: self.violations[rule] + other.violations[rule] for rule in RULES},
        )


def fuzz(policy: Policy, governance: Governance, seed: int, n: int = 1_000_000, enforced: Enforce = enforce) -> Fuzzed:
    """Let a policy answer n random decisions of every kind under governance, and count violations.

    Args:
        policy: whatever decides; it need not respect masks.
        governance: the rules.
        seed: of the decisions.
        n: how many, 1 or more.
        enforced: what stands between policy and center.
    """
    if n < 1:
        raise ValueError(f"n: expected 1 or more, found {n}")
    sizes = [BATCH] * (n // BATCH) + [n % BATCH] * (n % BATCH > 0)
    seeds = np.random.SeedSequence(seed).spawn(len(sizes))
    return reduce(
        Fuzzed.__add__,
        (_fuzz(policy, governance, np.random.default_rng(s), b, enforced) for s, b in zip(seeds, sizes, strict=True)),
    )


def _fuzz(policy: Policy, governance: Governance, rng: np.random.Generator, count: int, enforced: Enforce) -> Fuzzed:
    decisions = any_decisions(rng, count)
    facts = any_facts(rng, governance, decisions)
    ruled = enforced(governance, policy, decisions, facts)
    answered = ruled.choices.candidate >= 0
    broken = breaches(governance, decisions, facts)
    rows = np.arange(count), np.maximum(ruled.choices.candidate, 0)
    found = {rule: flags[rows] & answered for rule, flags in broken.items()}
    found["two_person"] |= answered & needs_second(governance, facts)[rows] & ~ruled.needs_approval
    return Fuzzed(
        int(answered.sum()),
        int((~answered).sum()),
        int(ruled.overridden.sum()),
        {rule: int((flags & decisions.mask).any(axis=1).sum()) for rule, flags in broken.items()},
        {rule: int(flags.sum()) for rule, flags in found.items()},
    )


def breaches(governance: Governance, decisions: Decisions, facts: Facts) -> dict[str, Flags]:
    """(B, K) bool by rule, whether taking a candidate breaks it: the rules once more, in other words.

    They are the sentences of docs/governance.md, of each candidate by itself.
    """
    c, kind = decisions.candidates, decisions.kind[:, None]
    does = {action: _does(c, action) for action in Action}
    names = _names(governance, facts)
    stays_with_bot = facts.with_bot[:, None] & (kind == Kind.REASSESS) & ~does[Action.ESCALATE]
    gives_to_bot = does[Action.BOT] | does[Action.HAND_BACK]
    works = does[Action.ASSIGN]
    clock_s = _clock_s(decisions)
    limits = governance.outreach
    quiet: Flags = (clock_s < limits.open_from_s) | (clock_s >= limits.open_to_s)
    spent: Flags = (facts.messages_today + 1 > limits.messages_per_day) | (
        facts.messages_week + 1 > limits.messages_per_customer_week
    )
    return {
        "must_human": np.isin(names, governance.must_human) & (gives_to_bot | stays_with_bot),
        "two_person": facts.awaiting & ((works & facts.own) | gives_to_bot),
        "max_cap": (does[Action.CAP] & (_value(c, "cap_set") > facts.cap)) | (works & (_value(c, "load") >= facts.cap)),
        "frequency": does[Action.MESSAGE] & np.asarray(quiet | spent)[:, None],
        "escalation": _escalation(governance, decisions, facts, names),
    }


def needs_second(governance: Governance, facts: Facts) -> Flags:
    """(B, K) bool, contacts that two people must see."""
    names = _names(governance, facts)
    needed: Flags = np.isin(names, governance.two_person)
    for name, amount in governance.approval_above.items():
        needed |= (names == name) & (facts.amount > amount)
    return needed


def _names(governance: Governance, facts: Facts) -> NDArray[np.str_]:
    """(B, K) the contacts' intents; empty without a contact."""
    names: NDArray[np.str_] = np.array([*governance.intents, ""])[facts.intent]
    return names


def _escalation(governance: Governance, decisions: Decisions, facts: Facts, names: NDArray[np.str_]) -> Flags:
    c, turn = decisions.candidates, decisions.kind[:, None] == Kind.REASSESS
    escalates = _does(c, Action.ESCALATE)
    possible = (escalates & decisions.mask).any(axis=1, keepdims=True)
    due = _any(governance.must_escalate, c, names)
    missed: Flags = turn & due & possible & ~escalates
    if governance.may_escalate is None:
        return missed
    rescued = facts.with_bot[:, None] & np.isin(names, governance.must_human)
    unasked: Flags = turn & escalates & ~(due | rescued | _any(governance.may_escalate, c, names))
    return missed | unasked


def _any(triggers: tuple[Trigger, ...], candidates: NDArray[np.float32], names: NDArray[np.str_]) -> Flags:
    fires = np.zeros(names.shape, np.bool_)
    for trigger in triggers:
        value = _value(candidates, trigger.feature)
        low = -np.inf if trigger.at_least is None else np.float32(trigger.at_least)
        high = np.inf if trigger.at_most is None else np.float32(trigger.at_most)
        fires |= (low <= value) & (value <= high) & (np.isin(names, trigger.intents) | (not trigger.intents))
    return fires


def _does(candidates: NDArray[np.float32], action: Action) -> Flags:
    if action == Action.ASSIGN:
        flags = [place for place, name in enumerate(CANDIDATE_NAMES) if name.startswith("is_")]
        none: Flags = ~(candidates[:, :, flags] != 0).any(axis=-1)
        return none
    does: Flags = _value(candidates, f"is_{action.name.lower()}") != 0
    return does


def _value(candidates: NDArray[np.float32], name: str) -> NDArray[np.float32]:
    return candidates[:, :, CANDIDATE_NAMES.index(name)]


def _clock_s(decisions: Decisions) -> NDArray[np.float64]:
    """(B,) seconds since midnight."""
    sine, cosine = (
        decisions.context[:, CONTEXT_NAMES.index(f"time_of_day_{part}")].astype(float) for part in ("sin", "cos")
    )
    turns: NDArray[np.float64] = np.angle(cosine + 1j * sine) / (2 * np.pi) % 1.0
    return turns * 86_400.0
