"""Serving needs numpy alone: no learner, no tracker, no configuration, and of the world only its decisions."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np

from maitred.envs.decision_request import write_request
from tests.decisions import sample_decisions

FOREIGN = {
    "torch",
    "stable_baselines3",
    "sb3_contrib",
    "gymnasium",
    "mlflow",
    "hydra",
    "omegaconf",
    "numba",
    "pyarrow",
    "onnx",
    "onnxruntime",
    "scipy",
}
SCRIPT = """
import io, json, sys
from maitred.serving.bundle import load_bundle
from maitred.serving.decide import decide_stream
request, reply = io.StringIO(sys.argv[2]), io.StringIO()
status = decide_stream(load_bundle(sys.argv[1]), request, reply, sys.stderr)
print(json.dumps({"status": status, "reply": json.loads(reply.getvalue()), "modules": sorted(sys.modules)}))
"""


def test_deciding_imports_numpy_alone(bundle_dir: Path) -> None:
    d = sample_decisions(1, 4, seed=0)
    ids = [f"id-{i}" for i in range(int(np.count_nonzero(d.mask[0])))]
    request = json.dumps(write_request(d, 0, "decision", ids))
    command = [sys.executable, "-c", SCRIPT, str(bundle_dir), request]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    result = json.loads(done.stdout)
    assert result["status"] == 0 and result["reply"]["decision_id"] == "decision"
    assert not FOREIGN & {name.split(".")[0] for name in result["modules"]}
    ours = {name for name in result["modules"] if name.startswith("maitred.")}
    world = {name for name in ours if name.startswith("maitred.envs.")}
    assert world == {"maitred.envs.decision", "maitred.envs.decision_forms", "maitred.envs.decision_json"}
    assert not any(name.startswith(("maitred.agents", "maitred.training")) for name in ours)
