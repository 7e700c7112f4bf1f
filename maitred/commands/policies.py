"""Commands about policies: how they are learned, judged, promoted, exported and asked."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from maitred.commands.declare import Command, CommandError, Key, bundle_folder, files
from maitred.commands.declare import seed as read_seed
from maitred.envs.decision import PREFERENCE

if TYPE_CHECKING:
    from omegaconf import DictConfig

    from maitred.envs.decision import Policy
    from maitred.envs.scenario import Scenario
    from maitred.serving.governance import Governance


def policy_of(text: str) -> Policy:
    """A bundle if there is such a folder, else the rule of that name."""
    from maitred.agents.rules import rule
    from maitred.serving.bundle import load_bundle
    from maitred.serving.policy import BundlePolicy

    return BundlePolicy(load_bundle(bundle_folder(text))) if Path(text).is_dir() else rule(text)


def center_of(scenario: str, policy: Policy, file: str | None) -> tuple[Scenario, Governance | None]:
    """A center under the rules in force: of an approved file, or of a policy's bundle, which knows no others."""
    from maitred.envs.scenario_file import load_scenario
    from maitred.serving.policy import BundlePolicy
    from maitred.training.governance.center import govern_center
    from maitred.training.governance.files import load_governance

    own = policy.bundle.governance if isinstance(policy, BundlePolicy) else None
    rules = own if file is None else load_governance(file)
    if own is not None and rules is not None and rules.sha256 != own.sha256:
        raise CommandError(f"governance: expected that of the bundle, {own.sha256}, found {rules.sha256}")
    center = load_scenario(scenario)
    return center if rules is None else govern_center(center, rules), rules


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


def evaluate(bundle: str, set: str, out: str | None = None, **weights: float) -> int:
    """Judge a bundle, with its objective, and every rule, all under its governance file; print the table."""
    from rich.console import Console

    from maitred.envs.objective import Objective
    from maitred.serving.bundle import load_bundle
    from maitred.serving.policy import BundlePolicy
    from maitred.training.evaluate import print_evaluation
    from maitred.training.frozen import load_frozen
    from maitred.training.governance.center import govern_set
    from maitred.training.job import EVALUATION, REPORT, judge
    from maitred.training.preferences import preferring

    policy = BundlePolicy(load_bundle(bundle_folder(bundle)))
    card, frozen = policy.bundle.card, govern_set(load_frozen(set), policy.bundle.governance)
    objective = preferring(Objective(**card.objective), weights, card.training)
    folder = Path(out or f"runs/evaluation-{datetime.now():%Y%m%d-%H%M%S-%f}")
    evaluation = judge([policy], frozen, objective, folder, curve=None, provenance=card.training)
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
    margin: float | None = None,
    settings: str | None = None,
    **given: Any,
) -> int:
    """Judge a candidate, print the verdict, and write the report; the exit status is the verdict."""
    from dataclasses import replace

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
    limits = limits if margin is None else replace(limits, margin=margin)
    request = Request(
        candidate=candidate, champion=champion, sets=tuple(set), mode=Mode(mode), settings=limits, **given
    )
    sealed = run_gate(request)
    print_verdict(sealed, Console())
    print("\n".join(str(path) for path in write_gate_run(out, sealed)))
    return EXIT[sealed["verdict"]]


def decide(bundle: Path) -> int:
    """Answer standard input."""
    from maitred.serving.bundle import load_bundle
    from maitred.serving.decide import decide_stream

    return decide_stream(load_bundle(bundle_folder(bundle)), sys.stdin, sys.stdout, sys.stderr)


def demo() -> int:
    """The main job end to end."""
    from maitred.training.demo import run_demo

    return run_demo(Path("."))


def _decide_flags(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--bundle", required=True, type=Path, help="folder of an exported bundle")


COMMANDS = {
    "train": Command(
        "train a policy and log it in MLflow",
        "Arguments are Hydra overrides; -m sweeps over all combinations of comma-separated values.\n\n"
        "  maitred train policy=ppo policy.minutes=5 seed=1\n"
        "  maitred train scenario_file=my_center.yaml policy=linucb\n"
        "  maitred train evaluation.set=frozen/bank objective.csat=10\n"
        "  maitred train -m policy=ppo,lints seed=1,2,3\n"
        "  maitred train --cfg job      shows every setting with its value\n\n"
        "Groups: policy=ppo|linucb|lints|squarecb|neural, scenario, objective, evaluation, tracking.\n"
        "A run's files go to runs/; `mlflow ui --backend-store-uri sqlite:///mlflow.db` shows all runs.",
        train,
    ),
    "learn": Command(
        "learn a policy from a decision log alone",
        "Writes the folder of a run, which `maitred gate` takes for a candidate; without a gate report that promotes\n"
        "it, it cannot be exported. Chances that were fitted to the log are flagged in its run.json.\n\n"
        "  maitred learn log=decisions.parquet method=pessimistic out=runs/learned",
        learn,
        keys=(
            Key("log", "decision log, with what came of the decisions", required=True),
            Key("method", "cloning | greedy | pessimistic | gradient | cql | iql (default: greedy)"),
            Key("out", "folder to write; may not hold a run already", required=True),
            Key("seed", "of everything random (default: 0)", read=read_seed),
        ),
    ),
    "evaluate": Command(
        "judge a bundle and every rule on a frozen set",
        "A policy whose training varied the weights (policy.preference_spread) is judged under those given.\n\n"
        "  maitred evaluate bundle=bundle set=frozen/my_center\n"
        "  maitred evaluate bundle=bundle set=frozen/my_center csat=16",
        evaluate,
        keys=(
            Key("bundle", "folder of an exported bundle", required=True),
            Key("set", "folder of a frozen set", required=True),
            Key("out", "folder for the report and the figures (default: a new one in runs/)"),
            *(
                Key(name, f"the objective's weight of {name} (default: that of training)", read=float)
                for name in PREFERENCE
            ),
        ),
    ),
    "export": Command(
        "write the bundle of a training run",
        "The runtimes are compared with the trained network on 10,000 decisions; it is refused if they differ.\n\n"
        "  maitred export run=runs/ppo-20260102-030405-678901 out=bundle",
        export,
        keys=(
            Key("run", "folder of a training run", required=True),
            Key("out", "folder to write; must not exist", required=True),
            Key("governance", "approved governance file to enforce (default: none)"),
            Key("gate", "gate.json that promotes this policy; AI level 2 needs one (default: none)"),
        ),
    ),
    "gate": Command(
        "decide whether a candidate may replace the champion",
        "On frozen sets, on a log of real decisions, under governance; writes gate.json and gate.html (docs/gate.md).\n"
        "Candidate, champion and generation0 are folders of a bundle or a training run, or names of rules.\n"
        "The exit status is 0 to promote, 3 to hold, 4 to reject, and 2 for a mistake.\n\n"
        "  maitred gate candidate=bundle champion=incumbent set=frozen/my_center out=gate\n"
        "  maitred gate candidate=new champion=bundle set=frozen/now,frozen/last_year log=log.parquet \\\n"
        "      governance=governance.v1.yaml mode=no_worse margin=0.05 out=gate",
        gate,
        keys=(
            Key("candidate", "who wants to serve", required=True),
            Key("champion", "who serves", required=True),
            Key("set", "frozen sets, comma-separated; the first is the world it is meant for", True, files),
            Key("out", "folder for gate.json and gate.html; may not hold a report already", required=True),
            Key("log", "decision log, made after the candidate was named (default: none)"),
            Key("governance", "approved governance file that all play under (default: of the candidate's bundle)"),
            Key("mode", "better, or no_worse than the champion by the margin (default: better)"),
            Key("margin", "how much worse no worse still is, money per case (default: 0.05)", read=float),
            Key("generation0", "policy that all began with, which the candidate must not fall behind"),
            Key("settings", "file of tolerances and levels, YAML (default: those of docs/gate.md)"),
        ),
    ),
    "decide": Command(
        "answer decisions from standard input with a bundle",
        "One JSON request, or one a line; one reply a line. Needs the base install only.\n\n"
        "  maitred decide --bundle bundle < decision.json",
        decide,
        flags=_decide_flags,
    ),
    "demo": Command(
        "the main job end to end on the shipped scenario, in five minutes",
        "Freezes a set, trains PPO and two bandits, judges them with every rule, logs to MLflow, writes a report,\n"
        "exports a bundle, loads it back without torch and decides with it. Files go to the current folder.",
        demo,
    ),
}
