"""Rewards that come late and out of order teach the same."""

import numpy as np
import pytest

from maitred.agents.bandits.delayed import Pending, RewardError
from tests.agents.bandits.problems import ARMS, RULES, contexts, fresh, seen


def waiting(count=90):
    rng = np.random.default_rng(0)
    x, _, key = contexts("disjoint", count, 1)
    rows, regression = seen(x, "disjoint", rng.integers(ARMS, size=count))
    return key, (rows, regression), rng.standard_normal(count)


def test_late_rewards_give_the_state_of_rewards_in_order():
    key, kept, reward = waiting()
    in_order = fresh(RULES[0], "disjoint").update(kept[0], reward, kept[1])
    pending = Pending(key[:50], tuple(array[:50] for array in kept)).add(key[50:], tuple(array[50:] for array in kept))
    bandit = fresh(RULES[0], "disjoint")
    for rows in np.array_split(np.random.default_rng(2).permutation(90), 4):
        (x, regression), pending = pending.settle(key[rows])
        bandit = bandit.update(x, reward[rows], regression)
    assert len(pending.key) == 0
    np.testing.assert_allclose(bandit.ridge.A, in_order.ridge.A, atol=1e-11)
    np.testing.assert_allclose(bandit.ridge.b, in_order.ridge.b, atol=1e-11)
    assert bandit.ridge.n == 90


def test_what_was_kept_comes_back_in_the_order_of_the_rewards():
    key, kept, _ = waiting()
    (x, _), rest = Pending(key, kept).settle(key[[7, 3]])
    np.testing.assert_array_equal(x, kept[0][[7, 3]])
    assert len(rest.key) == 88 and not np.isin(key[[7, 3]], rest.key).any()


def test_rewards_of_nothing_and_rewards_twice_are_refused():
    key, kept, _ = waiting()
    with pytest.raises(RewardError, match=f"reward of key {key[0]}: expected the key of a decision that waits"):
        Pending(key[1:], tuple(array[1:] for array in kept)).settle(key[:1])
    with pytest.raises(RewardError, match="expected the key of a decision"):
        Pending(key[:0], tuple(array[:0] for array in kept)).settle(key[:1])
    with pytest.raises(RewardError, match=f"reward of key {key[5]}: expected one, found 2"):
        Pending(key, kept).settle(key[[5, 5]])
    with pytest.raises(RewardError, match=f"decision of key {key[2]}: expected one, found 2"):
        Pending(key, kept).add(key[2:3], tuple(array[2:3] for array in kept))
