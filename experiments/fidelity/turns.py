"""Are the conversation mechanisms of a shipped scenario recovered from its turn log?

    python -m experiments.fidelity.turns --scenario bpo_chat --days 28

Simulates the scenario under the platform's own rule, writes its turn log, calibrates, and prints every planted figure
beside the recovered one with its 95 % interval. A complexity that changes from turn to turn is beyond the fit, which
takes it as constant during a contact: `--constant-complexity` switches the changes off, so that what they cost shows.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from rich.console import Console
from rich.table import Table

from maitred.envs.blocks.fields import declared
from maitred.envs.calibration.turns.events import read_events
from maitred.envs.calibration.turns.fits import TurnCalibration, fit_turns
from maitred.envs.scenario import Scenario
from maitred.envs.scenario_file import load_scenario
from maitred.envs.simulator import Simulator
from maitred.envs.traffic import draw_trace
from maitred.envs.turn_log import from_ledger

Planted = tuple[str, str, str, float]  # mechanism, figure, name, value


def main() -> None:
    """Simulate, fit, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scenario", default="bpo_chat")
    parser.add_argument("--days", type=int, default=28)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--constant-complexity", action="store_true", help="switch off changes within a contact")
    parser.add_argument("--labels", action="store_true", help="contacts carry labels of their complexity")
    options = parser.parse_args()
    scenario = replace(load_scenario(options.scenario), days=options.days)
    if options.constant_complexity:
        scenario = replace(scenario, dialogue=replace(scenario.dialogue, transition=0.0))
    simulator = Simulator(scenario, [draw_trace(scenario, np.random.SeedSequence(options.seed), 0)], keep_log=True)
    simulator.run_incumbent()
    means = simulator.centers.handle_mean_s[0]
    fits = fit_turns(read_events(from_ledger(simulator.ledger(0), scenario, labels=options.labels)))
    Console(width=110).print(comparison(scenario, fits))
    print(agreement_of_agents(scenario, fits, means))


def comparison(scenario: Scenario, fits: TurnCalibration) -> Table:
    """Planted and recovered figures, and whether the interval holds the planted one."""
    found = {(mechanism, figure, of): estimate for mechanism, figure, of, estimate in fits.figures()}
    table = Table("figure", "of", "planted", "recovered", "95 % interval", "inside", title=scenario.name)
    inside = 0
    shown = [row for row in planted(scenario) if row[:3] in found]
    for mechanism, figure, of, value in shown:
        e = found[mechanism, figure, of]
        held = e.low - 1e-9 <= value <= e.high + 1e-9
        inside += held
        interval = f"{e.low:.4g} to {e.high:.4g}"
        table.add_row(f"{mechanism}.{figure}", of, f"{value:.4g}", f"{e.value:.4g}", interval, "yes" if held else "no")
    table.caption = f"{inside} of {len(shown)} inside"
    return table


def planted(scenario: Scenario) -> Iterator[Planted]:
    """The figures of a scenario, under the names of the fits."""
    types, classes = scenario.types.names, scenario.dialogue.names
    for figure in ("think_mean_s", "silent_share", "silence_tolerance_s", "silence_timeout_s"):
        yield from _by_name(scenario, "channels", "channels", figure, figure)
    yield "work", "switch_overhead", "all", scenario.concurrency.switch_overhead
    yield from (("work", "log_sd", name, float(v)) for name, v in zip(types, scenario.service.log_sd, strict=True))
    factor = _values(scenario, "dialogue", "work_factor")
    geometric = np.exp(np.log(factor).mean())  # the fits set it to 1
    yield from (("complexity", "work_factor", c, float(f / geometric)) for c, f in zip(classes, factor, strict=True))
    yield from _by_name(scenario, "complexity", "dialogue", "turns_mean", "turns_mean")
    yield "complexity", "phases", "all", scenario.dialogue.phases
    share = _values(scenario, "dialogue", "share")
    yield from (
        ("complexity", "share", f"{types[t]}/{classes[c]}", float(share[t, c])) for t, c in np.ndindex(share.shape)
    )
    wrap = zip(types, scenario.service.wrap_up_mean_s, strict=True)
    yield from (("agents", "wrap_up_mean_s", name, float(v)) for name, v in wrap)
    yield from _bots(scenario)
    yield from _by_name(scenario, "handoff", "handoff", "misroute_p", "misroute_p")
    yield "handoff", "discovery_s", "all", scenario.handoff.discovery_s
    yield "handoff", "repeat_info_s", "all", scenario.handoff.repeat_info_s
    yield "handoff", "kept_info_s", "all", scenario.handoff.kept_info_s
    for cause in ("retrial", "repeat_unresolved"):
        yield "returns", "p", cause, getattr(scenario.returns, f"{cause}_p")
        yield "returns", "mean_s", cause, getattr(scenario.returns, f"{cause}_mean_s")
    yield "surveys", "survey_p", "all", scenario.customers.survey_p
    yield "surveys", "survey_bias", "all", scenario.customers.survey_bias
    yield "learning", "learn_ratio", "all", scenario.people.learn_ratio
    yield "learning", "learn_half_life_wk", "all", scenario.people.learn_half_life_wk
    yield "arrivals", "day_factor_cv", "all", scenario.arrivals.day_factor_cv


def _bots(scenario: Scenario) -> Iterator[Planted]:
    for figure in ("turn_s", "turns_mean", "max_turns", "wrong_p"):
        yield from _by_name(scenario, "bots", "bots", figure, figure)
    leave = _values(scenario, "bots", "leave_p") * scenario.customers.bot_intolerant_share
    yield from (("bots", "leave_p", bot, float(p)) for bot, p in zip(scenario.bots.names, leave, strict=True))


def _by_name(scenario: Scenario, mechanism: str, block: str, field: str, figure: str) -> Iterator[Planted]:
    """A field along one axis, by the names of its members."""
    axis = next(f.metadata["axes"][0] for f in declared(getattr(scenario, block)) if f.name == field)
    for name, value in zip(scenario.axes[axis], _values(scenario, block, field), strict=True):
        yield mechanism, figure, name, float(value)


def _values(scenario: Scenario, block: str, field: str) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    found = next(f for f in declared(getattr(scenario, block)) if f.name == field)
    shape = tuple(scenario.sizes[axis] for axis in found.metadata["axes"])
    return np.broadcast_to(np.asarray(getattr(getattr(scenario, block), field), dtype=float), shape)


def agreement_of_agents(
    scenario: Scenario, fits: TurnCalibration, means_s: np.ndarray[tuple[int, int], np.dtype[np.float64]]
) -> str:
    """How agents' fitted means of a turn compare with the truth drawn for this episode, (A, T) seconds."""
    factor = _values(scenario, "dialogue", "work_factor")
    agents = [scenario.agents.names.index(name) for name in fits.log.agents]
    types = [scenario.types.names.index(name) for name in fits.log.types]
    truth = means_s[np.ix_(agents, types)] * np.exp(np.log(factor).mean())
    served = (fits.agents.count > 0) & ~fits.single
    off = np.log(fits.agents.turn_s / np.maximum(truth, 1e-9))[served]
    held = np.mean(np.abs(off) <= 1.96 * fits.agents.log_se[served])
    return (
        f"turn work of {served.sum()} agent x type cells: root mean square error {np.sqrt(np.mean(off**2)):.3f} on the"
        f" log scale, mean {off.mean():+.3f}; 95 % intervals hold {held:.0%} of the truths"
    )


if __name__ == "__main__":
    main()
