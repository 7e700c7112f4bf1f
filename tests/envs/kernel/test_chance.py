import numpy as np
import pytest
from numba import njit
from scipy.stats import expon, kstest, norm
from scipy.stats import uniform as uniform_law

from maitred.envs import decision
from maitred.envs.kernel import chance

PURPOSES = (
    "PATIENCE", "SHORT", "SERVICE", "SERVICE_ANGLE", "WRAP_UP", "RESOLVE", "RETURN", "RETURN_DELAY", "CHILD",
    "DECISION", "PAUSE", "READY",
)  # fmt: skip
COUNT = 20_000


@njit
def draw_uniform(keys, purpose, ordinal):
    return np.array([chance.uniform(key, purpose, ordinal) for key in keys])


@njit
def draw_exponential(keys, purpose):
    return np.array([chance.exponential(key, purpose, 0) for key in keys])


@njit
def draw_normal(keys):
    return np.array([chance.normal(key, chance.SERVICE, chance.SERVICE_ANGLE, 0) for key in keys])


@njit
def mixed(keys, purpose, ordinal):
    return np.array([chance.mix(key, purpose, ordinal) for key in keys])


@pytest.fixture(scope="module", params=["random", "consecutive"])
def keys(request):
    """Real keys are random; consecutive ones are the hardest case for a hash."""
    if request.param == "random":
        return np.random.default_rng(0).integers(0, 2**64, COUNT, dtype=np.uint64)
    return np.arange(COUNT, dtype=np.uint64)


def test_uniforms_are_uniform(keys):
    u = draw_uniform(keys, chance.PATIENCE, 0)
    assert kstest(u, uniform_law.cdf).pvalue > 1e-3
    assert u.min() > 0 and u.max() < 1


def test_exponentials_and_normals_have_their_laws(keys):
    assert kstest(draw_exponential(keys, chance.PATIENCE), expon.cdf).pvalue > 1e-3
    assert kstest(draw_normal(keys), norm.cdf).pvalue > 1e-3


def test_purposes_and_ordinals_are_independent(keys):
    columns = [draw_uniform(keys, getattr(chance, name), ordinal) for name in PURPOSES for ordinal in (0, 1)]
    correlation = np.corrcoef(columns) - np.eye(len(columns))
    assert np.abs(correlation).max() < 5 / np.sqrt(COUNT)


def test_purposes_are_distinct():
    assert len({getattr(chance, name) for name in PURPOSES}) == len(PURPOSES)


def test_draws_are_a_pure_function_of_key_purpose_and_ordinal(keys):
    shuffled = np.random.default_rng(1).permutation(COUNT)
    once = draw_uniform(keys, chance.RETURN, 3)
    assert (draw_uniform(keys[shuffled], chance.RETURN, 3) == once[shuffled]).all()


def test_children_do_not_collide(keys):
    generations = [keys]
    for _ in range(5):
        generations.append(mixed(generations[-1], chance.CHILD, 0))
    everyone = np.concatenate(generations)
    assert len(np.unique(everyone)) == len(everyone)


def test_extreme_hashes_stay_inside_the_open_interval():
    # float64 has 53 bits: the largest draw must not round to 1, nor the smallest to 0.
    assert ((2**52 - 1) + 0.5) * 2.0**-52 < 1
    assert 0.5 * 2.0**-52 > 0


def test_exploration_draws_do_not_repeat_the_world_s(keys):
    of_policy = decision.uniforms(keys, 0)
    for name in PURPOSES:
        of_world = draw_uniform(keys, getattr(chance, name), 0)
        assert abs(np.corrcoef(of_policy, of_world)[0, 1]) < 5 / np.sqrt(COUNT)
