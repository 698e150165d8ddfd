"""Return freed heap memory to the operating system.

What encoding an image needs for a moment is hundreds of megabytes in thousands of pieces. glibc
keeps such pieces for later and, fragmented as they are, more of them with every image, until a
process that holds 100 MB of values occupies a multiple of that.
"""

from __future__ import annotations

import ctypes
import functools
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["trim_heap"]


def trim_heap() -> None:
    """Return freed heap memory to the operating system (``malloc_trim``); takes milliseconds.

    Does nothing where the C library is not glibc.
    """
    _trim()(0)


@functools.cache
def _trim() -> Callable[[int], object]:
    try:
        found: Callable[[int], object] = ctypes.CDLL(None).malloc_trim
    except (AttributeError, OSError, TypeError):  # not glibc
        return lambda _: None
    return found
