"""Policies see beliefs, never truth: whatever is latent may change without an observation changing.

Two proofs. What an observation is written from holds no truth: truth is replaced in a running center, and the pending
decisions are written anew, to the bit as they were. And beliefs, loads and rooms hold none that was not revealed:
where readings tell nothing, episodes of other luck are observed alike until what they have shown differs.
"""

from dataclasses import replace

import numpy as np
import pytest

from maitred.envs.blocks import Concurrency, Customers, Dialogue, People
from maitred.envs.decision import CANDIDATE_NAMES, PREFERRED, Kind
from maitred.envs.kernel.layout import Outcome
from maitred.envs.scenario import Routing
from maitred.envs.simulator import Simulator
from maitred.envs.traffic import draw_trace
from tests.envs.kernel.scenarios import small_scenario, whole_world

CENTERS = 8
# What of a conversation may be seen: counts of what has happened, records of the customer, and beliefs. Every other
# column is hidden; a new one is taken for hidden too.
SEEN = {
    "turns", "agent_turns", "transfers", "context", "last_agent", "tier", "prefers_other", "urgency", "slots",
    "heavy", "place", "group", "bot", "mood",
}  # fmt: skip


def scenario(seed, **sizes):
    return small_scenario(np.random.default_rng(seed), **sizes)


def world(seed):
    """Everything on."""
    sizes = {"types": 3, "per_h": 20, "hazard_per_h": 2, "routing": Routing(places=8)}
    return whole_world(np.random.default_rng(seed), **sizes)


def traces(center, seed):
    return [draw_trace(center, child) for child in np.random.SeedSequence(seed).spawn(CENTERS)]


def observed(simulator, b):
    o = simulator.observation
    return o.context[b].tobytes(), o.candidates[b].tobytes(), o.mask[b].tobytes()


def random_answers(simulator, rng):
    mask = simulator.observation.mask
    return np.where(mask, rng.random(mask.shape), -1).argmax(axis=1)


def scramble(simulator, rng):
    """Replace everything that the future is made of, and every outcome not yet revealed or never observed."""
    x = simulator.centers
    x.handle_mean_s[:] = rng.uniform(1, 1e4, x.handle_mean_s.shape)
    x.resolve_p[:], x.empathy[:] = rng.uniform(0, 1, x.resolve_p.shape), rng.normal(0, 9, x.empathy.shape)
    x.needs["genuine"] = rng.integers(0, 2, x.needs.shape)
    for keys in (x.queued["key"], x.arrivals["key"], x.center["key"], x.needs["key"]):
        keys[:] = rng.integers(0, 2**64, keys.shape, dtype=np.uint64)
    for name in ("work_s", "wrap_up_s", "csat"):
        x.contacts[name] = rng.uniform(0, 1e4, x.contacts.shape)
    for name in ("short", "resolved"):
        x.contacts[name] = rng.integers(0, 2, x.contacts.shape)
    for name in set(x.talks.dtype.names) - SEEN:
        x.talks[name] = rng.integers(0, 2, x.talks.shape)
    x.agents["hazard"] = rng.uniform(0, 9, x.agents.shape)
    x.heap["s"] = rng.uniform(0, 1e6, x.heap.shape)
    for b, center in enumerate(x.center):
        future = x.arrivals[b, center["next_arrival"] :]
        future["s"], future["level"] = rng.uniform(0, 1e6, len(future)), rng.integers(0, 2, len(future))
        roster = x.roster[b, center["next_roster"] :]
        roster["s"], roster["end_s"] = rng.uniform(0, 1e6, (2, len(roster)))


def assert_unchanged_by_truth(simulator, rng):
    """Write the pending decisions again over another truth; nothing but exploration keys may differ."""
    pending = np.nonzero(simulator.pending)[0]
    before = {b: observed(simulator, b) for b in pending}
    assert len(pending) > 0 and (simulator.centers.contacts["outcome"] == Outcome.SERVED).any()
    scramble(simulator, rng)
    o = simulator.observation
    # so that what is compared was written again; what the operator prefers is no part of the world
    o.context[:, : PREFERRED.start], o.candidates[o.mask] = -1, -1
    simulator.step()
    for b in pending:
        assert observed(simulator, b) == before[b]


@pytest.mark.parametrize("seed", range(6))
def test_no_latent_column_reaches_a_pending_decision(seed):
    center, rng = scenario(seed, per_h=20, hazard_per_h=2), np.random.default_rng(seed)
    simulator = Simulator(center, traces(center, seed))
    simulator.step()
    for _ in range(30):
        simulator.step(np.zeros(CENTERS, np.int64))
    assert_unchanged_by_truth(simulator, rng)


@pytest.mark.parametrize("kind", Kind)
def test_no_latent_column_reaches_any_kind_of_decision(kind):
    met, seed = 0, 0
    while met < CENTERS:
        center, rng = world(seed), np.random.default_rng(seed)
        simulator = Simulator(center, traces(center, seed))
        simulator.step()
        while simulator.pending.any():
            asked = simulator.pending & (simulator.centers.center["kind"] == kind)
            if asked.any() and simulator.centers.center["decisions"].min() > 200:
                assert_unchanged_by_truth(simulator, rng)
                met += int(asked.sum())
                break
            simulator.step(random_answers(simulator, rng))
        seed += 1


def other_luck(trace, rng):
    """The same callers at the same times and the same rosters, but other people: patience, work, outcomes."""
    arrivals, needs = trace.arrivals.copy(), trace.needs.copy()
    arrivals["key"] = rng.integers(0, 2**64, len(arrivals), dtype=np.uint64)
    needs["key"] = rng.integers(0, 2**64, len(needs), dtype=np.uint64)
    key = rng.integers(0, 2**64, 1, dtype=np.uint64)
    return replace(
        trace, key=key, arrivals=arrivals, needs=needs, handle_mean_s=trace.handle_mean_s * rng.uniform(1, 3),
        resolve_p=rng.uniform(0, 1, trace.resolve_p.shape), empathy=rng.normal(0, 1, trace.empathy.shape),
    )  # fmt: skip


def history(simulator, b):
    """All that has been revealed by now: who came, who was answered by whom, who left, and what is asked."""
    x = simulator.centers
    contacts = simulator.ledger(b).contacts
    revealed = [contacts[name].tobytes() for name in ("arrival_s", "answer_s", "end_s", "agent", "outcome")]
    asked = tuple(x.center[b][name] for name in ("now", "kind", "subject"))
    return (*revealed, *asked, x.agents[b]["activity"].tobytes())


def uninformative(center):
    """Contacts of hidden complexity, urgency and phase, of which readings tell nothing; nobody's mood varies."""
    return replace(
        center,
        dialogue=Dialogue(
            ("simple", "complex"), share=0.5, level=np.array([0.1, 0.9]), work_factor=np.array([0.2, 2.0]),
            urgent_share=0.5, signal_accuracy=0.5, transition=0.2,
        ),
        concurrency=Concurrency(heavy_above_s=1e4),
        customers=Customers(bot_intolerant_share=0.5),
        people=People(empathy_sd=1, resolve_logit_se=1, copilot_novice=0.3, copilot_adherence=0.5),
    )  # fmt: skip


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("hide", [lambda center: center, uninformative], ids=["calls", "conversations"])
def test_equal_histories_give_equal_observations(seed, hide):
    # Nobody gives up, so that histories stay equal until a first service ends.
    center, rng = hide(scenario(seed, per_h=20, hazard_per_h=0)), np.random.default_rng(seed)
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


def test_a_deadline_that_shows_tells_no_more_of_urgency_than_the_belief():
    center = replace(
        scenario(1, per_h=20), dialogue=Dialogue(urgent_share=0.5, deadline_mean_s=900, signal_accuracy=0.8)
    )
    simulator = Simulator(center, traces(center, 1))
    simulator.step()
    urgency, left = (CANDIDATE_NAMES.index(name) for name in ("urgency", "deadline_left_s"))
    likely, shown = [], []
    while simulator.pending.any():
        seen = simulator.observation.candidates[simulator.pending][:, 0]
        likely += seen[:, urgency].tolist()
        shown += (seen[:, left] != 0).tolist()
        simulator.step(np.zeros(CENTERS, np.int64))
    doubted = np.array(likely) < 0.95
    by_belief = np.unique(np.round(np.array(likely)[doubted], 3))
    assert len(by_belief) > 1
    for belief in by_belief:  # contacts of equal belief look alike
        alike = np.array(shown)[np.isclose(likely, belief, atol=1e-3)]
        assert alike.all() or not alike.any()


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
