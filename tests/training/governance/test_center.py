"""A center under the file has the file's rules, and no others."""

import numpy as np
import pytest

from maitred.agents.rules import rule
from maitred.envs.blocks import Bots, Channels, Dialogue, Governance, Handoff, Outreach
from maitred.envs.scenario import Scenario
from maitred.envs.scenario_error import ScenarioError
from maitred.envs.scenario_file import load_scenario, save_scenario, scenario_hash
from maitred.envs.simulator import simulate
from maitred.training.frozen import FrozenSet, freeze
from maitred.training.governance.center import govern_center, govern_set
from tests.envs.kernel.worlds import center
from tests.rules import rules
from tests.training.center import small_center

RULES = rules()
ABSENT = {"must_human": ["cards"], "two_person": [], "approval_above": {}, "may_escalate": None, "service_levels": {}}


def world(**more: object) -> Scenario:
    blocks = {
        "channels": Channels(names=("chat",), think_mean_s=60.0),
        "dialogue": Dialogue(turns_mean=3.0),
        "bots": Bots(names=("bot",), resolve_p=0.9),
        "handoff": Handoff(approval_by=np.array([-1, 0, -1])),
    }
    return center(("complaints", "refunds", "tariffs"), agents=6, per_h=10.0, **(blocks | more))


def test_the_rules_of_the_file_are_those_of_the_kernel() -> None:
    governed = govern_center(world(outreach=Outreach(needs_per_h=5, messages_per_day=900)), RULES)
    assert governed.governance.must_human.tolist() == [1, 0, 0]
    assert governed.governance.two_person.tolist() == [0, 1, 0]
    assert governed.governance.max_cap_slots == 6
    outreach = governed.outreach
    assert (outreach.messages_per_day, outreach.open_from_s, outreach.open_to_s) == (500, 32_400, 72_000)


def test_a_governed_center_is_another_center_and_can_be_saved(tmp_path) -> None:
    governed = govern_center(world(), RULES)
    assert scenario_hash(governed) != scenario_hash(world())
    save_scenario(governed, tmp_path / "governed.yaml")
    assert scenario_hash(govern_center(load_scenario(tmp_path / "governed.yaml"), RULES)) == scenario_hash(governed)


def test_frozen_days_are_played_under_the_file_and_stay_the_same_days(tmp_path) -> None:
    frozen = freeze(world(), tmp_path / "set", episodes=3, seed=5, purpose="a test", name="set")
    governed = govern_set(frozen, RULES)
    assert governed.sha256 == frozen.sha256 and govern_set(frozen, None) is frozen

    def with_bots(played_in: FrozenSet) -> np.ndarray:
        ledgers = simulate(played_in.scenario, played_in.traces(), rule("bot_first+cmu"))
        talks = np.concatenate([ledger.talks for ledger in ledgers])
        return np.bincount(talks["first_type"], weights=talks["bot_turns"], minlength=3)

    before, after = with_bots(frozen), with_bots(governed)
    assert (before > 0).all() and after[0] == 0 and (after[1:] > 0).all()


def test_a_center_of_calls_alone_has_nothing_to_forbid() -> None:
    calls = small_center()
    assert govern_center(calls, rules(intents=["loans", "cards"], **ABSENT)) is calls


def test_what_cannot_be_is_refused() -> None:
    with pytest.raises(ScenarioError, match="intents of the governance file"):
        govern_center(small_center(), RULES)
    with pytest.raises(ScenarioError, match="no rules but those of the governance file"):
        govern_center(world(governance=Governance(max_cap_slots=3)), RULES)
    with pytest.raises(ScenarioError, match="two_person"):
        govern_center(world(handoff=Handoff()), RULES)
    two = rules(intents=["loans", "cards"], **{**ABSENT, "two_person": ["cards"]})
    with pytest.raises(ScenarioError, match="where someone approves"):
        govern_center(small_center(), two)
