from dataclasses import fields, replace

import numpy as np
import pytest
from scipy.stats import gamma, kstest, norm

from maitred.envs.scenario import DAY_S, Arrivals, Staffing
from maitred.envs.trace import (
    AWAY_END,
    AWAY_START,
    SHIFT_END,
    SHIFT_START,
    Trace,
    pack_traces,
    unpack_traces,
)
from maitred.envs.traffic import busyness, draw_arrivals, draw_handle_means, draw_roster, draw_trace
from tests.envs.kernel.scenarios import small_scenario

SEED = np.random.SeedSequence(7)


@pytest.fixture
def rng():
    return np.random.default_rng(0)


@pytest.fixture
def center():
    return small_scenario(np.random.default_rng(1), days=3)


def with_arrivals(center, **changes):
    plain = {"day_factor_cv": 0.0, "period_factor_cv": 0.0, "period_factor_ar1": 0.0}
    return replace(center, arrivals=replace(center.arrivals, **plain | changes))


def same(one: Trace, other: Trace):
    return all(getattr(one, f.name).tobytes() == getattr(other, f.name).tobytes() for f in fields(Trace))


def test_same_seed_same_trace(center):
    first, second = draw_trace(center, np.random.SeedSequence(3)), draw_trace(center, np.random.SeedSequence(3))
    assert same(first, second)
    assert not same(first, draw_trace(center, np.random.SeedSequence(4)))


def test_weekday_can_be_given(center):
    assert draw_trace(center, SEED, start_weekday=4).start_weekday == [4]


def test_every_arrival_has_a_key_of_its_own(center):
    trace = draw_trace(center, SEED)
    assert len(np.unique(trace.arrivals["key"])) == len(trace.arrivals) > 100


def test_traces_survive_packing(center, tmp_path):
    traces = [draw_trace(center, seed) for seed in SEED.spawn(3)]
    np.savez(tmp_path / "traces.npz", **pack_traces(traces))
    with np.load(tmp_path / "traces.npz", allow_pickle=False) as packed:
        assert all(map(same, traces, unpack_traces(packed)))


def test_day_factor_has_mean_one_and_its_cv(center, rng):
    factors = busyness(with_arrivals(center, day_factor_cv=0.25), 40_000, rng)
    assert (factors == factors[:, :1]).all()
    assert factors[:, 0].mean() == pytest.approx(1, abs=0.01)
    assert factors[:, 0].std() == pytest.approx(0.25, rel=0.03)


@pytest.mark.parametrize("ar1", [0.0, 0.8])
def test_period_factor_has_mean_one_its_cv_and_its_autocorrelation(center, rng, ar1):
    factors = busyness(with_arrivals(center, period_factor_cv=0.3, period_factor_ar1=ar1), 20_000, rng)
    np.testing.assert_allclose(factors.mean(axis=0), 1, atol=0.015)
    np.testing.assert_allclose(factors.std(axis=0), 0.3, rtol=0.05)
    normal = norm.ppf(gamma.cdf(factors, a=0.3**-2, scale=0.3**2))
    for lag in (1, 3):
        assert np.corrcoef(normal[:, 5], normal[:, 5 + lag])[0, 1] == pytest.approx(ar1**lag, abs=0.03)


def test_counts_are_poisson_and_uniform_within_a_period(center, rng):
    center, days = with_arrivals(center), 4000
    arrivals = draw_arrivals(center, np.zeros(days, int), rng)
    kind, period = 0, 9
    mean = center.arrivals.rate_per_h[0, kind, period]
    chosen = arrivals[(arrivals["type"] == kind) & (arrivals["s"] % DAY_S // 3600 == period)]
    counts = np.bincount((chosen["s"] // DAY_S).astype(int), minlength=days)
    assert counts.mean() == pytest.approx(mean, abs=4 * np.sqrt(mean / days))
    assert counts.var() / counts.mean() == pytest.approx(1, abs=4 * np.sqrt(2 / days))
    assert kstest(chosen["s"] % 3600 / 3600, "uniform").pvalue > 1e-3
    assert (np.diff(arrivals["s"]) >= 0).all() and arrivals["s"][-1] < days * DAY_S


def test_busyness_spreads_the_counts(center, rng):
    center, days, cv = with_arrivals(center, day_factor_cv=0.3), 4000, 0.3
    arrivals = draw_arrivals(center, np.zeros(days, int), rng)
    counts = np.bincount((arrivals["s"] // DAY_S).astype(int), minlength=days)
    mean = center.arrivals.rate_per_h[0].sum()
    assert counts.var() == pytest.approx(mean + (cv * mean) ** 2, rel=0.1)


def test_levels_follow_their_shares(center, rng):
    shares = np.array([[0.9, 0.1], [0.25, 0.75]])
    center = replace(center, types=replace(center.types, priority_share=shares))
    arrivals = draw_arrivals(center, np.zeros(300, int), rng)
    for kind in range(2):
        levels = arrivals["level"][arrivals["type"] == kind]
        assert (levels == 1).mean() == pytest.approx(shares[kind, 1], abs=4 * 0.5 / np.sqrt(len(levels)))


def test_day_types_choose_the_rates(center):
    rates = np.zeros((2, 2, 24))
    rates[0] = 20
    weekend = Arrivals(3600, rates, np.array([0, 0, 0, 0, 0, 1, 1]), ("work", "rest"))
    trace = draw_trace(replace(center, arrivals=weekend), SEED, start_weekday=4)
    assert set((trace.arrivals["s"] // DAY_S).astype(int)) == {0}
    assert (trace.forecast["per_h"][24:] == 0).all() and (trace.forecast["per_h"][:24] == 40).all()


def test_forecast_is_the_profile_without_busyness(center):
    forecast = draw_trace(center, SEED).forecast
    per_h = center.arrivals.rate_per_h[0].sum(axis=0)
    np.testing.assert_allclose(forecast["per_h"][:-1], np.tile(per_h, 3))
    np.testing.assert_allclose(forecast["cumulative"][24:48], np.concatenate([[0], per_h.cumsum()[:-1]]))


def shifts_of(roster, agent):
    """(start, end) of an agent's shifts in time order."""
    own = roster[(roster["agent"] == agent) & (roster["code"] == SHIFT_START)]
    return np.stack([own["s"], own["end_s"]], axis=1)


def test_nobody_works_twice_at_a_time(rng):
    for _ in range(30):
        center = small_scenario(rng, days=3)
        roster = draw_roster(center, np.zeros(3, int), rng)
        assert (np.diff(roster["s"]) >= 0).all()
        for agent in range(len(center.agents.names)):
            shifts = shifts_of(roster, agent)
            assert (shifts[1:, 0] >= shifts[:-1, 1]).all()


def test_shifts_get_their_agents_of_their_group(center, rng):
    staffing = Staffing(
        np.zeros(2, int), np.array([0, 1]), np.array([8.0, 9.0]) * 3600, np.array([16.0, 17.0]) * 3600, np.array([2, 3])
    )
    roster = draw_roster(replace(center, staffing=staffing), np.zeros(1, int), rng)
    for group, agents, start_h in ((0, 2, 8), (1, 3, 9)):
        starts = roster[(roster["code"] == SHIFT_START) & (center.agents.group[roster["agent"]] == group)]
        assert len(set(starts["agent"])) == len(starts) == agents
        assert (starts["s"] == start_h * 3600).all() and (starts["end_s"] == (start_h + 8) * 3600).all()
    assert (roster["code"] == SHIFT_END).sum() == 5


def test_heavier_agents_are_rostered_more_often(center, rng):
    staffing = Staffing(np.zeros(1, int), np.zeros(1, int), np.zeros(1), np.array([3600.0]), np.ones(1, int))
    weight = np.array([3.0, 1.0, 1.0, 1.0, 0.0, 1.0])  # group 0 has agents 0, 2 and 4
    center = replace(center, staffing=staffing, agents=replace(center.agents, weight=weight))
    roster = draw_roster(center, np.zeros(4000, int), rng)
    starts = roster["agent"][roster["code"] == SHIFT_START]
    assert (starts == 0).mean() == pytest.approx(0.75, abs=0.03)
    assert (starts == 4).mean() == 0


@pytest.mark.parametrize("availability", [1.0, 0.7])
def test_agents_are_away_for_the_share_they_are_not_available(center, rng, availability):
    center = replace(center, staffing=replace(center.staffing, availability=availability, away_block_s=900))
    roster = draw_roster(center, np.zeros(400, int), rng)
    away, back, shifts = (roster[roster["code"] == code] for code in (AWAY_START, AWAY_END, SHIFT_START))
    away_s, shift_s = (away["end_s"] - away["s"]).sum(), (shifts["end_s"] - shifts["s"]).sum()
    blocks = shift_s / 900
    assert away_s / shift_s == pytest.approx(1 - availability, abs=4 * np.sqrt(0.25 / blocks))
    assert sorted(zip(away["agent"], away["end_s"], strict=True)) == sorted(zip(back["agent"], back["s"], strict=True))
    for agent in range(len(center.agents.names)):
        own = away[away["agent"] == agent]
        ours = shifts_of(roster, agent)
        shift = ours[np.searchsorted(ours[:, 0], own["s"], side="right") - 1]
        assert (own["s"] >= shift[:, 0]).all() and (own["end_s"] <= shift[:, 1]).all()


def test_true_handle_times_average_to_the_estimates(center, rng):
    drawn = np.mean([draw_handle_means(center, rng) for _ in range(4000)], axis=0)
    np.testing.assert_allclose(drawn, center.agents.mean_s, rtol=5 * 0.2 / np.sqrt(4000))


def test_without_error_the_truth_is_the_estimate(center, rng):
    certain = replace(center, agents=replace(center.agents, log_se=np.zeros_like(center.agents.log_se)))
    assert (draw_handle_means(certain, rng) == center.agents.mean_s).all()
