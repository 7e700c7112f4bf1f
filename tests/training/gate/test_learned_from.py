"""A log that the candidate learned from is known again: the file, the days it was drawn from, and its decisions."""

import json
from dataclasses import asdict
from pathlib import Path

import pyarrow as pa
import pytest

from maitred.agents.exploring import Exploring
from maitred.agents.rules import RULES
from maitred.envs.objective import Objective
from maitred.training.decision_log.record import Source, logged_traces, record
from maitred.training.decision_log.schema import schema_of
from maitred.training.decision_log.write import log_writer
from maitred.training.gate.learned_from import SAMPLE, fingerprint, learned_from
from maitred.training.gate.run_gate import Request, run_gate
from maitred.training.gate.settings import Settings
from maitred.training.governance.fuzz import BATCH
from tests.training.center import small_center
from tests.training.decision_log.logs import made_rows, with_values

from .contenders import freeze_small, network_run

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


def test_the_gate_rejects_a_candidate_on_its_own_log_and_says_why(tmp_path: Path) -> None:
    frozen = freeze_small(tmp_path / "small", episodes=4)
    log, scenario = tmp_path / "log.parquet", small_center()
    record(scenario, logged_traces(scenario, 9, 2), Source(Exploring(RULES["incumbent"], 0.3), seed=9), log)
    run = network_run(tmp_path / "run", level=2)
    told = json.loads((run / "run.json").read_text()) | {"log": fingerprint(log)}
    (run / "run.json").write_text(json.dumps(told))
    request = Request(
        candidate=str(run), champion="incumbent", sets=(str(frozen.path),), log=str(log),
        settings=Settings(fuzz_decisions=BATCH),
    )  # fmt: skip
    sealed = run_gate(request)
    checks = {check["name"]: check for check in sealed["checks"]}
    assert checks["decision log"]["state"] == "failed" and "this very file" in checks["decision log"]["sentence"]
    assert checks["fresh decisions"]["state"] == "not run" and "estimators" not in checks
    assert sealed["verdict"] == "reject" and sealed["level"] == 0
