import json

import numpy as np
import pytest

from maitred.cli import main
from maitred.serving.bundle import load_bundle
from maitred.serving.level import LevelError
from maitred.training.decision_log.fingerprint import fingerprint
from maitred.training.decision_log.read import as_logged
from maitred.training.offline.experience import OfflineError
from maitred.training.offline.fitting import Fit
from maitred.training.offline.run import run_offline
from maitred.training.train import export_run, load_policy
from tests.training.decision_log.logs import with_values, written
from tests.training.offline.worlds import log_of_worth


@pytest.fixture(autouse=True)
def quick(monkeypatch, tmp_path):
    monkeypatch.setattr("maitred.training.offline.run.Study", _quick_study)
    monkeypatch.chdir(tmp_path)


def _quick_study(experience, seed):
    from maitred.training.offline.methods import Study

    return Study(experience, seed, Fit(steps=16, width=8))


def test_a_run_holds_the_policy_that_was_learned_and_where_it_comes_from(tmp_path):
    rows = log_of_worth(400)
    learned = run_offline(written(rows, tmp_path / "log.parquet"), "cql", tmp_path / "run", seed=3)
    decisions = as_logged(rows).decisions
    expected = learned.policy.act(decisions).candidate
    assert (load_policy(tmp_path / "run").act(decisions).candidate == expected).all()
    record = json.loads((tmp_path / "run" / "run.json").read_text())
    assert record["level"] == 2
    assert record["config"]["seed"] == 3 and record["config"]["objective"]["csat"] == 8.0
    assert record["log"] == {"seed": 7, "decisions": 400, **fingerprint(tmp_path / "log.parquet")}
    with np.load(tmp_path / "run" / "decisions.npz") as kept:
        assert (kept["mask"] == decisions.mask).all()


def test_without_a_gate_report_a_run_is_not_exported_and_parity_is_proven_on_the_log(tmp_path):
    run_offline(written(log_of_worth(400), tmp_path / "log.parquet"), "cloning", tmp_path / "run")
    with pytest.raises(LevelError, match="gate"):
        export_run(tmp_path / "run", tmp_path / "bundle")
    record = json.loads((tmp_path / "run" / "run.json").read_text())
    (tmp_path / "run" / "run.json").write_text(json.dumps(record | {"level": 1}))
    assert load_bundle(export_run(tmp_path / "run", tmp_path / "bundle")).card.version.startswith("log-")


def test_a_run_is_not_overwritten(tmp_path):
    log = written(log_of_worth(400), tmp_path / "log.parquet")
    run_offline(log, "cloning", tmp_path / "run")
    with pytest.raises(OfflineError, match="expected a folder without a run"):
        run_offline(log, "cloning", tmp_path / "run")


def test_the_command_says_when_chances_were_estimated(tmp_path, capsys):
    rows = with_values(log_of_worth(400), "propensity_estimated", [True] * 400)
    log = written(rows, tmp_path / "log.parquet")
    assert main(["learn", f"log={log}", "method=gradient", f"out={tmp_path / 'run'}"]) == 0
    assert "were estimated" in capsys.readouterr().out
    assert json.loads((tmp_path / "run" / "run.json").read_text())["propensity_estimated"]


def test_the_command_explains_a_method_that_there_is_not(tmp_path, capsys):
    log = written(log_of_worth(400), tmp_path / "log.parquet")
    assert main(["learn", f"log={log}", "method=sarsa", f"out={tmp_path / 'run'}"]) == 2
    assert "found sarsa" in capsys.readouterr().err
