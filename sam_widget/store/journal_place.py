"""Finding the journal of an image, and looking into it without opening it."""

from __future__ import annotations

import itertools
import os
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from sam_widget.errors import JournalError
from sam_widget.store.journal_reading import read
from sam_widget.store.store import AnnotationStore

if TYPE_CHECKING:
    from sam_widget.images import RgbImage

__all__ = [
    "SUFFIX",
    "JournalChoice",
    "count_labels",
    "free_name",
    "journal_beside",
    "journal_path",
    "look_at_annotations",
]

SUFFIX = ".sam.jsonl"
JournalChoice: TypeAlias = "bool | str | os.PathLike[str] | None"


def journal_path(image: RgbImage, journal: JournalChoice) -> Path | None:
    """Return where the journal of an image is; None if it has none.

    Raises
    ------
    JournalError
        If ``journal`` is no path.
    """
    if journal is False:
        return None
    if journal is None or journal is True:
        return None if image.path is None else journal_beside(image.path)
    try:
        return Path(os.fsdecode(journal)).expanduser()
    except (TypeError, RuntimeError) as error:
        raise JournalError(
            f"journal must be the path of a file, True or False, got {journal!r:.60}."
        ) from error


def journal_beside(image: Path) -> Path:
    """Return where the journal of an image file is by default."""
    return image.with_name(image.name + SUFFIX)


def count_labels(journal: Path) -> Counter[str]:
    """Count the objects in a journal by label, without reading its image.

    What is counted belongs to the image that the journal names. Without a file there is none.

    Raises
    ------
    JournalError
        If the file is no journal.
    """
    try:
        content = journal.read_bytes()
    except OSError:
        return Counter()
    items = read(content, None, str(journal)).log.items if content else ()
    return Counter(annotation.label for annotation in items)


def look_at_annotations(image: RgbImage) -> AnnotationStore:
    """Return the annotations in the journal of an image, without opening it for writing.

    The store can be read and saved, and refuses every change: it would go to no journal.

    Raises
    ------
    JournalError
        If the file is the journal of another image, no journal, or cannot be read.
    """
    store = AnnotationStore.of(image)
    path = journal_path(image, None)
    try:
        content = b"" if path is None else path.read_bytes()
    except FileNotFoundError:
        content = b""
    except OSError as error:
        raise JournalError(f"the journal {path} cannot be read: {error.strerror}.") from error
    if content:
        store.transactions.adopt(read(content, image, str(path)).log)
    store.transactions.freeze(
        f"{store.file_name or 'this image'} is not open: its objects are only shown. Open it "
        "first, with go_to() or open_annotations()."
    )
    return store


def free_name(path: Path) -> Path:
    """Return a name beside a damaged journal that nothing has yet."""
    for number in itertools.count(1):
        candidate = path.with_name(f"{path.name}.damaged-{number}")
        if not candidate.exists():
            return candidate
    raise AssertionError
