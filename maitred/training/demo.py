"""The main job end to end: what `maitred demo` runs on the shipped scenario."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from datetime import datetime
from pathlib import Path

from rich.console import Console

from maitred.agents.rules import RULES
from maitred.configs.schema import (
    BanditConfig,
    EvaluationConfig,
    LinTSConfig,
    LinUCBConfig,
    PPOConfig,
    TrackingConfig,
    TrainConfig,
)
from maitred.envs.decision import Decisions
from maitred.envs.decision_request import write_request
from maitred.envs.scenario import Scenario
from maitred.envs.scenario_file import load_scenario, scenario_hash
from maitred.serving.bundle import load_bundle
from maitred.serving.policy import BundlePolicy
from maitred.training.evaluate import print_evaluation
from maitred.training.frozen import FrozenSet, freeze, load_frozen
from maitred.training.job import BUNDLE, EVALUATION, REPORT, Job, run_job
from maitred.training.learning import PARITY, branch
from maitred.training.rehearsal import rehearse

SCENARIO, SEED, FROZEN_SEED, FROZEN_EPISODES = "bank", 1, 999_983, 200
PPO = PPOConfig(minutes=2.5)
BANDITS: tuple[BanditConfig, ...] = (LinUCBConfig(episodes=128), LinTSConfig(episodes=128))
ASKED = 1000  # decisions put to the bundle without torch

# Runs the command itself in a fresh interpreter, and fails if anything imported torch on the way.
DECIDE = """
import sys
from maitred.cli import main
status = main(["decide", "--bundle", sys.argv[1]])
sys.exit(status or ("torch was imported" if "torch" in sys.modules else 0))
"""


class DemoError(RuntimeError):
    """The exported bundle did not answer as the trained policy does."""


def run_demo(root: Path) -> int:
    """Freeze, train, judge, report, export, load back and decide, all below `root`."""
    began, console = time.monotonic(), Console()
    scenario = load_scenario(SCENARIO)
    frozen = _frozen(scenario, root)
    console.print(f"Evidence: {frozen.episodes} days of {scenario.name}, frozen in {frozen.path}")
    folder = root / "runs" / f"demo-{datetime.now():%Y%m%d-%H%M%S-%f}"
    tracking = TrackingConfig(folder=str(root))
    peers = []
    for bandit in BANDITS:
        config = TrainConfig(seed=SEED, policy=bandit, tracking=tracking)
        peers.append(run_job(config, folder / bandit.name).policy)
    judged = TrainConfig(seed=SEED, policy=PPO, tracking=tracking, evaluation=EvaluationConfig(set=str(frozen.path)))
    job = run_job(judged, folder / PPO.name, peers)
    assert job.evaluation is not None
    print_evaluation(job.evaluation, console)
    same, own, milliseconds = _decide_without_torch(job.folder, scenario)
    figures = job.result.learned.figures
    console.print(
        f"PPO: {job.result.learned.steps:,} decisions at {figures['steps_per_s']:,.0f} a second, "
        f"{figures['rollout_share']:.0%} of it in rollouts, the rest in updates.\n"
        f"Bundle: loaded without torch, {same:,} of {own:,} decisions as trained, {ASKED - own:,} more left to the "
        f"platform's rule as unlike what it has seen, median {milliseconds:.2f} ms."
    )
    _print_paths(console, job, frozen, root)
    console.print(f"The whole job took {time.monotonic() - began:.0f} s.")
    return 0


def _frozen(scenario: Scenario, root: Path) -> FrozenSet:
    """The demo's frozen set, drawn the first time; its name follows from the scenario, should that change."""
    path = root / "frozen" / f"{scenario.name}-{scenario_hash(scenario)[:8]}"
    if path.exists():
        return load_frozen(path)
    return freeze(
        scenario, path, episodes=FROZEN_EPISODES, seed=FROZEN_SEED, purpose="the demo's comparison", name=path.name
    )


def _decide_without_torch(folder: Path, scenario: Scenario) -> tuple[int, int, float]:
    """Ask the bundle through the command line, in a process without torch.

    Returns:
        How many of the policy's own answers are those it gives here, how many it gives, the others being left to the
        platform's rule, and the median time of one in milliseconds.
    """
    decisions = rehearse(scenario, RULES["incumbent"], branch(FROZEN_SEED, PARITY), ASKED).decisions
    requests = [_request(decisions, row) for row in range(ASKED)]
    (folder / "decision.json").write_text(json.dumps(requests[0], indent=1) + "\n")
    done = subprocess.run(
        [sys.executable, "-c", DECIDE, str(folder / BUNDLE)],
        input="\n".join(map(json.dumps, requests)),
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise DemoError(f"deciding without torch failed: {done.stderr.strip()}")
    replies = [json.loads(line) for line in done.stdout.splitlines()]
    expected = BundlePolicy(load_bundle(folder / BUNDLE)).act(decisions).candidate
    wanted = expected[:ASKED].tolist()
    own = [(reply, want) for reply, want in zip(replies, wanted, strict=True) if reply["mode"] == "active"]
    same = sum(reply["ranking"][0]["id"] == str(want) for reply, want in own)
    return same, len(own), sorted(reply["latency_ms"] for reply in replies)[ASKED // 2]


def _request(decisions: Decisions, row: int) -> dict[str, object]:
    ids = [str(place) for place in range(int(decisions.mask[row].sum()))]
    return write_request(decisions, row, f"demo-{row}", ids)


def _print_paths(console: Console, job: Job, frozen: FrozenSet, root: Path) -> None:
    console.print(
        f"Report:     {job.folder / REPORT}\n"
        f"Figures:    {job.folder / EVALUATION}\n"
        f"Bundle:     {job.folder / BUNDLE}\n"
        f"Frozen set: {frozen.path} ({len(frozen.looks.read())} looks so far)\n"
        f"MLflow:     run {job.run_id}; mlflow ui --backend-store-uri sqlite:///{root / 'mlflow.db'}\n"
        f"Try:        maitred decide --bundle {job.folder / BUNDLE} < {job.folder / 'decision.json'}",
        soft_wrap=True,
    )
