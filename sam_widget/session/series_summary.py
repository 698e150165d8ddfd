"""What has been made in a series: images by status, objects by label."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from threading import Lock
from typing import TYPE_CHECKING

from sam_widget.errors import JournalError
from sam_widget.store import count_labels

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

__all__ = ["JournalCounts", "SeriesSummary", "summarize"]


@dataclass(frozen=True)
class SeriesSummary:
    """How far a series is.

    Attributes
    ----------
    statuses : mapping of str to int
        Images that are ``"todo"``, ``"done"`` and ``"skipped"``; all three are there.
    labels : mapping of str to int
        Objects by label, in alphabetical order; ``""`` has none.
    empty : tuple of int
        Indices of the images without objects.
    unknown : tuple of int
        Indices of images whose journal cannot be read.
    """

    statuses: Mapping[str, int]
    labels: Mapping[str, int]
    empty: tuple[int, ...]
    unknown: tuple[int, ...] = ()

    @property
    def images(self) -> int:
        """How many images there are."""
        return sum(self.statuses.values())

    @property
    def objects(self) -> int:
        """How many objects there are in all."""
        return sum(self.labels.values())

    @property
    def finished(self) -> bool:
        """Whether every image is done or skipped."""
        return self.statuses["todo"] == 0

    def __str__(self) -> str:
        words = {"done": "done", "skipped": "skipped", "todo": "to do"}
        places = ", ".join(f"{self.statuses[status]} {word}" for status, word in words.items())
        labels = ", ".join(
            f"{count} {label or 'without a label'}" for label, count in self.labels.items()
        )
        end = f": {labels}" if labels else ""
        images = "1 image" if self.images == 1 else f"{self.images} images"
        objects = "1 object" if self.objects == 1 else f"{self.objects} objects"
        return f"{images} ({places}), {objects}{end}"


def summarize(statuses: Sequence[str], counts: Sequence[Mapping[str, int] | None]) -> SeriesSummary:
    """Summarize a series.

    Parameters
    ----------
    statuses : sequence of str
        Of each image.
    counts : sequence of mapping, or None
        Objects of each image by label; None where that cannot be known.
    """
    labels: dict[str, int] = {}
    for each in counts:
        for label, count in (each or {}).items():
            labels[label] = labels.get(label, 0) + count
    found = [None if each is None else sum(each.values()) for each in counts]
    return SeriesSummary(
        {status: statuses.count(status) for status in ("todo", "done", "skipped")},
        dict(sorted(labels.items())),
        tuple(index for index, count in enumerate(found) if count == 0),
        tuple(index for index, count in enumerate(found) if count is None),
    )


class JournalCounts:
    """Counts objects in journals, each read again only when it has changed. Thread-safe."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._known: dict[Path, tuple[tuple[int, int], Counter[str] | None]] = {}

    def labels(self, journal: Path) -> Counter[str] | None:
        """Return the objects by label; None if the journal cannot be read."""
        try:
            found = journal.stat()
        except OSError:
            return Counter()
        stamp = found.st_mtime_ns, found.st_size
        with self._lock:
            former = self._known.get(journal)
        if former is not None and former[0] == stamp:
            return former[1]
        try:
            labels: Counter[str] | None = count_labels(journal)
        except JournalError:
            labels = None
        with self._lock:
            self._known[journal] = stamp, labels
        return labels
