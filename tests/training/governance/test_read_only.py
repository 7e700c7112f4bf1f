"""Learning cannot write the rules: watched at the file system while a job runs, and read from the code (GV-1)."""

import ast
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

import maitred
from maitred.configs.schema import EvaluationConfig, PPOConfig, TrackingConfig, TrainConfig
from maitred.envs.scenario_error import ScenarioError
from maitred.envs.scenario_file import save_scenario
from maitred.serving.bundle import load_bundle
from maitred.serving.governance import GovernanceError
from maitred.training.frozen import freeze
from maitred.training.governance.approve import approve
from maitred.training.governance.files import load_governance
from maitred.training.job import BUNDLE, run_job
from maitred.training.run_folder import RunError
from maitred.training.train import export_run, train
from tests.rules import changed
from tests.training.center import small_center
from tests.training.governance.test_center import world

TINY = PPOConfig(steps=2048, minutes=None, n_envs=16, n_steps=128, batch_size=1024, validate_every=1)
ROOT = Path(maitred.__file__).parent
APPROVE = "maitred.training.governance.approve"
WRITES = {"write_text", "write_bytes", "open", "rename", "chmod", "touch", "unlink", "symlink_to", "copyfile", "dump"}
CHANGES = {"os.rename", "os.remove", "os.chmod", "os.chown", "os.truncate", "os.link", "os.symlink", "os.utime"}

watched: list[Path] = []
touched: list[tuple[str, Any]] = []


def _audit(event: str, arguments: tuple[Any, ...]) -> None:
    """Python's own record of what is done to the watched folder, but for reading."""
    if not watched or (event != "open" and event not in CHANGES):
        return
    names = [a for a in arguments[:2] if isinstance(a, str | bytes | os.PathLike)]
    if not any(Path(os.fsdecode(name)).absolute().is_relative_to(watched[0]) for name in names):
        return
    writes = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
    if event != "open" or arguments[2] & writes:
        touched.append((event, arguments))


sys.addaudithook(_audit)  # hooks stay for the life of the process; this one sleeps while nothing is watched


@contextmanager
def watching(folder: Path) -> Iterator[None]:
    watched.append(folder.absolute())
    touched.clear()
    try:
        yield
    finally:
        watched.clear()


def state(folder: Path) -> dict[str, tuple[bytes, int, int, int]]:
    """Content, inode, and times of change of a folder's files, and of the folder."""
    paths = [folder, *sorted(folder.iterdir())]
    stats = {path: path.stat() for path in paths}
    contents = {path: path.read_bytes() if path.is_file() else b"" for path in paths}
    return {str(p): (contents[p], stats[p].st_ino, stats[p].st_mtime_ns, stats[p].st_ctime_ns) for p in paths}


@pytest.fixture
def governed(tmp_path: Path) -> TrainConfig:
    folder = tmp_path / "rules"
    folder.mkdir()
    fields = {"intents": ["loans", "cards"], "must_human": ["cards"], "two_person": [], "approval_above": {}}
    text = yaml.safe_dump(changed(**fields, may_escalate=None, service_levels={}))
    (folder / "draft.yaml").write_text(text)
    path = approve(folder / "draft.yaml", by="Ana Ruiz", previous="none")
    save_scenario(small_center(), tmp_path / "small.yaml")
    return TrainConfig(
        seed=5,
        scenario_file=str(tmp_path / "small.yaml"),
        governance=str(path),
        policy=TINY,
        evaluation=EvaluationConfig(validation_episodes=2),
        tracking=TrackingConfig(folder=str(tmp_path)),
    )


def test_a_training_job_leaves_the_rules_alone_and_carries_their_hash(governed: TrainConfig, tmp_path: Path) -> None:
    assert governed.governance is not None
    folder = Path(governed.governance).parent
    folder.chmod(0o555)
    before = state(folder)
    with watching(folder):
        job = run_job(governed, tmp_path / "run")
    assert state(folder) == before and touched == []
    folder.chmod(0o755)
    governance = load_governance(governed.governance)
    bundle = load_bundle(job.folder / BUNDLE)
    assert bundle.governance == governance and bundle.card.governance_sha256 == governance.sha256
    assert job.result.record["governance"] == governance.sha256
    with pytest.raises(RunError, match="expected governance=, as it was trained under"):
        export_run(job.folder, tmp_path / "without")


def test_a_set_that_the_rules_do_not_fit_is_refused_before_any_work(governed: TrainConfig, tmp_path: Path) -> None:
    others = freeze(world(), tmp_path / "others", episodes=2, seed=77, purpose="a test", name="others")
    asked = replace(governed, evaluation=EvaluationConfig(set=str(others.path), validation_episodes=2))
    with pytest.raises(ScenarioError, match="intents of the governance file"):
        run_job(asked, tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_the_watch_sees_a_write(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("x")
    with watching(tmp_path):
        (tmp_path / "a").read_text()
        assert touched == []
        (tmp_path / "a").open("a").close()
        os.replace(tmp_path / "a", tmp_path / "b")
    assert [event for event, _ in touched] == ["open", "os.rename"]


def test_training_under_rules_that_were_changed_is_refused(governed: TrainConfig) -> None:
    assert governed.governance is not None
    path = Path(governed.governance)
    path.chmod(0o644)
    path.write_text(path.read_text().replace("- cards\ntwo_person", "- loans\ntwo_person"))
    with pytest.raises(GovernanceError, match="a change needs an approval"):
        train(governed)


def test_no_code_but_the_approval_writes_rules() -> None:
    """Of the modules about governance one writes files, and only the command line reaches it."""
    writers, callers = set(), set()
    for path in ROOT.rglob("*.py"):
        nodes, name = list(ast.walk(ast.parse(path.read_text()))), path.relative_to(ROOT).as_posix()
        called = {
            call.func.attr for call in nodes if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute)
        }
        if "governance" in name and called & WRITES:
            writers.add(name)
        if any(isinstance(node, ast.ImportFrom) and node.module == APPROVE for node in nodes):
            callers.add(name)
    assert writers == {"training/governance/approve.py"} and callers == {"commands/governance.py"}
