"""Force files and their names to disk, and rename them, as far as a file system can."""

from __future__ import annotations

import errno
import os
import sys
import time
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["patiently", "replace_file", "sync_file", "sync_folder"]

T = TypeVar("T")

RETRY_SECONDS = 1.0 if sys.platform == "win32" else 0.0
"""On Windows a scanner or an indexer may bar renaming or opening a file for a moment."""
_PAUSE_SECONDS = 0.02
_CANNOT_FORCE = frozenset({errno.EINVAL, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS})
"""What file systems answer that know no forcing to disk, such as some of FUSE."""
_CANNOT_FORCE_FOLDERS = _CANNOT_FORCE | {errno.EACCES, errno.EPERM, errno.EBADF, errno.EISDIR}
"""What network file systems and FUSE answer that cannot force a folder to disk."""


def replace_file(source: str | os.PathLike[str], target: str | os.PathLike[str]) -> None:
    """Rename a file; one that has that name already is replaced in the same step.

    Parameters
    ----------
    source, target : path
        In one folder, or at least on one file system.

    Raises
    ------
    OSError
        If it cannot be renamed; on Windows, if other programs still bar it after a second.
    """
    patiently(lambda: os.replace(source, target))  # noqa: PTH105 - paths of either kind


def patiently(act: Callable[[], T]) -> T:
    """Do what other programs may bar for a moment on Windows, and return its result."""
    deadline = time.monotonic() + RETRY_SECONDS
    while True:
        try:
            return act()
        except PermissionError:
            if time.monotonic() >= deadline:
                raise
        time.sleep(_PAUSE_SECONDS)


def sync_file(descriptor: int) -> None:
    """Force an open file to disk, so that it survives a loss of power.

    Does nothing where the file system has no such thing.

    Raises
    ------
    OSError
        If the disk reports an error.
    """
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in _CANNOT_FORCE:
            raise


def sync_folder(folder: str | os.PathLike[str]) -> None:
    """Force a folder's list of names to disk, so that a new name survives a loss of power.

    Does nothing where the system or the file system has no such thing.

    Raises
    ------
    OSError
        If the disk reports an error.
    """
    if sys.platform == "win32":
        return
    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
    except OSError as error:
        if error.errno not in _CANNOT_FORCE_FOLDERS:
            raise
