"""Text columns to numbers, a whole column at a time; what cannot be read becomes a `Fault`, not an error."""

from datetime import datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from maitred.envs.contact_log.schema import rules

Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]

DAY_S = 86_400
_PLACE_S = np.array([36_000, 3_600, 0, 600, 60, 0, 10, 1])


class Fault(NamedTuple):
    """The rows of a batch whose `field` is not what was `expected`; `rows`: (n,) bool."""

    field: str
    expected: str
    rows: Bools


def clock_seconds(column: pa.Array) -> tuple[Ints, Bools]:
    """Read H:MM:SS times of day; return seconds since midnight, (n,), and which rows are no such time."""
    padded = pc.utf8_lpad(column, 8, "0")
    short = pc.equal(pc.binary_length(padded), 8)
    text = pa.concat_arrays([pc.if_else(short, padded, "99:99:99")])
    glyphs = np.frombuffer(text.buffers()[2], np.uint8, 8 * len(text)).reshape(-1, 8).astype(np.int64)
    digits = glyphs - ord("0")
    colons = (glyphs[:, 2] == ord(":")) & (glyphs[:, 5] == ord(":"))
    numbers = digits[:, [0, 1, 3, 4, 6, 7]]
    in_range = (numbers >= 0) & (numbers <= 9) & (digits[:, [0, 0, 3, 3, 6, 6]] <= [2, 2, 5, 5, 5, 5])
    seconds = digits @ _PLACE_S
    bad = ~(colons & in_range.all(axis=1) & (seconds < DAY_S))
    return np.where(bad, 0, seconds), bad


def dates(column: pa.Array, layout: str) -> tuple[Ints, Bools]:
    """Read dates written as strptime's `layout`; return microseconds since 1970, (n,), and bad rows."""
    coded = column.dictionary_encode()
    days = np.array([_day(text, layout) for text in coded.dictionary.to_pylist()], "datetime64[us]")
    values = days[coded.indices.to_numpy(zero_copy_only=False)] if len(column) else days
    bad = np.isnat(values)
    return np.where(bad, 0, values.astype(np.int64)), bad


def _day(text: str, layout: str) -> datetime | None:
    try:
        return datetime.strptime(text, layout)
    except ValueError:
        return None


def integers(column: pa.Array) -> tuple[Ints, Bools]:
    """Read whole numbers; return them, (n,), and which rows hold none."""
    try:
        return column.cast(pa.int64()).to_numpy(zero_copy_only=False), np.zeros(len(column), bool)
    except pa.ArrowInvalid:
        good = pc.match_substring_regex(column, r"^-?[0-9]{1,18}$")
        values = pc.if_else(good, column, "0").cast(pa.int64())
        return values.to_numpy(zero_copy_only=False), ~as_bools(good)


def seconds(column: pa.Array) -> tuple[pa.DoubleArray, Bools]:
    """Read durations in seconds, nulls kept; return them and which rows hold something else."""
    try:
        return column.cast(pa.float64()), np.zeros(len(column), bool)
    except pa.ArrowInvalid:
        good = pc.match_substring_regex(column, r"^-?[0-9]+(\.[0-9]+)?$")
        bad = pc.fill_null(pc.invert(good), False)
        return pc.if_else(bad, None, column).cast(pa.float64()), as_bools(bad)


def timestamps(column: pa.Array, zone: str) -> tuple[pa.TimestampArray, Bools]:
    """Read ISO 8601 times, nulls kept; return wall-clock times in `zone` and which rows are no time.

    A time with an offset (or Z) is converted to `zone`; one without is taken to be in it already.
    """
    zoned = _has_offsets(column)
    try:
        times = column.cast(pa.timestamp("us", "UTC" if zoned else None))
    except pa.ArrowInvalid:
        return _timestamps_one_by_one(column, zone)
    local = pc.local_timestamp(times.cast(pa.timestamp("us", zone))) if zoned else times
    return local, np.zeros(len(column), bool)


def _has_offsets(column: pa.Array) -> bool:
    # Looked at beforehand, because a cast that fails takes fifty times as long as one that works.
    if pa.types.is_timestamp(column.type):
        return column.type.tz is not None
    return bool(as_bools(pc.match_substring_regex(column.cast(pa.string()), r"(Z|[+-]\d\d:?\d\d)$")).any())


def _timestamps_one_by_one(column: pa.Array, zone: str) -> tuple[pa.TimestampArray, Bools]:
    local, bad = [], np.zeros(len(column), bool)
    for i, text in enumerate(column.cast(pa.string()).to_pylist()):
        try:
            time = text and datetime.fromisoformat(text)
        except ValueError:
            time, bad[i] = None, True
        if time and time.tzinfo:
            time = time.astimezone(ZoneInfo(zone)).replace(tzinfo=None)
        local.append(time or None)
    return pa.array(local, pa.timestamp("us")), bad


def as_bools(mask: pa.Array) -> Bools:
    """Return an arrow mask as a numpy one, null counting as False."""
    return np.asarray(pc.fill_null(mask, False).to_numpy(zero_copy_only=False), bool)


def first_faults(contacts: pa.Table, faults: list[Fault]) -> dict[int, Fault]:
    """Return the first fault of every unusable row: of `faults`, or a rule of the log it would break."""
    broken = [Fault(r.field, r.expected, ~as_bools(r.holds)) for r in rules(contacts)]
    found: dict[int, Fault] = {}
    for fault in (*faults, *broken):
        for row in np.flatnonzero(fault.rows):
            found.setdefault(int(row), fault)
    return found
