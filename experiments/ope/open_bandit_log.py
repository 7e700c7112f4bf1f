"""The Open Bandit Dataset, men's campaign: Saito, Aihara, Matsutani and Narita 2020, CC BY 4.0."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv as csv
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

FOLDER = "open_bandit"  # below $MAITRED_DATA
ITEMS, POSITIONS = 34, 3
COLUMNS = ("timestamp", "item_id", "position", "click", "propensity_score")


class OpenBanditError(ValueError):
    """The logs are not where they are expected, or not what is expected."""


@dataclass(frozen=True, eq=False)
class Shown:
    """n items that a policy showed.

    Attributes:
        item: (n,) int64, 0 to 33.
        position: (n,) int64, of three on the page, from 0.
        day: (n,) int64, of the log, from 0.
        click: (n,) float64, 0 or 1.
        propensity: (n,) float64, that the item was shown at the position.
    """

    item: Integers
    position: Integers
    day: Integers
    click: Floats
    propensity: Floats


def read_shown(policy: str) -> Shown:
    """The log of one of the two policies, `random` or `bts`.

    Raises:
        OpenBanditError: $MAITRED_DATA is not set, or there is no such log in it.
    """
    if "MAITRED_DATA" not in os.environ:
        raise OpenBanditError(f"MAITRED_DATA: expected the directory that holds {FOLDER}/, found nothing")
    path = Path(os.environ["MAITRED_DATA"]) / FOLDER / f"{policy}_men.csv.gz"
    try:
        table = csv.read_csv(path, convert_options=csv.ConvertOptions(include_columns=list(COLUMNS)))
    except (OSError, KeyError, pa.ArrowInvalid) as error:
        raise OpenBanditError(f"{path}: expected a log with {', '.join(COLUMNS)}, found {error}") from error
    day = table["timestamp"].to_numpy().astype("datetime64[D]").astype(np.int64)
    item, position, click, propensity = (table[name].to_numpy() for name in COLUMNS[1:])
    return Shown(item, position - 1, day - day.min(), click.astype(float), propensity)


def shares(shown: Shown) -> Floats:
    """(days, 3, 34) share of each item at each position and day: what the policy did on average."""
    count = np.zeros((shown.day.max() + 1, POSITIONS, ITEMS))
    np.add.at(count, (shown.day, shown.position, shown.item), 1)
    return np.asarray(count / count.sum(axis=2, keepdims=True))
