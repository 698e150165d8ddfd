"""Opening an image together with the annotations made on it before."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from sam_widget.errors import ImageError, JournalError
from sam_widget.images import RgbImage
from sam_widget.prompts import Prompts
from sam_widget.store import AnnotationStore, open_annotations

if TYPE_CHECKING:
    from sam_widget.session import Kept, Series
    from sam_widget.store import JournalChoice

__all__ = ["UNREADABLE", "Opened", "Opener"]

UNREADABLE: Final = RgbImage(np.zeros((1, 1, 3), np.uint8))
"""Stands for an image that cannot be read, so that there is always one."""


class Opened(NamedTuple):
    """An image with what was made on it, or why it cannot be opened."""

    image: RgbImage
    store: AnnotationStore
    prompts: Prompts = Prompts()
    failure: ImageError | JournalError | None = None


class Opener:
    """Open images with their journals.

    Parameters
    ----------
    journal : path or bool, optional
        As for :class:`~sam_widget.SamWidget`. A path is the first image's only.
    """

    def __init__(self, journal: JournalChoice) -> None:
        self._journal = journal
        self._digest: str | None = None

    def open(self, image: RgbImage) -> Opened:
        """Open the annotations of an image.

        Raises
        ------
        JournalError
            If its journal is of another image, or used by another process.
        """
        if self._digest is None:
            self._digest = image.digest
        own = self._journal is None or isinstance(self._journal, bool)
        journal = self._journal if own or image.digest == self._digest else None
        return Opened(image, open_annotations(image, journal))

    def open_at(self, series: Series, index: int) -> Opened:
        """Open an image of a series; if that fails, return a placeholder and the reason.

        Annotations come from the image's journal, whenever it has one; those of an image without
        are kept in memory by the series.
        """
        series.has_journals = self._journal is not False
        kept = series.kept(index)
        try:
            image = series.load(index)
            in_memory = None if kept.has_journal else kept.store
            store = self.open(image).store if in_memory is None else in_memory
        except (ImageError, JournalError) as error:
            series.fail(index, error)
            return Opened(UNREADABLE, _to_look_at(kept), kept.prompts, error)
        return Opened(image, store, kept.prompts)


def _to_look_at(kept: Kept) -> AnnotationStore:
    """Return the annotations of an image that cannot be opened.

    A copy of what a journal keeps bears no file's name: what happens to it is saved nowhere.
    """
    if kept.store is None:
        return AnnotationStore.of(UNREADABLE)
    if not kept.has_journal:
        return kept.store
    copied = replace(kept.store.image_annotations(), file_name="")
    return AnnotationStore.from_image_annotations(copied)
