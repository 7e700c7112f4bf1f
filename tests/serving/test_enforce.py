"""Enforcement, rule by rule, and against a policy that does not care."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from maitred.envs.decision import CONTEXT_NAMES, Action, Choices, Decisions, Kind
from maitred.serving.enforce import NOBODY, Facts, enforce, forbidden, needs_approval
from tests.agents.made import one
from tests.rules import rules

RULES = rules()
BILLING, COMPLAINTS, REFUNDS, TARIFFS = range(4)
TURN = (Action.CONTINUE, Action.ESCALATE, Action.HAND_BACK)
NOON = 43_200


class Fixed:
    """Takes one place, legal or not."""

    name = "fixed"

    def __init__(self, place: int) -> None:
        self.place = place

    def act(self, decisions: Decisions) -> Choices:
        return Choices(np.full(len(decisions), self.place), np.full(len(decisions), 0.5))


def facts(places: int, **known: Any) -> Facts:
    shape = (1, places)
    nothing = Facts(
        intent=np.full(shape, TARIFFS), cap=np.full(shape, np.inf), amount=np.zeros(shape),
        awaiting=np.zeros(shape, bool), own=np.zeros(shape, bool), with_bot=np.zeros(1, bool),
        messages_today=np.zeros(1), messages_week=np.zeros(1),
    )  # fmt: skip
    shaped = {key: np.broadcast_to(value, getattr(nothing, key).shape) for key, value in known.items()}
    return replace(nothing, **shaped)


def ruled_out(kind: Kind, actions: tuple[Action, ...], now_s: float = NOON, **known: Any) -> dict[str, list[int]]:
    """By rule, the places it forbids; known facts and features by name."""
    names = set(Facts.__slots__)
    decisions = one(kind, actions, **{key: value for key, value in known.items() if key not in names})
    angle = 2 * np.pi * now_s / 86_400
    decisions.context[0, CONTEXT_NAMES.index("time_of_day_sin")] = np.sin(angle)
    decisions.context[0, CONTEXT_NAMES.index("time_of_day_cos")] = np.cos(angle)
    found = forbidden(RULES, decisions, facts(len(actions), **{k: v for k, v in known.items() if k in names}))
    return {rule: np.flatnonzero(flags[0]).tolist() for rule, flags in found.items() if flags.any()}


def test_what_must_be_human_is_not_given_to_a_bot_and_not_left_with_one() -> None:
    route = (Action.ASSIGN, Action.BOT, Action.HOLD)
    assert ruled_out(Kind.ROUTE, route, intent=COMPLAINTS) == {"must_human": [1]}
    assert ruled_out(Kind.ROUTE, route, intent=BILLING) == {}
    easy = {"complexity": 0.1}
    assert ruled_out(Kind.REASSESS, (Action.CONTINUE, Action.HAND_BACK), intent=COMPLAINTS) == {"must_human": [1]}
    assert ruled_out(Kind.REASSESS, TURN, intent=COMPLAINTS, with_bot=True, **easy) == {"must_human": [0, 2]}


def test_nobody_approves_what_they_did_themselves_and_no_bot_approves() -> None:
    route = (Action.ASSIGN, Action.ASSIGN, Action.BOT, Action.HOLD)
    own = [[True, False, False, False]]
    assert ruled_out(Kind.ROUTE, route, intent=REFUNDS, awaiting=True, own=own) == {"two_person": [0, 2]}
    assert ruled_out(Kind.ROUTE, route, intent=REFUNDS, own=own) == {}


def test_a_second_person_is_needed_by_intent_or_by_amount() -> None:
    intents, amounts = [[REFUNDS, BILLING, BILLING, TARIFFS, NOBODY]], [[0.0, 200.0, 200.01, 1e6, 1e6]]
    needed = needs_approval(RULES, facts(5, intent=intents, amount=amounts))
    assert needed.tolist() == [[True, False, True, False, False]]


def test_no_cap_above_the_highest_and_no_work_for_the_full() -> None:
    caps = [1.0, 2.0, 3.0]
    assert ruled_out(Kind.CONCURRENCY, (Action.CAP,) * 3, cap=2.0, cap_set=caps) == {"max_cap": [2]}
    assert ruled_out(Kind.ROUTE, (Action.ASSIGN,) * 3, cap=2.0, load=caps) == {"max_cap": [1, 2]}
    assert ruled_out(Kind.PULL, (Action.ASSIGN, Action.HOLD), cap=2.0, load=3.0) == {"max_cap": [0]}


@pytest.mark.parametrize(
    ("now_s", "sent", "allowed"),
    [
        (NOON, (499, 1), True),
        (NOON, (500, 0), False),
        (NOON, (0, 2), False),
        (32_300, (0, 0), False),
        (32_500, (0, 0), True),
        (72_100, (0, 0), False),
    ],
)
def test_messages_keep_their_frequency_and_hours(now_s: float, sent: tuple[int, int], allowed: bool) -> None:
    found = ruled_out(
        Kind.OUTREACH, (Action.CONTINUE, Action.MESSAGE), now_s, messages_today=sent[0], messages_week=sent[1]
    )
    assert found == ({} if allowed else {"frequency": [1]})


def test_escalation_criteria_are_those_of_the_file() -> None:
    assert ruled_out(Kind.REASSESS, TURN, sentiment=-0.7) == {"escalation": [0, 2]}
    assert ruled_out(Kind.REASSESS, TURN, turns=30) == {"escalation": [0, 2]}
    assert ruled_out(Kind.REASSESS, TURN, complexity=0.5) == {"escalation": [1]}
    assert ruled_out(Kind.REASSESS, TURN, complexity=0.7) == {}
    assert ruled_out(Kind.REASSESS, TURN, complexity=0.7, intent=REFUNDS) == {"escalation": [1]}
    assert ruled_out(Kind.REASSESS, (Action.CONTINUE, Action.HAND_BACK), sentiment=-0.9) == {}


def test_a_policy_that_does_not_care_is_overruled() -> None:
    decisions = one(Kind.ROUTE, (Action.BOT, Action.ASSIGN, Action.ASSIGN), usual=2)
    ruled = enforce(RULES, Fixed(2), decisions, facts(3, intent=COMPLAINTS))
    assert (ruled.choices.candidate[0], ruled.choices.propensity[0], ruled.overridden[0]) == (2, 1.0, True)
    ruled = enforce(RULES, Fixed(0), decisions, facts(3, intent=COMPLAINTS))
    assert (ruled.choices.candidate[0], ruled.choices.propensity[0], ruled.overridden[0]) == (1, 0.5, False)
    assert ruled.allowed.tolist() == [[False, True, True]]


def test_where_nothing_is_allowed_nothing_is_chosen() -> None:
    decisions = one(Kind.ROUTE, (Action.BOT,))
    assert enforce(RULES, Fixed(0), decisions, facts(1, intent=COMPLAINTS)).choices.candidate[0] == -1


def test_a_choice_says_that_it_needs_approval() -> None:
    decisions = one(Kind.PULL, (Action.ASSIGN, Action.ASSIGN))
    about = facts(2, intent=[[TARIFFS, REFUNDS]])
    assert [enforce(RULES, Fixed(place), decisions, about).needs_approval[0] for place in (0, 1)] == [False, True]
