"""Where one stopped in a folder of images: a small file in it, replaced in one step."""

from __future__ import annotations

import json
import logging
import os
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

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

    Parameters
    ----------
    folder : Path
    """

    def __init__(self, folder: Path) -> None:
        self.path = folder / FILE_NAME
        self.problem = ""
        """Why nothing is kept any more, in words; empty as long as all is well."""

    def read(self) -> SeriesState:
        """Return what was kept; a damaged file is put aside under another name, never deleted."""
        try:
            with self.path.open("rb") as file:
                return _parsed(file.read(_MAX_BYTES + 1))
        except FileNotFoundError:
            return SeriesState()
        except (ValueError, RecursionError) as error:
            self._put_aside(error)
        except OSError as error:
            self._give_up(f"cannot be read: {error.strerror or error}")
        return SeriesState()

    def write(self, state: SeriesState) -> None:
        """Replace the file: after a crash there is the old one or the new one, whole."""
        if self.problem:
            return
        content = {"version": _VERSION, "place": state.place, "statuses": state.statuses}
        # In ASCII: file names may hold what is no text, and come back as they were.
        text = json.dumps(content, indent=1)
        temporary = None
        try:
            with tempfile.NamedTemporaryFile(
                "w", encoding="utf-8", dir=self.path.parent, prefix=FILE_NAME, delete=False
            ) as file:
                temporary = file.name
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            Path(temporary).replace(self.path)
        except OSError as error:
            if temporary is not None:
                Path(temporary).unlink(missing_ok=True)
            self._give_up(f"cannot be written: {error.strerror or error}")

    def _put_aside(self, error: Exception) -> None:
        number = 1
        while (aside := self.path.with_name(f"{FILE_NAME}.damaged-{number}")).exists():
            number += 1
        try:
            self.path.replace(aside)
        except OSError:
            self._give_up(f"is damaged ({error}) and cannot be put aside")
        else:
            _log.warning("%s is damaged (%s): it is now %s.", self.path, error, aside.name)

    def _give_up(self, reason: str) -> None:
        self.problem = (
            f"Place and statuses of this series are kept in memory only: {self.path} {reason}."
        )
        _log.warning("%s", self.problem)


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
