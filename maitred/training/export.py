"""Writes a trained network as a bundle, and proves on the way that every runtime answers as the network does.

The bundle appears whole or not at all: it is built beside its destination, loaded as a service would load it,
and renamed.
"""

from __future__ import annotations

import copy
import hashlib
import io
import json
import logging
import platform
import tempfile
import warnings
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from maitred import __version__
from maitred.agents.network import MASKED_LOGIT, CandidateNetwork
from maitred.envs.decision import (
    CANDIDATE_FEATURES,
    CONTEXT_FEATURES,
    SCHEMA_VERSION,
    Decisions,
)
from maitred.serving.bundle import (
    BUNDLE_VERSION,
    FAMILIAR,
    GOLDEN_DECISIONS,
    GOVERNANCE,
    MANIFEST,
    ModelCard,
    golden_decisions,
    load_bundle,
)
from maitred.serving.familiar import Familiar
from maitred.serving.governance import NONE, Governance, canonical
from maitred.serving.onnx_runtime import OnnxNetwork
from maitred.serving.parity import Agreement, compare
from maitred.serving.runtime import NumpyNetwork, Outputs

OPSET = 18


class ExportError(RuntimeError):
    """No bundle was written: what disagreed."""


class _Graph(nn.Module):
    """The network with its masking and softmax: what the ONNX file computes."""

    def __init__(self, network: CandidateNetwork) -> None:
        super().__init__()
        self.network = network

    def forward(self, context: Tensor, candidates: Tensor, mask: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        logits, value = self.network(context, candidates, mask)
        return logits.argmax(dim=1), torch.softmax(logits, dim=1), value


def export_bundle(
    network: CandidateNetwork,
    out_dir: str | Path,
    *,
    card: ModelCard,
    parity_decisions: Decisions,
    governance: Governance | None = None,
    familiar: Familiar | None = None,
) -> Path:
    """Write the bundle of a network.

    Args:
        network: the trained network.
        out_dir: the bundle's directory; must not exist.
        card: what the policy is and where it comes from.
        parity_decisions: real decisions (10,000, say) on which the runtimes are compared with the network.
        governance: the rules to enforce, approved, whose hash the card states; None where it states "none".
        familiar: what the policy has seen; from all else the bundle abstains. None answers everything.

    Returns:
        The bundle's directory.

    Raises:
        ExportError: `out_dir` exists, the card states the hash of another governance, or a runtime disagrees with
            the network; nothing is left behind.
    """
    out = Path(out_dir)
    if out.exists():
        raise ExportError(f"expected a directory that does not exist, found {out}")
    if card.governance_sha256 != (in_force := NONE if governance is None else governance.sha256):
        raise ExportError(
            f"expected the card to state the governance in force, {in_force}, found {card.governance_sha256}"
        )
    network = copy.deepcopy(network).cpu().eval()
    weights = {name: value.detach().numpy() for name, value in network.state_dict().items()}
    reference = _reference(network, parity_decisions)
    checks = {"numpy": _check("numpy", NumpyNetwork(weights), parity_decisions, reference)}
    graph = _onnx(network)
    checks["onnx"] = _check("onnx", OnnxNetwork(graph), parity_decisions, reference)
    golden = _golden(parity_decisions, reference)
    files = {
        "policy.onnx": graph,
        "weights.npz": _npz(weights),
        "parity.npz": _npz(golden),
        **({} if governance is None else {GOVERNANCE: canonical(governance)}),
        **({} if familiar is None else {FAMILIAR: _proven(familiar, golden)}),
    }
    manifest = _manifest(network, card, parity_decisions, checks, files)
    return _write(out, {**files, MANIFEST: json.dumps(manifest, indent=1, allow_nan=False).encode()})


def _reference(network: CandidateNetwork, decisions: Decisions) -> Outputs:
    """What the trained network itself says."""
    with torch.inference_mode():
        action, probabilities, value = _Graph(network)(
            torch.from_numpy(decisions.context),
            torch.from_numpy(decisions.candidates),
            torch.from_numpy(decisions.mask),
        )
    return Outputs(action.numpy(), probabilities.numpy(), value.numpy())


def _onnx(network: CandidateNetwork) -> bytes:
    """The ONNX graph, for any number of decisions and of candidates."""
    sizes = (2, 3)  # traced with; neither 0 nor 1, which would be taken for constants
    inputs = (
        torch.zeros(sizes[0], len(CONTEXT_FEATURES)),
        torch.zeros(*sizes, len(CANDIDATE_FEATURES)),
        torch.ones(*sizes, dtype=torch.bool),
    )
    b, k = torch.export.Dim("decisions"), torch.export.Dim("candidates")
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)  # it warns of torchvision, which is not needed
    for name in ("onnxscript", "onnx_ir"):  # they tell of every node that they look at
        logging.getLogger(name).setLevel(logging.WARNING)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the exporter's own deprecations, and that dimensions share a name
        program = torch.onnx.export(
            _Graph(network).eval(),
            inputs,
            input_names=["context", "candidates", "mask"],
            output_names=["action", "probabilities", "value"],
            dynamic_shapes=({0: b}, {0: b, 1: k}, {0: b, 1: k}),
            opset_version=OPSET,
            dynamo=True,
            external_data=False,
            verbose=False,
        )
    assert program is not None
    model = program.model_proto
    for traced in (model, model.graph, *model.graph.node, *model.graph.value_info, *model.graph.initializer):
        traced.ClearField("metadata_props")  # stack traces: paths of this machine, and half the file
    onnx.checker.check_model(model, full_check=True)
    graph: bytes = model.SerializeToString()
    return graph


def _check(runtime: str, network: NumpyNetwork | OnnxNetwork, decisions: Decisions, reference: Outputs) -> Agreement:
    """Compare a runtime with the trained network."""
    found = network.forward(decisions.context, decisions.candidates, decisions.mask)
    agreement = compare(found, reference)
    if not agreement.holds:
        raise ExportError(f"the {runtime} runtime disagrees with the network: {agreement}")
    return agreement


def _golden(decisions: Decisions, reference: Outputs) -> dict[str, NDArray[Any]]:
    """Some decisions, spread evenly over those given, with the network's answers."""
    count = min(GOLDEN_DECISIONS, len(decisions))
    rows = np.linspace(0, len(decisions) - 1, count).astype(np.int64)
    return {
        "context": decisions.context[rows],
        "candidates": decisions.candidates[rows],
        "mask": decisions.mask[rows],
        "action": reference.action[rows],
        "probabilities": reference.probabilities[rows],
        "value": reference.value[rows],
    }


def _proven(familiar: Familiar, golden: Mapping[str, NDArray[Any]]) -> bytes:
    """What the policy has seen, with what it says of the golden decisions."""
    return _npz({**familiar.arrays(), **familiar.proofs(golden_decisions(golden))})


def _npz(arrays: Mapping[str, NDArray[Any]]) -> bytes:
    """The bytes of an .npz file."""
    stream = io.BytesIO()
    np.savez_compressed(stream, allow_pickle=False, **{n: a.copy() for n, a in arrays.items()})
    return stream.getvalue()


def _manifest(
    network: CandidateNetwork,
    card: ModelCard,
    decisions: Decisions,
    checks: Mapping[str, Agreement],
    files: Mapping[str, bytes],
) -> dict[str, Any]:
    """Everything about the bundle that is not an array."""
    return {
        "bundle_version": BUNDLE_VERSION,
        "decision_version": SCHEMA_VERSION,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "card": asdict(card),
        "features": {
            "context": [asdict(f) for f in CONTEXT_FEATURES],
            "candidates": [asdict(f) for f in CANDIDATE_FEATURES],
        },
        "masking": f"the logit of an illegal candidate is {MASKED_LOGIT:g}; ties go to the lowest index",
        "network": {"kind": "candidate_scorer", "width": network.width, "opset": OPSET},
        "parity": {
            "decisions": min(GOLDEN_DECISIONS, len(decisions)),
            "candidates": decisions.mask.shape[1],
            "compared": len(decisions),
            **{runtime: asdict(agreement) for runtime, agreement in checks.items()},
        },
        "files": {name: {"size": len(raw), "sha256": hashlib.sha256(raw).hexdigest()} for name, raw in files.items()},
        "tools": {
            "maitred": __version__,
            "python": platform.python_version(),
            **{tool: version(tool) for tool in ("numpy", "torch", "onnx", "onnxruntime")},
        },
    }


def _write(out: Path, files: Mapping[str, bytes]) -> Path:
    """Write the files beside `out`, load them as a service would, and rename."""
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out.parent, prefix=f".{out.name}-") as staging:
        bundle = Path(staging) / out.name
        bundle.mkdir()
        for name, raw in files.items():
            (bundle / name).write_bytes(raw)
        load_bundle(bundle)
        bundle.rename(out)
    return out
