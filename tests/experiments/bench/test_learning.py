"""PPO against wall time, beside the best tuned rule."""

import json

import pytest

from experiments.bench.learning import COLD, TWO_PASSES, WARM, _best_by, _there, main
from experiments.judging import Kept
from maitred.envs.scenario_file import save_scenario
from tests.training.center import small_center


@pytest.fixture(scope="module")
def out(tmp_path_factory):
    out = tmp_path_factory.mktemp("learning")
    save_scenario(small_center(), out / "small.yaml")
    begun = ["--begun", COLD, TWO_PASSES, WARM]
    asked = ["--scenario", str(out / "small.yaml"), *begun, "--minutes", "0.03", "--seeds", "1"]
    main([*asked, "--episodes", "4", "--budget", "8", "--out", str(out / "runs"), "--json", str(out / "all.json")])
    return out


def test_every_way_to_begin_is_judged_against_the_best_rule(out):
    assert [one["name"] for one in json.loads((out / "all.json").read_text())] == [
        "cold less the rule",
        "cold, two passes less the rule",
        "from the rule less the rule",
    ]
    assert (out / "runs" / "small-learning.png").read_bytes().startswith(b"\x89PNG")


def test_a_run_keeps_when_its_checkpoints_were_judged(out):
    kept = json.loads((out / "runs" / "small-cold-1-training.json").read_text())["content"]
    assert len(kept["minutes"]) == len(kept["difference"]) >= 2 and kept["minutes"] == sorted(kept["minutes"])


def test_two_passes_are_half_of_what_a_cold_start_takes_else(out):
    passes = [_settings(out, begun)["policy"]["epochs"] for begun in ("cold", "cold_two_passes")]
    assert passes[1] == 2 and passes[0] == 2 * passes[1]


def _settings(out, begun):
    return json.loads((out / "runs" / f"small-{begun}-1-training.json").read_text())["settings"]


def test_the_rule_is_reached_when_the_first_checkpoint_is_as_good():
    run = Kept(None, {}, {"minutes": [1.0, 2.0, 3.0], "difference": [0.1, 0.5, 0.2]})
    assert _there(run, 0.4) == "2.0 min" and _there(run, 0.6) == "never"
    assert _best_by(run, 3) == 0.5 and _best_by(run, 0.5) != _best_by(run, 0.5)
