import numpy as np
import pytest
from sb3_contrib import MaskablePPO
from sb3_contrib.common.maskable.evaluation import evaluate_policy
from sb3_contrib.common.maskable.utils import get_action_masks, is_masking_supported
from stable_baselines3.common.env_checker import check_env
from stable_baselines3.common.vec_env import VecMonitor

from maitred.envs.contact_center import ContactCenter
from maitred.envs.sb3 import ContactCenterVecEnv
from maitred.envs.vector import ContactCenterVector
from tests.envs.toy import toy

CENTERS = 4


@pytest.fixture
def venv():
    return ContactCenterVecEnv(scenario=toy(), num_envs=CENTERS, seed=0)


def test_stable_baselines3_finds_nothing_wrong_with_a_single_center():
    # Two places leave one candidate and to hold, so that the checker's unmasked actions are all legal.
    check_env(ContactCenter(scenario=toy(places=2)), warn=False)


def test_masks_are_found(venv):
    observation = venv.reset()
    assert is_masking_supported(venv)
    masks = get_action_masks(venv)
    assert masks.shape == (CENTERS, 6) and masks.dtype == np.bool_
    np.testing.assert_array_equal(masks, observation["mask"] == 1)
    assert len(venv.env_method("action_masks", indices=[1, 2])) == 2
    assert is_masking_supported(VecMonitor(venv))


def test_it_steps_like_the_gymnasium_vector_environment(venv):
    vec = ContactCenterVector(scenario=toy(), num_envs=CENTERS, autoreset_mode="SameStep")
    observation, (other, _) = venv.reset(), vec.reset(seed=0)
    ends = 0
    for _ in range(400):
        for name in observation:
            np.testing.assert_array_equal(observation[name], other[name])
        observation, rewards, dones, infos = venv.step(np.zeros(CENTERS, int))
        other, expected, _, truncated, other_infos = vec.step(np.zeros(CENTERS, int))
        np.testing.assert_allclose(rewards, expected, rtol=1e-6)
        np.testing.assert_array_equal(dones, truncated)
        np.testing.assert_array_equal(venv.elapsed_s, other_infos["elapsed_s"])
        for b in np.nonzero(dones)[0]:
            ends += 1
            assert infos[b]["TimeLimit.truncated"] is True
            np.testing.assert_array_equal(
                infos[b]["terminal_observation"]["context"], other_infos["final_obs"][b]["context"]
            )
            assert infos[b]["kpis"]["aht_s"] == other_infos["final_info"]["kpis"]["aht_s"][b]
        assert all(infos[b] == {} for b in np.nonzero(~dones)[0])
    assert ends >= CENTERS


def test_seeding_repeats_the_episodes(venv):
    first, second = venv.reset(), venv.reset()
    assert (first["context"] != second["context"]).any()
    venv.seed(0)
    np.testing.assert_array_equal(venv.reset()["context"], first["context"])
    np.testing.assert_array_equal(venv.reset()["context"], second["context"])


def test_attributes_are_shared_by_all_centers(venv):
    assert venv.get_attr("num_envs", [0, 2]) == [CENTERS, CENTERS]
    assert not venv.has_attr("no_such_attribute")
    venv.set_attr("note", 3)
    assert venv.get_attr("note", 1) == [3]
    assert venv.env_is_wrapped(VecMonitor) == [False] * CENTERS
    venv.close()


def test_maskable_ppo_learns_and_is_evaluated(venv):
    model = MaskablePPO("MultiInputPolicy", VecMonitor(venv), n_steps=256, batch_size=256, n_epochs=1, seed=0)
    model.learn(2048)
    assert model.num_timesteps == 2048
    assert model.ep_info_buffer and np.isfinite(model.ep_info_buffer[-1]["r"])
    reward, _ = evaluate_policy(model, ContactCenter(scenario=toy()), n_eval_episodes=1, warn=False)
    assert np.isfinite(reward)
