"""Columns of a contact log as plain arrays, with one convention for what is missing."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from maitred.envs.scenario import DAY_S, Floats, Ints

PERIOD_S = 1800
PERIODS = DAY_S // PERIOD_S


def clock_s(log: pa.Table, name: str) -> Floats:
    """Return a timestamp column as seconds since 1970 by the center's own clock, (n,); nan where null."""
    micros = pc.cast(pc.cast(log[name], pa.int64()), pa.float64())
    return np.asarray(pc.divide(micros, 1e6).to_numpy(zero_copy_only=False), dtype=float)


def numbers(log: pa.Table, name: str) -> Floats:
    """Return a numeric column as floats, (n,); nan where null."""
    return np.asarray(pc.cast(log[name], pa.float64()).to_numpy(zero_copy_only=False), dtype=float)


def codes(log: pa.Table, name: str, names: tuple[str, ...]) -> Ints:
    """Return the index into `names` of each entry of a text column, (n,); -1 where it is none of them."""
    found = pc.index_in(pc.cast(log[name], pa.string()), value_set=pa.array(names, pa.string()))
    return np.asarray(pc.fill_null(found, -1).to_numpy(zero_copy_only=False), dtype=np.int64)


def outcome_is(log: pa.Table, outcome: str) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Return where the contact ended so: served, abandoned or left_menu, (n,)."""
    same = pc.equal(pc.cast(log["outcome"], pa.string()), outcome)
    return np.asarray(same.to_numpy(zero_copy_only=False), dtype=bool)


def period_of(seconds: Floats) -> Ints:
    """Return the half-hour of the day, 0..47, of each clock time in seconds."""
    return (seconds % DAY_S // PERIOD_S).astype(np.int64)
