"""The command: help to learn from, one line for a mistake, and a base install that can decide."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from maitred.agents.network import CandidateNetwork
from maitred.cli import main
from maitred.commands import COMMANDS
from maitred.envs.decision_request import write_request
from maitred.serving.bundle import ModelCard
from maitred.training.export import export_bundle
from tests.decisions import sample_decisions

ROOT = Path(__file__).parents[1]

# An interpreter in which everything but numpy and the standard library seems not to be installed.
BASE_ONLY = """
import sys
class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {"torch", "hydra", "omegaconf", "mlflow", "rich", "numba", "scipy", "pyarrow",
                                      "gymnasium", "stable_baselines3", "sb3_contrib", "onnx", "onnxruntime", "yaml"}:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
sys.meta_path.insert(0, Absent())
from maitred.cli import main
sys.exit(main())
"""


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch.manual_seed(0)
    decisions = sample_decisions(500, 6, seed=0)
    network = CandidateNetwork(width=8)
    network.fit_normaliser(decisions)
    card = ModelCard(name="tiny", version="1", training={}, objective={"csat": 8.0}, governance_sha256="none")
    out = tmp_path_factory.mktemp("cli") / "bundle"
    return export_bundle(network, out, card=card, parity_decisions=decisions)


def command_line(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """The command in a process of its own."""
    command = [sys.executable, "-c", "import sys; from maitred.cli import main; sys.exit(main())", *arguments]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True)


def base_install(*arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", BASE_ONLY, *arguments]
    return subprocess.run(command, cwd=ROOT, input=stdin, capture_output=True, text=True)


def request_text() -> str:
    d = sample_decisions(1, 5, seed=1)
    ids = [f"id-{i}" for i in range(int(np.count_nonzero(d.mask[0])))]
    return json.dumps(write_request(d, 0, "decision", ids), indent=1)


def test_help_lists_every_command_and_every_command_explains_itself(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="0"):
        main(["--help"])
    text = " ".join(capsys.readouterr().out.split())  # wherever it is wrapped
    names = "import calibrate simulate tune freeze train learn evaluate export gate audit decide demo"
    verbs = {
        "governance": ("check", "diff", "approve"),
        "logs": ("record", "join", "check", "from_contacts", "estimate", "evaluate", "drift"),
    }
    assert set(COMMANDS) == {*names.split(), *(f"{noun} {verb}" for noun in verbs for verb in verbs[noun])}
    for name, command in COMMANDS.items():
        assert command.summary in text
        with pytest.raises(SystemExit, match="0"):
            main([*name.split(), "--help"])
        page = capsys.readouterr().out
        assert all(key.name in page and key.meaning in page for key in command.keys)


def test_help_is_there_in_the_base_install_and_imports_nothing() -> None:
    done = base_install("--help")
    assert done.returncode == 0 and "maitred demo" in done.stdout


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (["evaluate", "bundle=there"], "evaluate: set=... is missing"),
        (["evaluate", "bundle=a", "set=b", "sett=c"], "found sett=c"),
        (["evaluate", "bundle=a", "bundle=b"], "bundle is given twice"),
        (["evaluate", "bundle=nowhere", "set=nowhere"], "nowhere"),
        (["freeze", "scenario=bank", "out=x", "episodes=many"], "episodes: cannot read 'many'"),
        (["freeze", "scenario=nowhere", "out=x"], "nowhere"),
        (["export", "run=nowhere", "out=x"], "nowhere: expected the folder of a finished training run"),
        (["import", "nowhere.tsv", "--format", "technion", "--out", "x.parquet"], "no such file: nowhere.tsv"),
        (["decide", "--bundle", "nowhere"], "nowhere"),
        (["decide", "--bundle", "nowhere", "--fast"], "unknown argument --fast"),
        (["calibrate", "log=nowhere.parquet", "out=x.yaml"], "nowhere.parquet"),
        (["calibrate", "log=a", "out=b", "start=soon"], "start: cannot read 'soon'"),
    ],
)
def test_a_mistake_is_one_line_and_exit_status_2(
    argv: list[str],
    message: str,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(argv) == 2
    [line] = capsys.readouterr().err.splitlines()
    assert line.startswith("maitred: ") and message in line
    assert list(tmp_path.iterdir()) == []


SEEDED = [name for name, command in COMMANDS.items() if any(key.name == "seed" for key in command.keys)]


@pytest.mark.parametrize("name", SEEDED)
def test_a_seed_below_zero_is_a_mistake_in_every_command(
    name: str, capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    required = [f"{key.name}=a" for key in COMMANDS[name].keys if key.required]
    assert main([*name.split(), *required, "seed=-1"]) == 2
    [line] = capsys.readouterr().err.splitlines()
    assert line == f"maitred: {name}: seed: cannot read '-1' (expected 0 or more)" and list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("policy.stepz=1", "Key 'stepz' not in 'PPOConfig'"),
        ("policy=dqn", "Could not find 'policy/dqn'"),
        ("policy.entropy=2", "policy.entropy: expected a number from 0 to 1, found 2"),
        ("scenario_file=nowhere.yaml", "nowhere.yaml"),
    ],
)
def test_a_wrong_override_is_explained(override: str, message: str, tmp_path: Path) -> None:
    done = command_line("train", override, cwd=tmp_path)
    assert done.returncode == 2 and "Traceback" not in done.stderr
    assert message in done.stderr.splitlines()[-1]


def test_a_bug_is_one_line_too_and_its_traceback_can_be_had(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("maitred.training.train.export_run", lambda run, out, governance, gate: 1 / 0)
    assert main(["export", "run=a", "out=b"]) == 1
    [line] = capsys.readouterr().err.splitlines()
    assert "internal error: ZeroDivisionError" in line and "MAITRED_DEBUG=1" in line
    monkeypatch.setenv("MAITRED_DEBUG", "1")
    with pytest.raises(ZeroDivisionError):
        main(["export", "run=a", "out=b"])


@pytest.mark.parametrize(
    "argv",
    [
        ("train",),
        ("demo",),
        ("simulate", "scenario=bank"),
        ("freeze", "scenario=bank", "out=x"),
        ("export", "run=a", "out=b"),
        ("evaluate", "bundle=a", "set=b"),
        ("calibrate", "log=a", "out=b"),
        ("import", "a", "--format", "technion", "--out", "b"),
    ],
)
def test_a_command_that_needs_more_than_the_base_install_says_what_to_install(argv: tuple[str, ...]) -> None:
    done = base_install(*argv)
    [line] = done.stderr.splitlines()
    assert done.returncode == 2 and 'pip install "maitred[train]"' in line


def test_the_base_install_decides(bundle: Path) -> None:
    done = base_install("decide", "--bundle", str(bundle), stdin=request_text())
    assert done.returncode == 0, done.stderr
    reply = json.loads(done.stdout)
    assert reply["decision_id"] == "decision" and reply["model_version"] == "tiny/1"


def test_a_request_that_cannot_be_decided_is_exit_status_2(bundle: Path) -> None:
    done = base_install("decide", "--bundle", str(bundle), stdin='{"schema_version": 1}')
    assert done.returncode == 2 and json.loads(done.stderr)["error"]["request"] == 1
