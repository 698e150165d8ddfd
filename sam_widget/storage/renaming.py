"""Rename files so that the new name survives a loss of power, on every file system."""

from __future__ import annotations

import errno
import os
import sys
import time

__all__ = ["replace_file", "sync_folder"]

RETRY_SECONDS = 1.0 if sys.platform == "win32" else 0.0
"""On Windows a scanner or an indexer may have the file open for a moment, and bars renaming it."""
_PAUSE_SECONDS = 0.02
_NOT_SUPPORTED = frozenset(
    {errno.EINVAL, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EACCES, errno.EBADF}
)
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
    deadline = time.monotonic() + RETRY_SECONDS
    while True:
        try:
            os.replace(source, target)  # noqa: PTH105 - paths of either kind
        except PermissionError:  # noqa: PERF203 - trying again is what the loop is for
            if time.monotonic() >= deadline:
                raise
            time.sleep(_PAUSE_SECONDS)
        else:
            return


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
        if error.errno not in _NOT_SUPPORTED:
            raise
