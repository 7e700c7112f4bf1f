"""A/A: with labels exchanged at random there is nothing to find, and a broken test is found out."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import ttest_1samp

from maitred.training.gate import same_policy
from maitred.training.gate.check import State
from maitred.training.gate.same_check import relabelled_check
from maitred.training.gate.same_policy import relabelled


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 10**6), shift=st.floats(-5, 5))
def test_p_values_are_uniform_whatever_the_candidate_is_worth(seed: int, shift: float) -> None:
    found = relabelled(np.random.default_rng(seed).normal(shift, 1, 200), 4000, 0)
    assert found is not None and found.uniform_p > 1e-4 and 0.035 < found.rate < 0.065


def test_a_sound_test_is_seldom_called_unsound() -> None:
    draws = (np.random.default_rng(seed).normal(0, 1, 100) for seed in range(60))
    found = [relabelled(values, 1000, seed) for seed, values in enumerate(draws)]
    assert sum(one is not None and one.holds for one in found) >= 56


def test_p_values_are_students() -> None:
    values = np.random.default_rng(5).normal(0.2, 1, 30)
    own = float(same_policy._p_values(np.array([values.mean()]), values)[0])
    assert own == pytest.approx(ttest_1samp(values, 0, alternative="greater").pvalue)


def test_policies_that_never_differ_leave_nothing_to_exchange() -> None:
    assert relabelled(np.zeros(50), 4000, 0) is None
    assert relabelled_check("x", np.zeros(50), 4000, 0).state is State.PASSED


def test_one_heavy_day_is_no_evidence_to_judge_by() -> None:
    values = np.random.default_rng(0).normal(0, 0.001, 50)
    values[0] = 1.0
    found = relabelled(values, 4000, 0)
    assert found is not None and not found.holds
    assert relabelled_check("x", values, 4000, 0).state is State.UNCLEAR


def test_a_test_that_promotes_too_often_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    sound = same_policy._p_values
    monkeypatch.setattr(same_policy, "_p_values", lambda means, differences: sound(means, differences) / 2)
    found = relabelled(np.random.default_rng(0).normal(0, 1, 200), 4000, 0)
    assert found is not None and found.rate > 0.07 and not found.holds


def test_the_bound_on_the_rate_is_clopper_and_pearsons() -> None:
    found = relabelled(np.random.default_rng(3).normal(0, 1, 100), 500, 1)
    assert found is not None
    count = round(found.rate * 500)
    chance = sum(
        np.exp(
            np.log(np.arange(500 - k + 1, 501)).sum()
            - np.log(np.arange(1, k + 1)).sum()
            + k * np.log(found.rate_at_most)
            + (500 - k) * np.log1p(-found.rate_at_most)
        )
        for k in range(count + 1)
    )
    assert chance == pytest.approx(0.05, abs=1e-6)
