"""Write the shipped scenarios, and the page that lists them.

    python -m experiments.scenarios.build [NAME...]

Claim: every shipped scenario but `bank` (fitted from a log by `experiments.fidelity.bank`) follows from this code
and its seeds, so that building them anew writes the same bytes. Prints the load each is planned for.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

from experiments.figures import print_table
from experiments.scenarios.headline import HEADLINE
from experiments.scenarios.ladder import LADDER
from experiments.scenarios.load import planned_load
from experiments.scenarios.page import PAGE, page
from experiments.scenarios.plan import Plan
from experiments.scenarios.staff import scenario_of
from experiments.scenarios.worlds import WORLDS
from maitred.envs.scenario import Scenario
from maitred.envs.scenario_file import SHIPPED, load_scenario, save_scenario
from maitred.whole_file import whole_file

PLANS: dict[str, Callable[[], Plan]] = {plan.__name__: plan for plan in (*LADDER, *WORLDS, *HEADLINE)}


def build(name: str, folder: Path = SHIPPED) -> Scenario:
    """Write the scenario `name` into `folder` and return it.

    Raises:
        KeyError: no such scenario.
    """
    scenario = scenario_of(PLANS[name]())
    save_scenario(scenario, folder / f"{name}.yaml")
    return scenario


def main() -> None:
    """Build what is asked for, or everything and the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(PLANS)}; all if none is given")
    names = parser.parse_args().names
    if unknown := sorted(set(names) - set(PLANS)):
        parser.error(f"{', '.join(unknown)}: expected {', '.join(PLANS)}")
    built = [build(name) for name in names or PLANS]
    if not names:
        with whole_file(PAGE) as temporary:
            temporary.write_text(page([load_scenario("bank"), *built]), encoding="utf-8")
    print_loads(built)


def print_loads(scenarios: list[Scenario]) -> None:
    """The planned load of a weekday of each."""
    header = ("scenario", "contacts/day", "agents", "shift h", "work h", "load", "without bots")
    rows = []
    for scenario in scenarios:
        load = planned_load(scenario)
        sizes = (f"{load.contacts:,.0f}", f"{load.agents}", f"{load.shift_h:,.0f}", f"{load.work_h:,.0f}")
        rows.append((scenario.name, *sizes, f"{load.of_capacity:.2f}", f"{load.without_bots:.2f}"))
    print_table("planned load of a weekday, first attempts over capacity at the best fixed cap", header, rows)


if __name__ == "__main__":
    main()
