from dataclasses import replace

import numpy as np
import pytest

from maitred.training.ope.logged import LoggedError
from tests.training.ope.stored import drawn_log

LOG = drawn_log(0)


def changed(values: np.ndarray, row: int, value: float) -> np.ndarray:
    values = values.copy()
    values[row] = value
    return values


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"reward": changed(LOG.reward, 7, np.nan)}, "reward, row 7: expected a finite number, found nan"),
        ({"propensity": changed(LOG.propensity, 3, 0.0)}, r"propensity, row 3: expected a number in \(0, 1\], found 0"),
        ({"propensity": changed(LOG.propensity, 2, 0.999)}, "propensity, row 2: expected the behaviour policy's"),
        ({"chosen": changed(LOG.chosen, 5, 4)}, "chosen, row 5: expected a place from 0 to 3, found 4"),
        ({"target": changed(LOG.target, 1, 0.4)}, "target, row 1: expected probabilities that sum to 1, found 1.6"),
        ({"q": LOG.q[:, :2]}, r"q: expected shape \(300, 4\) as of target, found \(300, 2\)"),
    ],
)
def test_a_log_that_would_give_a_wrong_number_is_refused(fields, said):
    with pytest.raises(LoggedError, match=said):
        replace(LOG, **fields)


def test_the_largest_weight_counts_candidates_that_were_not_chosen():
    assert LOG.largest_weight == (LOG.target[LOG.behaviour > 0] / LOG.behaviour[LOG.behaviour > 0]).max()
    assert LOG.largest_weight >= LOG.weights.max()


def test_without_the_behaviour_policy_the_largest_weight_is_a_bound():
    assert replace(LOG, behaviour=None).largest_weight >= LOG.weights.max()
