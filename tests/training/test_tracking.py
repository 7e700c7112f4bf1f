"""What a job leaves in MLflow's SQLite file, and how the runs of a sweep hang together."""

from pathlib import Path

import mlflow
import pytest
from mlflow.entities import Run
from mlflow.tracking import MlflowClient

from maitred.configs.schema import EvaluationConfig, LinUCBConfig, PPOConfig, TrackingConfig, TrainConfig
from maitred.envs.scenario_file import save_scenario
from maitred.training.frozen import FrozenSet, freeze
from maitred.training.job import Job, run_job
from maitred.training.tracking import track
from tests.test_cli import command_line
from tests.training.center import small_center

TINY = PPOConfig(steps=4096, minutes=None, n_envs=16, n_steps=128, batch_size=1024, validate_every=1)


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("tracked")
    save_scenario(small_center(), root / "small.yaml")
    return root


@pytest.fixture(scope="module")
def frozen(root: Path) -> FrozenSet:
    return freeze(small_center(), root / "held_out", episodes=3, seed=77, purpose="a test", name="held_out")


@pytest.fixture(scope="module")
def job(root: Path, frozen: FrozenSet) -> Job:
    config = TrainConfig(
        seed=5,
        scenario_file=str(root / "small.yaml"),
        policy=TINY,
        evaluation=EvaluationConfig(set=str(frozen.path), validation_episodes=4),
        tracking=TrackingConfig(folder=str(root)),
    )
    return run_job(config, root / "runs" / "one")


@pytest.fixture
def run(root: Path, job: Job) -> Run:
    return client(root).get_run(job.run_id)


def client(root: Path) -> MlflowClient:
    return MlflowClient(f"sqlite:///{root / 'mlflow.db'}")


def test_parameters_and_tags_say_what_was_run(run: Run) -> None:
    assert run.info.status == "FINISHED"
    assert run.data.params["policy.steps"] == "4096" and run.data.params["seed"] == "5"
    assert run.data.params["objective.csat"] == "8.0"
    assert {key: run.data.tags[key] for key in ("kind", "policy", "scenario", "seed")} == {
        "kind": "train",
        "policy": "ppo",
        "scenario": "small",
        "seed": "5",
    }
    assert len(run.data.tags["config_hash"]) == 64 and {"git_sha", "git_dirty"} <= run.data.tags.keys()


def test_metrics_are_the_curve_and_the_kpis(run: Run, root: Path, job: Job) -> None:
    assert job.evaluation is not None
    reward = job.evaluation.values[job.evaluation.policies.index("ppo"), job.evaluation.kpis.index("reward")]
    assert run.data.metrics["eval/reward"] == pytest.approx(reward)
    assert {"eval/asa_s", "eval/reward_difference_low", "validation/difference_value"} <= run.data.metrics.keys()
    curve = client(root).get_metric_history(job.run_id, "rollout/reward_per_decision")
    assert [point.step for point in curve] == [2048, 4096]
    assert "time/fps" in run.data.metrics


def test_the_frozen_set_is_an_input(run: Run, frozen: FrozenSet) -> None:
    [given] = run.inputs.dataset_inputs
    assert given.dataset.name == "held_out" and frozen.sha256.startswith(given.dataset.digest)
    assert frozen.sha256 in given.dataset.source


def test_report_bundle_and_evaluation_are_artifacts_beside_the_database(run: Run, root: Path, job: Job) -> None:
    names = {file.path for file in client(root).list_artifacts(job.run_id)}
    assert names == {"bundle", "report.html", "evaluation.json"}
    assert run.info.artifact_uri.startswith((root / "mlruns").as_uri())


def test_a_run_that_fails_is_logged_as_failed(root: Path) -> None:
    config = TrainConfig(policy=LinUCBConfig(), tracking=TrackingConfig(folder=str(root)))
    with pytest.raises(ZeroDivisionError), track(config, root) as run:
        raise ZeroDivisionError
    assert client(root).get_run(run.id).info.status == "FAILED"
    assert mlflow.active_run() is None


def test_the_children_of_a_sweep_have_one_parent(root: Path) -> None:
    settings = ["scenario_file=small.yaml", "tracking.experiment=sweep", "evaluation.validation_episodes=2"]
    policy = ["policy=linucb", "policy.batch=2", "policy.episodes=2,4"]
    done = command_line("train", "-m", *settings, *policy, cwd=root)
    assert done.returncode == 0, done.stderr
    assert "alembic" not in done.stdout + done.stderr
    experiment = client(root).get_experiment_by_name("sweep")
    assert experiment is not None
    runs = {run.info.run_id: run for run in client(root).search_runs([experiment.experiment_id])}
    [parent] = [run_id for run_id, run in runs.items() if run.data.tags["kind"] == "sweep"]
    children = [run for run in runs.values() if run.data.tags.get("mlflow.parentRunId") == parent]
    assert sorted(run.data.params["policy.episodes"] for run in children) == ["2", "4"]
    assert len({run.data.tags["folder"] for run in children}) == 2
