"""Lock an open file against other processes, with the lock of the operating system.

It lies on the file itself and not on a second one beside it, ends with the process that holds it,
however that ends, and leaves nothing behind.
"""

from __future__ import annotations

import errno
import os
import sys
import time
from contextlib import suppress
from pathlib import Path
from weakref import WeakSet

from sam_widget.storage.renaming import patiently

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

__all__ = ["BARS_OPEN_FILES", "FileLocked", "LockedFile", "wait_for_lock"]

BARS_OPEN_FILES = sys.platform == "win32"
"""Whether a file that is open can be neither renamed nor deleted, nor another take its name."""

PATIENCE_SECONDS = 10.0
_PAUSE_SECONDS = 0.005

_FLAGS = os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)
_LOCKED_BYTE = 1 << 40
"""Where the lock lies on Windows, whose locks bar readers: beyond the end of any file of ours."""
_NO_LOCKS = frozenset(
    {errno.ENOLCK, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EINVAL, errno.EBADF}
)
"""What file systems answer that have no locks, such as NFS without a lock daemon."""
_open_files: WeakSet[LockedFile] = WeakSet()


class FileLocked(OSError):  # noqa: N818 - reads as the fact it states
    """Another process has locked the file.

    Attributes
    ----------
    holder : int or None
        Number of that process, where the system tells; this process's own number if the file was
        opened twice.
    """

    def __init__(self, path: Path, holder: int | None) -> None:
        named = "another process" if holder is None else f"process {holder}"
        super().__init__(f"the file {path} is locked by {named}.")
        self.holder = holder


class LockedFile:
    """Open a file for reading and writing and lock it against other processes.

    A child that this process forks has the file closed: it would otherwise keep the lock for as
    long as it lives, and write beside its parent.

    Parameters
    ----------
    path : Path
        Made if it is not there; its folder must exist.
    new : bool
        Whether it must not be there yet.

    Attributes
    ----------
    descriptor : int
        Of the open file; negative once it is closed.
    is_locked : bool
        Whether others are kept out; not on a file system that has no locks.

    Raises
    ------
    FileLocked
        If another process has locked it.
    OSError
        If it cannot be opened for writing.
    """

    def __init__(self, path: Path, *, new: bool = False) -> None:
        self.path = path
        self.descriptor, self.is_locked = _open_and_lock(path, new=new)
        _open_files.add(self)

    @property
    def closed(self) -> bool:
        """Whether the file is closed, and with it the lock released."""
        return self.descriptor < 0

    def is_in_place(self) -> bool:
        """Whether the path still leads to this file, and not to another or none."""
        return _leads_to(self.path, self.descriptor)

    def close(self, *, remove: bool = False) -> None:
        """Close the file and release the lock; ``remove`` deletes the file first."""
        remove = remove and not self.closed and self.is_in_place()
        if remove and not BARS_OPEN_FILES:
            # While it is locked: whoever has opened it meanwhile sees that it lost its name.
            self._unlink()
        descriptor, self.descriptor = self.descriptor, -1
        if descriptor >= 0:
            with suppress(OSError):  # what was to be on disk was forced there before
                os.close(descriptor)
        _open_files.discard(self)
        if remove and BARS_OPEN_FILES:  # where whoever has opened it meanwhile keeps it
            self._unlink()

    def _unlink(self) -> None:
        with suppress(OSError):
            self.path.unlink()


def wait_for_lock(path: Path) -> LockedFile:
    """Lock a file that others lock only for a moment; wait for them.

    Raises
    ------
    FileLocked
        If it is still locked after :data:`PATIENCE_SECONDS`.
    OSError
        As for :class:`LockedFile`.
    """
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            return LockedFile(path)
        except FileLocked:
            if time.monotonic() >= deadline:
                raise
        time.sleep(_PAUSE_SECONDS)


def _open_and_lock(path: Path, *, new: bool) -> tuple[int, bool]:
    while True:
        flags = _FLAGS | (os.O_EXCL if new else 0)
        descriptor = patiently(lambda flags=flags: os.open(path, flags, 0o666))  # type: ignore[misc]
        try:
            is_locked = _lock(descriptor, path)
            # Between open and lock its last user may have replaced or deleted it.
            if _leads_to(path, descriptor):
                return descriptor, is_locked
        except BaseException:
            os.close(descriptor)
            if new:
                with suppress(OSError):
                    path.unlink()
            raise
        os.close(descriptor)


def _leads_to(path: Path, descriptor: int) -> bool:
    try:
        there, here = path.stat(), os.fstat(descriptor)
    except FileNotFoundError:
        return False
    except OSError as error:
        if error.errno == errno.ESTALE:  # deleted on the server of a network file system
            return False
        raise
    return (there.st_dev, there.st_ino) == (here.st_dev, here.st_ino)


def _lock(descriptor: int, path: Path) -> bool:
    """Lock an open file until it is closed; return False where there are no locks.

    Raises
    ------
    FileLocked
        If another process has locked it.
    """
    try:
        if sys.platform == "win32":
            os.lseek(descriptor, _LOCKED_BYTE, os.SEEK_SET)
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        else:
            # Of the open file, not of the process: another descriptor that this process closes,
            # such as a reader's, does not end it.
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError) as error:
        raise FileLocked(path, _holder(descriptor)) from error
    except OSError as error:
        if error.errno in _NO_LOCKS:
            return False
        raise
    return True


def _holder(descriptor: int) -> int | None:
    """Return the number of the process that has the lock, where the system tells."""
    inode = os.fstat(descriptor).st_ino
    with suppress(OSError, ValueError):
        for line in Path("/proc/locks").read_text(encoding="ascii").splitlines():
            fields = line.split()
            if len(fields) > 5 and fields[1] == "FLOCK" and fields[5].endswith(f":{inode}"):
                return int(fields[4])
    return None


def _close_in_child() -> None:
    for file in tuple(_open_files):
        file.close()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_close_in_child)
