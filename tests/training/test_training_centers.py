import numpy as np

from maitred.agents.candidates import usual
from maitred.envs.episodes import Episodes
from maitred.envs.objective import Objective
from maitred.training.training_centers import TrainingCenters
from tests.envs.toy import toy


def begun() -> Episodes:
    episodes = Episodes(toy(), 4)
    episodes.streams.seed(7)
    episodes.begin(np.ones(4, bool))
    return episodes


def test_centers_start_at_different_times_of_their_first_day():
    centers = TrainingCenters(scenario=toy(), num_envs=8, seed=1, objective=Objective(), scale=1.0, episode=160)
    centers.reset()
    now = centers._episodes.simulator.centers.center["now"]
    assert len(set(now.tolist())) == 8 and np.ptp(now) > 3600


def test_worlds_of_one_group_each_begin_at_different_times():
    settings = {"scenario": toy(), "num_envs": 4, "seed": 1, "objective": Objective(), "scale": 1.0, "episode": 160}
    starts = []
    for later in (0.0, 0.5):
        centers = TrainingCenters(**settings, siblings=4, later=later)
        centers.reset()
        [start] = set(centers._episodes.simulator.centers.center["now"].tolist())
        starts.append(start)
    assert starts[1] - starts[0] > 3600


def test_going_on_as_usual_is_answering_every_decision_with_the_usual_candidate():
    counts = np.array([0, 3, 40, 700])
    at_once, by_step, steps = begun(), begun(), 0
    at_once.go_on_as_usual(counts)
    reached = at_once.observation()
    assert at_once.simulator.centers.center["decisions"][3] < 700  # the last went on into its next days
    for b, count in enumerate(counts):
        for _ in range(count - steps):
            by_step.simulator.step(usual(by_step.simulator.decisions()))
            by_step.begin(by_step.done)
        steps = count
        expected = by_step.observation()
        assert all((reached[name][b] == expected[name][b]).all() for name in reached)


def siblings_of_the_toy() -> TrainingCenters:
    return TrainingCenters(
        scenario=toy(), num_envs=6, seed=1, objective=Objective(), scale=1.0, episode=160, siblings=3
    )


def same(observed, one, other) -> bool:
    return all((array[one] == array[other]).all() for array in observed.values())


def test_siblings_go_on_from_where_the_eldest_stands_and_alike_while_they_choose_alike():
    centers, rng = siblings_of_the_toy(), np.random.default_rng(0)
    observed = centers.reset()
    assert same(observed, 0, 1) and same(observed, 3, 5) and not same(observed, 0, 3)
    for _ in range(20):  # each on its own
        observed, *_ = centers.step((rng.random(centers.action_masks().shape) * centers.action_masks()).argmax(axis=1))
    assert not same(observed, 0, 1)
    eldest = {name: array[[0, 3]].copy() for name, array in observed.items()}
    gathered = centers.gather()
    assert all((gathered[name][[1, 4]] == eldest[name]).all() for name in eldest)
    ended = np.zeros(6, bool)
    while not ended[0] or not ended[3]:
        legal = centers.action_masks()
        alike = (rng.random(legal[::3].shape).repeat(3, axis=0) * legal).argmax(axis=1)
        observed, rewards, dones, _ = centers.step(alike)
        assert same(observed, 0, 2) and same(observed, 3, 4)
        assert rewards[0] == rewards[2] and (dones == dones[centers.eldest]).all()
        assert (centers.decided_s == centers.decided_s[centers.eldest]).all()
        ended |= dones
    for _ in range(20):  # into the next day, the same for all
        observed, *_ = centers.step(np.zeros(6, np.int64))
        assert same(observed, 0, 1) and same(observed, 3, 5)


def test_siblings_gathered_over_the_end_of_a_day_go_on_into_the_same_days():
    centers, rng = siblings_of_the_toy(), np.random.default_rng(2)
    centers.reset()
    simulator = centers._episodes.simulator
    while centers._episodes.streams.begun[0] < 3:
        for _ in range(40):
            legal = centers.action_masks()
            anyone = (rng.random(legal.shape) * legal).argmax(axis=1)
            centers.step(np.where(rng.random(6) < 0.2, anyone, 0))
        observed = centers.gather()
        assert all((array == array[centers.eldest]).all() for array in observed.values())
        assert (centers._episodes.clock_s == centers._episodes.clock_s[centers.eldest]).all()
        for b in (1, 4):
            contacts = [simulator.ledger(each).contacts for each in (b, centers.eldest[b])]
            assert contacts[0].tobytes() == contacts[1].tobytes()


def test_siblings_who_choose_otherwise_meet_the_same_callers():
    centers, rng = siblings_of_the_toy(), np.random.default_rng(0)
    centers.reset()
    simulator, met = centers._episodes.simulator, []
    while not met:
        ends = simulator.centers.center["decisions"].copy()
        ledgers = [simulator.ledger(b) for b in range(3)]
        legal = centers.action_masks()
        _, _, dones, _ = centers.step((rng.random(legal.shape) * legal).argmax(axis=1))
        if dones[:3].any() and ends.min() > 20:
            met = ledgers
    firsts = [ledger.contacts[ledger.contacts["attempts"] == 0]["arrival_s"] for ledger in met]
    until = min(map(len, firsts)) - 1
    assert until > 20 and all((each[:until] == firsts[0][:until]).all() for each in firsts)
    assert any((each.contacts["agent"][:until] != met[0].contacts["agent"][:until]).any() for each in met)
