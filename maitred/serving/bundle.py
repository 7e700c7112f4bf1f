"""A bundle: the exported policy as data, verified before a byte of it is believed.

A bundle is a directory of `manifest.json` and the files whose size and SHA-256 it declares: `policy.onnx`,
`weights.npz`, `parity.npz`, `governance.json` where rules are in force, and `familiar.npz` where the policy abstains
from what it has not seen. Loading reads each file once, checks size and hash, then schema versions and feature names,
reads arrays of exactly the expected type and shape, and recomputes the golden decisions. The SHA-256 of the manifest
therefore identifies the whole policy.
"""

from __future__ import annotations

import hashlib
import json
import tokenize
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray

from maitred.envs.decision import CANDIDATE_FEATURES, CONTEXT_FEATURES, SCHEMA_VERSION, Decisions, Feature
from maitred.serving import familiar
from maitred.serving.familiar import Familiar
from maitred.serving.field_error import FieldError
from maitred.serving.governance import NONE, Governance, parse_governance
from maitred.serving.level import check_level, weights_sha256
from maitred.serving.parity import compare
from maitred.serving.runtime import NumpyNetwork, Outputs, weight_shapes

BUNDLE_VERSION = 1
MANIFEST, GOVERNANCE, FAMILIAR = "manifest.json", "governance.json", "familiar.npz"
ALWAYS = ("policy.onnx", "weights.npz", "parity.npz")
MAX_BYTES = {MANIFEST: 2**20, GOVERNANCE: 2**20, FAMILIAR: 2**22}
MAX_BYTES |= {"policy.onnx": 2**24, "weights.npz": 2**24, "parity.npz": 2**26}
MAX_WIDTH = 1024
MAX_CANDIDATES = 1024
GOLDEN_DECISIONS = 256
GOLDEN_BATCH = 32  # too few for a BLAS to wake its threads, which takes longer than the work on a busy machine

_HEADER = (ValueError, TypeError, SyntaxError, tokenize.TokenError, MemoryError, RuntimeError)  # of numpy's parser
UNREADABLE = (*_HEADER, OSError, EOFError, zipfile.BadZipFile, zlib.error)

ArraySpec = Mapping[str, tuple[type[np.generic], tuple[int, ...]]]


class BundleError(FieldError):
    """A bundle that must not be served."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelCard:
    """What a policy is and where it comes from; travels inside the manifest.

    Attributes:
        name: name of the policy, used in tables and logs.
        version: version of the policy.
        training: provenance: scenario or data set with its hash, algorithm, steps, seeds.
        objective: weight of each term of the reward.
        governance_sha256: hash of the governance file in force, "none" without one.
        commit: commit of the code that trained it.
        gate: what the gate's report said, where it was judged: its hash, verdict, level, weights and governance.
        exploration: "greedy" always takes the best candidate, "softmax" draws from the probabilities.
        fallback: rule of the caller when the service does not answer.
        level: AI level. 1 is a frozen learned policy; 2, retrained from its own logs, needs a gate report that promotes
            these very weights (`level`).
    """

    name: str
    version: str
    training: Mapping[str, Any]
    objective: Mapping[str, float]
    governance_sha256: str
    commit: str | None = None
    gate: Mapping[str, Any] | None = None
    exploration: str = "greedy"
    fallback: str = "longest_idle"
    level: int = 1

    def __post_init__(self) -> None:
        for field in ("name", "version", "governance_sha256", "fallback"):
            if not isinstance(getattr(self, field), str) or not getattr(self, field):
                raise ValueError(f"{field}: expected a name, found {getattr(self, field)!r}")
        if self.exploration not in ("greedy", "softmax"):
            raise ValueError(f"exploration: expected greedy or softmax, found {self.exploration!r}")
        check_level(self.level, self.gate)


@dataclass(frozen=True, slots=True)
class Bundle:
    """A verified bundle, ready to decide.

    Attributes:
        card: what the policy is.
        sha256: hash of the manifest, and through it of every file: the policy's identity.
        network: the numpy runtime.
        graph: the bytes of `policy.onnx`, for those who prefer onnxruntime.
        governance: the rules that are enforced whatever the policy says; None without a governance file.
        familiar: what the policy has seen, where it abstains from all else; None where it answers everything.
    """

    card: ModelCard
    sha256: str
    network: NumpyNetwork
    graph: bytes
    governance: Governance | None = None
    familiar: Familiar | None = None


def load_bundle(path: str | Path) -> Bundle:
    """Read and verify a bundle.

    Raises:
        BundleError: It is damaged, oversized, of another schema, or does not reproduce its golden decisions.
    """
    folder = Path(path)
    raw = _read(folder, MANIFEST, MAX_BYTES[MANIFEST])
    manifest = _parse(raw)
    files = {name: _read_declared(folder, name, manifest) for name in ALWAYS}
    _check_version(manifest, "bundle_version", BUNDLE_VERSION)
    _check_version(manifest, "decision_version", SCHEMA_VERSION)
    _check_features(manifest, "context", CONTEXT_FEATURES)
    _check_features(manifest, "candidates", CANDIDATE_FEATURES)
    card = _card(manifest)
    governance = None if card.governance_sha256 == NONE else _governance(folder, manifest, card)
    weights = _weights(files["weights.npz"], manifest)
    _check_gated(card, weights)
    network, golden = NumpyNetwork(weights), _golden(files["parity.npz"], manifest)
    _check_golden(network, golden)
    seen = _familiar(folder, manifest, golden) if FAMILIAR in _field(dict, manifest, "files") else None
    return Bundle(card, hashlib.sha256(raw).hexdigest(), network, files["policy.onnx"], governance, seen)


def _read(folder: Path, name: str, limit: int) -> bytes:
    """The bytes of a file; one that is longer than `limit` is not read to its end."""
    try:
        with (folder / name).open("rb") as stream:
            raw = stream.read(limit + 1)
    except OSError as error:
        raise BundleError(name, "file", "a readable file", error.strerror) from error
    if len(raw) > limit:
        raise BundleError(name, "size", f"at most {limit} bytes", "more")
    return raw


def _read_declared(folder: Path, name: str, manifest: object) -> bytes:
    """The bytes of a file, of the size and hash that the manifest declares."""
    size = _integer(MAX_BYTES[name], manifest, "files", name, "size")
    raw = _read(folder, name, size)
    if len(raw) < size:
        raise BundleError(name, "size", f"{size} bytes", len(raw))
    expected = _field(str, manifest, "files", name, "sha256")
    found = hashlib.sha256(raw).hexdigest()
    if found != expected:
        raise BundleError(name, "sha256", expected, found)
    return raw


def _parse(raw: bytes) -> object:
    """The manifest's JSON; NaN and Infinity are not JSON."""

    def refuse(constant: str) -> NoReturn:
        raise ValueError(f"the constant {constant}")

    try:
        return json.loads(raw, parse_constant=refuse)
    except (ValueError, RecursionError) as error:
        raise BundleError(MANIFEST, "file", "JSON", error) from error


def _field(kind: type[Any], manifest: object, *keys: str) -> Any:
    """The value under these keys, of exactly this type."""
    value = manifest
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    if type(value) is not kind:
        raise BundleError(MANIFEST, "/".join(keys), f"a value of type {kind.__name__}", repr(value))
    return value


def _integer(limit: int, manifest: object, *keys: str) -> int:
    """A positive integer of at most `limit`."""
    value: int = _field(int, manifest, *keys)
    if not 0 < value <= limit:
        raise BundleError(MANIFEST, "/".join(keys), f"an integer from 1 to {limit}", value)
    return value


def _check_version(manifest: object, key: str, expected: int) -> None:
    """Refuse any other schema: a policy that reads features wrongly still answers."""
    found = _field(int, manifest, key)
    if found != expected:
        raise BundleError(MANIFEST, key, expected, found)


def _check_features(manifest: object, group: str, ours: Sequence[Feature]) -> None:
    """The bundle's features are ours: the same names in the same order, units and ranges."""
    path = f"features/{group}"
    theirs = [f if isinstance(f, dict) else {} for f in _field(list, manifest, "features", group)]
    names, expected = [f.get("name") for f in theirs], [f.name for f in ours]
    if missing := [name for name in expected if name not in names]:
        raise BundleError(MANIFEST, path, f"the feature {missing[0]}", "none")
    if extra := [name for name in names if name not in expected]:
        raise BundleError(MANIFEST, path, "no further feature", extra[0])
    for place, (f, feature) in enumerate(zip(theirs, ours, strict=False)):
        for key in ("name", "unit", "low", "high"):
            if f.get(key) != getattr(feature, key):
                field = f"{path}/{place}/{key}"
                raise BundleError(MANIFEST, field, getattr(feature, key), repr(f.get(key)))
    if len(names) != len(expected):
        raise BundleError(MANIFEST, path, f"{len(expected)} features", len(names))


def _card(manifest: object) -> ModelCard:
    """The model card, its fields checked."""
    try:
        return ModelCard(**_field(dict, manifest, "card"))
    except (TypeError, ValueError) as error:
        if isinstance(error, BundleError):
            raise
        raise BundleError(MANIFEST, "card", "a model card", error) from error


def _governance(folder: Path, manifest: object, card: ModelCard) -> Governance:
    """The rules in force: the very bytes whose hash the card states."""
    raw = _read_declared(folder, GOVERNANCE, manifest)
    found = hashlib.sha256(raw).hexdigest()
    if found != card.governance_sha256:
        raise BundleError(GOVERNANCE, "sha256", card.governance_sha256, found)
    governance = parse_governance(raw, GOVERNANCE)
    if governance.sha256 != found:
        raise BundleError(GOVERNANCE, "file", "canonical JSON", "another form of it")
    return governance


def _check_gated(card: ModelCard, weights: Mapping[str, NDArray[Any]]) -> None:
    """The gate's report is of these weights and of these rules."""
    if card.gate is None:
        return
    for field, here in (("weights_sha256", weights_sha256(weights)), ("governance_sha256", card.governance_sha256)):
        if (found := card.gate.get(field)) != here:
            raise BundleError(MANIFEST, f"card/gate/{field}", here, found)


def _weights(raw: bytes, manifest: object) -> dict[str, NDArray[Any]]:
    """The network's arrays, all of them and all finite."""
    width = _integer(MAX_WIDTH, manifest, "network", "width")
    return _finite("weights.npz", _arrays("weights.npz", raw, _float32(weight_shapes(width))))


def _float32(shapes: Mapping[str, tuple[int, ...]]) -> ArraySpec:
    return {name: (np.float32, shape) for name, shape in shapes.items()}


def _finite(file: str, arrays: dict[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    for name, value in arrays.items():
        if not np.isfinite(value).all():
            raise BundleError(file, name, "finite numbers", "NaN or infinity")
    return arrays


def _golden(raw: bytes, manifest: object) -> dict[str, NDArray[Any]]:
    """The golden decisions with the network's answers."""
    b = _integer(GOLDEN_DECISIONS, manifest, "parity", "decisions")
    k = _integer(MAX_CANDIDATES, manifest, "parity", "candidates")
    return _arrays("parity.npz", raw, golden_spec(b, k))


def _familiar(folder: Path, manifest: object, golden: Mapping[str, NDArray[Any]]) -> Familiar:
    """What the policy has seen, proven on the golden decisions: each is as far from it as it was at the export."""
    raw, decisions = _read_declared(folder, FAMILIAR, manifest), golden_decisions(golden)
    proofs = {name: (len(decisions),) for name in familiar.PROOFS}
    arrays = _finite(FAMILIAR, _arrays(FAMILIAR, raw, _float32(familiar.ARRAYS | proofs)))
    stated = {name: arrays.pop(name) for name in proofs}
    seen = Familiar(**arrays)
    for name, found in seen.proofs(decisions).items():
        if not np.allclose(found, stated[name], rtol=1e-3, atol=1e-3):
            raise BundleError(FAMILIAR, name, "that of the golden decisions", "another one")
    return seen


def golden_decisions(golden: Mapping[str, NDArray[Any]]) -> Decisions:
    """The decisions of the arrays of `parity.npz`."""
    key = np.zeros(len(golden["mask"]), np.uint64)
    return Decisions(key, golden["context"], golden["candidates"], golden["mask"])


def _check_golden(network: NumpyNetwork, golden: Mapping[str, NDArray[Any]]) -> None:
    """Recompute the golden decisions: the arrays are sound, and so is the arithmetic of this machine."""
    for first in range(0, len(golden["action"]), GOLDEN_BATCH):
        part = {name: array[first : first + GOLDEN_BATCH] for name, array in golden.items()}
        found = network.forward(part["context"], part["candidates"], part["mask"])
        agreement = compare(found, Outputs(part["action"], part["probabilities"], part["value"]))
        if not agreement.holds:
            raise BundleError("parity.npz", "golden decisions", "the same answers", agreement)


def golden_spec(decisions: int, candidates: int) -> ArraySpec:
    """Type and shape of every array of `parity.npz`."""
    return {
        "context": (np.float32, (decisions, len(CONTEXT_FEATURES))),
        "candidates": (np.float32, (decisions, candidates, len(CANDIDATE_FEATURES))),
        "mask": (np.bool_, (decisions, candidates)),
        "action": (np.int64, (decisions,)),
        "probabilities": (np.float32, (decisions, candidates)),
        "value": (np.float32, (decisions,)),
    }


def _arrays(file: str, raw: bytes, spec: ArraySpec) -> dict[str, NDArray[Any]]:
    """The arrays of an .npz file: those of `spec` and no other."""
    try:
        archive = zipfile.ZipFile(BytesIO(raw))
    except (zipfile.BadZipFile, ValueError) as error:
        raise BundleError(file, "file", "an .npz archive", error) from error
    names = archive.namelist()
    for name in spec:
        if names.count(f"{name}.npy") != 1:
            raise BundleError(file, name, "one array of this name", names.count(f"{name}.npy"))
    if len(names) != len(spec):
        raise BundleError(file, "file", f"{len(spec)} arrays", len(names))
    return {name: _array(file, archive, name, dtype, shape) for name, (dtype, shape) in spec.items()}


def _array(
    file: str, archive: zipfile.ZipFile, name: str, dtype: type[np.generic], shape: tuple[int, ...]
) -> NDArray[Any]:
    """One array. Its header is compared first, so nothing larger than expected is ever inflated."""
    expected = (shape, False, np.dtype(dtype))
    size = int(np.prod(shape)) * expected[2].itemsize
    try:
        with archive.open(f"{name}.npy") as stream:
            np.lib.format.read_magic(stream)
            header = np.lib.format.read_array_header_1_0(stream)
            data = stream.read(size + 1) if header == expected else b""
    except UNREADABLE as error:
        raise BundleError(file, name, "a readable array", error) from error
    if header != expected or len(data) != size:
        raise BundleError(file, name, f"{expected[2]} of shape {shape}", f"{header[2]} of shape {header[0]}")
    return np.frombuffer(data, dtype).reshape(shape)
