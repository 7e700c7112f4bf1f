"""Rehearsals: whole episodes are played, and no more of their decisions kept than asked for."""

from __future__ import annotations

import numpy as np

from maitred.agents.rules import RULES
from maitred.training.rehearsal import rehearse
from tests.training.center import small_center


def test_long_episodes_are_sampled_evenly_and_paid_in_full():
    few = rehearse(small_center(), RULES["cmu"], np.random.SeedSequence(3), 100)
    everything = rehearse(small_center(), RULES["cmu"], np.random.SeedSequence(3), few.raised)
    assert 100 <= len(few.chosen) <= 200 < few.raised == everything.raised == len(everything.chosen)
    row_of = {key: row for row, key in enumerate(everything.decisions.key.tolist())}
    rows = [row_of[key] for key in few.decisions.key.tolist()]
    assert np.array_equal(few.returns, everything.returns[rows])
    assert np.array_equal(few.chosen, everything.chosen[rows])
    assert np.array_equal(few.decisions.candidates, everything.decisions.candidates[rows])
    assert max(np.diff([0, *rows, few.raised])) < few.raised / 10  # from beginning to end
