"""Whatever the simulator decides can be put to a routing service's policy as JSON, and is understood there."""

import json

import numpy as np

from maitred.envs.decision import CANDIDATE_FEATURES, CANDIDATE_NAMES, Action, Kind
from maitred.envs.decision_json import read_request
from maitred.envs.decision_request import action_of, write_request
from maitred.envs.scenario_file import load_scenario
from maitred.envs.simulator import Simulator
from maitred.envs.traffic import draw_trace

LOW, HIGH = (np.array([getattr(f, end) for f in CANDIDATE_FEATURES], np.float32) for end in ("low", "high"))
USUAL = CANDIDATE_NAMES.index("usual")


def test_every_decision_of_the_headline_world_survives_the_form() -> None:
    omni = load_scenario("omni")
    simulator = Simulator(omni, [draw_trace(omni, np.random.SeedSequence(i)) for i in range(8)])
    simulator.step()
    seen: set[tuple[int, Action]] = set()
    for step in range(400):
        decisions = simulator.decisions()
        for row in range(step % 8, len(decisions), 8):  # one center's in turn
            n = int(decisions.mask[row].sum())
            request = json.dumps(write_request(decisions, row, f"d{row}", [str(i) for i in range(n)]))
            asked = read_request(json.loads(request))
            candidates = decisions.candidates[row, [int(identity) for identity in asked.ids]].clip(LOW, HIGH)
            np.testing.assert_array_equal(asked.decisions.candidates[0], candidates)
            np.testing.assert_allclose(asked.decisions.context[0], decisions.context[row], atol=2e-6)
            assert candidates[:, USUAL].sum() == 1
            seen |= {(int(decisions.kind[row]), action_of(values)) for values in candidates}
        simulator.step(decisions.candidates[..., USUAL].argmax(axis=1))
    assert {kind for kind, _ in seen} == {Kind.ROUTE, Kind.PULL, Kind.REASSESS, Kind.CONCURRENCY}
    assert {action for _, action in seen} >= {Action.BOT, Action.HOLD, Action.ESCALATE, Action.HAND_BACK, Action.CAP}
