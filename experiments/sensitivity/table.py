"""In how many cells of the sensitivity grid each claim holds: `python -m experiments.sensitivity.table`.

Claim: what is said of policies does not hang on one choice of parameters. A cell changes one factor of a scenario
that is an assumption (domain 2.8: patience, the price of switching, what bots resolve and cost, shocks, how much
agents differ) or one weight of the objective (design 6); factors that a scenario does not have are left out and
counted. Rules are tuned anew in every cell, on training episodes; PPO is trained at the base and meets the other
cells as they come, and with `--retrain` is trained in each as well. Rewards are of the cell's own objective. A claim
holds in a cell where the 95 % interval of the difference, paired by frozen day, is clear of zero, and should hold in
most of them; the opposite is counted as well. With one training seed, the default, an interval holds the days' luck
but not the learner's. Finished parts lie in `--out`, and the study goes on from them.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from rich.progress import track

from experiments.figures import Figure, print_table, write_json
from experiments.judging import FROZEN_SEED, Judge, at_least, budget_of, ppo, ppo_options
from experiments.sensitivity.cells import BASE, CELLS
from experiments.sensitivity.claims import CLAIMS, PPO, RETRAINED, VERDICTS, Claim, Contest, shares, verdict
from experiments.sensitivity.contest import Study, contest, frozen_cells, learned_at_base, learned_here
from maitred.envs.objective import Objective
from maitred.envs.scenario_error import ScenarioError
from maitred.envs.scenario_file import load_scenario, scenario_hash
from maitred.training.tuning import DEFAULT_BUDGET
from maitred.training.validation import Difference

Grid = Mapping[str, Contest]  # contestants by cell


def main(arguments: Sequence[str] | None = None) -> int:
    """Freeze, tune, train, judge, print; returns the exit code."""
    parser = _parser()
    options = parser.parse_args(arguments)
    seeds = tuple(range(1, options.seeds + 1))
    study = Study(options.out, seeds, options.episodes, options.budget, ppo(options))
    try:
        centers = {name: load_scenario(name) for name in options.scenario}
    except ScenarioError as error:
        parser.error(str(error))
    worlds = {name: frozen_cells(center, options.cells, study) for name, center in centers.items()}
    for name, judges in worlds.items():
        _print_cells(name, judges, options.cells)
    grids = {name: _play(name, judges, study, options.retrain) for name, judges in worlds.items()}
    spent = f"{study.episodes} frozen days of seed {FROZEN_SEED}, {study.budget} episodes to tune a family, PPO "
    spent += f"{budget_of(study.ppo)}, {len(seeds)} seeds" if seeds else "left out"
    for name, grid in grids.items():
        _print_grid(f"{name}, money per case, ? undecided; {spent}", grid)
    _print_shares(grids)
    if options.json:
        write_json(options.json, [figure for name, grid in grids.items() for figure in figures(name, grid)])
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    every = [cell.name for cell in CELLS]
    parser.add_argument("--scenario", nargs="+", default=["bpo_chat", "omni"], help="names of shipped ones, or files")
    parser.add_argument("--cells", nargs="+", default=every, choices=every, metavar="CELL", help="beside the base")
    parser.add_argument("--episodes", type=at_least(2), default=20, help="frozen days, at least 2")
    budget = "episodes for tuning a family of rules, in every cell"
    parser.add_argument("--budget", type=at_least(1), default=DEFAULT_BUDGET, help=budget)
    parser.add_argument("--seeds", type=at_least(0), default=1, help="training seeds of PPO; 0 for none")
    ppo_options(parser)
    parser.add_argument("--retrain", action="store_true", help="train PPO in every cell as well")
    parser.add_argument("--out", type=Path, default=Path("runs/sensitivity"), help="folder of finished parts")
    parser.add_argument("--json", type=Path, help="file for the figures")
    return parser


def _play(name: str, judges: Mapping[str, Judge], study: Study, retrain: bool) -> Grid:
    """Learn at the base, meet every cell, and where asked to learn in it; learning shows a bar of its own."""
    base = judges[BASE]
    base_rule = base.tuned(study.budget)["best"]
    learned = learned_at_base(base, study)
    cells = track(judges.items(), description=name)
    grid = {cell: contest(judge, base_rule, learned, study) for cell, judge in cells}
    if retrain and study.seeds:
        grid[BASE][RETRAINED] = grid[BASE][PPO]
        for cell in [cell for cell in judges if cell != BASE]:
            print(f"{name}, {cell}: PPO learns", flush=True)
            grid[cell][RETRAINED] = learned_here(judges[cell], study)
    return grid


def _print_cells(name: str, judges: Mapping[str, Judge], asked: Sequence[str]) -> None:
    rows = [(cell, scenario_hash(judge.center), _weights(judge.objective)) for cell, judge in judges.items()]
    left_out = [cell for cell in asked if cell not in judges]
    print_table(f"{name}: cells, frozen before anything is compared", ("cell", "sha256", "weights"), rows)
    print(f"Left out, for they change nothing: {len(left_out)}{': ' if left_out else ''}{', '.join(left_out)}")


def _weights(objective: Objective) -> str:
    return f"csat {objective.csat:g}, abandonment {objective.abandonment:g}, focus {objective.focus_per_min:g}"


def _tested(grid: Grid) -> dict[Claim, dict[str, Difference]]:
    """Differences by claim and cell, of the claims whose contestants stand."""
    found = {c: {cell: c.difference(one) for cell, one in grid.items()} for c in CLAIMS}
    stands = {c: {cell: d for cell, d in cells.items() if d is not None} for c, cells in found.items()}
    return {c: cells for c, cells in stands.items() if cells}


def _print_grid(title: str, grid: Grid) -> None:
    tested = _tested(grid)
    rows = [(cell, *(_mark(cells.get(cell)) for cells in tested.values())) for cell in grid]
    print_table(title, ("cell", *(c.short for c in tested)), rows)


def _mark(found: Difference | None) -> str:
    """A difference and half its interval; a question mark where that leaves it undecided."""
    if found is None:
        return ""
    return f"{found.value:+.3f}±{(found.high - found.low) / 2:.3f}{'?' if verdict(found) == 'undecided' else ''}"


def _print_shares(grids: Mapping[str, Grid]) -> None:
    rows = []
    for name, grid in grids.items():
        for claim, cells in _tested(grid).items():
            share = shares(list(cells.values()))
            most = "yes" if share["holds"] > 0.5 else "no"
            rows.append((claim.text, name, str(len(cells)), *(f"{share[word]:.0%}" for word in VERDICTS), most))
    print_table("Share of cells", ("claim", "scenario", "cells", *VERDICTS, "in most"), rows)


def figures(name: str, grid: Grid) -> list[Figure]:
    """Shares of cells by claim, then every difference with the ends of its interval."""
    found = []
    for claim, cells in _tested(grid).items():
        what = f"{name}: {claim.text}"
        for word, share in shares(list(cells.values())).items():
            found.append(Figure(f"{what}: {word}", share, f"of {len(cells)} cells"))
        for cell, each in cells.items():
            for end, value in (("", each.value), (", low", each.low), (", high", each.high)):
                found.append(Figure(f"{what}; {cell}{end}", value, "money per case"))
    return found


if __name__ == "__main__":
    sys.exit(main())
