import numpy as np
import pytest

from tests.envs.kernel.scenarios import small_scenario


@pytest.fixture
def rng():
    return np.random.default_rng(0)


@pytest.fixture
def center():
    return small_scenario(np.random.default_rng(1), days=3)
