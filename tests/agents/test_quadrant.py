"""The four prescriptions of domain 1.3, one decision each, and the trend they leave in a center."""

import numpy as np
import pytest

from maitred.agents.rules import RULES
from maitred.envs.decision import Action, Kind
from maitred.envs.scenario_file import load_scenario
from maitred.envs.simulator import Simulator
from maitred.envs.traffic import draw_trace
from maitred.training.day_record import Recorder, quadrant_of, trend
from tests.agents.made import one

QUADRANT = RULES["quadrant"]
AGENTS = (Action.ASSIGN, Action.ASSIGN, Action.BOT, Action.DEFER, Action.HOLD)
TURNS = (Action.CONTINUE, Action.ESCALATE, Action.HAND_BACK, Action.ASYNC, Action.LIVE)


@pytest.mark.parametrize(
    ("complexity", "urgency", "answer"),
    [(0.9, 0.9, 1), (0.9, 0.1, 3), (0.1, 0.1, 2), (0.1, 0.9, 2)],
)
def test_a_contact_goes_where_its_quadrant_says(complexity, urgency, answer):
    decision = one(Kind.ROUTE, AGENTS, complexity=complexity, urgency=urgency, open=[3, 1, 0, 0, 0])
    assert QUADRANT.act(decision).candidate[0] == answer


@pytest.mark.parametrize(
    ("complexity", "urgency", "answer"),
    [(0.9, 0.9, Action.LIVE), (0.9, 0.1, Action.ASYNC), (0.1, 0.1, Action.HAND_BACK), (0.1, 0.9, Action.CONTINUE)],
)
def test_a_conversation_changes_to_the_mode_of_its_quadrant(complexity, urgency, answer):
    decision = one(Kind.REASSESS, TURNS, complexity=complexity, urgency=urgency, open=2, turns=4)
    assert TURNS[QUADRANT.act(decision).candidate[0]] == answer


@pytest.mark.parametrize(("urgency", "turns", "answer"), [(0.9, 2, 0), (0.9, 3, 1), (0.1, 9, 0)])
def test_a_bot_gives_up_urgent_contacts_after_a_few_turns(urgency, turns, answer):
    decision = one(Kind.REASSESS, (Action.CONTINUE, Action.ESCALATE), urgency=urgency, complexity=0.1, turns=turns)
    assert QUADRANT.act(decision).candidate[0] == answer


def test_the_complex_wait_for_an_agent_where_a_bot_is_usual():
    actions = (Action.BOT, Action.HOLD)
    for complexity, answer in ((0.9, Action.HOLD), (0.1, Action.BOT)):
        decision = one(Kind.ROUTE, actions, complexity=complexity, urgency=0.9)
        assert actions[QUADRANT.act(decision).candidate[0]] == answer


def test_complex_work_lowers_the_cap():
    for mix, cap in ((0.8, 2), (0.2, 4)):
        decision = one(Kind.CONCURRENCY, (Action.CAP,) * 5, cap_set=[3, 1, 2, 4, 5], mix=mix, open=1)
        assert [3, 1, 2, 4, 5][QUADRANT.act(decision).candidate[0]] == cap


def test_the_urgent_are_pulled_first():
    decision = one(Kind.PULL, (Action.ASSIGN, Action.ASSIGN), urgency=[0.1, 0.8])
    assert QUADRANT.act(decision).candidate[0] == 1


def test_harder_contacts_share_their_agent_with_fewer_others():
    # Q-X, on three days of the chat outsourcer; on omni parked messages blur it, and the trend is no rule there.
    scenario, trends, held = load_scenario("bpo_chat"), [], []
    for day in range(3):
        simulator = Simulator(scenario, [draw_trace(scenario, np.random.SeedSequence(day), 0)])
        recorder = Recorder(simulator)
        simulator.step()
        while simulator.pending[0]:
            recorder.look()
            simulator.step(QUADRANT.act(simulator.decisions()).candidate)
        record = recorder.record()
        trends.append(trend(record))
        quadrant = quadrant_of(record.talks[:, 1], record.talks[:, 2])
        held.append([record.talks[quadrant == q, 3].mean() for q in range(4)])
    assert np.mean(trends) < -0.05
    simple, _, _, complex_urgent = np.mean(held, axis=0)
    assert complex_urgent < simple - 0.3
