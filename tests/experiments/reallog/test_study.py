"""The study of a real log on a synthetic one: who knows what, what is true, and what a gain is."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from experiments.reallog.centers import strangers
from experiments.reallog.judging import gain, surviving
from experiments.reallog.rules import Matching
from experiments.reallog.source import Parts, read_contacts, split
from experiments.reallog.study import agreement, prepare, tuned_rules
from experiments.reallog.table import main
from maitred.agents.rules import RULES
from maitred.envs.contact_log import ContactLogError
from tests.envs.contact_log.synthetic_technion import write_synthetic_log

HEAD_START_S, NEWCOMER = 90.0, "A03"
MONTH = np.array(["1999-01"], "datetime64[M]")


@pytest.fixture(scope="module")
def raw(tmp_path_factory):
    path = tmp_path_factory.mktemp("reallog") / "calls.tsv"
    write_synthetic_log(path, seed=5, days=12, quirks=False)
    return path


@pytest.fixture(scope="module")
def study(raw):
    """Six days to learn from, in which one agent never serves, and six to be judged on."""
    log = read_contacts([raw])
    early = pc.less(log["arrival"], pa.scalar(np.datetime64("1999-01-09", "us")))
    known = log.filter(early)
    known = known.filter(pc.fill_null(pc.not_equal(known["agent"], NEWCOMER), True))
    later = log.filter(pc.invert(early))
    return prepare(Parts(known, later, later), HEAD_START_S, episodes=None, draws=3, seed=1)


def test_a_policy_believes_its_own_months_and_the_world_is_as_fitted_on_others(study):
    known, world = study.known.scenario.agents, study.world.scenario.agents
    assert not np.allclose(known.mean_s, world.mean_s)
    for belief, traces in zip(study.beliefs(0.0), study.days.traces, strict=True):
        np.testing.assert_array_equal(belief.agents.mean_s, known.mean_s)
        assert belief.service is study.world.scenario.service
        off = np.log(traces[0].handle_mean_s / world.mean_s) / world.log_se
        assert np.abs(off).max() < 5 and off.std() == pytest.approx(1, abs=0.5)


def test_the_truth_of_a_draw_holds_on_all_of_its_days_and_on_no_other_draws(study):
    truths = [[trace.handle_mean_s for trace in traces] for traces in study.days.traces]
    assert all((truth == draw[0]).all() for draw in truths for truth in draw)
    assert (truths[0][0] != truths[1][0]).all()


def test_draws_meet_the_same_arrivals_with_other_luck(study):
    first, second = (traces[0] for traces in study.days.traces[:2])
    np.testing.assert_array_equal(np.sort(first.arrivals["s"]), np.sort(second.arrivals["s"]))
    np.testing.assert_array_equal(first.roster, second.roster)
    assert first.key != second.key


def test_the_forecast_is_the_mean_of_what_is_known_of_the_weekday(study):
    for trace in study.days.traces[0]:
        same = study.known.weekday_per_h[trace.start_weekday[0]].sum(axis=0)
        np.testing.assert_allclose(trace.forecast["per_h"][:-1], same)


def test_an_agent_nobody_knows_is_counted_and_gets_the_pooled_estimate(study):
    new = strangers(study.parts.frozen, study.known)
    assert (new.agents, new.unknown) == (8, 1)
    assert 0 < new.share < 0.5
    assert strangers(study.parts.frozen, study.world).unknown == 0
    agents = study.known.scenario.agents
    newcomer = agents.names.index(NEWCOMER)
    assert agents.log_se[newcomer].min() > np.delete(agents.log_se, newcomer, axis=0).max()


def test_the_two_fits_agree_on_who_is_fast(study):
    found = agreement(study.known, study.world)
    assert found.pairs >= 10
    assert found.speed > 0.5


def test_noise_multiplies_the_same_error_and_says_so(study):
    clean, some, more = (study.beliefs(sd)[0].agents for sd in (0.0, 0.1, 0.2))
    np.testing.assert_allclose(np.log(more.mean_s / clean.mean_s), 2 * np.log(some.mean_s / clean.mean_s))
    np.testing.assert_allclose(more.log_se, np.hypot(clean.log_se, 0.2))


def test_shuffled_agents_have_each_others_estimates(study):
    clean, other = (study.beliefs(estimates)[0].agents.mean_s for estimates in (0.0, "shuffled"))
    assert not np.array_equal(clean, other)
    np.testing.assert_allclose(np.sort(clean, axis=0), np.sort(other, axis=0))


def test_without_weight_matching_is_the_platforms_rule(study):
    for by in ("match", "speed", "handle"):
        found = study.gain(Matching(by, 0.0, (0.0, HEAD_START_S)))
        assert not found.difference.any() and not found.by_day.any()


def test_knowing_the_worlds_effects_shortens_contacts(study):
    found = study.gain(Matching("speed", 1e5, (0.0, HEAD_START_S)), "world")
    assert found.difference[1] < 0  # AHT


def test_a_gain_survives_its_own_estimates_whole(study):
    beliefs = study.beliefs(0.0)
    found = gain(study.days, study.days.run(RULES["cmu"], beliefs))
    share = surviving(found, found)
    assert (share.estimate, share.low, share.high) == (1, 1, 1)
    assert found.reward.low < found.reward.estimate < found.reward.high


def test_of_no_gain_nothing_is_left(study):
    found = study.gain(RULES["incumbent"])
    assert surviving(found, found) is None


def test_rules_are_tuned_without_a_look_at_the_frozen_days(study, monkeypatch):
    monkeypatch.setattr(type(study.days), "run", _only_days_other_than(study.days, type(study.days).run))
    tuned = dict(tuned_rules(study))
    assert [rule.by for rule in tuned] == ["match", "speed", "handle"]
    assert all(gains[0] == 0 for gains in tuned.values())


def _only_days_other_than(frozen, run):
    def guarded(days, *arguments):
        assert days is not frozen
        return run(days, *arguments)

    return guarded


def test_months_of_the_policy_are_nobody_elses(raw):
    log = read_contacts([raw])
    with pytest.raises(ValueError, match="none of the world's or the frozen months, found 1999-01"):
        split(log, MONTH, MONTH + 1, MONTH)
    with pytest.raises(ValueError, match="--policy-months: expected months of the log, 1999-01 to 1999-01, found 2001"):
        split(log, MONTH + 24, MONTH, MONTH)


def test_no_log_is_an_error_that_says_how_to_name_one(monkeypatch, tmp_path):
    monkeypatch.delenv("MAITRED_DATA", raising=False)
    with pytest.raises(ContactLogError, match="--log: expected a log, or MAITRED_DATA"):
        read_contacts([])
    with pytest.raises(ContactLogError, match="no such file"):
        read_contacts([tmp_path / "none.parquet"])


def test_the_command_refuses_overlapping_months(raw, capsys):
    with pytest.raises(SystemExit):
        main(["--log", str(raw), "--policy-months", "1999-01", "--world-months", "1999-01"])
    assert "--policy-months: expected none of the world's" in capsys.readouterr().err
