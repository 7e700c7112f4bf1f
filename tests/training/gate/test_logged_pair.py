"""What the gate reads of a log: every answer of a decision that could have been about a contact, and its terms."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from maitred.envs.decision import Kind
from maitred.envs.kernel.layout import Term
from maitred.training.decision_log.read import as_logged
from maitred.training.decision_log.schema import TERM_NAMES
from maitred.training.gate.contender import contender
from maitred.training.gate.difference import EvidenceError
from maitred.training.gate.logged_pair import LoggedPair, read_pair
from tests.decisions import HOLD, sample_decisions
from tests.training.decision_log.logs import rows_of, with_values, written

ROWS = 600


def log_of(kinds: tuple[Kind, ...]) -> pa.Table:
    """Decisions drawn evenly; whoever takes a contact earns 4 and abandons nobody, to hold is about no contact."""
    decisions = sample_decisions(ROWS, 4, seed=2, kinds=kinds)
    rows = rows_of(decisions, decisions.mask / decisions.mask.sum(axis=1, keepdims=True))
    logged = as_logged(rows)
    held = logged.decisions.candidates[np.arange(ROWS), logged.chosen, HOLD] == 1
    about_none = held | np.isin(decisions.kind, (Kind.CONCURRENCY, Kind.OUTREACH))
    booked = [None if none else {name: float(name == "abandoned") for name in TERM_NAMES} for none in about_none]
    rows = with_values(rows, "outcome", [None if none else "complete" for none in about_none])
    rows = with_values(rows, "reward", [None if none else 4.0 for none in about_none])
    return with_values(rows, "terms", booked)


def read(rows: pa.Table, folder: Path) -> LoggedPair:
    return read_pair(written(rows, folder / "log.parquet"), contender("incumbent"), contender("fastest"), ROWS)


def test_an_agent_who_stays_free_has_earned_and_booked_nothing(tmp_path: Path) -> None:
    pair = read(log_of((Kind.PULL,)), tmp_path)
    held = pair.reward == 0
    assert len(pair) == ROWS  # every answer, whatever it was
    assert 0.1 < held.mean() < 0.9
    np.testing.assert_array_equal(pair.reward[~held], 4.0)
    np.testing.assert_array_equal(pair.terms[:, Term.ABANDONED], ~held)


def test_decisions_that_are_never_about_a_contact_are_no_evidence(tmp_path: Path) -> None:
    rows = log_of((Kind.ROUTE, Kind.CONCURRENCY, Kind.OUTREACH))
    routes = rows["kind"].to_pylist().count("route")
    assert len(read(rows, tmp_path)) == routes < ROWS
    with pytest.raises(EvidenceError, match="expected at least 200 usable decisions, found 0"):
        read(log_of((Kind.OUTREACH,)), tmp_path)


def test_what_is_still_open_is_left_out(tmp_path: Path) -> None:
    rows = log_of((Kind.PULL,))
    outcomes = ["open" if row % 2 else outcome for row, outcome in enumerate(rows["outcome"].to_pylist())]
    assert len(read(with_values(rows, "outcome", outcomes), tmp_path)) == ROWS // 2
