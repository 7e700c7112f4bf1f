"""How kernel functions are compiled.

`inner` functions are inlined into their caller: the arrays travel as two large tuples, and passing those by
value costs more than most of the work. Reference counting is switched off (`_nrt=False`): the kernel allocates
nothing, and the atomic counts of the array views took three quarters of its time. An allocation inside the
kernel is then a compile error, which is wanted.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from numba import njit

F = TypeVar("F", bound=Callable[..., object])


def inner(function: F) -> F:
    """Compile a function that only kernel functions call; it needs no way in from Python, which costs compile time."""
    options: dict[str, Any] = {"_nrt": False, "no_cpython_wrapper": True, "no_cfunc_wrapper": True}
    return njit(forceinline=True, error_model="numpy", **options)(function)  # type: ignore[no-any-return]


def entry(function: F) -> F:
    """Compile a function that Python calls, without the interpreter lock."""
    options: dict[str, Any] = {"_nrt": False}
    return njit(cache=True, nogil=True, error_model="numpy", **options)(function)  # type: ignore[no-any-return]
