"""Rules that hold whatever a policy likes: humans for what must be human, two people for what needs two."""

import numpy as np
import pytest

from maitred.envs.blocks import Bots, Channels, Concurrency, Dialogue, Governance, Handoff
from maitred.envs.decision import Action
from maitred.envs.kernel.layout import Outcome
from maitred.envs.scenario_error import ScenarioError
from maitred.envs.simulator import Simulator, simulate
from tests.envs.kernel.governed import check_governance
from tests.envs.kernel.policies import Anything, Prefer
from tests.envs.kernel.worlds import center, luck

PLAIN, SECRET, DESK = range(3)


def world(**more):
    """Two types of chat that a keen bot may take, and the desk that approves."""
    blocks = {
        "channels": Channels(names=("chat",), think_mean_s=60.0),
        "dialogue": Dialogue(turns_mean=3.0),
        "concurrency": Concurrency(cap_slots=3, decided=True),
        "bots": Bots(names=("bot",), resolve_p=0.9),
        "handoff": Handoff(approval_by=np.array([-1, DESK, -1])),
    }
    return center(("plain", "secret", "desk"), agents=6, per_h=10.0, **(blocks | more))


def ledger_of(scenario, policy):
    return simulate(scenario, [luck(scenario)], policy)[0]


def test_what_must_be_human_never_meets_a_bot():
    keen = Prefer((Action.BOT, Action.HAND_BACK))
    free = ledger_of(world(), keen)
    ruled = ledger_of(world(governance=Governance(must_human=np.array([0.0, 1.0, 0.0]))), keen)
    assert (free.talks["bot"][free.talks["first_type"] == SECRET] >= 0).mean() > 0.9
    assert (ruled.talks["bot"][ruled.talks["first_type"] == SECRET] == -1).all()
    assert (ruled.talks["bot"][ruled.talks["first_type"] == PLAIN] >= 0).mean() > 0.9


def test_what_needs_two_people_is_closed_by_the_second():
    ledger = ledger_of(world(governance=Governance(two_person=np.array([0.0, 1.0, 0.0]))), Anything())
    closed = (ledger.contacts["outcome"] == Outcome.SERVED) & (ledger.talks["first_type"] == SECRET)
    assert closed.sum() > 50
    assert (ledger.contacts["type"][closed] == DESK).all() and (ledger.talks["approved"][closed] == 1).all()


def test_no_cap_goes_above_the_highest():
    scenario = world(governance=Governance(max_cap_slots=2))
    simulator, rng, decided = Simulator(scenario, [luck(scenario)]), np.random.default_rng(0), 0
    simulator.step()
    while simulator.pending.any():
        check_governance(simulator)
        decided += int(simulator.centers.center["kind"][0] == 3)
        mask = simulator.observation.mask
        simulator.step(np.where(mask, rng.random(mask.shape), -1).argmax(axis=1))
    assert decided > 100


def test_a_rule_that_nobody_can_fulfil_is_refused():
    with pytest.raises(ScenarioError, match="two_person"):
        world(handoff=Handoff(), governance=Governance(two_person=np.array([0.0, 1.0, 0.0])))
