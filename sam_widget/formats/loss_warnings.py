"""Warn of what a format cannot keep, once per process, and of records that cannot be used."""

from __future__ import annotations

import inspect
import warnings

__all__ = ["FormatLossWarning", "SkippedRecordsWarning", "warn", "warn_once"]

_said: set[str] = set()


class FormatLossWarning(UserWarning):
    """Something of the objects is not in the file that was written."""


class SkippedRecordsWarning(UserWarning):
    """Records of a file that was read could not be used, and were left out."""


def warn_once(key: str, message: str) -> None:
    """Warn the first time that something of this kind is lost.

    Parameters
    ----------
    key : str
        The kind of loss.
    message : str
        What is lost, and how to keep it.
    """
    if key in _said:
        return
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
