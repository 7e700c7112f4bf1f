"""The log of the study, and its months: those a policy learns from, those the world is made of, those it is judged on.

What a policy knows must come from other days than what it is judged by, so the policy's months share none with the
rest. The world may be fitted on the very days that are frozen: it is no policy's business.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from maitred.envs.calibration import log_arrays
from maitred.envs.contact_log import ContactLogError, import_logs, read_log

BANK = Path("anonymous_bank", "calls_1999_01_08.parquet")  # below $MAITRED_DATA

Months = NDArray[np.datetime64]


class Parts(NamedTuple):
    """The contacts of a log by what they are used for."""

    policy: pa.Table
    world: pa.Table
    frozen: pa.Table


def read_contacts(paths: Sequence[Path]) -> pa.Table:
    """The contacts of a contact log, of raw logs in the technion format, or of the bank's if none is named.

    Raises:
        ContactLogError: there is no such log, or it is neither.
    """
    sources = list(paths) or [_bank()]
    if len(sources) == 1:
        try:
            return read_log(sources[0])
        except ContactLogError:
            pass  # then it must be raw
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "log.parquet"
        import_logs(sources, "technion", out, progress=False)
        return read_log(out)


def _bank() -> Path:
    if "MAITRED_DATA" not in os.environ:
        raise ContactLogError(f"--log: expected a log, or MAITRED_DATA to name the folder that holds {BANK}")
    return Path(os.environ["MAITRED_DATA"], BANK)


def split(log: pa.Table, policy: Months, world: Months, frozen: Months) -> Parts:
    """The contacts that arrived in each group of months.

    Raises:
        ValueError: a month of the policy's is also one of the others', or a group has no contact in the log.
    """
    shared = np.intersect1d(policy, np.union1d(world, frozen))
    if len(shared):
        raise ValueError(f"--policy-months: expected none of the world's or the frozen months, found {_text(shared)}")
    month = log_arrays.clock_s(log, "arrival").astype("datetime64[s]").astype("datetime64[M]")
    parts = Parts(*(log.filter(pa.array(np.isin(month, of))) for of in (policy, world, frozen)))
    for name, of, part in zip(Parts._fields, (policy, world, frozen), parts, strict=True):
        if part.num_rows == 0:
            found = f"{month.min()} to {month.max()}"
            raise ValueError(f"--{name}-months: expected months of the log, {found}, found {_text(of)}")
    return parts


def _text(months: Months) -> str:
    return ", ".join(str(month) for month in months)
