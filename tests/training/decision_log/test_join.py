"""Outcomes that come late, twice, in any order: the same log to the byte."""

from __future__ import annotations

import json
from datetime import datetime, timedelta

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from maitred.envs.kernel.layout import Term
from maitred.envs.objective import Objective
from maitred.training.decision_log.check import check
from maitred.training.decision_log.join import join, quarantine_of
from maitred.training.decision_log.personal import PersonalDataError
from maitred.training.decision_log.schema import DecisionLogError
from tests.training.decision_log.logs import made_rows, written

NOON = datetime(2024, 1, 1, 12)


def told(number, event=None, hours=0.0, **fields):
    """A message about decision `number`, or about a contact if that is among the fields."""
    about = {} if "contact_id" in fields else {"decision_id": f"d{number}"}
    time = (NOON + timedelta(hours=hours)).isoformat()
    return {"event_id": event or f"e{number}-{hours}", "time": time, "outcome": "complete", **about, **fields}


MESSAGES = [
    *(told(n, reward=float(n), terms={"focus_s": 60.0 * n}) for n in range(0, 40, 2)),
    *(told(n, hours=1, outcome="open", reward=-1.0) for n in range(0, 60, 5)),
    *(told(0, contact_id=f"c{n}", event=f"contact{n}", hours=0.5, events={"returns": n}, reward=0.5) for n in range(9)),
]


@pytest.fixture
def log(tmp_path):
    return written(made_rows(), tmp_path / "log.parquet")


def lines(path, messages):
    path.write_text("".join(json.dumps(message) + "\n" for message in messages))
    return path


def joined(log, messages, name="out", **options):
    """The log with these messages, its bytes and those of its quarantine."""
    out = log.parent / f"{name}.parquet"
    found = join(log, [lines(log.parent / f"{name}.jsonl", messages)], out, **options)
    return found, out, out.read_bytes(), quarantine_of(out).read_text()


def rows(path):
    return {row["decision_id"]: row for row in pq.read_table(path).to_pylist()}


def quarantined(text):
    return [json.loads(line) for line in text.splitlines()]


def test_the_newest_account_of_a_decision_counts(log):
    found, out, _, quarantine = joined(log, [told(1, reward=1.0), told(1, hours=2, reward=2.0), told(1, hours=1)])
    row = rows(out)["d1"]
    assert (row["reward"], row["outcome"], row["outcome_event"]) == (2.0, "complete", "e1-2")
    assert row["outcome_time"] == NOON + timedelta(hours=2)
    assert found.told == 1 and quarantine == ""


def test_a_reward_that_is_not_told_is_made_of_the_terms(log):
    _, out, _, _ = joined(log, [told(3, terms={"csat": 0.5, "focus_s": 120.0})])
    row, weights = rows(out)["d3"], Objective().weights()
    assert row["reward"] == pytest.approx(0.5 * weights[Term.CSAT] + 120 * weights[Term.FOCUS_S])
    assert row["terms"]["csat"] == 0.5 and row["terms"]["abandoned"] is None


def test_of_a_contact_every_decision_is_told(log):
    _, out, _, _ = joined(log, [told(0, contact_id="c4", events={"resolved": True, "returns": 0})])
    resolved = [number for number in range(60) if (rows(out)[f"d{number}"]["events"] or {}).get("resolved")]
    assert resolved == [8, 9]


def test_a_joined_log_is_sound(log):
    assert not check(joined(log, MESSAGES)[1]).faults


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_neither_order_nor_repetition_changes_a_byte(log, data):
    _, _, bytes_, quarantine = joined(log, MESSAGES)
    delivered = data.draw(st.permutations(MESSAGES)) + data.draw(st.lists(st.sampled_from(MESSAGES), max_size=20))
    found, _, again, quarantine_again = joined(log, delivered, "again")
    assert (again, quarantine_again) == (bytes_, quarantine)
    assert found.duplicates == len(delivered) - len(MESSAGES)


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_day_by_day_and_all_at_once_are_the_same(log, data):
    """Parts of the messages, joined one after another to what was joined before, each part perhaps twice."""
    _, _, bytes_, _ = joined(log, MESSAGES)
    shuffled = data.draw(st.permutations(MESSAGES))
    cut = data.draw(st.integers(0, len(shuffled)))
    path = log
    for number, part in enumerate([shuffled[:cut], shuffled[cut:], shuffled[:cut], shuffled[cut:]]):
        _, path, latest, _ = joined(path, part, f"day{number}")
    assert latest == bytes_


def test_joining_in_place_works_and_again_changes_nothing(log):
    messages = lines(log.parent / "o.jsonl", MESSAGES)
    join(log, [messages], log)
    once = log.read_bytes()
    assert join(log, [messages, messages], log).told == 0
    assert log.read_bytes() == once


def test_parquet_and_json_lines_say_the_same(log):
    _, _, expected, _ = joined(log, MESSAGES)
    table = pa.Table.from_pylist([{**message, "time": datetime.fromisoformat(message["time"])} for message in MESSAGES])
    keys = sorted({key for message in MESSAGES for key in message})
    table = pa.Table.from_pylist([{key: message.get(key) for key in keys} for message in MESSAGES])
    pq.write_table(table, log.parent / "o.parquet")
    join(log, [log.parent / "o.parquet"], log.parent / "p.parquet")
    assert (log.parent / "p.parquet").read_bytes() == expected


def test_messages_that_tell_different_things_under_one_name_are_all_set_apart(log):
    messages = [told(1, "e", reward=1.0), told(1, "e", reward=2.0), told(2, "f", reward=3.0), told(3, "f", reward=3.0)]
    found, out, _, quarantine = joined(log, messages)
    assert found.told == 0 and found.useless == {"conflict": 4}
    assert [entry["reward"] for entry in quarantined(quarantine)] == [1.0, 2.0, 3.0, 3.0]
    assert all(rows(out)[f"d{n}"]["reward"] is None for n in (1, 2, 3))


def test_a_message_that_contradicts_what_the_log_was_told_is_set_apart(log):
    _, first, _, _ = joined(log, [told(1, "e", reward=1.0)])
    found, out, _, quarantine = joined(first, [told(1, "e", reward=2.0)], "second")
    assert found.useless == {"conflict": 1} and rows(out)["d1"]["reward"] == 1.0
    assert "was told something else" in quarantine


def test_messages_about_nobody_are_set_apart(log):
    found, _, _, quarantine = joined(log, [told(1000), told(1, contact_id="c999")])
    assert found.useless == {"unmatched": 2} and found.told == 0
    assert {entry.get("decision_id", entry.get("contact_id")) for entry in quarantined(quarantine)} == {"d1000", "c999"}


@pytest.mark.parametrize(
    "fields, reason",
    [
        ({"event_id": 5}, "event_id: expected text"),
        ({"time": "soon"}, "time: expected a time such as"),
        ({"time": "2024-01-01T12:00:00+01:00"}, "without a zone"),
        ({"outcome": "maybe"}, "outcome: expected one of open, censored, complete"),
        ({"reward": float("nan")}, "reward: expected a finite number"),
        ({"reward": "5"}, "reward: expected a finite number"),
        ({"terms": {"sales": 1.0}}, "terms.sales: expected one of cost"),
        ({"events": {"ended": "inside"}}, "events.ended: expected one of served"),
        ({"events": {"resolved": 1}}, "events.resolved: expected true or false"),
        ({"events": {"returns": -1}}, "events.returns: expected a number of contacts"),
        ({"contact_id": "c1", "decision_id": "d1"}, "expected decision_id or contact_id, one of the two"),
    ],
)
def test_a_message_that_cannot_be_read_is_set_apart_with_file_row_and_reason(log, fields, reason):
    found, out, _, quarantine = joined(log, [told(2, reward=1.0), {**told(1), **fields}])
    [entry] = quarantined(quarantine)
    assert reason in entry["reason"] and (entry["file"], entry["row"]) == ("out.jsonl", 2)
    assert found.told == 1 and rows(out)["d1"]["outcome"] == "open"


def test_what_is_still_open_when_the_window_is_over_is_censored_and_may_yet_be_completed(log):
    later = told(59, hours=24 * 8)
    found, censored, _, _ = joined(log, [later, told(3, hours=1, outcome="open", reward=1.0)])
    assert found.outcomes == {"censored": 59, "complete": 1}
    assert rows(censored)["d3"]["reward"] == 1.0
    _, out, _, _ = joined(censored, [told(3, hours=2, reward=5.0)], "second")
    assert (rows(out)["d3"]["outcome"], rows(out)["d3"]["reward"]) == ("complete", 5.0)
    found, _, _, _ = joined(log, [later], "wide", window_days=9)
    assert found.outcomes == {"open": 59, "complete": 1}


def test_personal_data_in_a_message_stop_everything(log):
    for message in (
        told(1, customer_name="x"),
        {**told(1), "decision_id": "ann@example.org"},
        told(1, "+44 20 7946 0958"),
    ):
        with pytest.raises(PersonalDataError, match="row 1"):
            joined(log, [message])
        assert not (log.parent / "out.parquet").exists()


def test_a_missing_file_and_a_negative_window_are_refused(log):
    with pytest.raises(DecisionLogError, match=r"nowhere.jsonl: cannot be read as outcomes"):
        join(log, ["nowhere.jsonl"], log.parent / "out.parquet")
    with pytest.raises(DecisionLogError, match="window_days: expected 0 or more"):
        join(log, [], log.parent / "out.parquet", window_days=-1)
