"""Checking a log: every kind of fault is found, named and set apart; what is left is sound."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from maitred.cli import main
from maitred.envs.decision import CONTEXT_NAMES
from maitred.training.decision_log.check import check, quarantine_of
from maitred.training.decision_log.order import repeated_ids
from maitred.training.decision_log.personal import PersonalDataError
from maitred.training.decision_log.stability import MOVED, stability_index
from tests.training.decision_log.logs import made_rows, with_values, without_propensities, written

ROW = 37  # the one that is spoiled


def spoiled(name, value):
    """Rows of which one has another value."""
    rows = made_rows()
    values = rows[name].to_pylist()
    values[ROW] = value(values[ROW]) if callable(value) else value
    return with_values(rows, name, values)


FAULTS = {
    "kind": [("kind", "sell", "kind: expected one of route")],
    "another kind": [("kind", "outreach", "kind: expected the kind that the context says")],
    "mode": [("mode", "shadow", "mode: expected one of evaluation")],
    "policy": [("policy_id", "", "policy_id: expected who decided")],
    "context": [("context", lambda c: [*c[:-1], float("inf")], "context: expected finite features")],
    "candidates": [("candidates", lambda c: [*c[:-1], [float("nan")] * 56], "candidates: expected finite features")],
    "mask shape": [("mask", lambda m: [*m, True], "mask: expected one entry per candidate")],
    "mask": [("mask", lambda m: [False] * len(m), "mask: expected at least one legal candidate")],
    "chosen": [("chosen", 99, "chosen: expected a legal candidate")],
    "chosen before the first": [("chosen", -1, "chosen: expected a legal candidate")],
    "propensity 0": [("propensity", 0.0, "propensity: expected above 0 and at most 1")],
    "propensity over 1": [("propensity", 1.01, "propensity: expected above 0 and at most 1")],
    "propensity nan": [("propensity", float("nan"), "propensity: expected above 0 and at most 1")],
    "identifier": [("decision_id", "d3", "decision_id: expected an identifier of its own")],
    "outcome": [("outcome", "won", "outcome: expected one of open")],
    "no reward": [("outcome", "complete", "reward: expected a finite number where the outcome is complete")],
    "reward": [("reward", float("inf"), "reward: expected a finite number")],
    "early": [("outcome_time", np.datetime64("2023-12-31", "us").item(), "outcome_time: expected not before")],
    "late clock": [("time", np.datetime64("2024-01-01", "us").item(), "time: expected not before the row before")],
    "step": [("step", 0, "step: expected more than in the row before")],
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_found_and_set_apart_and_the_rest_is_sound(fault, tmp_path):
    [(name, value, words)] = FAULTS[fault]
    log = written(spoiled(name, value), tmp_path / "log.parquet")
    found = check(log, out=tmp_path / "sound.parquet")
    assert any(reason.startswith(words) for reason in found.faults)
    apart = pq.read_table(quarantine_of(tmp_path / "sound.parquet")).to_pylist()
    assert all(any(reason.startswith(words) for reason in row["reasons"]) for row in apart)
    assert f"d{ROW}" in {row["decision_id"] for row in apart} or fault == "identifier"
    again = check(tmp_path / "sound.parquet")
    assert not again.faults and again.rows == 60 - len(apart) == 60 - found.faulty


def test_a_missing_value_is_found(tmp_path):
    rows = made_rows()
    lenient = pa.schema([field.with_nullable(True) for field in rows.schema], rows.schema.metadata)
    values = ["x"] * 59 + [None]
    place = rows.column_names.index("policy_id")
    pq.write_table(
        rows.cast(lenient).set_column(place, lenient.field(place), pa.array(values)), tmp_path / "log.parquet"
    )
    assert check(tmp_path / "log.parquet").faults == {"policy_id: expected a value": 1}


def test_of_rows_with_one_identifier_all_are_set_apart_in_whatever_group_they_are(tmp_path):
    ids = [f"d{row}" for row in range(60)]
    ids[50], ids[59] = "d1", "d1"
    found = check(written(with_values(made_rows(), "decision_id", ids), tmp_path / "log.parquet"))
    assert found.faults == {"decision_id: expected an identifier of its own": 3}


def test_repeated_identifiers_are_those_that_a_set_finds(tmp_path):
    ids = np.random.default_rng(0).integers(0, 3000, 4000).astype(str)
    keys = repeated_ids([ids[:1000].tolist(), ids[1000:].tolist()], tmp_path)
    values, counts = np.unique(ids, return_counts=True)
    assert len(keys) == (counts > 1).sum() and not list(tmp_path.iterdir())
    assert len(repeated_ids([values.tolist()], tmp_path)) == 0


def test_coverage_is_told_by_kind_and_propensities_by_where_they_come_from(tmp_path):
    rows = with_values(made_rows(), "outcome", ["complete"] * 30 + ["censored"] * 30)
    rows = with_values(rows, "reward", [1.0] * 60)
    rows = with_values(rows, "propensity", [None] * 10 + rows["propensity"].to_pylist()[10:])
    rows = with_values(rows, "propensity_estimated", [False] * 50 + [True] * 10)
    found = check(written(rows, tmp_path / "log.parquet"))
    assert found.propensities == {"known": 40, "estimated": 10, "missing": 10}
    kinds = rows["kind"].to_pylist()
    for kind in ("route", "pull"):
        assert found.outcomes[kind, "complete"] == kinds[:30].count(kind)
        assert found.outcomes[kind, "censored"] == kinds[30:].count(kind)
    assert not check(written(without_propensities(rows.slice(0, 40)), tmp_path / "log.parquet")).faults


def test_right_propensities_are_even_and_wrong_ones_are_not(tmp_path):
    def skewed(decisions):
        p = decisions.mask * np.arange(1, decisions.mask.shape[1] + 1)
        return p / p.sum(axis=1, keepdims=True)

    right = made_rows(4000, probabilities=skewed)
    even = check(written(right, tmp_path / "a.parquet", 512)).evenness
    assert abs(even.mean - 1) < 4 * even.standard_error
    halved = with_values(right, "propensity", (right["propensity"].to_numpy() / 2).tolist())
    uneven = check(written(halved, tmp_path / "b.parquet", 512)).evenness
    assert uneven.mean - 1 > 10 * uneven.standard_error


def test_a_log_has_not_moved_from_itself_but_a_shifted_one_has(tmp_path):
    rows = made_rows(2000)
    log = written(rows, tmp_path / "a.parquet", 512)
    assert check(log, reference=log).moved[0].distance == 0
    another = written(made_rows(2000, seed=5), tmp_path / "b.parquet", 512)
    assert not check(another, reference=log).drifted
    waits = CONTEXT_NAMES.index("oldest_wait_s")
    context = [
        [value * 2 + 300 if i == waits else value for i, value in enumerate(c)] for c in rows["context"].to_pylist()
    ]
    shifted = check(written(with_values(rows, "context", context), tmp_path / "c.parquet", 512), reference=log)
    assert [moved.feature for moved in shifted.drifted] == ["oldest_wait_s"]


def test_the_stability_index_is_the_symmetrised_divergence_of_the_shares():
    before, now = np.repeat([0.0, 1.0], 5000), np.repeat([0.0, 1.0], [8000, 2000])
    expected = (0.8 - 0.5) * np.log(0.8 / 0.5) + (0.2 - 0.5) * np.log(0.2 / 0.5)
    assert stability_index(now, before) == pytest.approx(expected, rel=1e-3) and expected > MOVED


def test_policies_that_the_reference_does_not_have_are_named(tmp_path):
    log = written(spoiled("policy_id", "newcomer"), tmp_path / "a.parquet")
    assert check(log, reference=written(made_rows(), tmp_path / "b.parquet")).strangers == ("newcomer",)


def test_gaps_are_counted(tmp_path):
    rows = made_rows()
    assert check(written(rows.filter(pa.array(np.arange(60) != 20)), tmp_path / "log.parquet")).gaps == 1


@pytest.mark.parametrize("value", ["ann.lee@example.org", "+1 202 555 0142", "202-555-0142"])
def test_an_identifier_that_is_personal_data_is_refused_without_repeating_it(tmp_path, value):
    log = written(spoiled("contact_id", value), tmp_path / "log.parquet")
    with pytest.raises(PersonalDataError, match="field contact_id: expected a pseudonym") as error:
        check(log, out=tmp_path / "out.parquet")
    assert value not in str(error.value) and not (tmp_path / "out.parquet").exists()


def test_the_commands_work_one_after_another_and_a_faulty_log_fails(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["logs", "record", "scenario=bank", "explore=0.2", "days=1", "seed=5", "out=log.parquet"]) == 0
    assert "decisions of incumbent+explore(0.2) in bank" in capsys.readouterr().out
    (tmp_path / "o.jsonl").write_text('{"event_id": "e", "decision_id": "nobody"}\n')
    assert main(["logs", "join", "log=log.parquet", "outcomes=o.jsonl,o.jsonl", "out=joined.parquet"]) == 0
    assert main(["logs", "check", "log=joined.parquet", "reference=log.parquet"]) == 0
    written(spoiled("chosen", 99), tmp_path / "bad.parquet")
    assert main(["logs", "check", "log=bad.parquet"]) == 3
    assert main(["logs", "check", "log=bad.parquet", "out=sound.parquet"]) == 0
    assert main(["logs", "check", "log=sound.parquet"]) == 0
    assert main(["logs", "check", "log=nowhere.parquet"]) == 2
    assert "nowhere.parquet: not a decision log" in capsys.readouterr().err
