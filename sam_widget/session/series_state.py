"""Where one stopped in a folder of images: a small file in it, replaced in one step."""

from __future__ import annotations

import json
import logging
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from sam_widget.storage import (
    replace_file,
    wait_for_lock,
    write_atomically,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
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

    def status(self, name: str) -> str:
        """Return the status of an image."""
        return self.statuses.get(name, "todo")


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
        self._said = SeriesState()  # by the file, when it was last read or written
        # What could not be written yet.
        self._late: dict[str, str] = {}
        self._late_place: str | None = None

    def read(self) -> SeriesState:
        """Return what was kept; a damaged file is put aside under another name, never deleted."""
        try:
            self._said = self._found()
        except OSError as error:
            self._fail(f"cannot be read: {error.strerror or error}")
        return self._said

    def change(self, place: str | None, statuses: Mapping[str, str]) -> SeriesState:
        """Change the file: after a crash there is the old one or the new one, whole.

        What cannot be written goes with the next change, unless others changed the same meanwhile.

        Parameters
        ----------
        place : str, optional
            Name of the image that is open now; None leaves it.
        statuses : mapping
            Name to status of the images whose status changed.

        Returns
        -------
        SeriesState
            What others changed included, and what could not be written.
        """
        if place is not None:
            self._late_place = None
        late = {name: status for name, status in self._late.items() if name not in statuses}
        what_fails = "written"
        try:
            with self._others_kept_out():
                what_fails = "read"
                found = self._found()
                what_fails = "written"
                if place is None:
                    moved = self._late_place is not None and found.place == self._said.place
                    place = self._late_place if moved else found.place
                unchanged = {name for name in late if found.status(name) == self._said.status(name)}
                marked = {name: status for name, status in late.items() if name in unchanged}
                state = SeriesState(place or "", {**found.statuses, **marked, **statuses})
                self._write(state)
        except OSError as error:
            self._fail(f"cannot be {what_fails}: {error.strerror or error}".rstrip("."))
            self._late = {**late, **statuses}
            self._late_place = place if place is not None else self._late_place
            return SeriesState(self._said.place, {**self._said.statuses, **self._late})
        self._late, self._late_place, self._said, self.problem = {}, None, state, ""
        return state

    def _write(self, state: SeriesState) -> None:
        kept = {name: status for name, status in state.statuses.items() if status != "todo"}
        content = {"version": _VERSION, "place": state.place, "statuses": kept}
        # In ASCII: file names may hold what is no text, and come back as they were.
        write_atomically(self.path, json.dumps(content, indent=1).encode("ascii"))

    @contextmanager
    def _others_kept_out(self) -> Iterator[None]:
        """Lock the file for a change; FileLocked if others do not end theirs."""
        lock = wait_for_lock(self.path.with_name(f"{FILE_NAME}.lock"))
        try:
            yield
        finally:
            lock.close(remove=True)

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
