"""A policy at work in a center, to look at: live on a terminal, else a line every two hours."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from rich.console import Console
from rich.live import Live

from maitred.envs.decision import Policy
from maitred.envs.kpi import applicable, kpi_values
from maitred.envs.objective import Objective
from maitred.envs.scenario import Scenario
from maitred.envs.simulator import Simulator
from maitred.envs.traffic import draw_trace
from maitred.training.day_record import DayRecord, Recorder
from maitred.training.day_view import line, view

MONDAY = 0  # so that `days=7` is a week, and one day is not one on which a center is closed
FRAMES_PER_S = 10
LINE_EVERY = 24  # moments, two hours


@dataclass(frozen=True, eq=False)
class Simulation:
    """What was seen of a policy in a center.

    Attributes:
        scenario: the center, with the days that were simulated.
        policy: its name.
        seed: of the episode's luck.
        record: state and decisions over the episode.
        kpis: by name; NaN where nothing was counted.
    """

    scenario: Scenario
    policy: str
    seed: int
    record: DayRecord
    kpis: dict[str, float]


def simulate_days(scenario: Scenario, policy: Policy, days: int | None, seed: int, console: Console) -> Simulation:
    """Run one episode from a Monday on and show it on `console` while it goes.

    Args:
        scenario: the center.
        policy: who decides.
        days: length of the episode; None for the scenario's own.
        seed: of the trace.
        console: where to show it.

    Raises:
        ScenarioError: the number of days is out of its range.
    """
    scenario = scenario if days is None else replace(scenario, days=days)
    simulator = Simulator(scenario, [draw_trace(scenario, np.random.SeedSequence(seed), MONDAY)])
    console.print("Opening the center. The first time, this compiles for a minute or two.", style="dim")
    simulator.step()
    recorder = Recorder(simulator)
    show = _draw if console.is_terminal else _tell
    show(simulator, policy, console, _moments(recorder, policy))
    kpis = kpi_values(simulator.open_ledger(0), scenario, Objective(), applicable(scenario))
    return Simulation(scenario, policy.name, seed, recorder.record(), kpis)


def _moments(recorder: Recorder, policy: Policy) -> Iterator[None]:
    """Step to the horizon, and stop at every moment that is recorded."""
    simulator = recorder.simulator
    while simulator.pending[0]:
        if recorder.look():
            yield
        decisions = simulator.decisions()
        choices = policy.act(decisions)
        recorder.answer(decisions, choices)
        simulator.step(choices.candidate)


def _draw(simulator: Simulator, policy: Policy, console: Console, moments: Iterator[None]) -> None:
    """A screen, no more often than an eye can follow: drawing one takes longer than simulating five minutes."""
    next_s = 0.0
    with Live(view(simulator, policy.name), console=console, auto_refresh=False) as live:
        for _ in moments:
            if time.monotonic() >= next_s:
                live.update(view(simulator, policy.name), refresh=True)
                next_s = time.monotonic() + 1 / FRAMES_PER_S
        live.update(view(simulator, policy.name), refresh=True)


def _tell(simulator: Simulator, policy: Policy, console: Console, moments: Iterator[None]) -> None:
    for count, _ in enumerate(moments):
        if count % LINE_EVERY == 0:
            console.print(line(simulator), highlight=False, soft_wrap=True)
