"""Runs in MLflow, on a SQLite file without a server; the only module that imports mlflow.

The database and the experiment are made once, by `prepare`, before a sweep starts its children: two processes
that create the tables at the same time break each other.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from maitred.configs.schema import TrackingConfig, TrainConfig
from maitred.training.evaluate import Evaluation
from maitred.training.frozen import FrozenSet
from maitred.training.train import TrainingResult

os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")  # read when mlflow is imported

import mlflow
from mlflow.data.code_dataset_source import CodeDatasetSource
from mlflow.data.meta_dataset import MetaDataset
from mlflow.exceptions import MlflowException

SWEEP = "MAITRED_SWEEP_RUN"  # environment variable that tells a sweep's children their parent
DIGEST_CHARACTERS = 36  # MLflow's limit


@dataclass(frozen=True)
class Run:
    """An active MLflow run."""

    id: str

    def log(self, figures: dict[str, float], step: int) -> None:
        """Add a point to the learning curve, in one call."""
        mlflow.log_metrics(figures, step=step, run_id=self.id)

    def result(self, result: TrainingResult) -> None:
        """Log what training ended with: its provenance as tags, its figures as metrics."""
        learned, commit = result.learned, result.record["commit"] or "unknown"
        mlflow.set_tags(
            {
                "scenario": result.scenario.name,
                "scenario_sha256": result.record["scenario"]["sha256"],
                "git_sha": commit.removesuffix("-dirty"),
                "git_dirty": str(commit.endswith("-dirty")).lower(),
            }
        )
        validation = {f"validation/difference_{key}": value for key, value in asdict(learned.difference).items()}
        figures = {f"train/{key}": value for key, value in learned.figures.items()}
        mlflow.log_metrics({**validation, **figures, "train/steps": learned.steps, "train/seconds": learned.seconds})

    def evaluation(self, evaluation: Evaluation, policy: str, frozen: FrozenSet) -> None:
        """Log a policy's KPIs on a frozen set, and the set itself as an input."""
        mlflow.log_input(_dataset(frozen), context="evaluation")
        row, difference = evaluation.policies.index(policy), evaluation.difference(policy)
        metrics = {}
        for q, kpi in enumerate(evaluation.kpis):
            metrics[f"eval/{kpi}"] = float(evaluation.values[row, q])
            for name, bound in zip(("value", "low", "high"), difference, strict=True):
                metrics[f"eval/{kpi}_difference_{name}"] = float(bound[q])
        mlflow.log_metrics({key: value for key, value in metrics.items() if value == value})

    def artifact(self, path: Path) -> None:
        """Keep a file, or a folder under its own name."""
        if path.is_dir():
            mlflow.log_artifacts(str(path), artifact_path=path.name)
        else:
            mlflow.log_artifact(str(path))


def _dataset(frozen: FrozenSet) -> MetaDataset:
    source = CodeDatasetSource(
        tags={"path": str(frozen.path), "sha256": frozen.sha256, "scenario_sha256": frozen.scenario_sha256}
    )
    digest = frozen.sha256[:DIGEST_CHARACTERS]
    return MetaDataset(source, name=frozen.name, digest=digest)  # type: ignore[abstract]


def prepare(tracking: TrackingConfig) -> None:
    """Create the database and the experiment where they are missing, and make them the current ones."""
    for name in ("alembic", "mlflow.store.db.utils"):
        logging.getLogger(name).setLevel(logging.WARNING)
    folder = Path(tracking.folder).absolute()
    folder.mkdir(parents=True, exist_ok=True)
    mlflow.set_tracking_uri(f"sqlite:///{folder / 'mlflow.db'}")
    if mlflow.get_experiment_by_name(tracking.experiment) is None:
        try:
            mlflow.create_experiment(tracking.experiment, artifact_location=(folder / "mlruns").as_uri())
        except MlflowException:  # another process was faster
            if mlflow.get_experiment_by_name(tracking.experiment) is None:
                raise
    mlflow.set_experiment(tracking.experiment)


def start_sweep(tracking: TrackingConfig) -> str:
    """Make the parent run of a sweep, and return its id; the children find it in the environment."""
    prepare(tracking)
    with mlflow.start_run(run_name="sweep", tags={"kind": "sweep"}) as parent:
        os.environ[SWEEP] = parent.info.run_id
    return os.environ[SWEEP]


@contextmanager
def track(config: TrainConfig, folder: Path) -> Iterator[Run]:
    """A run with the parameters of a configuration; it ends as failed where the block raises."""
    prepare(config.tracking)
    content = asdict(config)
    tags = {
        "kind": "train",
        "policy": config.policy.name,
        "scenario": Path(config.scenario_source).stem,
        "seed": str(config.seed),
        "config_hash": hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest(),
        "folder": str(folder),
    }
    name = f"{config.policy.name}/{Path(config.scenario_source).stem}/seed={config.seed}"
    with mlflow.start_run(run_name=name, parent_run_id=os.environ.get(SWEEP), tags=tags) as run:
        mlflow.log_params(dict(_flat(content)))
        yield Run(run.info.run_id)


def _flat(content: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """The leaves of nested mappings under dotted keys."""
    for key, value in content.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value
