"""What may happen to a process while it writes: it is killed, or the system answers with an error.

The system's calls are watched where they concern one folder, and counted. What is to happen at
which call is said before.
"""

from __future__ import annotations

import errno
import io
import os
import signal
import stat
from collections import Counter

CALLS = ("write", "fsync", "fsync folder", "ftruncate", "replace", "open")
ERRORS = {
    "full disk": {"write": errno.ENOSPC, "fsync": errno.ENOSPC},
    "broken disk": {"write": errno.EIO, "fsync": errno.EIO, "ftruncate": errno.EIO},
    "nothing can be forced": {"fsync": errno.EIO, "fsync folder": errno.EIO},
    "folders cannot be forced": {"fsync folder": errno.EINVAL},
    "read-only": {"open": errno.EROFS, "replace": errno.EROFS, "write": errno.EROFS},
    "not allowed": {"open": errno.EACCES, "replace": errno.EACCES},
}


class Hazards:
    """Stand between this process and the files of a folder.

    Parameters
    ----------
    folder : Path
    """

    def __init__(self, folder):
        self.folder = os.fspath(folder)
        self.files = set()  # that were opened in it, as devices and inodes
        self.calls = Counter()
        self.kill_at = None  # how many calls are left, and how much of the last is done
        self.errors = {}
        self.errors_left = 0
        self.met = Counter()

    def watch(self):
        """Watch all calls from now on."""
        os.write = self._on_descriptor("write", os.write)
        os.ftruncate = self._on_descriptor("ftruncate", os.ftruncate)
        os.fsync = self._on_descriptor("fsync", os.fsync)
        os.replace = self._on_name("replace", os.replace)
        os.open = self._opening(os.open, lambda flags: flags & (os.O_RDWR | os.O_WRONLY))
        io.open = self._opening(io.open, lambda mode: set(mode) & set("wxa+"))

    def _on_descriptor(self, name, real):
        def watched(descriptor, *arguments):
            found = os.fstat(descriptor)
            if (found.st_dev, found.st_ino) not in self.files:
                return real(descriptor, *arguments)
            part = None
            if name == "write":
                data = bytes(arguments[0])
                part = lambda share: real(descriptor, data[: int(share * len(data))])  # noqa: E731
            folder = " folder" if stat.S_ISDIR(found.st_mode) else ""
            return self._call(name + folder, lambda: real(descriptor, *arguments), part)

        return watched

    def _on_name(self, name, real):
        def watched(source, target):
            if not self._is_here(target):
                return real(source, target)
            return self._call(name, lambda: real(source, target))

        return watched

    def _opening(self, real, writes):
        """Watch what opens files for writing, and know all files of the folder that are open."""

        def watched(path, how=os.O_RDONLY if real is os.open else "r", *arguments, **named):
            if not self._is_here(path):
                return real(path, how, *arguments, **named)
            act = lambda: real(path, how, *arguments, **named)  # noqa: E731
            opened = self._call("open", act) if writes(how) else act()
            found = os.fstat(opened if isinstance(opened, int) else opened.fileno())
            self.files.add((found.st_dev, found.st_ino))
            return opened

        return watched

    def kill(self, after, share):
        """Kill this process at a later call, when a share of it, from 0 to 1, is done.

        A write may have been done in part; other calls are done or not.
        """
        self.kill_at = [after, share]

    def fail(self, name, times):
        """Answer the next calls with the errors of this name, so many times."""
        self.errors, self.errors_left = ERRORS[name], times

    def _call(self, name, act, part=None):
        self.calls[name] += 1
        if self.kill_at is not None:
            self.kill_at[0] -= 1
            if self.kill_at[0] == 0:
                share = self.kill_at[1]
                if part is not None:
                    part(share)
                elif share >= 0.5:
                    act()
                os.kill(os.getpid(), signal.SIGKILL)
        code = self.errors.get(name) if self.errors_left > 0 else None
        if code is None:
            return act()
        self.errors_left -= 1
        self.met[name] += 1
        if part is not None:
            part(0.5)  # as a disk does that is full
        raise OSError(code, os.strerror(code))

    def _is_here(self, path):
        return not isinstance(path, int) and os.fsdecode(path).startswith(self.folder)
