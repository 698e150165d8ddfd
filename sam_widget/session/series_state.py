"""Where one stopped in a folder of images: a small file in it, replaced in one step."""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from sam_widget.storage import (
    FileLocked,
    LockedFile,
    replace_file,
    wait_for_lock,
    write_atomically,
)

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

__all__ = ["FILE_NAME", "STATUSES", "SeriesState", "StateFile"]

FILE_NAME: Final = ".sam-series.json"
STATUSES: Final = ("todo", "done", "skipped")
_VERSION: Final = 1
_MAX_BYTES: Final = 64 << 20
"""More than a million images; what is larger is no such file."""

_log = logging.getLogger(__name__)


@dataclass
class SeriesState:
    """What is kept of a series, by the names of its images.

    Attributes
    ----------
    place : str
        Name of the image that was open; empty before the first.
    statuses : dict
        Name to ``"done"`` or ``"skipped"``; the others are to do. Names that are not in the series
        (now) are kept as they are.
    """

    place: str = ""
    statuses: dict[str, str] = field(default_factory=dict)


class StateFile:
    """The file of one folder. Reading and writing it never fail: what fails is said, once.

    Several series, in several processes, may write to it: each brings in what it changed itself.

    Parameters
    ----------
    folder : Path
    """

    def __init__(self, folder: Path) -> None:
        self.path = folder / FILE_NAME
        self.problem = ""
        """Why changes are not kept at the moment, in words; empty as long as all is well."""

    def read(self) -> SeriesState:
        """Return what was kept; a damaged file is put aside under another name, never deleted."""
        try:
            return self._found()
        except OSError as error:
            self._fail(f"cannot be read: {error.strerror or error}")
        return SeriesState()

    def change(self, place: str | None, statuses: Mapping[str, str]) -> SeriesState | None:
        """Change the file: after a crash there is the old one or the new one, whole.

        Parameters
        ----------
        place : str, optional
            Name of the image that is open now; None leaves it.
        statuses : mapping
            Name to status of the images whose status changed.

        Returns
        -------
        SeriesState or None
            What the file says now, others' changes included; None if it could not be written, and
            :attr:`problem` says why.
        """
        try:
            lock = self._locked()
        except FileLocked as error:
            self._fail(f"cannot be written: {error}".rstrip("."))
            return None
        try:
            try:
                state = self._found()
            except OSError as error:
                self._fail(f"cannot be read: {error.strerror or error}")
                return None
            if place is not None:
                state.place = place
            state.statuses |= statuses
            kept = {name: status for name, status in state.statuses.items() if status != "todo"}
            content = {"version": _VERSION, "place": state.place, "statuses": kept}
            # In ASCII: file names may hold what is no text, and come back as they were.
            write_atomically(self.path, json.dumps(content, indent=1).encode("ascii"))
        except OSError as error:
            self._fail(f"cannot be written: {error.strerror or error}")
            return None
        finally:
            if lock is not None:
                lock.close(remove=True)
        self.problem = ""
        return state

    def _locked(self) -> LockedFile | None:
        """Keep others out, where the file system can; FileLocked if somebody keeps us out."""
        try:
            return wait_for_lock(self.path.with_name(f"{FILE_NAME}.lock"))
        except FileLocked:
            raise
        except OSError:
            return None

    def _found(self) -> SeriesState:
        try:
            with self.path.open("rb") as file:
                return _parsed(file.read(_MAX_BYTES + 1))
        except FileNotFoundError:
            pass
        except (ValueError, RecursionError) as error:
            self._put_aside(error)
        return SeriesState()

    def _put_aside(self, error: Exception) -> None:
        number = 1
        while (aside := self.path.with_name(f"{FILE_NAME}.damaged-{number}")).exists():
            number += 1
        try:
            replace_file(self.path, aside)
        except OSError as failure:
            raise OSError(failure.errno, f"is damaged ({error}) and cannot be put aside") from error
        _log.warning("%s is damaged (%s): it is now %s.", self.path, error, aside.name)

    def _fail(self, reason: str) -> None:
        problem = (
            f"Place and statuses of this series are kept in memory only: {self.path} {reason}."
        )
        if problem != self.problem:
            _log.warning("%s", problem)
        self.problem = problem


def _parsed(data: bytes) -> SeriesState:
    """Check the content of a file that anybody may have written."""
    if len(data) > _MAX_BYTES:
        raise ValueError(f"it has more than {_MAX_BYTES >> 20} MB")
    content = json.loads(data.decode("utf-8"))
    if not isinstance(content, dict) or content.get("version") != _VERSION:
        raise ValueError(f"expected an object of version {_VERSION}")
    place, statuses = content.get("place", ""), content.get("statuses", {})
    if not isinstance(place, str) or not isinstance(statuses, dict):
        raise ValueError("expected a text 'place' and an object 'statuses'")  # noqa: TRY004
    for name, status in statuses.items():
        if status not in STATUSES:
            raise ValueError(f"expected one of {', '.join(STATUSES)} for {name!r:.60}")
    return SeriesState(place, dict(statuses))
