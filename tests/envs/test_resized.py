"""A center of another size has the same work per agent, and the same kinds of people and contacts."""

import numpy as np
import pytest

from maitred.envs.resized import resized
from maitred.envs.scenario_file import load_scenario


def hours(s):
    return (s.staffing.shift_agents * (s.staffing.shift_end_s - s.staffing.shift_start_s)).sum() / 3600


@pytest.mark.parametrize("name", ["bank", "omni", "bpo_chat"])
@pytest.mark.parametrize("factor", [0.5, 2, 10])
def test_work_per_agent_hour_stays(name, factor):
    before = load_scenario(name)
    after = resized(before, agents=factor)
    per_hour = [s.arrivals.rate_per_h.sum() / hours(s) for s in (before, after)]
    assert per_hour[1] == pytest.approx(per_hour[0])
    assert hours(after) == pytest.approx(factor * hours(before), rel=0.15)
    assert set(zip(after.staffing.shift_day_type, after.staffing.shift_group, strict=True)) == set(
        zip(before.staffing.shift_day_type, before.staffing.shift_group, strict=True)
    )
    for group in np.unique(after.staffing.shift_group):
        at_once = after.staffing.shift_agents[after.staffing.shift_group == group].max()
        assert (after.agents.group == group).sum() >= at_once


def test_load_changes_the_arrivals_alone():
    before = load_scenario("bank")
    after = resized(before, load=1.2)
    np.testing.assert_allclose(after.arrivals.rate_per_h, 1.2 * before.arrivals.rate_per_h)
    assert after.agents is before.agents
    np.testing.assert_array_equal(after.staffing.shift_agents, before.staffing.shift_agents)


def test_factors_are_positive():
    with pytest.raises(ValueError, match="expected positive factors, found agents 0"):
        resized(load_scenario("bank"), agents=0)
