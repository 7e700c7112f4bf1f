"""A training job from a configuration to files and an MLflow run: learn, export, judge, report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from maitred.agents.ppo import TorchPolicy
from maitred.agents.rules import baselines
from maitred.configs.schema import TrainConfig
from maitred.envs.decision import Policy
from maitred.envs.objective import Objective
from maitred.serving.bundle import load_bundle
from maitred.serving.policy import BundlePolicy
from maitred.training.curve import Curve, CurveRecorder
from maitred.training.evaluate import Evaluation, evaluate, to_json
from maitred.training.frozen import FrozenSet, load_frozen
from maitred.training.governance.center import govern_set
from maitred.training.governance.files import load_governance
from maitred.training.preferences import as_asked
from maitred.training.report import write_report
from maitred.training.tracking import Run, track
from maitred.training.train import TrainingResult, export_run, save_run, train
from maitred.whole_file import whole_file

BUNDLE, REPORT, EVALUATION = "bundle", "report.html", "evaluation.json"


@dataclass(frozen=True, eq=False)
class Job:
    """What a finished job left.

    Attributes:
        folder: where its files are.
        run_id: its MLflow run.
        result: of the training.
        policy: as it was judged: the exported bundle where there is one.
        evaluation: on the frozen set, if the configuration names one.
    """

    folder: Path
    run_id: str
    result: TrainingResult
    policy: Policy
    evaluation: Evaluation | None


def run_job(config: TrainConfig, folder: Path, peers: Sequence[Policy] = ()) -> Job:
    """Train, export and, where the configuration names a frozen set, judge on it with every rule and `peers`."""
    frozen = _frozen(config)  # before the work: what is wrong with it should not be found after
    folder.mkdir(parents=True, exist_ok=True)
    recorder = CurveRecorder()
    with track(config, folder) as run:

        def log(figures: dict[str, float], steps: int) -> None:
            recorder(figures, steps)
            run.log(figures, steps)

        result = train(config, log)
        save_run(result, folder)
        run.result(result)
        policy = _exported(result.learned.policy, folder, config.governance, run)
        evaluation = None
        if frozen is not None:
            evaluation = judge(
                [policy, *peers],
                frozen,
                config.objective.build(),
                folder,
                curve=recorder.curve(),
                provenance=result.record,
            )
            run.evaluation(evaluation, policy.name, frozen)
            run.artifact(folder / REPORT)
            run.artifact(folder / EVALUATION)
    return Job(folder, run.id, result, policy, evaluation)


def _frozen(config: TrainConfig) -> FrozenSet | None:
    """The set to be judged on, if one is named, under the rules of the run."""
    if config.evaluation.set is None:
        return None
    rules = None if config.governance is None else load_governance(config.governance)
    return govern_set(load_frozen(config.evaluation.set), rules)


def _exported(policy: Policy, folder: Path, governance: str | None, run: Run) -> Policy:
    """A network as the bundle it is exported to, so that what is judged is what is served; others as they are."""
    if not isinstance(policy, TorchPolicy):
        return policy
    bundle = export_run(folder, folder / BUNDLE, governance)
    run.artifact(bundle)
    return BundlePolicy(load_bundle(bundle))


def judge(
    policies: Sequence[Policy],
    frozen: FrozenSet,
    objective: Objective,
    folder: Path,
    *,
    curve: Curve | None,
    provenance: Mapping[str, Any],
) -> Evaluation:
    """Evaluate policies and the baselines on a frozen set; write the evaluation and the report on the first policy."""
    first, *others = policies
    asked = as_asked(first, objective, provenance)
    rules = baselines(frozen.scenario.has_conversations)
    evaluation = evaluate([asked, *rules, *others], frozen, objective)
    folder.mkdir(parents=True, exist_ok=True)
    with whole_file(folder / EVALUATION) as temporary:
        temporary.write_text(to_json(evaluation))
    write_report(folder / REPORT, evaluation, curve, provenance, frozen=frozen, candidate=policies[0].name)
    return evaluation
