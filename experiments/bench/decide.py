"""Speed of one decision from a bundle: `python -m experiments.bench.decide`.

One network, asked about the same real decisions of 16 candidates by several runtimes in turn, round after round: the
bundle's numpy, with and without asking whether the decision is one it has seen, its ONNX graph, torch, and `predict`
of the MaskablePPO that would have trained it, which is the reference. All use one thread. Then fresh processes: wall
clock from the start of Python until the first decision of a verified bundle, with what Python alone and numpy alone
take of it.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from statistics import median

import numpy as np
import torch
from numpy.typing import NDArray
from sb3_contrib import MaskablePPO

from experiments.figures import Figure, print_figures, write_json
from maitred.agents.network import CandidateNetwork
from maitred.agents.ppo import CandidatePolicy, TorchPolicy
from maitred.agents.rules import RULES
from maitred.envs.decision import Decisions
from maitred.envs.sb3 import ContactCenterVecEnv
from maitred.envs.scenario import Scenario
from maitred.envs.scenario_file import load_scenario
from maitred.serving.bundle import Bundle, ModelCard, load_bundle
from maitred.serving.onnx_runtime import OnnxNetwork
from maitred.serving.policy import BundlePolicy
from maitred.training.drift.familiarity import fit_familiar
from maitred.training.export import export_bundle
from maitred.training.rehearsal import rehearse

REHEARSED, ASKED = 20_000, 256  # decisions to fit the normaliser and prove parity on; decisions to answer in a round
STARTS = 9
PYTHON, NUMPY, FIRST_DECISION = "Python alone", "import numpy", "import, load, first decision"
PROGRAMS = {
    PYTHON: "pass",
    NUMPY: "import numpy",
    FIRST_DECISION: """
import sys
import numpy as np
from maitred.envs.decision import CANDIDATE_NAMES, CONTEXT_NAMES
from maitred.serving.bundle import load_bundle
from maitred.serving.policy import BundlePolicy
policy = BundlePolicy(load_bundle(sys.argv[1]))
context, candidates = np.zeros(len(CONTEXT_NAMES), np.float32), np.zeros((16, len(CANDIDATE_NAMES)), np.float32)
policy.decide_one(context, candidates, np.ones(16, np.bool_))
assert "torch" not in sys.modules
""",
}

Answer = Callable[[int], int]  # the candidate chosen in one of the decisions


def full_lists(decisions: Decisions) -> Decisions:
    """Some decisions in which every candidate place is taken."""
    rows = np.nonzero(decisions.mask.all(axis=1))[0][:ASKED]
    if len(rows) < ASKED:
        raise ValueError(f"expected {ASKED} decisions with a full short list, found {len(rows)}")
    return decisions[rows]


def export(decisions: Decisions, folder: Path) -> tuple[CandidateNetwork, Bundle]:
    """An untrained network that knows the scenario's scales, and its bundle loaded from `folder`."""
    torch.manual_seed(0)
    network = CandidateNetwork()
    network.fit_normaliser(decisions)
    with torch.no_grad():
        network.score_out.weight.mul_(100)  # as far apart as trained scores, or rounding would choose
    card = ModelCard(name="bench", version="1", training={}, objective={}, governance_sha256="none")
    even = np.arange(len(decisions)) % 2 == 0
    seen = fit_familiar(decisions[even], decisions[~even])
    return network, load_bundle(export_bundle(network, folder, card=card, parity_decisions=decisions, familiar=seen))


def runtimes(scenario: Scenario, network: CandidateNetwork, bundle: Bundle, asked: Decisions) -> dict[str, Answer]:
    """What answers, by name."""
    numpy_policy, onnx, eager = BundlePolicy(bundle), OnnxNetwork(bundle.graph), TorchPolicy(network)
    sure = BundlePolicy(replace(bundle, familiar=None))
    model = MaskablePPO(CandidatePolicy, ContactCenterVecEnv(scenario=scenario, num_envs=1, seed=0), device="cpu")
    assert isinstance(model.policy, CandidatePolicy)
    model.policy.network.load_state_dict(network.state_dict())
    single = [asked[i : i + 1] for i in range(len(asked))]
    observed = [
        {"context": d.context[0], "candidates": d.candidates[0], "mask": d.mask[0].astype(np.int8)} for d in single
    ]

    def by_numpy(i: int) -> int:
        return numpy_policy.decide_one(asked.context[i], asked.candidates[i], asked.mask[i]).candidate

    def by_sure(i: int) -> int:
        return sure.decide_one(asked.context[i], asked.candidates[i], asked.mask[i]).candidate

    def by_onnx(i: int) -> int:
        return int(onnx.forward(single[i].context, single[i].candidates, single[i].mask).action[0])

    def by_torch(i: int) -> int:
        return int(eager.act(single[i]).candidate[0])

    def by_predict(i: int) -> int:
        return int(model.predict(observed[i], deterministic=True, action_masks=asked.mask[i])[0])

    answers: dict[str, Answer] = {"bundle, numpy": by_numpy, "bundle, numpy, never abstaining": by_sure}
    return answers | {"bundle, onnxruntime": by_onnx, "torch": by_torch, "predict": by_predict}


def timed(answers: Mapping[str, Answer], seconds: float) -> dict[str, NDArray[np.float64]]:
    """Microseconds of every answer, taken for about so many seconds; the first round is thrown away.

    Who follows whom is drawn anew in every round: whoever follows torch begins with empty caches.
    """
    taken: dict[str, list[int]] = {name: [] for name in answers}
    order = np.random.default_rng(0)
    for answer in answers.values():
        _one_round(answer)
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        for name in order.permutation(list(answers)).tolist():
            taken[name] += _one_round(answers[name])
    return {name: np.array(nanoseconds) / 1e3 for name, nanoseconds in taken.items()}


def _one_round(answer: Answer) -> list[int]:
    nanoseconds = []
    for i in range(ASKED):
        begin = time.perf_counter_ns()
        answer(i)
        nanoseconds.append(time.perf_counter_ns() - begin)
    return nanoseconds


def answering(answers: Mapping[str, Answer], seconds: float) -> list[Figure]:
    """Median and 99th percentile of every runtime, and how often it chooses as `predict` does."""
    taken = timed(answers, seconds)
    middle = {name: float(np.median(us)) for name, us in taken.items()}
    tail = {name: float(np.percentile(us, 99)) for name, us in taken.items()}
    chosen = {name: np.array([answer(i) for i in range(ASKED)]) for name, answer in answers.items()}
    same = {name: float((chosen[name] == chosen["predict"]).mean()) for name in answers if name != "predict"}
    return [
        *(Figure.against(f"{name}, median", middle[name], "us", middle["predict"]) for name in answers),
        *(Figure.against(f"{name}, 99th percentile", tail[name], "us", tail["predict"]) for name in answers),
        *(Figure(f"{name}, same choice as predict", share, "share") for name, share in same.items()),
        Figure("bundle, numpy: times faster than predict", middle["predict"] / middle["bundle, numpy"], "times"),
    ]


def starting(bundle: Path) -> list[Figure]:
    """Wall clock of fresh processes, run in turn; the first of each only writes the bytecode."""
    with tempfile.TemporaryDirectory() as bytecode:
        environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
        environment["PYTHONPYCACHEPREFIX"] = bytecode
        taken: dict[str, list[float]] = {name: [] for name in PROGRAMS}
        for _ in range(STARTS + 1):
            for name, program in PROGRAMS.items():
                begin = time.perf_counter()
                subprocess.run([sys.executable, "-c", program, str(bundle)], env=environment, check=True)
                taken[name].append(time.perf_counter() - begin)
    return [Figure(f"fresh process, {name}", median(seconds[1:]), "s") for name, seconds in taken.items()]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description="Speed of one decision from a bundle.")
    parser.add_argument("--scenario", default="bank", help="shipped scenario, or path of one")
    parser.add_argument("--seconds", type=float, default=15.0, help="about how long to measure the runtimes")
    parser.add_argument("--json", type=Path, help="also write the figures here")
    options = parser.parse_args(arguments)
    torch.set_num_threads(1)
    scenario = load_scenario(options.scenario)
    decisions = rehearse(scenario, RULES["random"], np.random.SeedSequence(0), REHEARSED).decisions
    with tempfile.TemporaryDirectory() as folder:
        network, bundle = export(decisions, Path(folder) / "bundle")
        answers = runtimes(scenario, network, bundle, full_lists(decisions))
        figures = [*answering(answers, options.seconds), *starting(Path(folder) / "bundle")]
    print_figures(f"One decision with {scenario.routing.places} candidates, one thread", figures)
    if options.json:
        write_json(options.json, figures)
    return 0


if __name__ == "__main__":
    sys.exit(main())
