"""A network can begin at the level of a rule; what it is told follows from what the rule's episodes booked."""

import numpy as np
import pytest
import torch

from maitred.agents.ppo import CandidateExtractor
from maitred.agents.rules import RULES
from maitred.envs.objective import Objective
from maitred.envs.observation import observation_space
from maitred.envs.simulator import Simulator
from maitred.envs.traffic import draw_trace
from maitred.training.imitation import OPEN_MIND, imitate, open_mind
from maitred.training.rehearsal import EPISODES, rehearse
from tests.training.center import small_center


def test_the_network_learns_what_the_rule_chooses_and_what_came_of_it():
    scenario = small_center(1.2)
    lesson = rehearse(scenario, RULES["fastest"], np.random.SeedSequence(1), 8_000, horizon_s=600.0)
    torch.manual_seed(0)
    extractor = CandidateExtractor(observation_space(scenario.routing.places))
    extractor.network.fit_normaliser(lesson.decisions)
    values = (lesson.returns / lesson.returns.std()).astype(np.float32)
    rng = np.random.default_rng(2)
    agreement = imitate(extractor, lesson.decisions, lesson.chosen, values, 6, rng)
    open_mind(extractor, lesson.decisions)
    assert agreement > 0.97
    d = lesson.decisions
    with torch.inference_mode():
        logits, value = extractor.network(*map(torch.from_numpy, (d.context, d.candidates, d.mask)))
    assert np.var(value.numpy() - values) < 0.9 * np.var(values)
    log_p = torch.log_softmax(logits, dim=1)
    entropy = -(log_p.exp() * log_p * torch.from_numpy(d.mask)).sum(dim=1).mean()
    even = np.log(d.mask.sum(axis=1)).mean()
    assert entropy.item() / even == pytest.approx(OPEN_MIND, abs=0.02)  # much is left for the other candidates


def test_returns_are_what_the_episodes_booked_from_each_decision_on():
    scenario, seed = small_center(), np.random.SeedSequence(4)
    lesson = rehearse(scenario, RULES["cmu"], seed, 100)
    assert lesson.episodes == EPISODES
    traces = [draw_trace(scenario, child) for child in np.random.SeedSequence(4).spawn(EPISODES)]
    simulator, weights = Simulator(scenario, traces), Objective().weights()
    simulator.step()
    first = simulator.pending.copy()
    before = simulator.booked @ weights
    while (pending := simulator.pending).any():
        answers = np.zeros(len(simulator), np.int64)
        answers[pending] = RULES["cmu"].act(simulator.decisions(pending)).candidate
        simulator.step(answers)
    booked = simulator.booked @ weights - before
    np.testing.assert_allclose(lesson.returns[: first.sum()], booked[first])


def test_a_short_horizon_forgets_what_is_far_away():
    far = rehearse(small_center(), RULES["cmu"], np.random.SeedSequence(4), 100)
    near = rehearse(small_center(), RULES["cmu"], np.random.SeedSequence(4), 100, horizon_s=60.0)
    assert np.abs(near.returns).mean() < 0.1 * np.abs(far.returns).mean()
