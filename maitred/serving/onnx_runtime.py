"""The bundle's ONNX graph under onnxruntime: faster than numpy on large batches, one answer the same.

Needs the `serve` extra; nothing imports this module unless asked to.
"""

from __future__ import annotations

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from maitred.serving.runtime import Floats, Outputs


class OnnxNetwork:
    """The graph of `policy.onnx`, in one thread that sleeps when idle.

    Args:
        graph: the bytes of `policy.onnx`.
    """

    def __init__(self, graph: bytes) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
        # the default pool spins, which takes the cores from the service's other workers
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        self._session = onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])

    def forward(self, context: Floats, candidates: Floats, mask: NDArray[np.bool_]) -> Outputs:
        """Answer a batch: (B, C) and (B, K, F) float32 in raw units, (B, K) bool with a True in every row."""
        inputs = {"context": context, "candidates": candidates, "mask": mask}
        return Outputs(*self._session.run(["action", "probabilities", "value"], inputs))
