"""Every group file composes, and every mistake is refused with its name."""

import math
import re
from pathlib import Path
from typing import Any

import pytest
from hydra import compose, initialize_config_module
from hydra.errors import ConfigCompositionException
from omegaconf import OmegaConf

from maitred import configs
from maitred.configs.schema import (
    BanditConfig,
    ConfigError,
    EvaluationConfig,
    LinTSConfig,
    LinUCBConfig,
    ObjectiveConfig,
    PPOConfig,
    TrainConfig,
    register,
)
from maitred.envs.objective import Objective
from maitred.envs.scenario_file import SHIPPED

FILES = [(path.parent.name, path.stem) for path in sorted(Path(configs.__path__[0]).glob("*/*.yaml"))]  # (group, name)


@pytest.fixture(autouse=True)
def _hydra() -> Any:
    register()
    with initialize_config_module("maitred.configs", version_base="1.3"):
        yield


def composed(*overrides: str) -> TrainConfig:
    config = OmegaConf.to_object(compose("train", list(overrides)))
    assert isinstance(config, TrainConfig)
    return config


def test_the_groups_are_those_that_are_documented() -> None:
    assert {group for group, _ in FILES} == {"policy", "objective", "evaluation", "tracking"}
    assert {name for group, name in FILES if group == "policy"} == {
        "ppo",
        "linucb",
        "lints",
        "squarecb",
        "neural",
    }


@pytest.mark.parametrize(("group", "name"), FILES)
def test_every_file_composes_and_is_short(group: str, name: str) -> None:
    composed(f"{group}={name}")
    text = (Path(configs.__path__[0]) / group / f"{name}.yaml").read_text()
    assert len(text.splitlines()) <= 12 and "_target_" not in text and "_self_" in text


@pytest.mark.parametrize("path", sorted(SHIPPED.glob("*.yaml")), ids=lambda path: path.stem)
def test_every_shipped_scenario_is_in_its_group(path: Path) -> None:
    assert composed(f"scenario={path.stem}").scenario_source == path.stem


@pytest.mark.parametrize(("name", "kind"), [("ppo", PPOConfig), ("linucb", LinUCBConfig), ("lints", LinTSConfig)])
def test_the_policy_group_picks_the_dataclass(name: str, kind: type) -> None:
    assert type(composed(f"policy={name}").policy) is kind


def test_defaults_are_those_of_the_library() -> None:
    config = composed()
    assert config.objective.build() == Objective()
    assert config.scenario_source == "bank"
    assert composed("scenario_file=my_center.yaml").scenario_source == "my_center.yaml"


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"asa_s_at_most": 0}, "objective.asa_s_at_most: expected a number above 0, or null, found 0"),
        ({"occupancy_at_most": math.inf}, "objective.occupancy_at_most: expected a number above 0, or null, found inf"),
        ({"csat": None}, "objective.csat: expected a number of 0 or more, found None"),
        ({"csat": -1}, "objective.csat: expected a number of 0 or more, found -1"),
    ],
)
def test_weights_and_bounds_are_numbers_that_make_sense(wrong, said):
    with pytest.raises(ConfigError, match=re.escape(said)):
        ObjectiveConfig(**wrong)


def test_a_run_without_a_wall_clock_budget_can_be_asked_for() -> None:
    policy = composed("policy.minutes=null", "policy.steps=65536").policy
    assert isinstance(policy, PPOConfig) and policy.minutes is None


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("policy.steps=0", "policy.steps: expected a positive number, found 0"),
        ("policy.minutes=-1", "policy.minutes"),
        ("policy.entropy=1.5", "policy.entropy: expected a number from 0 to 1, found 1.5"),
        ("policy.horizon_min=0", "policy.horizon_min: expected a positive number, found 0"),
        ("policy.sizes=[1,-2]", "policy.sizes, policy.loads: expected positive numbers, found"),
        ("policy.imitation_epochs=0", "policy.imitation_epochs: expected a positive number, found 0"),
        ("policy.caps_from=1.1", "policy.caps_from: expected a number from 0 to 1, found 1.1"),
        ("policy.caps_from=.5", "policy.caps_from: expected 0 without policy.teacher, found 0.5"),
        ("policy.anchor=-1", "policy.anchor: expected 0 or more, found -1"),
        ("policy.anchor=.1", "policy.anchor: expected 0 without policy.teacher, found 0.1"),
        ("policy.batch_size=7", "a divisor of n_envs"),
        ("policy.siblings=0", "policy.siblings: expected a positive number, found 0"),
        ("policy.siblings=512", "policy.siblings: expected at most n_envs / worlds = 64 / 1, found 512"),
        ("evaluation.validation_episodes=1", "evaluation.validation_episodes: expected 2 or more"),
        ("seed=-1", "seed"),
    ],
)
def test_values_out_of_range_are_named(override: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        composed(override)


@pytest.mark.parametrize("override", ["policy.stepz=3", "polizy=ppo", "policy=dqn", "policy.steps=many"])
def test_unknown_keys_and_wrong_types_are_refused_before_any_work(override: str) -> None:
    with pytest.raises(ConfigCompositionException, match=override.partition("=")[0].split(".")[0]):
        composed(override)


def test_worlds_need_not_divide_the_centers() -> None:
    assert composed("policy.sizes=[0.5,1,2]").policy.sizes == [0.5, 1, 2]


def test_direct_construction_is_checked_too() -> None:
    with pytest.raises(ConfigError, match=r"policy\.episodes"):
        BanditConfig(name="linucb", episodes=0)
    with pytest.raises(ConfigError, match=r"policy\.epsilon"):
        LinUCBConfig(epsilon=2)
    assert EvaluationConfig().set is None
