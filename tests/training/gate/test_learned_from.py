"""A log that the candidate learned from is known again: the file, the days it was drawn from, and its decisions."""

from dataclasses import asdict, replace
from functools import partial
from pathlib import Path

import pyarrow as pa
import pytest

from maitred.agents.exploring import Exploring
from maitred.agents.rules import RULES
from maitred.envs.objective import Objective
from maitred.training.decision_log.fingerprint import SAMPLE, fingerprint
from maitred.training.decision_log.record import Source, logged_traces, record
from maitred.training.decision_log.schema import schema_of
from maitred.training.decision_log.write import log_writer
from maitred.training.gate.learned_from import learned_from
from maitred.training.gate.run_gate import Request, run_gate
from maitred.training.gate.settings import Settings
from maitred.training.governance.fuzz import BATCH
from maitred.training.offline.fitting import Fit
from maitred.training.offline.methods import Study
from maitred.training.offline.run import run_offline
from tests.training.center import small_center
from tests.training.decision_log.logs import made_rows, with_values

from .contenders import freeze_small

ROWS = made_rows(1000)


def log_of(path: Path, rows: pa.Table = ROWS, **provenance: object) -> Path:
    with log_writer(path, schema_of(asdict(Objective()), provenance)) as append:
        append(rows)
    return path


def refused(told: dict[str, object], log: Path) -> str | None:
    return learned_from({"log": told}, log, str(fingerprint(log)["sha256"]))


def test_the_same_file_is_known_by_its_hash(tmp_path: Path) -> None:
    log = log_of(tmp_path / "log.parquet")
    assert refused({"sha256": fingerprint(log)["sha256"]}, log) == "the candidate learned from this very file"
    assert refused({"sha256": "0" * 64}, log) is None


def test_days_drawn_from_the_same_seed_are_known(tmp_path: Path) -> None:
    log = log_of(tmp_path / "log.parquet", seed=4, scenario_sha256="a")
    assert "days of the same seed, 4" in str(refused({"seed": 4, "scenario_sha256": "a"}, log))
    assert refused({"seed": 5, "scenario_sha256": "a"}, log) is None
    assert refused({"seed": 4, "scenario_sha256": "b"}, log) is None
    assert refused({}, log_of(tmp_path / "unsaid.parquet")) is None


def test_days_of_a_contact_log_are_known(tmp_path: Path) -> None:
    log = log_of(tmp_path / "log.parquet", log_days=["2024-03-02", "2024-03-03", "2024-03-04"])
    found = refused({"log_days": ["2024-03-01", "2024-03-02", "2024-03-03"]}, log)
    assert found == "the candidate learned from 2 of its days, 2024-03-02 to 2024-03-03"
    assert refused({"log_days": ["2024-03-05"]}, log) is None


@pytest.mark.parametrize("rows", [ROWS.slice(0, 600), ROWS.slice(950), with_values(ROWS, "reward", [1.0] * 1000)])
def test_an_excerpt_or_other_outcomes_of_the_same_decisions_are_known(tmp_path: Path, rows: pa.Table) -> None:
    learned = fingerprint(log_of(tmp_path / "learned.parquet"))
    assert "some of its decisions" in str(refused(learned, log_of(tmp_path / "log.parquet", rows)))


def test_later_decisions_are_evidence(tmp_path: Path) -> None:
    learned = fingerprint(log_of(tmp_path / "learned.parquet", ROWS.slice(0, 500)))
    assert refused(learned, log_of(tmp_path / "log.parquet", ROWS.slice(500))) is None


def test_a_fingerprint_is_short_and_does_not_depend_on_the_order_of_rows(tmp_path: Path) -> None:
    one = fingerprint(log_of(tmp_path / "one.parquet"))
    other = fingerprint(log_of(tmp_path / "other.parquet", ROWS.take(list(range(999, -1, -1)))))
    assert one["sample"] == other["sample"] and len(one["sample"]) == SAMPLE
    assert one["sha256"] != other["sha256"]


def test_a_policy_that_learned_from_no_log_is_not_refused_any(tmp_path: Path) -> None:
    assert learned_from({}, log_of(tmp_path / "log.parquet"), "") is None


def recorded(path: Path, seed: int) -> Path:
    scenario = small_center()
    source = Source(Exploring(RULES["incumbent"], 0.3), seed)
    record(scenario, logged_traces(scenario, seed, 2), source, path)
    return path


def test_a_policy_is_judged_on_a_fresh_log_and_rejected_on_the_one_that_it_learned_from(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("maitred.training.offline.run.Study", partial(Study, fit=Fit(steps=16, width=8)))
    frozen = freeze_small(tmp_path / "small", episodes=4)
    own, fresh = recorded(tmp_path / "own.parquet", 9), recorded(tmp_path / "fresh.parquet", 10)
    run_offline(own, "cloning", tmp_path / "run")
    limits, run = Settings(fuzz_decisions=BATCH), str(tmp_path / "run")
    asked = Request(candidate=run, champion="incumbent", sets=(str(frozen.path),), settings=limits)
    sealed = run_gate(replace(asked, log=str(own)))
    checks = {check["name"]: check for check in sealed["checks"]}
    assert checks["decision log"]["state"] == "failed" and "this very file" in checks["decision log"]["sentence"]
    assert checks["fresh decisions"]["state"] == "not run" and "estimators" not in checks
    assert sealed["verdict"] == "reject" and sealed["level"] == 0
    checks = {check["name"]: check for check in run_gate(replace(asked, log=str(fresh)))["checks"]}
    assert checks["decision log"]["state"] != "failed" and "estimators" in checks
    assert checks["fresh decisions"]["state"] != "not run"
