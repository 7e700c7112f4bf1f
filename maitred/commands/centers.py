"""Commands about centers: their logs, what is fitted to them, a day in them, rules and evidence for them."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

from maitred.commands.declare import Command, Key, day, days
from maitred.commands.declare import seed as read_seed
from maitred.commands.policies import policy_of

FROZEN_SEED = 999_983


def import_log(paths: Sequence[Path], format: Any, out: Path, mapping: Path | None) -> int:
    """Convert raw logs and print what became of every row."""
    from rich.console import Console

    from maitred.envs.contact_log.ingest import import_logs
    from maitred.envs.contact_log.report import report_table

    report = import_logs(paths, format, out, mapping)
    Console().print(report_table(report))
    return 0


def calibrate(log: str, out: str, name: str | None = None, **options: Any) -> int:
    """Fit a scenario to a log of contacts or of turns; the fits print themselves."""
    from maitred.envs.turn_log import is_turn_log

    fit: Any
    if is_turn_log(log):
        from maitred.envs.calibration.turns.calibrate import calibrate_turns as fit
    else:
        from maitred.envs.calibration.calibrate import calibrate as fit
    fit(log, out, name=name or Path(out).stem, **options)
    print(f"{out}")
    return 0


def simulate(
    scenario: str, policy: str = "incumbent", days: int | None = None, seed: int = 0, out: str | None = None
) -> int:
    """Run a policy in a center, show it, print its KPIs and write the pictures."""
    from rich.console import Console

    from maitred.envs.scenario_file import load_scenario
    from maitred.training.day_page import write_simulation
    from maitred.training.day_view import kpi_table
    from maitred.training.simulate import simulate_days

    center, decider, console = load_scenario(scenario), policy_of(policy), Console()
    simulation = simulate_days(center, decider, days, seed, console)
    console.print(kpi_table(simulation.kpis, f"{center.name} under {decider.name}"))
    folder = Path(out or f"runs/simulation-{center.name}-{decider.name}-{datetime.now():%Y%m%d-%H%M%S-%f}")
    print(write_simulation(simulation, folder))
    return 0


def tune(scenario: str, seed: int = 0, budget: int | None = None, out: str | None = None) -> int:
    """Tune every family of rules to a center and print them, the best first."""
    from rich.console import Console

    from maitred.envs.objective import Objective
    from maitred.envs.scenario_file import load_scenario
    from maitred.training.tuning import DEFAULT_BUDGET, best_rule, tuned_json, tuned_table
    from maitred.whole_file import whole_file

    center, episodes = load_scenario(scenario), DEFAULT_BUDGET if budget is None else budget
    tuned = best_rule(center, Objective(), seed, episodes)
    Console().print(tuned_table(tuned, f"{center.name}: {episodes} training episodes per family, seed {seed}"))
    if out is not None:
        with whole_file(Path(out)) as temporary:
            temporary.write_text(tuned_json(tuned))
    return 0


def freeze(
    scenario: str,
    out: str,
    episodes: int = 200,
    seed: int = FROZEN_SEED,
    purpose: str = "final evaluation",
    log_days: Sequence[date] = (),
) -> int:
    """Draw a set and print its identity."""
    from maitred.envs.scenario_file import load_scenario
    from maitred.training.frozen import freeze as draw

    frozen = draw(
        load_scenario(scenario),
        out,
        episodes=episodes,
        seed=seed,
        purpose=purpose,
        name=Path(out).name,
        log_days=log_days,
    )
    print(f"{out}: {frozen.episodes} episodes of {frozen.scenario.name}, {frozen.sha256}")
    return 0


def _import_flags(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("paths", nargs="+", type=Path, help="raw log files, plain or gzipped")
    parser.add_argument("--format", required=True, choices=("technion", "mapped"), help="layout of the files")
    parser.add_argument("--out", required=True, type=Path, help="contact log to write (parquet)")
    parser.add_argument("--mapping", type=Path, help="column mapping (YAML), for --format mapped")


COMMANDS = {
    "import": Command(
        "convert raw call logs into one contact log",
        "Bad rows go to OUT.rejects.csv with reasons, counts to OUT.report.json.\n\n"
        "  maitred import calls/*.tsv.gz --format technion --out log.parquet\n"
        "  maitred import records.csv --format mapped --mapping amazon_connect.yaml --out log.parquet",
        import_log,
        flags=_import_flags,
    ),
    "calibrate": Command(
        "fit a scenario to a contact log, or to a turn log",
        "  maitred calibrate log=log.parquet out=my_center.yaml end=1999-07-01 report=calibration.html\n"
        "  maitred calibrate log=turns.jsonl out=my_center.yaml report=figures.csv",
        calibrate,
        keys=(
            Key("log", "contact log that `maitred import` wrote, or turn log (docs/turn_log.md)", required=True),
            Key("out", "scenario file to write; its tables go beside it", required=True),
            Key("name", "name of the scenario (default: that of the file)"),
            Key("start", "first day to use, YYYY-MM-DD (default: the log's first)", read=day),
            Key("end", "the day after the last to use, YYYY-MM-DD (default: the log's end)", read=day),
            Key("report", "report of the fits to write: HTML, of a turn log CSV"),
            Key("head_start_s", "seconds a high priority counts as having waited (default: 0)", read=float),
        ),
    ),
    "simulate": Command(
        "watch a policy at work in a center",
        "Shows the day on the terminal as it goes, then the KPIs; writes pictures and one page, day.html.\n\n"
        "  maitred simulate scenario=omni policy=quadrant\n"
        "  maitred simulate scenario=bpo_chat policy=cap4+least_busy_first seed=3\n"
        "  maitred simulate scenario=my_center.yaml policy=bundle days=5",
        simulate,
        keys=(
            Key("scenario", "name of a shipped scenario, or a scenario file", required=True),
            Key("policy", "name of a rule, parameters included, or folder of a bundle (default: incumbent)"),
            Key("days", "length of the episode (default: the scenario's)", read=int),
            Key("seed", "of the arrivals and all other luck (default: 0)", read=read_seed),
            Key("out", "folder for the page and the pictures (default: a new one in runs/)"),
        ),
    ),
    "tune": Command(
        "find the best setting of every rule for a center",
        "Every family of rules gets the same number of training episodes, with the default objective. The names it\n"
        "prints are what policy= takes.\n\n"
        "  maitred tune scenario=omni\n"
        "  maitred tune scenario=my_center.yaml budget=192 out=rules.json\n"
        "  maitred simulate scenario=omni 'policy=cap4+cmu(level_cost=2)'",
        tune,
        keys=(
            Key("scenario", "name of a shipped scenario, or a scenario file", required=True),
            Key("seed", "of the training episodes (default: 0)", read=read_seed),
            Key("budget", "training episodes per family, 12 or more (default: 48)", read=int),
            Key("out", "file for all that was tried (JSON)"),
        ),
    ),
    "freeze": Command(
        "draw an evaluation set that training may never see",
        "  maitred freeze scenario=my_center.yaml out=frozen/my_center episodes=200",
        freeze,
        keys=(
            Key("scenario", "name of a shipped scenario, or a scenario file", required=True),
            Key("out", "folder of the set; keep it in frozen/, where training looks for it", required=True),
            Key("episodes", "number of episodes (default: 200)", read=int),
            Key("seed", f"of its episodes; no training run may use it (default: {FROZEN_SEED})", read=read_seed),
            Key("purpose", "what it is for, in words (default: final evaluation)"),
            Key("log_days", "FIRST:LAST days of the log that it stands for, YYYY-MM-DD", read=days),
        ),
    ),
}
