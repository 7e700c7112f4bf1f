"""What the policy of a training run has seen, read from its folder."""

from __future__ import annotations

import numpy as np
import pytest

from maitred.agents.rules import RULES
from maitred.training.drift.of_run import FAMILIAR, seen_by
from maitred.training.run_folder import RunError


@pytest.mark.parametrize("content", [b"", b"not an archive", b"PK\x03\x04 cut off"])
def test_a_damaged_file_is_named(tmp_path, content):
    (tmp_path / FAMILIAR).write_bytes(content)
    with pytest.raises(RunError, match=FAMILIAR):
        seen_by(tmp_path, {}, RULES["cmu"])


def test_arrays_of_something_else_are_refused(tmp_path):
    np.savez(tmp_path / FAMILIAR, weights=np.zeros(3))
    with pytest.raises(RunError, match=FAMILIAR):
        seen_by(tmp_path, {}, RULES["cmu"])
