"""A damaged file of a run is named in one line, by every command that is given the run."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from maitred.cli import MISTAKE, main
from maitred.training.drift.of_run import FAMILIAR
from maitred.training.run_folder import DECISIONS, NETWORK, RUN, RunError, read_decisions, read_record, read_weights
from tests.decisions import sample_decisions
from tests.training.gate.contenders import network_run

COMMANDS = {
    "audit": ["audit", "policy={}", "scenario=bank", "episodes=2"],
    "evaluate a log": ["logs", "evaluate", "log=log.parquet", "policy={}"],
    "export": ["export", "run={}", "out=bundle"],
    "gate": ["gate", "candidate={}", "champion=incumbent", "set=frozen", "out=gate"],
}


def truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-500])


def without(*keys: str) -> Callable[[Path], None]:
    def edit(path: Path) -> None:
        record = content = json.loads(path.read_text())
        for key in keys[:-1]:
            content = content[key]
        del content[keys[-1]]
        path.write_text(json.dumps(record))

    return edit


DAMAGES = {
    "truncated weights": (NETWORK, truncate),
    "weights of nothing": (NETWORK, lambda path: path.write_bytes(b"")),
    "one array": (NETWORK, lambda path: np.savez(path, bias=np.zeros(3))),
    "no weights": (NETWORK, Path.unlink),
    "no JSON": (RUN, lambda path: path.write_text("{")),
    "no mapping": (RUN, lambda path: path.write_text("[1]")),
    "no config": (RUN, without("config")),
    "no seed": (RUN, without("config", "seed")),
    "no objective": (RUN, without("config", "objective")),
    "another objective": (RUN, lambda path: path.write_text(path.read_text().replace('"csat"', '"smiles"'))),
    "no record": (RUN, Path.unlink),
    "truncated familiar": (FAMILIAR, truncate),
}


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return network_run(tmp_path_factory.mktemp("runs") / "run")


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_file_is_a_mistake_that_names_it(
    damage: str, command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("maitred.training.train.PARITY_DECISIONS", 100)
    file, harm = DAMAGES[damage]
    harm(network_run(tmp_path / "run") / file)
    assert main([word.format("run") for word in COMMANDS[command]]) == MISTAKE
    said = capsys.readouterr().err
    assert file in said and "internal error" not in said and not Path("bundle").exists()


@pytest.mark.parametrize("command", [["evaluate", "bundle=run", "set=x"], ["simulate", "scenario=bank", "policy=run"]])
def test_a_run_where_a_bundle_is_expected_is_named(
    command: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    network_run(tmp_path / "run")
    assert main(command) == MISTAKE
    assert "run: expected the folder of an exported bundle, found no manifest.json" in capsys.readouterr().err


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(place=st.floats(0, 1, exclude_max=True), bits=st.integers(1, 255))
def test_no_flipped_byte_of_the_weights_ends_in_another_error(
    sound: Path, tmp_path: Path, place: float, bits: int
) -> None:
    raw = bytearray((sound / NETWORK).read_bytes())
    raw[int(place * len(raw))] ^= bits
    (tmp_path / NETWORK).write_bytes(raw)
    try:
        read_weights(tmp_path)
    except RunError as error:
        assert NETWORK in str(error)


def test_a_sound_run_is_read_as_it_was_written(sound: Path, tmp_path: Path) -> None:
    assert read_record(sound) == json.loads((sound / RUN).read_text())
    with np.load(sound / NETWORK) as kept:
        assert all((array == kept[name]).all() for name, array in read_weights(sound).items())
    ours = sample_decisions(5, 3, seed=1)
    arrays = {name: getattr(ours, name) for name in ("key", "context", "candidates", "mask")}
    np.savez(tmp_path / DECISIONS, **arrays)
    assert all((getattr(read_decisions(tmp_path), name) == array).all() for name, array in arrays.items())
    np.savez(tmp_path / DECISIONS, **(arrays | {"key": arrays["key"][:4]}))
    with pytest.raises(RunError, match="key: expected uint64"):
        read_decisions(tmp_path)
