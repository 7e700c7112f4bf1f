"""How the functions of one decision are compiled: cached, without the interpreter lock, sums free to be reordered."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from numba import njit

F = TypeVar("F", bound=Callable[..., object])


def compiled(function: F) -> F:
    """Compile a function when it is first called; without reordered sums a dot product is not vectorised."""
    return njit(cache=True, nogil=True, error_model="numpy", fastmath={"reassoc", "contract", "nsz"})(function)  # type: ignore[return-value]
