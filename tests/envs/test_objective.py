"""What booked terms are worth."""

import numpy as np
import pytest

from maitred.envs.kernel.layout import Term
from maitred.envs.objective import Objective


def test_the_first_world_is_worth_what_it_was() -> None:
    booked = np.zeros(len(Term))
    booked[[Term.COST, Term.FOCUS_S, Term.CSAT, Term.ABANDONED, Term.RESOLVED]] = 100, 600, 20, 3, 17
    assert booked @ Objective().weights() == pytest.approx(-100 - 0.3 * 10 + 8 * 20 - 4 * 3)


@pytest.mark.parametrize(
    ("term", "field", "sign"),
    [
        (Term.COST, "cost", -1),
        (Term.FOCUS_S, "focus_per_min", -1 / 60),
        (Term.CSAT, "csat", 1),
        (Term.ABANDONED, "abandonment", -1),
        (Term.RESOLVED, "resolved", 1),
        (Term.DEADLINE_MISSED, "deadline_missed", -1),
        (Term.PROMISE_BROKEN, "promise_broken", -1),
        (Term.TRANSFERRED, "transferred", -1),
        (Term.CHURNED, "churned", -1),
        (Term.MISMATCHED, "mismatched", -1),
        (Term.MESSAGES, "message", -1),
        (Term.REPLACED, "replaced", -1),
        (Term.WAITED_S, "waited_per_min", -1 / 60),
    ],
)
def test_every_term_has_a_weight_of_its_own(term: Term, field: str, sign: float) -> None:
    weights = [Objective(**{field: value}).weights() for value in (0.0, 3.0)]
    change = np.zeros(len(Term))
    change[term] = 3 * sign
    np.testing.assert_allclose(weights[1] - weights[0], change)


def test_bounds_are_no_part_of_the_reward() -> None:
    free = Objective(occupancy_at_most=None, abandonment_at_most=None, wait_ratio_at_most=None)
    np.testing.assert_array_equal(free.weights(), Objective().weights())
