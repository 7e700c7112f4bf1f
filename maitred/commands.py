"""What each subcommand does. Every import that the base install lacks stands inside the command that needs it."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from omegaconf import DictConfig

    from maitred.envs.decision import Policy

FROZEN_SEED = 999_983
REFUSED = 3  # exit status where the command worked and the answer is no


class CommandError(ValueError):
    """An argument that names nothing usable."""


def day(text: str) -> date:
    """A day as YYYY-MM-DD."""
    return date.fromisoformat(text)


def days(text: str) -> list[date]:
    """The days FIRST:LAST, both included."""
    first, colon, last = text.partition(":")
    if not colon or day(last) < day(first):
        raise ValueError("expected FIRST:LAST")
    return [day(first) + timedelta(days=i) for i in range((day(last) - day(first)).days + 1)]


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


def simulate(
    scenario: str, policy: str = "incumbent", days: int | None = None, seed: int = 0, out: str | None = None
) -> int:
    """Run a policy in a center, show it, print its KPIs and write the pictures."""
    from rich.console import Console

    from maitred.envs.scenario_file import load_scenario
    from maitred.training.day_page import write_simulation
    from maitred.training.day_view import kpi_table
    from maitred.training.simulate import simulate_days

    if seed < 0:
        raise CommandError(f"seed: expected 0 or more, found {seed}")
    center, decider, console = load_scenario(scenario), _policy(policy), Console()
    simulation = simulate_days(center, decider, days, seed, console)
    console.print(kpi_table(simulation.kpis, f"{center.name} under {decider.name}"))
    folder = Path(out or f"runs/simulation-{center.name}-{decider.name}-{datetime.now():%Y%m%d-%H%M%S-%f}")
    print(write_simulation(simulation, folder))
    return 0


def _policy(text: str) -> Policy:
    """A bundle if there is such a folder, else the rule of that name."""
    from maitred.agents.rules import rule
    from maitred.serving.bundle import load_bundle
    from maitred.serving.policy import BundlePolicy

    return BundlePolicy(load_bundle(text)) if Path(text).is_dir() else rule(text)


def tune(scenario: str, seed: int = 0, budget: int | None = None, out: str | None = None) -> int:
    """Tune every family of rules to a center and print them, the best first."""
    from rich.console import Console

    from maitred.envs.objective import Objective
    from maitred.envs.scenario_file import load_scenario
    from maitred.training.tuning import DEFAULT_BUDGET, best_rule, tuned_json, tuned_table

    center, episodes = load_scenario(scenario), budget or DEFAULT_BUDGET
    tuned = best_rule(center, Objective(), seed, episodes)
    Console().print(tuned_table(tuned, f"{center.name}: {episodes} training episodes per family, seed {seed}"))
    if out is not None:
        temporary = Path(f"{out}.tmp")
        temporary.write_text(tuned_json(tuned))
        temporary.replace(out)
    return 0


def train(overrides: Sequence[str]) -> int:
    """Hand over to Hydra, which composes the configuration and calls `train_job` once, or once per sweep job."""
    import hydra

    from maitred.configs.schema import register

    register()
    os.environ["HYDRA_FULL_ERROR"] = "1"  # errors reach the caller, who says them in one line
    sys.argv = ["maitred train", *overrides]
    hydra.main(version_base="1.3", config_path="pkg://maitred.configs", config_name="train")(train_job)()
    return 0


def train_job(composed: DictConfig) -> None:
    """One training job in the folder that Hydra made for it."""
    from hydra.core.hydra_config import HydraConfig
    from omegaconf import OmegaConf
    from rich.console import Console

    config: Any = OmegaConf.to_object(composed)
    from maitred.training.evaluate import print_evaluation
    from maitred.training.job import run_job

    job = run_job(config, Path(HydraConfig.get().runtime.output_dir))
    if job.evaluation is not None:
        print_evaluation(job.evaluation, Console())
    learned = job.result.learned
    print(f"reward per case over the incumbent on validation episodes: {learned.difference}")
    print(f"{learned.steps:,} decisions in {learned.seconds:.0f} s; files in {job.folder}; MLflow run {job.run_id}")


def learn(log: str, out: str, method: str = "greedy", seed: int = 0) -> int:
    """Learn from a log and print where the run is, and what it rests on."""
    from maitred.training.offline.run import run_offline

    learned = run_offline(log, method, out, seed)
    told = "".join(f", {name} {value:.3g}" for name, value in learned.figures.items())
    print(f"{out}: {method}, {learned.seconds:.0f} s{told}")
    if learned.propensity_estimated:
        print("The chances of the logged choices were estimated, and what was learned is no surer than they are.")
    return 0


def evaluate(bundle: str, set: str, out: str | None = None) -> int:
    """Judge a bundle, with the objective it was trained for, and every rule; print the table."""
    from rich.console import Console

    from maitred.envs.objective import Objective
    from maitred.serving.bundle import load_bundle
    from maitred.serving.policy import BundlePolicy
    from maitred.training.evaluate import print_evaluation
    from maitred.training.job import EVALUATION, REPORT, judge

    policy = BundlePolicy(load_bundle(_folder(bundle)))
    card = policy.bundle.card
    folder = Path(out or f"runs/evaluation-{datetime.now():%Y%m%d-%H%M%S-%f}")
    evaluation = judge([policy], set, Objective(**card.objective), folder, curve=None, provenance=card.training)
    print_evaluation(evaluation, Console())
    print(f"{folder / REPORT}\n{folder / EVALUATION}")
    return 0


def export(run: str, out: str, governance: str | None = None, gate: str | None = None) -> int:
    """Write a bundle and print where it is."""
    from maitred.training.train import export_run

    print(export_run(run, out, governance, gate))
    return 0


def gate(
    candidate: str,
    champion: str,
    set: Sequence[str],
    out: str,
    mode: str = "better",
    settings: str | None = None,
    **given: Any,
) -> int:
    """Judge a candidate, print the verdict, and write the report; the exit status is the verdict."""
    from rich.console import Console

    from maitred.training.gate.frozen_checks import Mode
    from maitred.training.gate.run_gate import EXIT, Request, run_gate, write_gate_run
    from maitred.training.gate.settings import Settings, load_settings
    from maitred.training.gate.verdict_table import print_verdict

    if mode not in list(Mode):
        raise CommandError(f"mode: expected {' or '.join(Mode)}, found {mode}")
    if (Path(out) / "gate.json").exists():
        raise CommandError(f"{out}: expected a folder without a gate report, found one")
    limits = Settings() if settings is None else load_settings(settings)
    request = Request(
        candidate=candidate, champion=champion, sets=tuple(set), mode=Mode(mode), settings=limits, **given
    )
    sealed = run_gate(request)
    print_verdict(sealed, Console())
    print("\n".join(str(path) for path in write_gate_run(out, sealed)))
    return EXIT[sealed["verdict"]]


def governance_check(file: str) -> int:
    """Print a file's rules, who approved it, and its hash."""
    from rich.console import Console

    from maitred.training.governance.files import load_draft, load_governance
    from maitred.training.governance.tables import rules_table

    draft, stated = load_draft(file)
    Console().print(rules_table(draft if stated is None else load_governance(file), Path(file).name))
    return 0


def governance_diff(old: str, new: str) -> int:
    """Print what differs."""
    from rich.console import Console

    from maitred.training.governance.files import load_draft
    from maitred.training.governance.tables import changes_table

    before, after = load_draft(old)[0], load_draft(new)[0]
    Console().print(changes_table(before, after, f"{Path(old).name} to {Path(new).name}"))
    return 0


def governance_approve(file: str, by: str, previous: str) -> int:
    """Write the new version, and say what follows from it."""
    from maitred.training.governance.approve import approve
    from maitred.training.governance.files import load_governance

    out = approve(file, by, previous)
    print(f"{out}: {load_governance(out).sha256}")
    print("Bundles under other rules are no longer in force: export them with it and pass the gate again.")
    return 0


def decide(bundle: Path) -> int:
    """Answer standard input."""
    from maitred.serving.bundle import load_bundle
    from maitred.serving.decide import decide_stream

    return decide_stream(load_bundle(_folder(bundle)), sys.stdin, sys.stdout, sys.stderr)


def _folder(bundle: str | Path) -> Path:
    """The folder of a bundle, if there is one."""
    if not Path(bundle).is_dir():
        raise CommandError(f"{bundle}: expected the folder of an exported bundle")
    return Path(bundle)


def files(text: str) -> list[str]:
    """Files, comma-separated."""
    return text.split(",")


def logs_record(
    scenario: str, out: str, policy: str = "incumbent", explore: float = 0.0, days: int = 20, seed: int = 0
) -> int:
    """Record a policy's decisions and print how many."""
    from maitred.agents.exploring import Exploring
    from maitred.envs.scenario_file import load_scenario
    from maitred.training.decision_log.record import Source, logged_traces, record

    center, decider = load_scenario(scenario), _policy(policy)
    source = Source(Exploring(decider, explore) if explore else decider, seed)
    rows = record(center, logged_traces(center, seed, days), source, out)
    print(f"{out}: {rows:,} decisions of {source.policy.name} in {center.name}")
    return 0


def logs_join(log: str, outcomes: Sequence[str], out: str, window_days: float | None = None) -> int:
    """Join outcomes to a log and print what became of them."""
    from rich.console import Console

    from maitred.training.decision_log.join import WINDOW_DAYS, join, joined_table

    joined = join(log, outcomes, out, WINDOW_DAYS if window_days is None else window_days)
    Console().print(joined_table(joined))
    return 0


def logs_check(log: str, reference: str | None = None, out: str | None = None) -> int:
    """Check a log and print what was found; faulty rows that are not set apart make it fail."""
    from rich.console import Console

    from maitred.training.decision_log.check import check, checked_table

    checked = check(log, reference, out)
    Console().print(checked_table(checked))
    return REFUSED if checked.faulty and out is None else 0


def logs_from_contacts(log: str, out: str) -> int:
    """Make a decision log of a contact log and print what became of the contacts."""
    from rich.console import Console

    from maitred.training.decision_log.from_contacts import from_contacts, made_table

    Console().print(made_table(from_contacts(log, out)))
    return 0


def logs_estimate(log: str, out: str) -> int:
    """Fit missing propensities and print how well the fit predicts."""
    from rich.console import Console

    from maitred.training.decision_log.estimate import estimate, estimated_table

    Console().print(estimated_table(estimate(log, out)))
    return 0


def demo() -> int:
    """The main job end to end."""
    from maitred.training.demo import run_demo

    return run_demo(Path("."))
