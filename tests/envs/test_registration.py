"""Every shipped scenario is an environment that Gymnasium knows by an id of its own."""

import gymnasium
import pytest
from gymnasium.utils.env_checker import check_env

from maitred.envs.contact_center import ContactCenter
from maitred.envs.registration import ANY, NOTHING_TO_DECIDE, id_of
from maitred.envs.scenario_file import SHIPPED
from maitred.envs.vector import ContactCenterVector

NAMES = sorted({file.stem for file in SHIPPED.glob("*.yaml")} - NOTHING_TO_DECIDE)


def test_ids_are_those_of_the_shipped_scenarios():
    ours = {name for name in gymnasium.registry if name.startswith("maitred/")}
    assert ours == {ANY, *map(id_of, NAMES)}
    assert id_of("w3_chat") == "maitred/W3Chat-v0"


@pytest.mark.parametrize("name", NAMES)
def test_gymnasium_finds_nothing_wrong(name, monkeypatch):
    step = ContactCenter.step

    def legal_step(env, action):
        """The checker draws actions without the mask; what is usual stands in for an illegal one."""
        usual = env._episodes.simulator.centers.center["usual"][0]
        return step(env, action if env.action_masks()[action] else usual)

    monkeypatch.setattr(ContactCenter, "step", legal_step)
    env = gymnasium.make(id_of(name)).unwrapped
    check_env(env, skip_render_check=True)
    assert env._episodes.scenario.name == name


@pytest.mark.parametrize("name", NOTHING_TO_DECIDE)
def test_what_leaves_nothing_to_decide_is_no_environment(name):
    with pytest.raises(ValueError, match="without a decision"):
        ContactCenter(scenario=name).reset(seed=0)


def test_a_vector_of_a_shipped_scenario_takes_its_options():
    envs = gymnasium.make_vec(id_of("w5_n"), num_envs=2, autoreset_mode="SameStep")
    assert isinstance(envs.unwrapped, ContactCenterVector) and envs.num_envs == 2
