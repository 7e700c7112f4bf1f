"""The scenarios that are shipped: whole, readable, what the builders write, and what their names promise."""

import re
from hashlib import sha256

import numpy as np
import pytest

from experiments.scenarios.build import PLANS, build
from experiments.scenarios.load import contained, left_by_bots, planned_load, spread, work_s
from experiments.scenarios.page import PAGE, page
from maitred.envs.scenario_file import SHIPPED, load_scenario, save_scenario

NAMES = sorted(path.stem for path in SHIPPED.glob("*.yaml"))
BUILT = sorted(PLANS)


@pytest.fixture(scope="module")
def shipped():
    return {name: load_scenario(name) for name in NAMES}


def test_every_scenario_has_its_builder_but_the_one_fitted_from_a_log():
    assert set(NAMES) == {"bank", *PLANS}


@pytest.mark.parametrize("name", BUILT)
def test_building_anew_writes_the_shipped_bytes(name, tmp_path):
    build(name, tmp_path)
    written = [path.relative_to(tmp_path) for path in tmp_path.rglob("*.*")]
    assert len(written) == 6
    for path in written:
        assert (tmp_path / path).read_bytes() == (SHIPPED / path).read_bytes()


@pytest.mark.parametrize("name", NAMES)
def test_the_yaml_is_a_screen_and_its_tables_have_the_hashes_that_it_states(name):
    text = (SHIPPED / f"{name}.yaml").read_text()
    assert len(text.splitlines()) <= 60
    hashes = dict(re.findall(r"^  (\w+\.csv): (\w{64})$", text, re.MULTILINE))
    tables = {path.name: sha256(path.read_bytes()).hexdigest() for path in (SHIPPED / name).iterdir()}
    assert hashes == tables


@pytest.mark.parametrize("name", NAMES)
def test_a_scenario_says_what_it_is_for_and_saves_as_it_was_loaded(name, shipped, tmp_path):
    assert len(shipped[name].description) > 40
    save_scenario(shipped[name], tmp_path / f"{name}.yaml")
    assert (tmp_path / f"{name}.yaml").read_bytes() == (SHIPPED / f"{name}.yaml").read_bytes()


def test_numbers_in_tables_are_rounded():
    for path in SHIPPED.glob("*/*.csv"):
        cells = {cell for line in path.read_text().splitlines()[1:] for cell in line.split(",")}
        assert max(map(len, cells)) <= 14, path


def test_the_page_lists_what_is_shipped(shipped):
    assert PAGE.read_text() == page([shipped[name] for name in ("bank", *PLANS)])


@pytest.mark.parametrize("name", sorted({*BUILT} - {"w1_voice", "w5_w"}))
def test_shifts_cover_the_work_without_idling(name, shipped):
    assert 0.65 < planned_load(shipped[name]).of_capacity < 0.95


def test_level0_has_finite_lines_and_neither_bots_nor_skills(shipped):
    level0 = shipped["level0"]
    assert level0.staffing.lines > 0 and level0.returns.retrial_p > 0
    assert not level0.bots.names and len(level0.types.names) == len(level0.agents.group_names) == 1
    assert not level0.routing.may_hold


def test_level1_has_a_menu_that_errs_and_queues_with_their_own_agents(shipped):
    level1 = shipped["level1"]
    assert level1.bots.names == ("ivr",) and contained(level1) < 0.15
    assert spread(level1, "handoff", "misroute_p").min() > 0
    assert (level1.agents.may_answer.sum(axis=1) == 1).all()
    assert spread(level1, "deferral", "callback").all()


def test_containment_rises_with_the_levels_and_passes_half_at_level3(shipped):
    shares = [contained(shipped[f"level{level}"]) for level in range(6)]
    assert shares == sorted(shares)
    assert shares[0] == 0 and shares[2] < 0.5 < shares[3]


def test_level2_keeps_bots_to_routine_intents_and_gives_agents_a_copilot(shipped):
    level2 = shipped["level2"]
    takes = dict(zip(level2.types.names, spread(level2, "bots", "takes")[0], strict=True))
    assert takes["orders_chat"] and not takes["tech_chat"]
    assert level2.people.copilot_novice > level2.people.copilot_expert


def test_level3_hands_over_everything_that_was_said(shipped):
    level3 = shipped["level3"]
    assert spread(level3, "bots", "handoff_context") == 1 and spread(level3, "bots", "wrap_up_factor") < 1
    assert level3.reassess.keep_context and level3.demand.elasticity > 0
    assert np.max(level3.reassess.live_of) >= 0


def test_level4_is_open_to_the_bot_at_night_and_asks_specialists(shipped):
    level4 = shipped["level4"]
    night = level4.arrivals.rate_per_h[0, :, 3] > 0
    assert night.any() and spread(level4, "bots", "takes")[0][night].all()
    assert level4.staffing.shift_start_s.min() > 3 * 3600
    approval = level4.types.names.index("approval")
    able = level4.agents.may_answer[:, approval]
    assert {level4.agents.group_names[g] for g in level4.agents.group[able]} == {"specialists"}
    assert level4.dialogue.sentiment_sd > 0


def test_level5_reaches_out_and_leaves_little_to_people(shipped):
    level5 = shipped["level5"]
    assert np.max(level5.outreach.needs_per_h) > 0
    assert contained(level5) > 0.75 and "back_office" in level5.agents.group_names


@pytest.mark.parametrize("name", ["w1_voice", "w5_n", "w5_w"])
def test_the_exact_worlds_have_equal_agents_and_nothing_but_exponential_times(name, shipped):
    world = shipped[name]
    assert world.service.distribution == "exponential"
    assert np.ptp(world.patience.hazard_per_s, axis=2).max() == 0
    assert np.ptp(world.arrivals.rate_per_h, axis=2).max() == 0 and world.arrivals.day_factor_cv == 0
    for group in range(len(world.agents.group_names)):
        assert np.ptp(world.agents.mean_s[world.agents.group == group], axis=0).max() == 0


def test_networks_have_the_shape_of_their_letter(shipped):
    n, w = (shipped[name].agents for name in ("w5_n", "w5_w"))
    assert np.unique(n.may_answer, axis=0).tolist() == [[True, False], [True, True]]
    assert np.unique(w.may_answer, axis=0).tolist() == [[False, True, True], [True, True, False]]


def test_w7_lasts_26_weeks_with_slow_new_agents_and_settled_ones(shipped):
    w7 = shipped["w7_new_hires"]
    new = w7.agents.tenure_wk <= 3
    assert w7.days == 26 * 7 and 0.3 < new.mean() < 0.7
    assert w7.agents.mean_s[new].mean() > 1.3 * w7.agents.mean_s[~new].mean()


def test_w8_lets_money_buy_containment(shipped):
    bots = shipped["w8_bots"].bots
    assert bots.cost_per_session[0] < bots.cost_per_session[1]
    assert (bots.resolve_p[0] < bots.resolve_p[1]).all() and bots.wrong_p[0] > bots.wrong_p[1]


@pytest.mark.parametrize("name", ["w3_chat", "bpo_chat", "omni"])
def test_concurrency_is_decided_up_to_six(name, shipped):
    assert shipped[name].concurrency.decided and shipped[name].concurrency.max_cap_slots == 6


def test_bpo_chat_is_loaded_so_that_concurrency_matters(shipped):
    bpo = shipped["bpo_chat"]
    assert 0.80 <= planned_load(bpo).of_capacity <= 0.90
    offshore, onshore = (bpo.agents.mean_s[bpo.agents.group == g].mean() for g in range(2))
    assert offshore > 1.1 * onshore and bpo.agents.cost_per_min[0] < 0.5 * bpo.agents.cost_per_min[1]


def test_omni_has_four_groups_every_channel_and_four_quadrants(shipped):
    omni = shipped["omni"]
    assert len(omni.agents.group_names) == 4
    assert {omni.channels.names[c] for c in omni.channels.of_type} == {"voice", "chat", "async"}
    assert 3000 <= planned_load(omni).contacts <= 4000
    assert spread(omni, "dialogue", "urgent_share").min() > 0 and len(omni.dialogue.names) == 3


def test_planned_work_of_calls_is_handle_time_and_wrap_up(shipped):
    w1 = shipped["w1_voice"]
    assert work_s(w1, left_by_bots(w1)).item() == pytest.approx(300)
    level0 = shipped["level0"]
    mean = level0.agents.mean_s.mean() + 60 + level0.staffing.pause_mean_s
    assert work_s(level0, left_by_bots(level0)).item() == pytest.approx(mean)


def test_planned_load_is_erlangs_over_agents_where_nobody_shares(shipped):
    w1 = planned_load(shipped["w1_voice"])
    assert w1.of_capacity == pytest.approx(5472 * 300 / (20 * 86_400))
    assert w1.work_h / w1.shift_h == pytest.approx(w1.of_capacity)
