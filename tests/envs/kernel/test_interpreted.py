"""Compiled and interpreted, the kernel books the same ledger: what runs is what the sources say."""

import os
import subprocess
import sys
from dataclasses import fields, replace

import numba
import numpy as np
import pytest

from maitred.agents.rules import RULES
from maitred.envs import simulator
from maitred.envs.blocks import Bots
from maitred.envs.kernel.world import world_of
from maitred.envs.traffic import draw_trace
from tests.envs.kernel.scenarios import MECHANISMS, small_scenario, whole_world
from tests.interpreted import interpret

WORLDS = {
    "first": lambda: small_scenario(np.random.default_rng(0), pause_s=60.0, lines=5),
    "whole": lambda: whole_world(np.random.default_rng(3), types=3, per_h=4.0),
}
MIXES = [[*MECHANISMS], ["bots"], ["dialogue", "customers"], ["channels"]]


def ledger_of(world):
    """The ledger of one day under a random policy, as arrays by field."""
    scenario = WORLDS[world]()
    trace = draw_trace(scenario, np.random.SeedSequence(11))
    (ledger,) = simulator.simulate(scenario, [trace], RULES["random"])
    return {f.name: np.asarray(getattr(ledger, f.name)) for f in fields(ledger)}


@pytest.mark.parametrize("world", WORLDS)
def test_interpreted_ledger_equals_the_compiled_one(world, tmp_path):
    path = tmp_path / "interpreted.npz"
    environment = os.environ | {"NUMBA_DISABLE_JIT": "1"}
    subprocess.run([sys.executable, "-m", __name__, world, str(path)], env=environment, check=True)
    compiled, interpreted = ledger_of(world), np.load(path)
    assert len(compiled["contacts"]) > 50
    beliefs = compiled.pop("beliefs"), interpreted["beliefs"]
    np.testing.assert_allclose(*beliefs, atol=1e-6)  # numpy rounds single precision after every operation
    talks = compiled.pop("talks"), interpreted["talks"]
    for name in talks[0].dtype.names:
        np.testing.assert_allclose(*(t[name] for t in talks), atol=1e-6 if talks[0].dtype[name] == np.float32 else 0)
    for name, value in compiled.items():
        assert value.tobytes() == interpreted[name].tobytes(), name


def test_one_compilation_serves_every_world():
    """A number for all and an array of numbers are the same to the compiled kernel."""
    alike = [small_scenario(np.random.default_rng(0))]
    alike += [whole_world(np.random.default_rng(seed), frozenset(on), types=3) for seed, on in enumerate(MIXES)]
    alike += [replace(alike[0], bots=Bots(("bot",)))]
    worlds = [[numba.typeof(array) for array in world_of(scenario)] for scenario in alike]
    assert all(types == worlds[0] for types in worlds)


if __name__ == "__main__":
    interpret()
    np.savez(sys.argv[2], **ledger_of(sys.argv[1]))
