"""Names for exported files: a file that is not ours, or was changed since, is never replaced."""

from __future__ import annotations

import hashlib
import itertools
import json
import os
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from sam_widget.storage import write_atomically

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

__all__ = ["RECORD", "WrittenFiles"]

RECORD: Final = ".sam-exports.json"
_VERSION: Final = 1
_MAX_BYTES: Final = 64 << 20
_CHUNK: Final = 1 << 20


class WrittenFiles:
    """What was exported into a folder, by name and checksum, in ``.sam-exports.json`` there.

    A file whose checksum is another one was changed by somebody else, and is theirs. Where the
    record is missing or damaged no file is ours, and exports get free names.

    Parameters
    ----------
    folder : Path
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._digests: dict[str, str] = {}
        try:
            with (folder / RECORD).open("rb") as file:
                content = json.loads(file.read(_MAX_BYTES))
            if content["version"] == _VERSION:
                self._digests = {str(name): str(known) for name, known in content["files"].items()}
        except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
            pass

    def choose(self, files_of: Callable[[str], Iterable[Path]]) -> str:
        """Return what to add to a name, ``""`` or ``"-2"`` and so on, so that nothing is lost.

        Parameters
        ----------
        files_of : callable
            Takes such an addition; returns the files that would be written.
        """
        return next(
            addition
            for addition in itertools.chain([""], (f"-{number}" for number in itertools.count(2)))
            if all(self._may_replace(path) for path in files_of(addition))
        )

    def remember(self, paths: Iterable[Path]) -> None:
        """Note that files were written just now."""
        for path in paths:
            with suppress(OSError):
                self._digests[self._name(path)] = _digest(path)
        content = {"version": _VERSION, "files": self._digests}
        # Without it the next export gets another name, and nothing else is amiss.
        with suppress(OSError):
            write_atomically(self._folder / RECORD, json.dumps(content, indent=1).encode())

    def _may_replace(self, path: Path) -> bool:
        if not os.path.lexists(path):
            return True
        known = self._digests.get(self._name(path))
        try:
            return known is not None and known == _digest(path)
        except OSError:
            return False

    def _name(self, path: Path) -> str:
        return path.relative_to(self._folder).as_posix()


def _digest(path: Path) -> str:
    found = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            found.update(chunk)
    return found.hexdigest()
