"""Checkpoints are judged as they stood when handed in, and the best is kept whenever its verdict comes."""

import os
import signal

import pytest
import torch

from maitred.agents.network import CandidateNetwork
from maitred.training.checkpoints import Checkpoints
from maitred.training.forked import POSSIBLE
from maitred.training.validation import Difference, Verdict


def network_of(prior):
    network = CandidateNetwork(width=4)
    return set_prior(network, prior)


def set_prior(network, prior):
    """What the judge below reads."""
    network.usual_prior.data = torch.tensor(prior)
    return network


def judge(policy):
    value = policy.network.usual_prior.item()
    return Verdict(Difference(value, value - 1, value + 1), max(0.0, -value))


@pytest.mark.parametrize("at_once", [False, True])
def test_the_best_by_its_verdict_is_kept_and_all_are_logged_in_order(at_once):
    logged, network = [], network_of(0.0)
    with Checkpoints(judge, lambda figures, steps: logged.append((steps, figures)), at_once) as checkpoints:
        for steps, prior in ((0, 1.0), (100, 3.0), (200, -2.0)):
            checkpoints.hand_in(set_prior(network, prior), steps)
        checkpoints.hear(wait=True)
    assert checkpoints.best.steps == 100 and checkpoints.best.verdict == judge_of(3.0)
    assert checkpoints.best.network.usual_prior.item() == 3
    assert [steps for steps, _ in logged] == [0, 100, 200]
    assert [figures["validation/reward_difference"] for _, figures in logged] == [1, 3, -2]
    assert [figures["validation/best"] for _, figures in logged] == [1, 3, 3]
    assert [figures["validation/breach"] for _, figures in logged] == [0, 0, 2]


def judge_of(prior):
    return Verdict(Difference(prior, prior - 1, prior + 1), 0.0)


@pytest.mark.parametrize("at_once", [False, True])
def test_a_judge_that_changes_what_is_learned_from_has_to_be_waited_for(at_once):
    asked = []

    def watched(policy):
        asked.append(policy)
        return judge(policy)

    with Checkpoints(watched, lambda *_: None, at_once) as checkpoints:
        checkpoints.hand_in(network_of(1.0), 0)
        assert (checkpoints.best is not None) == at_once or not POSSIBLE
        checkpoints.hear(wait=True)
    assert len(asked) == (1 if at_once or not POSSIBLE else 0)


@pytest.mark.skipif(not POSSIBLE, reason="no forks on this platform")
def test_training_goes_on_while_a_judge_takes_its_time_and_ends_without_it():
    tell, told = os.pipe()

    def ponder(_):
        os.write(told, os.getpid().to_bytes(4))
        signal.pause()

    with Checkpoints(ponder, lambda *_: None, at_once=False) as checkpoints:
        checkpoints.hand_in(network_of(1.0), 0)
        process = int.from_bytes(os.read(tell, 4))
        checkpoints.hear()
        assert checkpoints.best is None
    with pytest.raises(ProcessLookupError):
        os.kill(process, 0)
