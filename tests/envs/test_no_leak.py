"""Policies see beliefs, never truth: whatever is latent may change without an observation changing."""

from dataclasses import replace

import numpy as np
import pytest

from maitred.envs.kernel.layout import Outcome
from maitred.envs.kernel.observe import observe
from maitred.envs.simulator import Simulator
from maitred.envs.traffic import draw_trace
from tests.envs.kernel.scenarios import small_scenario

CENTERS = 8


def scenario(seed, **sizes):
    return small_scenario(np.random.default_rng(seed), **sizes)


def traces(center, seed):
    return [draw_trace(center, child) for child in np.random.SeedSequence(seed).spawn(CENTERS)]


def observed(simulator, b):
    o = simulator.observation
    return o.context[b].tobytes(), o.candidates[b].tobytes(), o.mask[b].tobytes()


def scramble(simulator, rng):
    """Replace everything that the future is made of, and every outcome not yet revealed or never observed."""
    x = simulator.centers
    x.handle_mean_s[:] = rng.uniform(1, 1e4, x.handle_mean_s.shape)
    for keys in (x.queued["key"], x.arrivals["key"], x.center["key"]):
        keys[:] = rng.integers(0, 2**64, keys.shape, dtype=np.uint64)
    for name in ("work_s", "wrap_up_s", "csat"):
        x.contacts[name] = rng.uniform(0, 1e4, x.contacts.shape)
    for name in ("short", "resolved"):
        x.contacts[name] = rng.integers(0, 2, x.contacts.shape)
    x.heap["s"] = rng.uniform(0, 1e6, x.heap.shape)
    for b, center in enumerate(x.center):
        future = x.arrivals[b, center["next_arrival"] :]
        future["s"], future["level"] = rng.uniform(0, 1e6, len(future)), rng.integers(0, 2, len(future))
        roster = x.roster[b, center["next_roster"] :]
        roster["s"], roster["end_s"] = rng.uniform(0, 1e6, (2, len(roster)))


@pytest.mark.parametrize("seed", range(6))
def test_no_latent_column_reaches_a_pending_decision(seed):
    center, rng = scenario(seed, per_h=20, hazard_per_h=2), np.random.default_rng(seed)
    simulator = Simulator(center, traces(center, seed))
    simulator.step()
    for _ in range(30):
        simulator.step(np.zeros(CENTERS, np.int64))
    pending = np.nonzero(simulator.pending)[0]
    before = {b: observed(simulator, b) for b in pending}
    assert len(pending) > 0 and (simulator.centers.contacts["outcome"] == Outcome.SERVED).any()
    scramble(simulator, rng)
    for b in pending:
        observe(simulator.world, simulator.centers, b, simulator.observation)
        assert observed(simulator, b) == before[b]


def other_luck(trace, rng):
    """The same callers at the same times and the same rosters, but other people: patience, work, outcomes."""
    arrivals = trace.arrivals.copy()
    arrivals["key"] = rng.integers(0, 2**64, len(arrivals), dtype=np.uint64)
    key = rng.integers(0, 2**64, 1, dtype=np.uint64)
    return replace(trace, key=key, arrivals=arrivals, handle_mean_s=trace.handle_mean_s * rng.uniform(1, 3))


def history(simulator, b):
    """All that has been revealed by now: who came, who was answered by whom, who left, and what is asked."""
    x = simulator.centers
    contacts = simulator.ledger(b).contacts
    revealed = [contacts[name].tobytes() for name in ("arrival_s", "answer_s", "end_s", "agent", "outcome")]
    asked = tuple(x.center[b][name] for name in ("now", "kind", "subject"))
    return (*revealed, *asked, x.agents[b]["activity"].tobytes())


@pytest.mark.parametrize("seed", range(3))
def test_equal_histories_give_equal_observations(seed):
    # Nobody gives up, so that histories stay equal until a first service ends.
    center, rng = scenario(seed, per_h=20, hazard_per_h=0), np.random.default_rng(seed)
    ours = traces(center, seed)
    one, other = Simulator(center, ours), Simulator(center, [other_luck(trace, rng) for trace in ours])
    one.step()
    other.step()
    compared, together = 0, np.ones(CENTERS, np.bool_)
    while together.any():
        for b in np.nonzero(together)[0]:
            together[b] = one.pending[b] and other.pending[b] and history(one, b) == history(other, b)
            if together[b]:
                assert observed(one, b) == observed(other, b)
                compared += 1
        one.step(np.zeros(CENTERS, np.int64))
        other.step(np.zeros(CENTERS, np.int64))
    assert compared >= CENTERS


def test_latent_columns_do_matter_for_what_happens():
    """The other luck above is no mere relabelling: it changes the episode."""
    center, rng = scenario(0, per_h=20), np.random.default_rng(0)
    trace = traces(center, 0)[0]
    simulator = Simulator(center, [trace, other_luck(trace, rng)])
    simulator.run_incumbent()
    assert simulator.booked[0].tolist() != simulator.booked[1].tolist()


def test_exploration_keys_differ_between_decisions():
    center = scenario(1, per_h=20)
    simulator, keys = Simulator(center, traces(center, 1)), []
    simulator.step()
    for _ in range(50):
        keys += simulator.decisions(simulator.pending).key.tolist()
        simulator.step(np.zeros(CENTERS, np.int64))
    assert len(set(keys)) == len(keys) > 100
