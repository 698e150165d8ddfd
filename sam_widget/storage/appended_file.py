"""A file that one process appends to: locked, forced to disk, and replaced in one step.

The lock is the operating system's and lies on the open file itself: it ends with the process that
holds it, however that ends, and leaves nothing behind.
"""

from __future__ import annotations

import os
import sys
import uuid
from contextlib import suppress
from pathlib import Path
from weakref import WeakSet

from sam_widget.errors import JournalInUse

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

__all__ = ["JournalFile", "forced_copy"]

_FLAGS = os.O_RDWR | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)
_LOCKED_BYTE = 1 << 40
"""Where the lock lies on Windows, whose locks bar readers: beyond the end of any journal."""
_open_files: WeakSet[JournalFile] = WeakSet()


class JournalFile:
    """An open journal, locked against other processes.

    Parameters
    ----------
    path : Path
        Made if it is not there; its folder must exist. Symbolic links are followed.

    Raises
    ------
    JournalInUse
        If another process has it open.
    OSError
        If it cannot be opened for writing.
    """

    def __init__(self, path: Path) -> None:
        self.path = Path(os.path.realpath(path))
        self._fd, self.size = _opened(self.path)
        self._folder_is_forced = self.size > 0
        self._tail_is_dirty = False
        _open_files.add(self)

    @property
    def closed(self) -> bool:
        """Whether the file is let go of."""
        return self._fd < 0

    def content(self) -> bytes:
        """Read the whole file."""
        os.lseek(self._fd, 0, os.SEEK_SET)
        parts = []
        while part := os.read(self._fd, 1 << 24):
            parts.append(part)
        return b"".join(parts)

    def is_in_place(self) -> bool:
        """Whether the path still leads to this file, and not to another or none."""
        return _leads_to(self.path, self._fd)

    def append(self, data: bytes) -> None:
        """Write at the end and force it to disk.

        Raises
        ------
        OSError
            If that failed: then the file is cut back to what it was, now or before the next write.
        """
        if self._tail_is_dirty:
            self.cut(self.size)
        try:
            _write(self._fd, data, self.size)
            os.fsync(self._fd)
            self.force_name()
        except BaseException:
            # What reached the disk is unknown: after a failed fsync the pages count as clean. It is
            # cut off and written again with the next change.
            self._tail_is_dirty = True
            with suppress(OSError):
                self.cut(self.size)
            raise
        self.size += len(data)

    def force_name(self) -> None:
        """Force the file's name to disk, if that has not happened; OSError if it fails."""
        if not self._folder_is_forced:
            force_folder(self.path.parent)
            self._folder_is_forced = True

    def cut(self, size: int) -> None:
        """Shorten the file to its first ``size`` bytes."""
        os.ftruncate(self._fd, size)
        self.size = size
        self._tail_is_dirty = False

    def replace(self, data: bytes) -> None:
        """Put a new file in the place of this one: readers see the old one or the whole new one.

        The new one is locked before it gets the name, so the lock is never free in between. Its
        name is not on disk before :meth:`force_name` has returned.

        Raises
        ------
        OSError
            If that failed: then all is as it was.
        """
        partial = self.path.with_name(f".{self.path.name}.{uuid.uuid4().hex[:8]}.part")
        fd = os.open(partial, _FLAGS | os.O_CREAT | os.O_EXCL, 0o666)
        try:
            with suppress(OSError, AttributeError):  # as the file it replaces, where that is ours
                os.fchmod(fd, os.fstat(self._fd).st_mode & 0o777)
            _lock(fd)
            _write(fd, data, 0)
            os.fsync(fd)
            os.replace(partial, self.path)  # noqa: PTH105 - os.replace, as os.fsync above
        except BaseException:
            os.close(fd)
            with suppress(OSError):
                partial.unlink()
            raise
        old, self._fd = self._fd, fd
        os.close(old)
        self.size, self._tail_is_dirty, self._folder_is_forced = len(data), False, False

    def close(self, *, remove: bool = False) -> None:
        """Let go of the file and its lock; ``remove`` deletes it first."""
        if self.closed:
            return
        if remove and self.is_in_place():
            with suppress(OSError):
                self.path.unlink()
        self.forget()

    def forget(self) -> None:
        """Close the file and nothing else."""
        fd, self._fd = self._fd, -1
        if fd >= 0:
            os.close(fd)
        _open_files.discard(self)


def forced_copy(path: Path, data: bytes) -> None:
    """Write a file that must not be there yet, and force it to disk."""
    fd = os.open(path, _FLAGS | os.O_CREAT | os.O_EXCL, 0o666)
    try:
        _write(fd, data, 0)
        os.fsync(fd)
    except BaseException:
        os.close(fd)
        with suppress(OSError):
            path.unlink()
        raise
    os.close(fd)
    force_folder(path.parent)


def force_folder(folder: Path) -> None:
    """Force a folder's list of names to disk, where the system can."""
    if sys.platform == "win32":
        return
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def _opened(path: Path) -> tuple[int, int]:
    while True:
        fd = os.open(path, _FLAGS | os.O_CREAT, 0o666)
        try:
            _lock(fd)
            # Between open and lock its last user may have replaced or deleted it.
            if _leads_to(path, fd):
                return fd, os.fstat(fd).st_size
        except OSError as error:
            holder = _holder(fd)
            os.close(fd)
            if not isinstance(error, BlockingIOError | PermissionError):
                raise
            if holder == os.getpid():
                raise JournalInUse(
                    f"the journal {path} is in use by this very process, which has loaded the "
                    "package twice. Restart the kernel."
                ) from error
            named = "" if holder is None else f" (number {holder})"
            raise JournalInUse(
                f"the journal {path} is in use by another process{named}. Close the widget there "
                "or shut that kernel down, or pass journal=False, or the path of another journal."
            ) from error
        os.close(fd)


def _leads_to(path: Path, fd: int) -> bool:
    try:
        there, here = path.stat(), os.fstat(fd)
    except FileNotFoundError:
        return False
    return (there.st_dev, there.st_ino) == (here.st_dev, here.st_ino)


def _lock(fd: int) -> None:
    """Take the lock; raise BlockingIOError or PermissionError if another process has it."""
    if sys.platform == "win32":
        os.lseek(fd, _LOCKED_BYTE, os.SEEK_SET)
        msvcrt.locking(fd, msvcrt.LK_NBLCK, 1)
    else:
        # Of the open file, not of the process: another descriptor that this process closes, such
        # as a reader's, does not end it.
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _holder(fd: int) -> int | None:
    """Return the number of the process that has the lock, where the system tells."""
    inode = os.fstat(fd).st_ino
    with suppress(OSError, ValueError):
        for line in Path("/proc/locks").read_text(encoding="ascii").splitlines():
            fields = line.split()
            if len(fields) > 5 and fields[1] == "FLOCK" and fields[5].endswith(f":{inode}"):
                return int(fields[4])
    return None


def _write(fd: int, data: bytes, at: int) -> None:
    os.lseek(fd, at, os.SEEK_SET)
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(fd, rest) :]


def _after_fork() -> None:
    # The lock belongs to the open file, which a child shares: a worker process that outlives the
    # kernel would keep it, and two processes would write.
    for one in tuple(_open_files):
        one.forget()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
