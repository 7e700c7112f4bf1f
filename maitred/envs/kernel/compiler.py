"""How kernel functions are compiled.

`inner` functions are inlined into their caller: the arrays travel as two large tuples, and passing those by
value costs more than most of the work. Reference counting is switched off (`_nrt=False`): the kernel allocates
nothing, and the atomic counts of the array views took three quarters of its time. An allocation inside the
kernel is then a compile error, which is wanted.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from numba import njit

F = TypeVar("F", bound=Callable[..., object])


def inner(function: F) -> F:
    """Compile a function that only kernel functions call."""
    return njit(cache=True, forceinline=True, _nrt=False, error_model="numpy")(function)  # type: ignore[call-overload, no-any-return]


def entry(function: F) -> F:
    """Compile a function that Python calls, without the interpreter lock."""
    return njit(cache=True, nogil=True, _nrt=False, error_model="numpy")(function)  # type: ignore[call-overload, no-any-return]
