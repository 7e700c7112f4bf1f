from copy import deepcopy

import gymnasium
import numpy as np
import pytest
from gymnasium.utils.env_checker import data_equivalence
from gymnasium.utils.passive_env_checker import data_shares_objects
from gymnasium.vector import AutoresetMode
from gymnasium.wrappers.vector import DictInfoToList, RecordEpisodeStatistics

import maitred.envs.registration  # noqa: F401  registers the environment
from maitred.envs.contact_center import ContactCenter
from maitred.envs.decision import CANDIDATE_NAMES
from maitred.envs.vector import ContactCenterVector
from tests.envs.toy import toy

CENTERS = 3
HOLD = CANDIDATE_NAMES.index("is_hold")


def vector(mode, **arguments):
    return ContactCenterVector(scenario=toy(**arguments), num_envs=CENTERS, autoreset_mode=mode)


def legal(rng, infos):
    """(B,) a random legal action per center."""
    scores = rng.random(infos["action_mask"].shape)
    return np.where(infos["action_mask"] == 1, scores, -1).argmax(axis=1)


def single_steps(trace, actions):
    """What `ContactCenter` answers on a trace under the given actions."""
    env = ContactCenter(scenario=toy())
    return [env.reset(options={"trace": trace}), *(env.step(action) for action in actions)]


@pytest.mark.parametrize("mode", AutoresetMode)
def test_every_center_steps_like_a_single_environment(mode):
    vec, rng = vector(mode), np.random.default_rng(0)
    observations, infos = vec.reset(seed=7)
    first = [{name: array[b] for name, array in observations.items()} for b in range(CENTERS)]
    actions, answers = [], []
    for _ in range(60):
        actions.append(legal(rng, infos))
        answers.append(vec.step(actions[-1]))
        infos = answers[-1][-1]
    for b in range(CENTERS):
        expected = single_steps(vec._episodes.streams.trace(b, 0), [a[b] for a in actions])
        assert data_equivalence(first[b], expected[0][0], exact=True)
        for (observation, reward, _, _, infos), single in zip(answers, expected[1:], strict=True):
            assert data_equivalence({name: array[b] for name, array in observation.items()}, single[0], exact=True)
            assert reward[b] == pytest.approx(single[1])
            assert {name: infos[name][b] for name in ("key", "elapsed_s")} == {
                name: single[-1][name] for name in ("key", "elapsed_s")
            }


def test_center_0_plays_the_episodes_of_the_single_environment_under_the_same_seed():
    vec, env = vector("NextStep"), ContactCenter(scenario=toy())
    for reset in ({"seed": 3}, {}, {}):
        assert vec.reset(**reset)[1]["key"][0] == env.reset(**reset)[1]["key"]


def test_episodes_do_not_depend_on_the_number_of_centers():
    few = vector("NextStep").reset(seed=1)[1]["key"]
    many = ContactCenterVector(scenario=toy(), num_envs=CENTERS + 4).reset(seed=1)[1]["key"]
    np.testing.assert_array_equal(few, many[:CENTERS])


def run_to_an_end(vec, seed=0):
    """The first step in which a center's episode ends."""
    rng = np.random.default_rng(seed)
    step = vec.reset(seed=seed)
    while len(step) == 2 or not step[3].any():
        step = vec.step(legal(rng, step[-1]))
    return step


def first_decision(vec, center, episode):
    return ContactCenter(scenario=toy()).reset(options={"trace": vec._episodes.streams.trace(center, episode)})


def test_next_step_autoreset():
    vec = vector("NextStep")
    observations, _, terminated, truncated, infos = run_to_an_end(vec)
    b = int(truncated.argmax())
    assert not terminated.any()
    assert observations["candidates"][b, 0, HOLD] == observations["mask"][b].sum() == 1
    assert infos["_kpis"][b] and infos["kpis"]["_aht_s"][b] and infos["kpis"]["aht_s"][b] > 0
    actions = legal(np.random.default_rng(1), infos)
    actions[b] = 5  # ignored
    observations, rewards, _, again, infos = vec.step(actions)
    expected = first_decision(vec, b, 1)
    assert infos["key"][b] == expected[1]["key"]
    np.testing.assert_array_equal(observations["context"][b], expected[0]["context"])
    assert rewards[b] == infos["elapsed_s"][b] == 0
    assert not again[b]


def test_same_step_autoreset():
    vec = vector("SameStep")
    observations, _, _, truncated, infos = run_to_an_end(vec)
    b = int(truncated.argmax())
    expected = first_decision(vec, b, 1)
    assert infos["key"][b] == expected[1]["key"]
    np.testing.assert_array_equal(observations["context"][b], expected[0]["context"])
    np.testing.assert_array_equal(infos["_final_obs"], truncated)
    np.testing.assert_array_equal(infos["_final_info"], truncated)
    assert infos["final_obs"][b]["candidates"][0, HOLD] == 1
    assert infos["final_obs"][b] in vec.single_observation_space
    assert infos["final_info"]["kpis"]["aht_s"][b] > 0
    assert infos["elapsed_s"][b] == infos["final_info"]["elapsed_s"][b] > 0


def test_no_autoreset():
    vec = vector("Disabled")
    _, _, _, truncated, infos = run_to_an_end(vec)
    playing = infos["key"][~truncated]
    with pytest.raises(gymnasium.error.ResetNeeded, match=str(int(truncated.argmax()))):
        vec.step(np.zeros(CENTERS, int))
    _, infos = vec.reset(options={"reset_mask": truncated})
    b = int(truncated.argmax())
    assert infos["key"][b] == first_decision(vec, b, 1)[1]["key"]
    np.testing.assert_array_equal(infos["key"][~truncated], playing)
    vec.step(np.zeros(CENTERS, int))


def test_observations_are_fresh_and_inside_the_batched_space():
    vec, rng = vector("SameStep"), np.random.default_rng(0)
    previous, infos = vec.reset(seed=0)
    for _ in range(100):
        observations, *_, infos = vec.step(legal(rng, infos))
        assert observations in vec.observation_space
        assert not data_shares_objects(previous, observations)
        previous = observations


@pytest.mark.parametrize("mode", AutoresetMode)
def test_what_was_handed_out_stays_as_it_is(mode):
    vec, rng = vector(mode), np.random.default_rng(0)
    given = [vec.reset(seed=0)]
    kept = deepcopy(given)
    for _ in range(200):
        given.append(vec.step(legal(rng, given[-1][-1])))
        kept.append(deepcopy(given[-1]))
        if mode is AutoresetMode.DISABLED and given[-1][3].any():
            given.append(vec.reset(options={"reset_mask": given[-1][3]}))
            kept.append(deepcopy(given[-1]))
    assert data_equivalence(given, kept)


def test_centers_that_are_not_reset_are_observed_as_before():
    vec = vector("Disabled")
    observations, _, _, truncated, infos = run_to_an_end(vec)
    before = deepcopy((observations, infos["key"]))
    which = np.arange(CENTERS) == (truncated.argmax() + 1) % CENTERS
    for array in observations.values():
        array[:] = 0  # the caller's to change
    after, infos = vec.reset(options={"reset_mask": which})
    for name, array in after.items():
        np.testing.assert_array_equal(array[~which], before[0][name][~which])
    np.testing.assert_array_equal(infos["key"][~which & ~truncated], before[1][~which & ~truncated])


def test_equal_seeds_give_equal_rollouts_of_many_episodes():
    rollouts = []
    for _ in range(2):
        vec, rng = vector("SameStep"), np.random.default_rng(0)
        steps = [vec.reset(seed=5)]
        for _ in range(1000):
            steps.append(vec.step(legal(rng, steps[-1][-1])))
        rollouts.append(steps)
    assert sum(step[3].sum() for step in rollouts[0][1:]) > CENTERS
    assert data_equivalence(*rollouts)


def test_illegal_actions_and_bad_arguments_are_named():
    vec = vector("NextStep")
    with pytest.raises(ValueError, match="Sometimes"):
        vector("Sometimes")
    with pytest.raises(ValueError, match="reset_mask"):
        vec.reset(options={"reset_mask": np.ones(2, bool)})
    with pytest.raises(ValueError, match="trace"):
        vec.reset(options={"trace": None})
    vec.reset(seed=0)
    with pytest.raises(ValueError, match="center 1: candidate 5 is masked"):
        vec.step(np.array([0, 5, 0]))
    with pytest.raises(ValueError, match=r"\(3,\)"):
        vec.step(np.zeros(2, int))


def test_gymnasium_makes_it_and_its_wrappers_take_it():
    envs = gymnasium.make_vec("maitred/ContactCenter-v0", num_envs=2, scenario=toy(), autoreset_mode="SameStep")
    assert isinstance(envs.unwrapped, ContactCenterVector)
    assert envs.metadata["autoreset_mode"] is AutoresetMode.SAME_STEP
    envs = DictInfoToList(RecordEpisodeStatistics(envs))
    envs.reset(seed=0)
    ended = 0
    for _ in range(400):
        *_, infos = envs.step(np.zeros(2, int))
        ended += sum("final_info" in info for info in infos)
    assert ended > 0
