"""Contacts of a case, against sorting them out by hand."""

from __future__ import annotations

import math
from collections import defaultdict
from itertools import pairwise

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from maitred.envs.kernel.layout import CONTACT, Outcome
from maitred.envs.kpi.cases import first_served_of_case, followed_within
from maitred.envs.kpi.definition import REPEAT_WINDOW_S

HOURS = st.one_of(st.integers(0, 400), st.just(math.nan))
ROWS = st.lists(st.tuples(st.integers(0, 5), st.sampled_from(Outcome), HOURS), max_size=12)


def contacts_of(rows: list[tuple[int, Outcome, float]]) -> np.ndarray:
    """A contact a day; each is of the case of an earlier row, or of its own."""
    contacts = np.zeros(len(rows), CONTACT)
    for row, (back, outcome, hours) in enumerate(rows):
        contacts[row]["case"] = contacts[row - back]["case"] if 0 < back <= row else row
        contacts[row]["arrival_s"] = 86_400.0 * row
        contacts[row]["outcome"], contacts[row]["end_s"] = outcome, 86_400.0 * row + 3600 * hours
    return contacts


@settings(deadline=None)  # the first example compiles
@given(ROWS)
def test_followed_are_those_whose_case_comes_back_in_the_window(rows):
    contacts, of_case = contacts_of(rows), defaultdict(list)
    for row, case in enumerate(contacts["case"].tolist()):
        of_case[case].append(row)
    expected = np.zeros(len(contacts), bool)
    for members in of_case.values():
        for row, after in pairwise(members):
            gap_s = contacts["arrival_s"][after] - contacts["end_s"][row]
            expected[row] = gap_s <= REPEAT_WINDOW_S  # False for one that never ended
    assert followed_within(contacts, REPEAT_WINDOW_S).tolist() == expected.tolist()


@settings(deadline=None)  # the first example compiles
@given(ROWS)
def test_the_first_served_of_a_case_is_one_at_most(rows):
    contacts, seen, expected = contacts_of(rows), set(), []
    for contact in contacts:
        served = contact["outcome"] == Outcome.SERVED
        expected.append(bool(served and int(contact["case"]) not in seen))
        if served:
            seen.add(int(contact["case"]))
    assert first_served_of_case(contacts).tolist() == expected
