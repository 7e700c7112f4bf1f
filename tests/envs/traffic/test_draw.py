from dataclasses import fields, replace

import numpy as np
import pytest

from maitred.envs.scenario import DAY_S, Arrivals
from maitred.envs.trace import Trace, pack_traces, unpack_traces
from maitred.envs.traffic import draw_trace
from tests.envs.traffic.worlds import with_demand, with_everything

SEED = np.random.SeedSequence(7)


def same(one: Trace, other: Trace):
    return all(getattr(one, f.name).tobytes() == getattr(other, f.name).tobytes() for f in fields(Trace))


def test_same_seed_same_trace(center):
    center = with_everything(center)
    first, second = draw_trace(center, np.random.SeedSequence(3)), draw_trace(center, np.random.SeedSequence(3))
    assert same(first, second)
    assert not same(first, draw_trace(center, np.random.SeedSequence(4)))


def test_each_part_draws_from_the_child_of_the_seed_that_spawning_gives_it(center):
    seed = np.random.SeedSequence(3, spawn_key=(1, 2))
    children = np.random.SeedSequence(3, spawn_key=(1, 2)).spawn(5)
    days, keys = np.random.default_rng(children[0]), np.random.default_rng(children[4])
    trace = draw_trace(center, seed)
    assert trace.start_weekday == days.integers(7)
    assert (trace.arrivals["key"] == keys.integers(0, 2**64, size=len(trace.arrivals), dtype=np.uint64)).all()
    assert same(trace, draw_trace(center, seed))


def test_weekday_can_be_given(center):
    assert draw_trace(center, SEED, start_weekday=4).start_weekday == [4]


def test_every_arrival_and_need_has_a_key_of_its_own(center):
    trace = draw_trace(with_everything(center), SEED)
    keys = np.concatenate([trace.key, trace.arrivals["key"], trace.needs["key"]])
    assert len(np.unique(keys)) == len(keys) > 100


def test_day_types_choose_the_rates(center):
    rates = np.zeros((2, 2, 24))
    rates[0] = 20
    weekend = Arrivals(3600, rates, np.array([0, 0, 0, 0, 0, 1, 1]), ("work", "rest"))
    trace = draw_trace(replace(center, arrivals=weekend), SEED, start_weekday=4)
    assert set((trace.arrivals["s"] // DAY_S).astype(int)) == {0}
    assert (trace.forecast["per_h"][24:] == 0).all() and (trace.forecast["per_h"][:24] == 40).all()


def test_switched_off_nothing_is_added(center):
    trace = draw_trace(center, SEED)
    assert not trace.arrivals["induced"].any() and not trace.arrivals["shock"].any()
    assert (trace.roster["code"] < 16).all()
    assert (trace.resolve_p == center.agents.resolve_p).all() and not trace.empathy.any()
    assert len(trace.needs) == 0


def test_what_is_switched_on_leaves_the_other_draws_as_they_were(center):
    plain, full = (draw_trace(c, np.random.SeedSequence(5)) for c in (center, with_everything(center)))
    ordinary = full.arrivals[(full.arrivals["induced"] == 0) & (full.arrivals["shock"] == 0)]
    assert ordinary.tobytes() == plain.arrivals.tobytes() and len(full.arrivals) > len(ordinary)
    assert full.key == plain.key and (full.handle_mean_s == plain.handle_mean_s).all()
    assert (np.diff(full.arrivals["s"]) >= 0).all()
    demand_only = draw_trace(with_demand(center, shocks_per_month=40, elasticity=0.3), np.random.SeedSequence(5))
    assert demand_only.roster.tobytes() == plain.roster.tobytes()


@pytest.mark.parametrize("everything", [False, True])
def test_traces_survive_packing(center, tmp_path, everything):
    center = with_everything(center) if everything else center
    traces = [draw_trace(center, seed) for seed in np.random.SeedSequence(7).spawn(3)]
    assert all((len(trace.needs) > 0) == everything for trace in traces)
    np.savez(tmp_path / "traces.npz", **pack_traces(traces))
    with np.load(tmp_path / "traces.npz", allow_pickle=False) as packed:
        unpacked = unpack_traces(packed)
    assert all(map(same, traces, unpacked))
    assert all(getattr(unpacked[0], f.name).dtype == getattr(traces[0], f.name).dtype for f in fields(Trace))
