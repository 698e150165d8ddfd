"""Collect the annotations of a file while it is read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from sam_widget.annotations import Annotation, ImageAnnotations
from sam_widget.masks import Rle

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sam_widget.formats.reading.field import Field

__all__ = ["Collector", "claim"]


class Collector:
    """The annotations of one file, in its order; their ids must differ.

    What they have in common (time, empty prompts) is held once and not for each.

    Attributes
    ----------
    items : list of Annotation
        Those that were added.
    """

    def __init__(self) -> None:
        example = Annotation(Rle(1, 1, np.ones(1, np.uint32)))
        self._shared = {key: getattr(example, key) for key in ("created", "prompts", "extra")}
        self._ids: set[str] = set()
        self.items: list[Annotation] = []

    def add(
        self, place: Field, rle: Rle, known: Mapping[str, Any], id_place: Field | None = None
    ) -> None:
        """Add an annotation.

        Parameters
        ----------
        place : Field
            Where the file has it, for errors.
        rle : Rle
            Its mask.
        known : mapping
            Further arguments of ``Annotation``.
        id_place : Field, optional
            Where its id stands.

        Raises
        ------
        AnnotationError
            If a value is not as it should be, or the id is used twice, naming the place.
        """
        item = place.make(Annotation, rle, **{**self._shared, **known})
        claim(self._ids, id_place or place, item.id)
        self.items.append(item)

    def finish(
        self, size: tuple[int, int], file_name: str, extra: Mapping[str, Any] | None = None
    ) -> ImageAnnotations:
        """Return what was added, as the annotations of an image of (height, width) ``size``."""
        height, width = size
        return ImageAnnotations(
            tuple(self.items), width=width, height=height, file_name=file_name, extra=extra or {}
        )


def claim(taken: set[str], place: Field, identity: str) -> None:
    """Add an id to those that are taken; fail at ``place`` if it is."""
    if identity in taken:
        place.fail(f"the id {identity!r} is used twice.")
    taken.add(identity)
