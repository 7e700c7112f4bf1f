"""One training run: guard the evidence, learn, and keep what made the result beside it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import torch

from maitred.agents.bandits.files import load as load_bandit
from maitred.agents.bandits.files import save as save_bandit
from maitred.agents.network import CandidateNetwork
from maitred.agents.ppo import TorchPolicy
from maitred.agents.rules import RULES
from maitred.configs.schema import BanditConfig, PPOConfig, TrainConfig
from maitred.envs.decision import Decisions, Policy
from maitred.envs.scenario import Scenario
from maitred.envs.scenario_file import load_scenario, save_scenario, scenario_hash
from maitred.serving.bundle import UNREADABLE, ModelCard
from maitred.serving.governance import NONE, Governance
from maitred.serving.level import TRAINED_LEVEL, check_level, weights_sha256
from maitred.serving.runtime import NumpyNetwork
from maitred.training.bandit_training import train_bandit
from maitred.training.drift.of_run import CENTER, seen_by
from maitred.training.export import export_bundle
from maitred.training.frozen import FrozenSet, check_disjoint, find_frozen, load_frozen
from maitred.training.gate.contender import NetworkPolicy
from maitred.training.gate.gate_file import promotion_of
from maitred.training.governance.center import govern_center
from maitred.training.governance.files import load_governance
from maitred.training.learning import PARITY, VALIDATION, Learned, Log, branch
from maitred.training.ppo_training import train_ppo
from maitred.training.provenance import commit, versions
from maitred.training.rehearsal import rehearse
from maitred.training.run_folder import (
    BANDIT,
    DECISIONS,
    NETWORK,
    RUN,
    RunError,
    read_decisions,
    read_record,
    read_weights,
)
from maitred.training.validation import prepare_validation
from maitred.whole_file import whole_file

PARITY_DECISIONS = 10_000
PACKAGES = ("gymnasium", "hydra-core", "numba", "numpy", "sb3-contrib", "stable-baselines3", "torch")


@dataclass(frozen=True, eq=False)
class TrainingResult:
    """A finished run.

    Attributes:
        config: what it was told.
        scenario: the center it learned on.
        learned: the policy, and how it did on validation episodes.
        record: provenance: configuration, scenario hash, versions, commit, time, figures.
    """

    config: TrainConfig
    scenario: Scenario
    learned: Learned
    record: Mapping[str, Any]


def train(config: TrainConfig, log: Log = lambda figures, step: None) -> TrainingResult:
    """Train one policy.

    Args:
        config: everything that decides the result, the seed included.
        log: receives the learning curve.

    Raises:
        OverlapError: a frozen set holds the same episodes or log days.
        GovernanceError: the governance file is not one, or not as it was approved.
    """
    torch.set_num_threads(1)  # tensors this small are slower on two threads than on one
    scenario = load_scenario(config.scenario_source)
    guard(config, scenario)
    governance = None if config.governance is None else load_governance(config.governance)
    if governance is not None:
        scenario = govern_center(scenario, governance)
        guard(config, scenario)  # another center, of which there may be frozen sets, too
    began, objective = datetime.now(UTC), config.objective.build()
    validation = prepare_validation(
        scenario, objective, branch(config.seed, VALIDATION), config.evaluation.validation_episodes
    )
    if isinstance(config.policy, PPOConfig):
        learned = train_ppo(config.policy, scenario, objective, validation, config.seed, log)
    else:
        assert isinstance(config.policy, BanditConfig)
        learned = train_bandit(config.policy, scenario, objective, validation, config.seed, log)
    record = {**_record(config, scenario, learned, began), "governance": _hash(governance)}
    return TrainingResult(config, scenario, learned, record)


def guard(config: TrainConfig, scenario: Scenario) -> None:
    """Refuse to train on what a frozen set holds: the one this run is judged on, or any in `frozen/`."""
    check_disjoint(
        frozen_sets(config),
        seed_entropy=config.seed,
        scenario_hash=scenario_hash(scenario),
        log_days=_fitted_days(scenario),
    )


def frozen_sets(config: TrainConfig) -> list[FrozenSet]:
    """Every set in `frozen/`, and the one that the configuration names."""
    named = [] if config.evaluation.set is None else [load_frozen(config.evaluation.set)]
    return named + find_frozen()


def _fitted_days(scenario: Scenario) -> list[date]:
    """The days of the log that a calibrated scenario was fitted on, from its provenance."""
    if not {"first_day", "last_day"} <= scenario.provenance.keys():
        return []
    first, last = (date.fromisoformat(scenario.provenance[key]) for key in ("first_day", "last_day"))
    return [first + timedelta(days=i) for i in range((last - first).days + 1)]


def _record(config: TrainConfig, scenario: Scenario, learned: Learned, began: datetime) -> dict[str, Any]:
    return {
        "config": asdict(config),
        "scenario": {"name": scenario.name, "sha256": scenario_hash(scenario)},
        "began": began.isoformat(timespec="seconds"),
        "steps": learned.steps,
        "seconds": round(learned.seconds, 1),
        "validation_difference": asdict(learned.difference),
        "figures": learned.figures,
        "commit": commit(),
        "versions": versions(*PACKAGES),
    }


def save_run(result: TrainingResult, folder: Path) -> None:
    """Write the policy, the scenario and, last, the record of a run."""
    (folder / CENTER).parent.mkdir(parents=True, exist_ok=True)
    save_scenario(result.scenario, folder / CENTER)
    policy = result.learned.policy
    if isinstance(policy, TorchPolicy):
        arrays = {name: value.numpy() for name, value in policy.network.state_dict().items()}
        with (folder / NETWORK).open("wb") as file:
            np.savez(file, allow_pickle=False, **arrays)
    else:
        save_bandit(policy, folder / BANDIT)  # type: ignore[arg-type]
    with whole_file(folder / RUN) as temporary:
        temporary.write_text(json.dumps(result.record, indent=1) + "\n")


def load_policy(folder: str | Path) -> Policy:
    """The policy of a saved run.

    Raises:
        RunError: the folder holds no finished run, or a damaged one.
    """
    folder = Path(folder)
    read_record(folder)
    if (folder / BANDIT).is_file():
        return _bandit(folder / BANDIT)
    weights = {name: torch.from_numpy(array) for name, array in read_weights(folder).items()}
    network = CandidateNetwork(len(weights["context_encoder.bias"]))
    network.load_state_dict(weights)
    return TorchPolicy(network)


def _bandit(path: Path) -> Policy:
    try:
        return load_bandit(path)
    except (*UNREADABLE, KeyError) as error:
        raise RunError(f"{path}: expected a bandit as training wrote it, found {error}") from error


def _hash(governance: Governance | None) -> str:
    return NONE if governance is None else governance.sha256


def export_run(
    folder: str | Path, out: str | Path, governance: str | Path | None = None, gate: str | Path | None = None
) -> Path:
    """Export the policy of a saved run as a bundle, its parity proven on decisions of its own scenario.

    Args:
        folder: of the run.
        out: the bundle's folder; must not exist.
        governance: approved file of the rules that the bundle enforces.
        gate: report of the gate that promotes this policy; a run of AI level 2 cannot be exported without.

    Raises:
        LevelError: the run's AI level needs a gate report, or is refused.
        GateFileError: the report was changed, does not promote, or is of another policy or other rules.
        RunError: the folder holds no finished run or a damaged one, a policy that cannot be exported, or one that was
            trained under rules and would be exported without.
        GovernanceError: the governance file is not one, or not as it was approved.
        ExportError: `out` exists, or a runtime disagrees with the network.
    """
    policy = load_policy(folder)
    if not isinstance(policy, TorchPolicy):
        raise RunError(f"{folder}: only a network can be exported, and this is a {policy.name}")
    record = read_record(Path(folder))
    rules = None if governance is None else load_governance(governance)
    if rules is None and (trained_under := record.get("governance", NONE)) != NONE:
        raise RunError(f"{folder}: expected governance=, as it was trained under {trained_under}, found none")
    weights = {name: value.numpy() for name, value in policy.network.state_dict().items()}
    promotion = None if gate is None else promotion_of(gate, weights_sha256(weights), _hash(rules))
    check_level(level := record.get("level", TRAINED_LEVEL), promotion)
    seen = seen_by(Path(folder), record, NetworkPolicy(policy.name, NumpyNetwork(weights)))
    source, decisions = _parity(Path(folder), record)
    card = ModelCard(
        name=policy.name,
        version=f"{source}-{record['began']}",
        training=record,
        objective=record["config"]["objective"],
        governance_sha256=_hash(rules),
        commit=record.get("commit"),
        gate=promotion,
        level=level,
    )
    return export_bundle(policy.network, out, card=card, parity_decisions=decisions, governance=rules, familiar=seen)


def _parity(folder: Path, record: Mapping[str, Any]) -> tuple[str, Decisions]:
    """What a run learned from, and decisions of it to prove parity on: logged ones, or rehearsed in its scenario."""
    if (folder / DECISIONS).is_file():
        return record.get("log", {}).get("scenario") or "log", read_decisions(folder)
    scenario = load_scenario(folder / CENTER)
    seed = branch(record["config"]["seed"], PARITY)
    return scenario.name, rehearse(scenario, RULES["random"], seed, PARITY_DECISIONS).decisions
