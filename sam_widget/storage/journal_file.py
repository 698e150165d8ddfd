"""Append to a journal's file, each time forced to disk, or replace it as a whole."""

from __future__ import annotations

import os
import uuid
from contextlib import suppress
from pathlib import Path

from sam_widget.errors import JournalInUse
from sam_widget.storage.locks import BARS_OPEN_FILES, FileLocked, LockedFile
from sam_widget.storage.renaming import replace_file, sync_file, sync_folder

__all__ = ["JournalFile"]


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

    Attributes
    ----------
    tail_is_dirty : bool
        Whether something lies behind the last good record that could not be cut off.
    """

    def __init__(self, path: Path) -> None:
        self.path = Path(os.path.realpath(path))
        self._file = self._opened()
        self.size = os.fstat(self._file.descriptor).st_size
        self._folder_is_forced = False  # whoever made the file may have died before that
        self.tail_is_dirty = False

    def _opened(self) -> LockedFile:
        try:
            return LockedFile(self.path)
        except FileLocked as error:
            raise _in_use(self.path, error.holder) from error

    @property
    def closed(self) -> bool:
        """Whether the file is let go of."""
        return self._file.closed

    def content(self) -> bytes:
        """Read the whole file."""
        os.lseek(self._file.descriptor, 0, os.SEEK_SET)
        parts = []
        while part := os.read(self._file.descriptor, 1 << 24):
            parts.append(part)
        return b"".join(parts)

    def is_in_place(self) -> bool:
        """Whether the path still leads to this file, and not to another or none."""
        return self._file.is_in_place()

    def append(self, data: bytes) -> None:
        """Write at the end and force it to disk.

        Raises
        ------
        OSError
            If that failed: then the file is cut back to what it was, now or before the next write.
        JournalInUse
            If another process has written to it, on a file system without locks.
        """
        if self.tail_is_dirty:
            self.cut(self.size)
        if not self._file.is_locked and os.fstat(self._file.descriptor).st_size != self.size:
            raise _in_use(self.path, None)
        try:
            _write(self._file.descriptor, data, self.size)
            sync_file(self._file.descriptor)
            self.force_name()
        except BaseException:
            # What reached the disk is unknown: after a failed fsync the pages count as clean. It is
            # cut off and written again with the next change.
            self.tail_is_dirty = True
            with suppress(OSError):
                self.cut(self.size)
            raise
        self.size += len(data)

    def force_name(self) -> None:
        """Force the file's name to disk, if that has not happened; OSError if it fails."""
        if not self._folder_is_forced:
            sync_folder(self.path.parent)
            self._folder_is_forced = True

    def cut(self, size: int) -> None:
        """Shorten the file to its first ``size`` bytes."""
        os.ftruncate(self._file.descriptor, size)
        self.size = size
        self.tail_is_dirty = False

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
        new = LockedFile(partial, new=True)
        try:
            with suppress(OSError, AttributeError):  # as the file it replaces, where that is ours
                os.fchmod(new.descriptor, os.fstat(self._file.descriptor).st_mode & 0o777)
            _write(new.descriptor, data, 0)
            sync_file(new.descriptor)
            if BARS_OPEN_FILES:  # for a moment nobody has the lock
                new.close()
                self._file.close()
            try:
                replace_file(partial, self.path)
            finally:
                if self._file.closed:
                    self._file = self._opened()
        except BaseException:
            new.close(remove=True)
            with suppress(OSError):
                partial.unlink(missing_ok=True)
            raise
        if not new.closed:
            new.path = self.path
            old, self._file = self._file, new
            old.close()
        self.size, self.tail_is_dirty, self._folder_is_forced = len(data), False, False

    def close(self, *, remove: bool = False) -> None:
        """Let go of the file and its lock; ``remove`` deletes it first."""
        self._file.close(remove=remove)

    def forget(self) -> None:
        """Close the file and nothing else."""
        self._file.close()


def _in_use(path: Path, holder: int | None) -> JournalInUse:
    if holder == os.getpid():
        return JournalInUse(
            f"the journal {path} is in use by this very process, which has loaded the package "
            "twice. Restart the kernel."
        )
    named = "" if holder is None else f" (number {holder})"
    return JournalInUse(
        f"the journal {path} is in use by another process{named}. Close the widget there or shut "
        "that kernel down, or pass journal=False, or the path of another journal."
    )


def _write(descriptor: int, data: bytes, at: int) -> None:
    os.lseek(descriptor, at, os.SEEK_SET)
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(descriptor, rest) :]
