"""Learners learn on a small center, from one seed; evidence is guarded; runs are saved and exported."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from maitred.agents.bandits.pair_features import chosen_pairs, scaling_of
from maitred.agents.bandits.policy import NeuralBandit, PairBandit
from maitred.agents.ppo import TorchPolicy
from maitred.agents.rules import RULES
from maitred.configs.schema import (
    EvaluationConfig,
    LinTSConfig,
    LinUCBConfig,
    NeuralConfig,
    PolicyConfig,
    PPOConfig,
    SquareCBConfig,
    TrainConfig,
)
from maitred.envs.decision import CONTEXT_NAMES, Kind
from maitred.envs.objective import Objective
from maitred.envs.scenario_file import save_scenario
from maitred.envs.simulator import Simulator, simulate
from maitred.envs.traffic import draw_trace
from maitred.serving.bundle import load_bundle
from maitred.serving.policy import BundlePolicy
from maitred.training.bandit_training import play
from maitred.training.coach import Coach
from maitred.training.decision_log.case_terms import cases
from maitred.training.decision_log.played import subjects
from maitred.training.frozen import OverlapError, freeze
from maitred.training.learning import VALIDATION, branch
from maitred.training.rehearsal import rehearse
from maitred.training.run_folder import BANDIT, RunError
from maitred.training.train import TrainingResult, export_run, load_policy, save_run, train
from maitred.training.validation import prepare_validation
from tests.training.case_values import case_values
from tests.training.center import small_center

TINY_PPO = PPOConfig(
    steps=131_072,
    minutes=None,
    n_envs=32,
    n_steps=128,
    batch_size=1024,
    learning_rate=3e-3,
    validate_every=8,
)


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # frozen sets are looked for in the working directory


def config(policy: PolicyConfig, **settings: Any) -> TrainConfig:
    save_scenario(small_center(), "small.yaml")
    return TrainConfig(
        scenario_file="small.yaml",
        policy=policy,
        **{"seed": 3, "evaluation": EvaluationConfig(validation_episodes=24), **settings},
    )


@pytest.fixture(scope="module")
def learned(tmp_path_factory: pytest.TempPathFactory) -> tuple[TrainingResult, list[tuple[int, dict[str, float]]]]:
    """One tiny PPO run, and what it logged."""
    path = tmp_path_factory.mktemp("ppo") / "small.yaml"
    save_scenario(small_center(), path)
    logged: list[tuple[int, dict[str, float]]] = []
    evaluation = EvaluationConfig(validation_episodes=24)
    told = TrainConfig(seed=3, scenario_file=str(path), policy=TINY_PPO, evaluation=evaluation)
    return train(told, lambda figures, steps: logged.append((steps, figures))), logged


def test_ppo_reaches_the_incumbent_and_more(learned: Any) -> None:
    result, logged = learned
    assert result.learned.steps == TINY_PPO.steps
    assert result.learned.difference.high > 0 and result.learned.difference.value > -0.02
    validations = [(steps, f["validation/reward_difference"]) for steps, f in logged if "validation/best" in f]
    assert [steps for steps, _ in validations] == [0, 32_768, 65_536, 98_304, 131_072]
    assert result.learned.difference.value == max(value for _, value in validations)
    assert any("train/approx_kl" in figures for _, figures in logged)
    assert 0 < result.learned.figures["rollout_share"] < 1


def test_a_warm_start_begins_at_the_level_of_its_teacher():
    judged: dict[int, float] = {}

    def log(figures: dict[str, float], steps: int) -> None:
        if "validation/best" in figures:
            judged[steps] = figures["validation/reward_difference"]

    told = PPOConfig(
        steps=4096,
        minutes=None,
        n_envs=16,
        n_steps=128,
        batch_size=1024,
        teacher="fastest",
        imitated=8000,
    )
    result = train(config(told), log)
    validation = prepare_validation(small_center(), Objective(), branch(3, VALIDATION), 24)
    teacher = validation.difference(RULES["fastest"])
    assert teacher.low > 0  # so that there is something to begin with
    assert judged[0] > 0.8 * teacher.value
    assert result.learned.figures["imitation_agreement"] > 0.95


def test_a_cold_start_takes_its_scales_from_near_the_incumbent(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = []

    def watched(scenario: Any, policy: Any, *args: Any, **settings: Any) -> Any:
        shown.append((policy, rehearse(scenario, policy, *args, **settings)))
        return shown[-1][1]

    monkeypatch.setattr("maitred.training.ppo_training.rehearse", watched)
    few = PPOConfig(steps=4096, minutes=None, n_envs=16, n_steps=128, batch_size=1024)
    learned: Any = train(config(few)).learned
    ((policy, rehearsal),) = shown
    assert policy.policy is RULES["incumbent"] and 0 < policy.floor < 0.5
    scaled = learned.policy.network.context_normaliser(torch.from_numpy(rehearsal.decisions.context)).numpy()
    column = CONTEXT_NAMES.index("contacts_waiting")
    assert abs(scaled[:, column].mean()) < 1e-3 and abs(scaled[:, column].std() - 1) < 1e-3


def test_a_run_records_what_made_it(learned: Any) -> None:
    record = learned[0].record
    assert record["config"]["seed"] == 3 and record["config"]["policy"]["name"] == "ppo"
    assert len(record["scenario"]["sha256"]) == 64 and {"torch", "numpy", "python"} <= record["versions"].keys()
    assert {"commit", "began", "seconds", "validation_difference"} <= record.keys()
    json.dumps(record)


def test_a_saved_run_exports_the_policy_that_was_learned(learned: Any, tmp_path: Path) -> None:
    save_run(learned[0], tmp_path / "run")
    loaded = load_policy(tmp_path / "run")
    bundle = BundlePolicy(load_bundle(export_run(tmp_path / "run", tmp_path / "bundle")))
    assert bundle.bundle.card.training["scenario"]["name"] == "small"
    decisions = rehearse(small_center(), RULES["random"], np.random.SeedSequence(5), 500).decisions
    chosen = learned[0].learned.policy.act(decisions).candidate
    assert (loaded.act(decisions).candidate == chosen).all()
    strange = bundle.abstains(decisions)  # the queues that a random policy leaves behind are not all ones it has seen
    assert strange.mean() < 0.1 and (bundle.act(decisions).candidate == chosen)[~strange].all()


def test_a_folder_without_a_run_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RunError, match=r"run\.json"):
        export_run(tmp_path, tmp_path / "bundle")


def test_the_same_seed_gives_the_same_network() -> None:
    few = PPOConfig(steps=4096, minutes=None, n_envs=16, n_steps=128, batch_size=1024)
    first, second = (train(config(few)).learned for _ in range(2))
    assert isinstance(first.policy, TorchPolicy) and isinstance(second.policy, TorchPolicy)
    weights = second.policy.network.state_dict()
    assert all((value == weights[name]).all() for name, value in first.policy.network.state_dict().items())


@pytest.mark.parametrize(
    ("policy", "kind"),
    [
        (LinUCBConfig(episodes=24, batch=8), PairBandit),
        (LinTSConfig(episodes=24, batch=8), PairBandit),
        (SquareCBConfig(episodes=24, batch=8), PairBandit),
        (NeuralConfig(episodes=24, batch=8, steps=100), NeuralBandit),
    ],
)
def test_bandits_learn_and_are_saved(policy: PolicyConfig, kind: type, tmp_path: Path) -> None:
    result = train(config(policy))
    assert isinstance(result.learned.policy, kind) and result.learned.difference.high > 0
    save_run(result, tmp_path / "run")
    assert load_policy(tmp_path / "run").name == policy.name
    with pytest.raises(RunError, match="only a network"):
        export_run(tmp_path / "run", tmp_path / "bundle")
    (tmp_path / "run" / BANDIT).write_bytes(b"PK")
    with pytest.raises(RunError, match=BANDIT):
        load_policy(tmp_path / "run")


@pytest.mark.parametrize("named", [True, False])
def test_training_refuses_the_seed_of_a_frozen_set_and_names_it(named: bool) -> None:
    path = Path("elsewhere/held_out" if named else "frozen/held_out")
    freeze(small_center(), path, episodes=2, seed=3, purpose="a test", name="held_out")
    evaluation = EvaluationConfig(set=str(path) if named else None, validation_episodes=2)
    with pytest.raises(OverlapError, match=r"held_out.*seed 3"):
        train(config(TINY_PPO, evaluation=evaluation))


def test_the_terms_of_a_case_add_up_to_what_it_books_from_a_contact_on() -> None:
    scenario = small_center()
    ledger = simulate(scenario, [draw_trace(scenario, np.random.SeedSequence(0))], RULES["random"])[0]
    objective = Objective(cost=1, focus_per_min=0.3, csat=8, abandonment=4)
    assert len(np.unique(ledger.contacts["case"])) < len(ledger.contacts)
    assert cases(ledger, scenario).terms @ objective.weights() == pytest.approx(case_values(ledger, objective))


def test_a_decision_is_paid_for_its_own_contact() -> None:
    scenario = small_center()
    traces = [draw_trace(scenario, np.random.SeedSequence(i)) for i in range(3)]
    sample = rehearse(scenario, RULES["random"], np.random.SeedSequence(9), 200).decisions
    scaling = scaling_of(sample)
    (x,), reward = play(
        scenario,
        traces,
        RULES["incumbent"],
        lambda decisions, chosen: (chosen_pairs(decisions, chosen, scaling),),
        Objective(),
    )
    assert len(x) == len(reward) and np.isfinite(x).all() and reward.std() > 0
    simulator = Simulator(scenario, traces)
    simulator.step()
    while not (simulator.decisions().kind[simulator.pending] == Kind.PULL).any():
        simulator.step(np.zeros(3, np.int64))
    pending = simulator.pending
    decisions = simulator.decisions(pending)
    chosen = np.zeros(len(decisions), np.int64)
    rows = subjects(simulator, pending, decisions.kind, chosen)
    before = simulator.centers.contacts["decisions"][pending][np.arange(len(rows)), rows].copy()
    simulator.step(np.zeros(3, np.int64))
    after = simulator.centers.contacts["decisions"][pending][np.arange(len(rows)), rows]
    assert (after == before + 1).all()


def test_ppo_begins_every_rollout_where_the_eldest_siblings_stand(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []

    def watched(coach: Coach) -> None:
        buffer, eldest = coach.locals["rollout_buffer"], coach.centers.eldest
        begun = {name: array[0].reshape(len(eldest), -1) for name, array in buffer.observations.items()}
        seen.append(all((array == array[eldest]).all() for array in begun.values()))
        seen.append(bool((begun["mask"] == buffer.action_masks[0].reshape(len(eldest), -1)).all()))
        seen.append(bool((buffer.episode_starts[0] == buffer.episode_starts[0][eldest]).all()))
        ended(coach)

    ended = Coach._on_rollout_end
    monkeypatch.setattr(Coach, "_on_rollout_end", watched)
    train(config(replace(TINY_PPO, steps=12_288, siblings=4)))
    assert len(seen) == 3 * 3 and all(seen)
