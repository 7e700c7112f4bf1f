"""Speed of the environments, observations included: `python -m experiments.bench.vector`.

Decisions per second of CPU time on one core, first candidate always. The batched views begin a new episode wherever
one ends, so that drawing traces and KPIs are in the figures. Gymnasium's own `SyncVectorEnv` over single
environments, the way to batch an environment that has no vector form, is the reference. All are measured in turn, in
the same run.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from gymnasium.vector import AutoresetMode, SyncVectorEnv

from experiments.bench.kernel import BATCH, Measured, rounds
from experiments.figures import print_table, write_json
from maitred.envs.contact_center import ContactCenter
from maitred.envs.sb3 import ContactCenterVecEnv
from maitred.envs.scenario import Scenario
from maitred.envs.scenario_file import load_scenario
from maitred.envs.vector import ContactCenterVector

SINGLES = 8
DECISIONS = {"batched": 1_000 * BATCH, "single": 4_000}  # in a round


def rate(step: Callable[[Any], object], centers: int, decisions: int) -> Callable[[int], float]:
    """A measurement: decisions per second over that many decisions."""
    first = np.zeros(centers, np.int64)

    def measure(_: int) -> float:
        begin = time.process_time()
        for _ in range(decisions // centers):
            step(first)
        return decisions / (time.process_time() - begin)

    return measure


def views(scenario: Scenario, seconds: float) -> list[Measured]:
    """The batched views beside `SyncVectorEnv`, all of one scenario."""
    vector = ContactCenterVector(scenario=scenario, num_envs=BATCH, autoreset_mode=AutoresetMode.SAME_STEP)
    sb3 = ContactCenterVecEnv(scenario=scenario, num_envs=BATCH, seed=0)
    sync = SyncVectorEnv([lambda: ContactCenter(scenario=scenario)] * SINGLES, autoreset_mode=AutoresetMode.SAME_STEP)
    vector.reset(seed=0)
    sb3.reset()
    sync.reset(seed=0)
    measurements = {
        f"ContactCenterVector, {BATCH} centers": rate(vector.step, BATCH, DECISIONS["batched"]),
        f"stable-baselines3 VecEnv, {BATCH} centers": rate(sb3.step, BATCH, DECISIONS["batched"]),
        f"SyncVectorEnv of {SINGLES} ContactCenter": rate(sync.step, SINGLES, DECISIONS["single"]),
    }
    values = rounds(seconds, list(measurements.values()))
    reference = median(values[-1])
    return [
        Measured(f"{scenario.name}, {name}", "decisions/s", value, reference)
        for name, value in zip(measurements, values, strict=True)
    ]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description="Speed of the environments, observations included.")
    parser.add_argument("--scenario", default="bank", help="shipped scenario, or path of one")
    parser.add_argument("--seconds", type=float, default=20.0, help="about how long to measure")
    parser.add_argument("--json", type=Path, help="also write the figures here")
    options = parser.parse_args(arguments)
    measured = views(load_scenario(options.scenario), options.seconds)
    header = ("figure", "median", "range", "unit", "reference", "ratio")
    print_table("Environments, one core", header, [each.row for each in measured])
    if options.json:
        write_json(options.json, [each.figure for each in measured])
    return 0


if __name__ == "__main__":
    sys.exit(main())
