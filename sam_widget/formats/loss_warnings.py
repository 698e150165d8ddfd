"""Warn of what a format cannot keep, once per process, and of records that cannot be used."""

from __future__ import annotations

import inspect
import warnings
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["FormatLossWarning", "SkippedRecordsWarning", "collecting_losses", "warn", "warn_once"]

_said: set[str] = set()
_collected: ContextVar[dict[str, str] | None] = ContextVar("collected", default=None)


class FormatLossWarning(UserWarning):
    """Something of the objects is not in the file that was written."""


class SkippedRecordsWarning(UserWarning):
    """Records of a file that was read could not be used, and were left out."""


@contextmanager
def collecting_losses() -> Iterator[dict[str, str]]:
    """Collect what would be warned of in the block, for who shows it in another way.

    Yields
    ------
    dict of str to str
        The messages by kind; filled in the block.
    """
    found: dict[str, str] = {}
    token = _collected.set(found)
    try:
        yield found
    finally:
        _collected.reset(token)


def warn_once(key: str, message: str) -> None:
    """Warn the first time that something of this kind is lost.

    Parameters
    ----------
    key : str
        The kind of loss.
    message : str
        What is lost, and how to keep it.
    """
    collected = _collected.get()
    if collected is not None:
        collected[key] = message
    elif key not in _said:
        _said.add(key)
        warn(message)


def warn(message: str, category: type[Warning] = FormatLossWarning) -> None:
    """Warn at the line outside of this package that had the file read or written."""
    package = __name__.partition(".")[0]
    depth = 1
    frame = inspect.currentframe()
    while frame is not None and frame.f_globals.get("__name__", "").partition(".")[0] == package:
        frame = frame.f_back
        depth += 1
    warnings.warn(message, category, stacklevel=depth)
