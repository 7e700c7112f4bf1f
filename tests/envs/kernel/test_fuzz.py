"""Random policies in random worlds, many contacts: nothing illegal is ever offered, and every ledger closes.

The long version, of a million contacts: `pytest -m slow tests/envs/kernel/test_fuzz.py`.
"""

import numpy as np
import pytest

from maitred.envs.scenario import Routing
from maitred.envs.simulator import Simulator
from maitred.envs.traffic import draw_trace
from tests.envs.kernel.checks import check_state
from tests.envs.kernel.governed import check_closed_under_governance, check_governance, governed
from tests.envs.kernel.ledgers import check_answers, check_focus, check_ledger, check_marks
from tests.envs.kernel.legal import check_offers
from tests.envs.kernel.scenarios import MECHANISMS, whole_world

EVERY = 200  # steps between checks of the whole state, each of one center


def random_world(rng):
    """Each mechanism on in two of three worlds."""
    on = frozenset(name for name in MECHANISMS if rng.random() < 2 / 3)
    routing = Routing(
        places=int(rng.integers(2, 10)), hold_s=rng.choice([45.0, 300.0]), may_hold=bool(rng.integers(2)),
        offer_groups=bool(rng.integers(2)) and bool(on & {"channels", "bots", "customers"}),
    )  # fmt: skip
    scenario = whole_world(
        rng, on, types=int(rng.integers(1, 5)), groups=int(rng.integers(1, 4)), per_h=rng.choice([5.0, 15.0]),
        wrap_up_s=rng.choice([0.0, 60.0]), hazard_per_h=rng.choice([1.0, 6.0, 60.0]),
        pause_s=rng.choice([0.0, 60.0]), lines=int(rng.choice([0, 10])), routing=routing,
    )  # fmt: skip
    return governed(scenario, rng)


def fuzz(seed, centers):
    """Play one random world in so many centers, checking all the while; the contacts that came."""
    rng = np.random.default_rng(seed)
    scenario = random_world(rng)
    drawn = [draw_trace(scenario, child) for child in np.random.SeedSequence(seed).spawn(centers)]
    simulator = Simulator(scenario, drawn, keep_log=True)
    simulator.step()
    step = 0
    while simulator.pending.any():
        check_offers(simulator)
        check_governance(simulator)
        if step % EVERY == 0:
            check_state(simulator, step // EVERY % centers)
        mask = simulator.observation.mask
        simulator.step(np.where(mask, rng.random(mask.shape), -1).argmax(axis=1))
        step += 1
    assert simulator.done.all()
    for b, trace in enumerate(drawn):
        check_closed_under_governance(scenario, simulator.ledger(b))
        ledger = simulator.ledger(b)
        check_state(simulator, b)
        check_focus(simulator, b)
        check_ledger(scenario, trace, ledger)
        check_marks(ledger)
        check_answers(scenario, trace, ledger)
    return int(simulator.centers.center["rows"].sum())


@pytest.mark.parametrize("seed", range(2))
def test_some_thousand_contacts(seed):
    assert fuzz(seed, centers=16) > 3_000


@pytest.mark.slow
def test_a_million_contacts():
    contacts, seed = 0, 0
    while contacts < 1_000_000:
        contacts += fuzz(1000 + seed, centers=128)
        seed += 1
