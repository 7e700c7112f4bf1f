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
