"""Plain arrays as arrow columns, and back; NaN stands for null on the plain side."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def numbers(values: Floats) -> pa.Array:
    """(B,) float64 as a column; NaN is null."""
    return pa.array(values, pa.float64(), mask=np.isnan(values))


def chosen_among(names: tuple[str, ...], index: NDArray[np.integer], known: NDArray[np.bool_]) -> pa.Array:
    """(B,) indices into names as text, null where not known."""
    entries = pa.array(np.where(known, index, 0), pa.int32(), mask=~known)
    return pa.array(names, pa.string()).take(entries)


def numbered(prefix: str, number: NDArray[np.integer], known: NDArray[np.bool_]) -> pa.Array:
    """(B,) identifiers made of a prefix and a number, null where not known."""
    text = pc.binary_join_element_wise(prefix, pc.cast(pa.array(number), pa.string()), "")
    return pc.if_else(pa.array(known), text, pa.scalar(None, pa.string()))


def vectors(values: NDArray[np.float32]) -> pa.Array:
    """(B, F) float32 as lists of fixed size."""
    return pa.FixedSizeListArray.from_arrays(pa.array(np.ascontiguousarray(values).ravel()), values.shape[1])


def ragged(values: pa.Array, lengths: NDArray[np.integer]) -> pa.Array:
    """Lists of (B,) lengths, which together hold all of the values."""
    offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int32)
    return pa.ListArray.from_arrays(pa.array(offsets), values)


def struct(columns: dict[str, pa.Array], kind: pa.DataType, known: NDArray[np.bool_]) -> pa.Array:
    """Columns as one struct column, null where not known."""
    fields = [pa.field(name, kind.field(name).type) for name in columns]
    arrays = [columns[f.name].cast(f.type) for f in fields]
    return pa.StructArray.from_arrays(arrays, fields=fields, mask=pa.array(~known))


def to_numbers(column: pa.ChunkedArray) -> Floats:
    """(B,) float64 of a numeric column; null is NaN."""
    return np.asarray(pc.cast(column, pa.float64()).to_numpy(zero_copy_only=False), np.float64)


def to_vectors(column: pa.Array) -> NDArray[np.float32]:
    """(B, F) float32 of a column of lists of fixed size F, without null lists; null entries are NaN."""
    flat = np.asarray(column.flatten().to_numpy(zero_copy_only=False), np.float32)
    return flat.reshape(-1, column.type.list_size)


def lengths(column: pa.Array) -> NDArray[np.int64]:
    """(B,) int64 lengths of a column of lists."""
    return np.asarray(pc.list_value_length(column).to_numpy(zero_copy_only=False), np.int64)


def one_array(column: pa.ChunkedArray) -> Any:
    """A column in one piece."""
    return column.combine_chunks() if column.num_chunks != 1 else column.chunk(0)
