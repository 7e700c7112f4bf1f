import multiprocessing
import pickle
import subprocess
import sys
from dataclasses import replace

import gymnasium
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env, data_equivalence

from maitred.envs.contact_center import ContactCenter
from maitred.envs.decision import CANDIDATE_FEATURES, CANDIDATE_NAMES, CONTEXT_FEATURES, CONTEXT_NAMES
from maitred.envs.flatten import FlattenDecision
from maitred.envs.kpi import applicable
from maitred.envs.objective import Objective
from maitred.envs.registration import ANY
from maitred.envs.render import GLYPHS
from maitred.envs.scenario_file import load_scenario
from maitred.envs.simulator import Simulator
from maitred.envs.traffic import draw_trace
from tests.envs.toy import toy


@pytest.fixture
def env():
    return ContactCenter(scenario=toy())


def busy_omni():
    """The headline world on a third of its demand, which is enough to see every kind of decision."""
    omni = load_scenario("omni")
    return replace(omni, arrivals=replace(omni.arrivals, rate_per_h=0.3 * omni.arrivals.rate_per_h))


def play(env, seed):
    """Every step of an episode under random legal actions."""
    rng = np.random.default_rng(seed)
    steps = [env.reset(seed=seed)]
    while len(steps) == 1 or not steps[-1][3]:
        steps.append(env.step(rng.choice(np.nonzero(steps[-1][-1]["action_mask"])[0])))
    return steps


@pytest.mark.filterwarnings("error")
def test_gymnasium_finds_nothing_wrong():
    # Two places leave one candidate and to hold, so that the checker's unmasked actions are all legal.
    check_env(gymnasium.make(ANY, scenario=toy(places=2)).unwrapped)


@pytest.mark.parametrize("seed", range(3))
def test_observations_lie_in_their_space(env, seed):
    for step in play(env, seed):
        assert step[0] in env.observation_space


def test_what_exceeds_the_declared_range_is_clipped(env):
    env.reset(seed=0)
    env._episodes.simulator.observation.context[0, -1] = 5e6
    env._episodes.simulator.observation.candidates[0, 0, CANDIDATE_NAMES.index("fit")] = -9
    observation = env._observation()
    assert observation["context"][-1] == CONTEXT_FEATURES[-1].high
    assert observation in env.observation_space


def test_equal_seeds_and_actions_give_equal_rollouts():
    assert data_equivalence(play(ContactCenter(scenario=toy()), 5), play(ContactCenter(scenario=toy()), 5))


def test_reset_without_a_seed_goes_on_to_the_next_episode(env):
    first, second = env.reset(seed=1), env.reset()
    assert first[1]["key"] != second[1]["key"]
    assert data_equivalence((first, second), (env.reset(seed=1), env.reset()))
    assert not data_equivalence(env.reset(seed=2), first)


def test_without_any_seed_environments_differ():
    keys = {int(ContactCenter(scenario=toy()).reset()[1]["key"]) for _ in range(3)}
    assert len(keys) == 3


def test_a_given_trace_is_played(env):
    trace = draw_trace(toy(), np.random.SeedSequence(9))
    simulator = Simulator(toy(), [trace])
    simulator.step()
    observation, info = env.reset(options={"trace": trace})
    np.testing.assert_array_equal(observation["context"], simulator.observation.context[0])
    assert info["key"] == simulator.observation.key[0]


def test_a_trace_of_another_scenario_is_refused(env):
    trace = draw_trace(toy(), np.random.SeedSequence(9))
    object.__setattr__(trace, "handle_mean_s", trace.handle_mean_s[:3])
    with pytest.raises(ValueError, match=r"expected \(agents, types\) \(4, 2\)"):
        env.reset(options={"trace": trace})


def test_closed_days_are_passed_over():
    env = ContactCenter(scenario=toy(open_weekdays=1))
    for seed in range(5):
        assert env.reset(seed=seed)[1]["action_mask"].any()
    with pytest.raises(ValueError, match="without a decision"):
        env.reset(options={"start_weekday": 6})


def test_unknown_options_are_named(env):
    with pytest.raises(ValueError, match="weekday"):
        env.reset(options={"weekday": 1})


def test_mask_in_info_observation_and_method_agree(env):
    for observation, *_, info in play(env, 0):
        np.testing.assert_array_equal(observation["mask"], info["action_mask"])
        assert info["action_mask"].dtype == np.int8
    np.testing.assert_array_equal(env.action_masks(), info["action_mask"] == 1)


@pytest.mark.parametrize("action", [5, 6, -1])
def test_an_illegal_action_is_named(env, action):
    env.reset(seed=0)
    with pytest.raises(ValueError, match=f"candidate {action}"):
        env.step(action)


def test_there_is_nothing_to_step_before_the_first_reset_and_after_the_end(env):
    with pytest.raises(gymnasium.error.ResetNeeded):
        env.step(0)
    play(env, 0)
    with pytest.raises(gymnasium.error.ResetNeeded):
        env.step(0)


def test_rewards_add_up_to_what_was_booked_after_the_first_decision():
    objective = Objective(cost=2.0, focus_per_min=0.1, csat=5.0, abandonment=3.0)
    env = ContactCenter(scenario=toy(), objective=objective)
    env.reset(seed=4)
    before = env._episodes.simulator.booked[0].copy()
    rewards = [step[1] for step in play(env, 4)[1:]]
    booked = env._episodes.simulator.booked[0] - before
    assert sum(rewards) == pytest.approx(booked @ objective.weights())
    assert all(isinstance(reward, float) for reward in rewards)


def test_elapsed_time_adds_up_to_the_horizon(env):
    first = env.reset(seed=2)[0]["context"]
    start_s = env._episodes.simulator.centers.center["now"][0]
    assert sum(step[-1]["elapsed_s"] for step in play(env, 2)) == pytest.approx(86_400 - start_s)
    assert first[0] == 1  # the day begins with a contact to be routed


def test_an_episode_ends_truncated_with_its_kpis_and_the_center_as_it_stands(env):
    observation, _, terminated, truncated, info = play(env, 0)[-1]
    assert (terminated, truncated) == (False, True)
    assert list(info["kpis"]) == [kpi.name for kpi in applicable(toy()) if kpi.headline]
    assert 0 < info["kpis"]["occupancy"] < 1
    assert observation["mask"].tolist() == [1, 0, 0, 0, 0, 0]
    flags = {name: observation["candidates"][0, CANDIDATE_NAMES.index(name)] for name in ("is_hold", "usual")}
    assert flags == {"is_hold": 1, "usual": 1} and observation["candidates"].sum() == 2


def test_ansi_board_shows_clock_agents_queues_and_kpis():
    env = ContactCenter(scenario=toy(), render_mode="ansi")
    env.reset(seed=0)
    while env._episodes.simulator.centers.center["waiting"][0] < 3:
        env.step(0)
    board = env.render()
    for text in (
        "toy   0",
        "Ann",
        "sales",
        "service",
        "3 waiting",
        "longest",
        "service_level",
        "%",
        " on shift",
    ):
        assert text in board


def test_ansi_board_shows_open_conversations_bots_and_promises():
    env = ContactCenter(scenario=busy_omni(), render_mode="ansi")
    env.reset(seed=0)
    center, kinds = env._episodes.simulator.centers.center, set()
    while center["now"][0] < 10 * 3600:
        kinds.add(env.render().splitlines()[1].split(":")[0])
        env.step(center["usual"][0])
    assert kinds == {"route", "pull", "reassess", "concurrency"}
    board = env.render()
    for text in ("agent at work on it", "customer's turn", "/3 ", "with bot", "promised", *GLYPHS.values()):
        assert text in board


def test_rgb_board_is_a_picture_that_changes():
    env = ContactCenter(scenario=toy(), render_mode="rgb_array")
    env.reset(seed=0)
    first = env.render()
    env.step(0)
    assert first.shape == (600, 1000, 3) and first.dtype == np.uint8
    assert (first != env.render()).any()


def test_render_modes_are_checked():
    assert ContactCenter(scenario=toy()).render() is None
    with pytest.raises(ValueError, match="human"):
        ContactCenter(scenario=toy(), render_mode="human")


def test_the_docstring_lists_every_feature():
    for feature in (*CONTEXT_FEATURES, *CANDIDATE_FEATURES):
        assert f"| {feature.name} |" in ContactCenter.__doc__


def test_gymnasium_imports_the_registration_itself():
    code = "import gymnasium; gymnasium.make('maitred.envs.registration:maitred/Bank-v0')"
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.filterwarnings("ignore:.*different from the unwrapped version")
def test_a_wrapper_flattens_the_observation_to_a_box(env):
    flat = FlattenDecision(env)
    check_env(FlattenDecision(ContactCenter(scenario=toy(places=2))), skip_render_check=True)
    vector, info = flat.reset(seed=3)
    observation, _ = ContactCenter(scenario=toy()).reset(seed=3)
    context, candidates, mask = np.split(vector, np.cumsum([len(CONTEXT_NAMES), 6 * len(CANDIDATE_NAMES)]))
    np.testing.assert_array_equal(context, observation["context"])
    np.testing.assert_array_equal(candidates.reshape(6, -1), observation["candidates"])
    np.testing.assert_array_equal(mask, info["action_mask"])
    np.testing.assert_array_equal(flat.action_masks(), info["action_mask"] == 1)


def first_key(pickled):
    """What another process sees first, and what it sees after two steps of the environment it was sent."""
    env = pickle.loads(pickled)
    return env.step(0)[4]["key"], env.step(0)[4]["key"]


def test_an_environment_is_sent_to_a_spawned_process_and_goes_on_there(env):
    env.reset(seed=6)
    pickled = pickle.dumps(env)
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        there = pool.apply(first_key, (pickled,))
    assert there == (env.step(0)[4]["key"], env.step(0)[4]["key"])


def test_the_decision_type_needs_neither_gymnasium_nor_numba():
    code = "import sys, maitred.envs.decision; sys.exit(bool({'gymnasium', 'numba', 'scipy'} & set(sys.modules)))"
    subprocess.run([sys.executable, "-c", code], check=True)
