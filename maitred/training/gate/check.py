"""What the gate asks of a candidate, one question at a time, and the verdict that follows from the answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from maitred.training.gate.verdict import Decision, Verdict

PARTS = {
    1: "Data contract: can this evidence be used?",
    2: "A/A: does the gate call equals equal?",
    3: "Estimates: what do the logged decisions say, and do estimators agree?",
    4: "Paired test: is it better on decisions that were really made?",
    5: "Frozen sets: is it better there, and does any KPI or group of customers suffer?",
    6: "Support: is there enough in the log like what it does?",
    7: "Degradation, cheating and rules: is it worse than where we began, and does it behave?",
    8: "Verdict",
}


class State(StrEnum):
    """The answer to one question."""

    PASSED = "passed"
    FAILED = "failed"
    UNCLEAR = "unclear"
    NOT_RUN = "not run"  # it should have been asked, and was not
    NOT_ASKED = "not asked"  # there is nothing to ask it of


@dataclass(frozen=True)
class Check:
    """One question and its answer.

    Attributes:
        part: of the report, a key of `PARTS`.
        name: short, unique within a gate run.
        state: the answer.
        sentence: the answer in words.
        figures: what it rests on, as JSON can hold it.
    """

    part: int
    name: str
    state: State
    sentence: str
    figures: Mapping[str, Any] = field(default_factory=dict)


def judge(checks: Sequence[Check]) -> Verdict:
    """Promote only what passed everything that was to be asked; reject what failed anything; hold the rest.

    Reasons are what stands in the way, the failures first; for a promotion, what was passed.
    """
    failed = [check for check in checks if check.state is State.FAILED]
    open_ = [check for check in checks if check.state in (State.UNCLEAR, State.NOT_RUN)]
    decision = Decision.REJECT if failed else Decision.HOLD if open_ else Decision.PROMOTE
    named = failed + open_ or [check for check in checks if check.state is State.PASSED]
    return Verdict(decision, tuple(f"{check.name}: {check.sentence}" for check in named))
