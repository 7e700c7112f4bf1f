"""Every planted figure of a center comes back from its turn log, within three standard errors that are small."""

from __future__ import annotations

import csv

import numpy as np
import pytest

from maitred.cli import main
from maitred.envs.calibration.arrivals import Estimate
from maitred.envs.calibration.turns.assemble import assemble
from maitred.envs.calibration.turns.events import read_events
from maitred.envs.calibration.turns.fits import TurnCalibration, fit_turns
from maitred.envs.calibration.turns.learning import unlearned
from maitred.envs.scenario_file import load_scenario
from maitred.envs.turn_log import from_ledger, write_turn_log
from tests.envs.calibration.turns.planted import NEW, SPEED, TURN_S, center, four_weeks

TYPES = ("orders", "account", "experts", "phone")
MEAN_FACTOR = np.sqrt(0.5 * 1.5)  # fitted work factors have a geometric mean of 1

# figure, of, planted, largest standard error over the figure
WITHOUT_LABELS = [
    ("channels.think_mean_s", "chat", 60.0, 0.02),
    ("channels.silence_tolerance_s", "chat", 300.0, 0.06),
    ("channels.silence_timeout_s", "chat", 150.0, 0.01),
    ("channels.silent_share", "chat", 0.3, 0.25),
    ("work.switch_overhead", "all", 0.15, 0.15),
    ("work.log_sd", "account", 0.5, 0.02),
    ("work.log_sd", "experts", 0.5, 0.02),
    ("learning.learn_ratio", "all", 1.8, 0.1),
    ("learning.learn_half_life_wk", "all", 4.0, 0.4),
    ("complexity.work_factor", "simple", 0.5 / MEAN_FACTOR, 0.01),
    ("complexity.work_factor", "complex", 1.5 / MEAN_FACTOR, 0.01),
    ("complexity.turns_mean", "simple", 4.0, 0.02),
    ("complexity.turns_mean", "complex", 10.0, 0.03),
    ("complexity.share", "account/simple", 0.4, 0.05),
    ("complexity.share", "experts/complex", 0.8, 0.03),
    ("agents.type_resolve_p", "account", 0.7, 0.03),
    ("agents.wrap_up_mean_s", "account", 30.0, 0.05),
    ("agents.wrap_up_mean_s", "phone", 40.0, 0.05),
    ("bots.turn_s", "bot", 12.0, 0.02),
    ("bots.turns_mean", "bot", 4.0, 0.03),
    ("bots.leave_p", "bot", 0.03, 0.1),
    ("bots.wrong_p", "bot", 0.3, 0.1),
    ("handoff.misroute_p", "account", 0.2, 0.06),
    ("handoff.repeat_info_s", "all", 90.0, 0.05),
    ("handoff.kept_info_s", "all", 20.0, 0.12),
    ("handoff.discovery_s", "all", 45.0, 0.1),
    ("promises.callback_accept_p", "all", 0.6, 0.05),
    ("promises.callback_no_answer_p", "all", 0.25, 0.12),
    ("returns.p", "retrial", 0.4, 0.04),
    ("returns.mean_s", "retrial", 1500.0, 0.05),
    ("returns.p", "repeat_unresolved", 0.5, 0.04),
    ("returns.mean_s", "repeat_unresolved", 20000.0, 0.06),
    ("surveys.survey_p", "all", 0.25, 0.12),
    ("surveys.survey_bias", "all", 1.0, 0.25),
]
WITH_LABELS = [
    ("complexity.share", "orders/simple", 0.7, 0.02),
    ("complexity.share", "phone/simple", 0.5, 0.05),
    ("work.log_sd", "phone", 0.5, 0.05),
    ("bots.containment_of_class", "bot/simple", 0.5 + 0.5 * 0.3, 0.03),  # resolved, or closed wrongly
    ("bots.containment_of_class", "bot/complex", 0.15 + 0.85 * 0.3, 0.05),
]


@pytest.fixture(scope="module")
def plain() -> TurnCalibration:
    return fit_turns(read_events(from_ledger(four_weeks(), center())))


@pytest.fixture(scope="module")
def labelled() -> TurnCalibration:
    return fit_turns(read_events(from_ledger(four_weeks(), center(), labels=True)))


def figure(fits: TurnCalibration, name: str, of: str) -> Estimate:
    mechanism, _, field = name.partition(".")
    return getattr(getattr(fits, mechanism), field)[of]


def assert_recovered(estimate: Estimate, planted: float, largest_error: float) -> None:
    assert abs(estimate.value - planted) <= max(3 * estimate.se, 1e-3 * planted)
    assert estimate.se <= largest_error * planted


@pytest.mark.parametrize(("name", "of", "planted", "largest_error"), WITHOUT_LABELS)
def test_planted_figures_come_back(
    plain: TurnCalibration, name: str, of: str, planted: float, largest_error: float
) -> None:
    assert_recovered(figure(plain, name, of), planted, largest_error)


@pytest.mark.parametrize(("name", "of", "planted", "largest_error"), WITH_LABELS)
def test_labels_of_complexity_tell_what_turns_alone_cannot(
    labelled: TurnCalibration, name: str, of: str, planted: float, largest_error: float
) -> None:
    assert_recovered(figure(labelled, name, of), planted, largest_error)


def test_conversations_are_found_to_have_two_phases_and_the_bot_to_stop_after_eight_turns(
    plain: TurnCalibration,
) -> None:
    assert (plain.mixture.phases, plain.bots.max_turns["bot"].value) == (2, 8)


def test_means_of_agents_come_back_by_type(plain: TurnCalibration) -> None:
    of_type = [plain.log.types.index(name) for name in TYPES[:3]]
    fitted, error = plain.agents.turn_s[NEW:, of_type], plain.agents.log_se[NEW:, of_type]
    planted = SPEED[NEW:, None] * TURN_S[:3] * MEAN_FACTOR
    off = np.abs(np.log(fitted / planted))
    assert (off <= 3 * error + 0.01).all()
    assert error.max() < 0.05


def test_novices_are_as_fast_as_they_are_when_the_log_ends(plain: TurnCalibration) -> None:
    scenario = assembled(plain)
    weeks = scenario.agents.tenure_wk[:NEW]
    assert (weeks > 10).all()
    now = SPEED[:NEW] * TURN_S[1] * MEAN_FACTOR * unlearned(weeks, 1.8, 4.0) / 1.8
    np.testing.assert_allclose(scenario.agents.mean_s[:NEW, plain.log.types.index("account")], now, rtol=0.1)


def test_patience_counts_those_who_left_without_a_word(plain: TurnCalibration) -> None:
    calls, chats = plain.log.types.index("phone"), plain.log.types.index("account")
    early = slice(0, 5)  # the first two minutes, where most of the waiting is
    weight = plain.patience.exposure_s[:, 0, early]
    for kind in (calls, chats):
        assert np.average(plain.hazard_per_s[kind, 0, early], weights=weight[kind]) == pytest.approx(0.01, rel=0.25)


def test_first_arrivals_come_back_by_type_without_those_who_return(plain: TurnCalibration) -> None:
    busy = plain.arrivals.rate_per_h[0][:, 17:33].mean(axis=1)
    planted = {"orders": 20.0, "account": 12.0, "experts": 2.0, "phone": 6.0}
    # A contact in the wrong queue is counted there: a fifth of accounts, half of them to either of two queues.
    planted |= {"orders": 21.2, "account": 9.6, "experts": 3.2}
    np.testing.assert_allclose(busy, [planted[t] for t in plain.log.types], rtol=0.12)


def test_shifts_and_groups_are_those_of_the_log(plain: TurnCalibration) -> None:
    staffing = assembled(plain).staffing
    assert plain.staffing.group_names == ("north", "south")
    assert (staffing.shift_start_s == 8 * 3600).all() and (staffing.shift_end_s == 18 * 3600).all()
    assert (staffing.shift_agents == 4).all()


def assembled(fits: TurnCalibration):
    return assemble("found", fits, 0.0, {"first_day": "2024-01-01", "last_day": "2024-01-28"})


def test_the_scenario_has_the_blocks_that_the_log_shows(labelled: TurnCalibration) -> None:
    scenario = assembled(labelled)
    classes = scenario.dialogue.names
    by_class = dict(zip(classes, np.asarray(scenario.bots.resolve_p)[0], strict=True))
    assert by_class["simple"] == pytest.approx(0.5, abs=0.04)
    assert by_class["complex"] == pytest.approx(0.15, abs=0.06)
    assert (
        scenario.channels.names[int(np.asarray(scenario.channels.of_type)[labelled.log.types.index("phone")])]
        == "voice"
    )
    assert np.asarray(scenario.channels.exclusive).sum() == 1
    assert scenario.concurrency.cap_slots == 3
    assert scenario.handoff.escalate_to[labelled.log.types.index("account")] == labelled.log.types.index("experts")
    assert dict(zip(labelled.log.types, scenario.deferral.callback, strict=True))["phone"] == 1


def test_maitred_calibrate_takes_a_turn_log(tmp_path) -> None:
    write_turn_log(from_ledger(four_weeks(), center()), tmp_path / "turns.parquet")
    out, report = tmp_path / "found.yaml", tmp_path / "figures.csv"
    assert main(["calibrate", f"log={tmp_path / 'turns.parquet'}", f"out={out}", f"report={report}"]) == 0
    assert np.asarray(load_scenario(out).channels.think_mean_s).max() == pytest.approx(60, rel=0.05)
    rows = {(r["figure"], r["of"]): float(r["value"]) for r in csv.DictReader(report.open())}
    assert rows["think_mean_s", "chat"] == pytest.approx(60, rel=0.05)


def test_a_log_without_turns_says_what_is_missing(tmp_path, capsys) -> None:
    path = tmp_path / "turns.jsonl"
    path.write_text(
        '{"maitred.turn_log.version": "1"}\n'
        '{"ts": "2024-01-01T09:00:00", "event": "arrive", "contact_id": "c", "channel": "chat", "intent": "orders"}\n'
    )
    assert main(["calibrate", f"log={path}", f"out={tmp_path / 'found.yaml'}"]) == 2
    assert "no turn of an agent" in capsys.readouterr().err
