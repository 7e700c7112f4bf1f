"""Speed of the kernel, alone and beside SimPy and Ciw: `python -m experiments.bench.kernel`.

Everything runs in one thread, and seconds are seconds of processor time, which other work on the machine disturbs
least. What is compared runs in turn, round after round; figures are medians with the range over the rounds.
Compilation is left out and stated by itself. A decision counts if it has at least two legal candidates; as holding
is one of them where the platform allows it, the share with two candidates besides hold is stated too.
"""

from __future__ import annotations

import os

os.environ["NUMBA_NUM_THREADS"] = "1"
os.environ["OMP_NUM_THREADS"] = "1"
os.environ["OPENBLAS_NUM_THREADS"] = "1"

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import numpy as np

from experiments.bench.same_queue import QUEUE, Run, run_ciw, run_kernel, run_simpy
from experiments.bench.size import day_of, enlarged, state_bytes
from experiments.figures import Figure, number, print_table, write_json
from maitred.envs.decision import Action
from maitred.envs.scenario import Scenario
from maitred.envs.scenario_file import load_scenario
from maitred.envs.simulator import Simulator
from maitred.envs.trace import Trace
from maitred.envs.traffic import draw_trace

BATCH = 256
HOLD = int(Action.HOLD)
ROUNDS = 3  # at least
KERNEL_CUSTOMERS, SLOW_CUSTOMERS = 200_000, 10_000
FIRST_CALLS = """
import time
import numpy as np
from experiments.bench.same_queue import QUEUE
from maitred.envs.simulator import Simulator
from maitred.envs.traffic import draw_trace
scenario = QUEUE.scenario(days=1)
trace = draw_trace(scenario, np.random.SeedSequence(0))
begin = time.process_time()
Simulator(scenario, [trace]).step()
Simulator(scenario, [trace]).run_incumbent()
print(time.process_time() - begin)
"""


@dataclass(frozen=True)
class Measured:
    """A quantity with its value in each round."""

    name: str
    unit: str
    rounds: tuple[float, ...]
    reference: float | None = None

    @property
    def figure(self) -> Figure:
        """The median."""
        middle = median(self.rounds)
        if self.reference is None:
            return Figure(self.name, middle, self.unit)
        return Figure.against(self.name, middle, self.unit, self.reference)

    @property
    def row(self) -> tuple[str, ...]:
        """Cells of the table."""
        figure, spread = (
            self.figure,
            f"[{number(min(self.rounds))} - {number(max(self.rounds))}]" if len(self.rounds) > 1 else "-",
        )
        return self.name, number(figure.value), spread, self.unit, number(figure.reference), number(figure.ratio)


def rounds(seconds: float, measurements: Sequence[Callable[[int], float]]) -> list[tuple[float, ...]]:
    """Values of each measurement, taken in turn for about so many seconds; the first round is thrown away."""
    values: list[list[float]] = []
    end = float("inf")
    while len(values) <= ROUNDS or time.perf_counter() < end:
        values.append([measure(len(values)) for measure in measurements])
        if len(values) == 1:
            end = time.perf_counter() + seconds
    return list(zip(*values[1:], strict=True))


def same_queue(seconds: float) -> list[Measured]:
    """Customers per second of the three tools, SimPy as the reference, and the share that gave up in each."""
    tools = {"kernel": run_kernel, "SimPy": run_simpy, "Ciw": run_ciw}
    runs: dict[str, list[Run]] = {name: [] for name in tools}

    def measurement(name: str) -> Callable[[int], float]:
        def measure(seed: int) -> float:
            runs[name].append(tools[name](KERNEL_CUSTOMERS if name == "kernel" else SLOW_CUSTOMERS, seed))
            return runs[name][-1].customers / runs[name][-1].seconds

        return measure

    rates = dict(zip(tools, rounds(seconds, [measurement(name) for name in tools]), strict=True))
    simpy_rate = median(rates["SimPy"])
    return [
        *(Measured(f"{QUEUE.name}, {name}", "customers/s", rate, simpy_rate) for name, rate in rates.items()),
        *(
            Measured(
                f"{QUEUE.name}, gave up, {name}",
                "share",
                tuple(run.abandoned / run.customers for run in some),
                QUEUE.exact.abandon_p,
            )
            for name, some in runs.items()
        ),
    ]


def decisions(scenario: Scenario, seconds: float) -> list[Measured]:
    """Decisions per second of a batch of centers, in compiled code and stepped from Python with observations."""
    traces = [draw_trace(scenario, seed) for seed in np.random.SeedSequence(0).spawn(BATCH)]
    simulator = Simulator(scenario, traces)

    def timed(play: Callable[[Simulator], int]) -> Callable[[int], float]:
        def measure(_: int) -> float:
            reload(simulator, traces)
            begin = time.process_time()
            made = play(simulator)
            return made / (time.process_time() - begin)

        return measure

    compiled, stepped = rounds(seconds, [timed(Simulator.run_incumbent), timed(step_to_the_end)])
    reload(simulator, traces)
    where = f"{scenario.name}, batch {BATCH}"
    return [
        Measured(f"{where}, compiled incumbent", "decisions/s", compiled),
        Measured(f"{where}, stepped and observed", "decisions/s", stepped),
        *choice(simulator, where),
    ]


def reload(simulator: Simulator, traces: Sequence[Trace]) -> None:
    """Put every center back to its start."""
    for b, trace in enumerate(traces):
        simulator.load(b, trace)


def step_to_the_end(simulator: Simulator) -> int:
    """Answer every decision with what is usual, from Python; returns the decisions made."""
    simulator.step()
    while simulator.pending.any():
        simulator.step(simulator.centers.center["usual"])
    return int(simulator.centers.center["decisions"].sum())


def choice(simulator: Simulator, where: str) -> list[Measured]:
    """How much there is to choose: legal candidates per decision, and the share with two real ones."""
    legal, held = [], []
    simulator.step()
    while (pending := simulator.pending).any():
        places = simulator.centers.center["places"][pending]
        legal.append(places)
        held.append((simulator.centers.actions[pending] == HOLD)[np.arange(len(places)), places - 1])
        simulator.step(simulator.centers.center["usual"])
    places, holds = np.concatenate(legal), np.concatenate(held)
    return [
        Measured(f"{where}, legal candidates", "per decision", (float(places.mean()),)),
        Measured(f"{where}, two besides hold", "share", (float((places - holds >= 2).mean()),)),
    ]


def sizes(scenario: Scenario) -> list[Measured]:
    """Memory of a center's state, and the time of a day of a very large center."""
    usual, _ = day_of(enlarged(scenario, agents=200, contacts_per_day=10_000))
    large, seconds = day_of(enlarged(scenario, agents=2_000, contacts_per_day=200_000))
    described = [
        f"{len(s.scenario.agents.names):,} agents, {len(s.ledger(0).contacts):,} contacts" for s in (usual, large)
    ]
    return [
        Measured(f"{scenario.name}, state of {described[0]}", "MiB", (state_bytes(usual) / 2**20,)),
        Measured(f"{scenario.name}, a day of {described[1]}", "s", (seconds,)),
    ]


def first_calls() -> list[Measured]:
    """Seconds until a fresh process has stepped and run: compiling everything, then loading what was compiled."""
    with tempfile.TemporaryDirectory() as folder:
        environment = {k: v for k, v in os.environ.items() if k != "NUMBA_CACHE_DIR"} | {"XDG_CACHE_HOME": folder}
        took = [
            float(subprocess.check_output([sys.executable, "-c", FIRST_CALLS], env=environment, text=True))
            for _ in range(2)
        ]
    names = ("first calls, compiling", "first calls, from the cache")
    return [Measured(name, "s", (seconds,)) for name, seconds in zip(names, took, strict=True)]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description="Speed of the kernel, alone and beside SimPy and Ciw.")
    parser.add_argument("--scenario", nargs="+", default=["bank", "omni"], help="shipped scenarios, or paths of some")
    parser.add_argument("--seconds", type=float, default=20.0, help="about how long to measure each of the parts")
    parser.add_argument("--json", type=Path, help="also write the figures here")
    options = parser.parse_args(arguments)
    scenarios = [load_scenario(name) for name in options.scenario]
    measured = [
        *(figure for scenario in scenarios for figure in decisions(scenario, options.seconds)),
        *sizes(scenarios[-1]),
        *same_queue(options.seconds),
        *first_calls(),
    ]
    header = ("figure", "median", "range", "unit", "reference", "ratio")
    print_table("Kernel, one thread", header, [each.row for each in measured])
    if options.json:
        write_json(options.json, [each.figure for each in measured])
    return 0


if __name__ == "__main__":
    sys.exit(main())
