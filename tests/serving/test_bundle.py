"""A bundle is verified before it is believed: whatever is damaged is named."""

import hashlib
import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from maitred.envs.decision import CANDIDATE_NAMES
from maitred.serving.bundle import MAX_BYTES, BundleError, ModelCard, load_bundle


def edit(bundle: Path, change: Callable[[dict[str, Any]], None]) -> None:
    manifest = json.loads((bundle / "manifest.json").read_text())
    change(manifest)
    (bundle / "manifest.json").write_text(json.dumps(manifest))


def replace(bundle: Path, name: str, raw: bytes) -> None:
    """Put other bytes in a file and declare them: only what is inside can betray them."""
    (bundle / name).write_bytes(raw)
    entry = {"size": len(raw), "sha256": hashlib.sha256(raw).hexdigest()}
    edit(bundle, lambda manifest: manifest["files"].update({name: entry}))


def replace_array(bundle: Path, file: str, name: str, change: Callable[[Any], Any]) -> None:
    with np.load(bundle / file) as archive:
        arrays = dict(archive)
    arrays[name] = change(arrays[name].copy())
    stream = io.BytesIO()
    np.savez(stream, **arrays)
    replace(bundle, file, stream.getvalue())


def refused(bundle: Path, *words: str) -> None:
    with pytest.raises(BundleError) as caught:
        load_bundle(bundle)
    for word in words:
        assert word in str(caught.value)


def test_loads_and_knows_itself(bundle_dir: Path) -> None:
    bundle = load_bundle(bundle_dir)
    assert (bundle.card.name, bundle.card.level, bundle.card.exploration) == ("demo", 1, "greedy")
    assert bundle.sha256 == hashlib.sha256((bundle_dir / "manifest.json").read_bytes()).hexdigest()


@pytest.mark.parametrize("name", ["policy.onnx", "weights.npz", "parity.npz"])
def test_flipped_byte(damaged: Path, name: str) -> None:
    raw = bytearray((damaged / name).read_bytes())
    raw[len(raw) // 2] ^= 1
    (damaged / name).write_bytes(raw)
    refused(damaged, name, "sha256")


@pytest.mark.parametrize("name", ["manifest.json", "policy.onnx", "weights.npz", "parity.npz"])
def test_missing_and_short_files(damaged: Path, name: str) -> None:
    path = damaged / name
    path.write_bytes(path.read_bytes()[:-10])
    refused(damaged, name)
    path.unlink()
    refused(damaged, name, "a readable file")


def test_oversized_file_is_not_read_whole(damaged: Path) -> None:
    with (damaged / "weights.npz").open("ab") as stream:
        stream.truncate(2**40)  # sparse: reading it whole would fail
    refused(damaged, "weights.npz", "size")
    edit(damaged, lambda manifest: manifest["files"]["weights.npz"].update(size=2**40))
    refused(damaged, "files/weights.npz/size", str(MAX_BYTES["weights.npz"]))


MANIFESTS: dict[str, tuple[Callable[[dict[str, Any]], Any], tuple[str, ...]]] = {
    "bundle version": (lambda m: m.update(bundle_version=99), ("bundle_version", "99")),
    "decision version": (lambda m: m.update(decision_version=0), ("decision_version", "0")),
    "version of wrong type": (lambda m: m.update(decision_version=True), ("decision_version", "int")),
    "missing feature": (lambda m: m["features"]["candidates"].pop(3), ("candidates", CANDIDATE_NAMES[3])),
    "extra feature": (
        lambda m: m["features"]["context"].append({"name": "phase_of_moon"}),
        ("context", "phase_of_moon"),
    ),
    "reordered features": (lambda m: m["features"]["candidates"].reverse(), ("candidates/0/name", "is_hold")),
    "repeated feature": (
        lambda m: m["features"]["candidates"].append(m["features"]["candidates"][0]),
        ("candidates", str(len(CANDIDATE_NAMES))),
    ),
    "other unit": (lambda m: m["features"]["candidates"][1].update(unit="min"), ("unit", "'min'")),
    "no card": (lambda m: m.pop("card"), ("card",)),
    "unknown card field": (lambda m: m["card"].update(mood="good"), ("card", "mood")),
    "self-learning": (lambda m: m["card"].update(level=3), ("card", "level")),
    "unknown exploration": (lambda m: m["card"].update(exploration="wild"), ("exploration", "wild")),
    "negative size": (lambda m: m["files"]["policy.onnx"].update(size=-1), ("files/policy.onnx/size",)),
    "no hash": (lambda m: m["files"]["policy.onnx"].pop("sha256"), ("files/policy.onnx/sha256",)),
    "huge width": (lambda m: m["network"].update(width=10**9), ("network/width",)),
    "other width": (lambda m: m["network"].update(width=31), ("weights.npz", "shape")),
}


@pytest.mark.parametrize("case", MANIFESTS)
def test_manifest_that_is_not_ours(damaged: Path, case: str) -> None:
    change, words = MANIFESTS[case]
    edit(damaged, change)
    refused(damaged, *words)


@pytest.mark.parametrize("text", ["", "[]", "{", "nul", '{"bundle_version": NaN}', "[" * 100_000])
def test_manifest_that_is_not_a_manifest(damaged: Path, text: str) -> None:
    (damaged / "manifest.json").write_text(text)
    refused(damaged, "manifest.json")


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_weights_that_are_not_numbers(damaged: Path, bad: float) -> None:
    def spoil(array: Any) -> Any:
        array[0, 0] = bad
        return array

    replace_array(damaged, "weights.npz", "state_encoder.weight", spoil)
    refused(damaged, "weights.npz", "state_encoder.weight", "finite")


def test_weights_of_another_type_or_shape(damaged: Path) -> None:
    replace_array(damaged, "weights.npz", "hold_prior", lambda a: a.astype(np.float64))
    refused(damaged, "weights.npz", "hold_prior", "float64")
    replace_array(damaged, "weights.npz", "hold_prior", lambda a: np.zeros((3, 3), np.float32))
    refused(damaged, "weights.npz", "hold_prior", "(3, 3)")
    replace_array(damaged, "weights.npz", "hold_prior", lambda a: np.array([{}], dtype=object))
    refused(damaged, "weights.npz", "hold_prior", "object")


def test_archives_that_are_truncated_or_hold_something_else(damaged: Path) -> None:
    whole = (damaged / "weights.npz").read_bytes()
    replace(damaged, "weights.npz", whole[: len(whole) // 2])
    refused(damaged, "weights.npz", "archive")
    stream = io.BytesIO(whole)
    with zipfile.ZipFile(stream, "a") as archive:
        archive.writestr("surprise.npy", b"")
    replace(damaged, "weights.npz", stream.getvalue())
    refused(damaged, "weights.npz", "arrays")
    stream = io.BytesIO()
    np.savez(stream, nothing=np.zeros(1))
    replace(damaged, "weights.npz", stream.getvalue())
    refused(damaged, "weights.npz", "context_normaliser.linear")


def test_zip_bomb_is_not_inflated(damaged: Path) -> None:
    with np.load(damaged / "weights.npz") as archive:
        arrays = dict(archive)
    stream = io.BytesIO()
    np.savez_compressed(stream, **{**arrays, "hold_prior": np.zeros(2**24, np.float32)})
    assert len(stream.getvalue()) < MAX_BYTES["weights.npz"] < 2**24 * 4
    replace(damaged, "weights.npz", stream.getvalue())
    refused(damaged, "weights.npz", "hold_prior", "(16777216,)")


def test_weights_that_answer_differently(damaged: Path) -> None:
    replace_array(damaged, "weights.npz", "score_out.weight", lambda a: -a)
    refused(damaged, "parity.npz", "the same answers")


def test_golden_answers_that_are_not_numbers(damaged: Path) -> None:
    replace_array(damaged, "parity.npz", "value", lambda a: a * np.float32(np.nan))
    refused(damaged, "parity.npz", "the same answers")


def test_card_of_retrained_policy_needs_a_gate_report() -> None:
    def card(**fields: Any) -> ModelCard:
        return ModelCard(name="a", version="1", training={}, objective={}, governance_sha256="0", **fields)

    promoted = {"verdict": "promote", "level": 2}
    assert card(level=2, gate=promoted).level == 2
    held, simulated = {**promoted, "verdict": "hold"}, {**promoted, "level": 1}
    for gate in (None, {}, held, simulated):
        with pytest.raises(ValueError, match="expected"):
            card(level=2, gate=gate)
    for fields in ({"level": 3, "gate": promoted}, {"level": 4, "gate": promoted}, {"fallback": ""}):
        with pytest.raises(ValueError, match="expected"):
            card(**fields)
