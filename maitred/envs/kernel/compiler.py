"""How kernel functions are compiled.

`inner` functions are inlined into their caller: the arrays travel as two large tuples, and passing those by
value costs more than most of the work. Reference counting is switched off (`_nrt=False`): the kernel allocates
nothing, and the atomic counts of the array views took three quarters of its time. An allocation inside the
kernel is then a compile error, which is wanted.

Compiling an inner function costs about a quarter of a second. Left alone, numba compiles it anew for each constant and
each width of integer it is called with, so integers are all passed as int64.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from numba import config, njit, types
from numba.core.registry import CPUDispatcher

F = TypeVar("F", bound=Callable[..., object])


class _Inner(CPUDispatcher):
    def get_call_template(self, args: Any, kws: Any) -> Any:
        """What numba asks for when a compiled function calls this one; the arguments are then cast as stated here."""
        return super().get_call_template(tuple(_common(kind) for kind in args), kws)


def _common(kind: types.Type) -> types.Type:
    """The type an argument is passed as: int64 for a signed integer or a constant of one, else its own."""
    plain = types.unliteral(kind)
    return types.int64 if plain in types.signed_domain else plain


def inner(function: F) -> F:
    """Compile a function that only kernel functions call; it needs no way in from Python, which costs compile time."""
    if config.DISABLE_JIT:  # type: ignore[attr-defined]
        return function
    options: dict[str, Any] = {"_nrt": False, "no_cpython_wrapper": True, "no_cfunc_wrapper": True}
    options |= {"nopython": True, "boundscheck": None, "forceinline": True, "error_model": "numpy"}
    return _Inner(function, targetoptions=options)  # type: ignore[return-value]


def entry(function: F) -> F:
    """Compile a function that Python calls, without the interpreter lock."""
    options: dict[str, Any] = {"_nrt": False}
    return njit(cache=True, nogil=True, error_model="numpy", **options)(function)  # type: ignore[no-any-return]
