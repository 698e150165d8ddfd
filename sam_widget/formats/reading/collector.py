"""Collect the annotations of a file while it is read, and what of it could not be used."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from sam_widget.annotations import Annotation, ImageAnnotations
from sam_widget.errors import AnnotationError
from sam_widget.formats.loss_warnings import SkippedRecordsWarning, warn
from sam_widget.formats.reading.budget import OverBudgetError
from sam_widget.formats.reading.field import plain_json
from sam_widget.masks import Rle

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sam_widget.formats.reading.budget import Budget
    from sam_widget.formats.reading.field import Field

__all__ = ["Collector", "claim", "warn_of_skipped"]

_SHOWN = 3


class Collector:
    """The annotations of one file, in its order; their ids must differ.

    What they have in common (time, empty prompts) is held once and not for each. A record that
    cannot be used is left out and named, and the others are read.

    Parameters
    ----------
    budget : Budget
        Of the file; records that are left out are kept as they are, and cost as much.
    strict : bool
        Refuse the file for a record that cannot be used.

    Attributes
    ----------
    items : list of Annotation
        Those that were added.
    skipped : list of str
        Records that were left out, each with its place and the reason.
    raw : list
        The same records as the file has them, to be written back.
    """

    def __init__(self, budget: Budget, *, strict: bool = False) -> None:
        example = Annotation(Rle(1, 1, np.ones(1, np.uint32)))
        self._shared = {key: getattr(example, key) for key in ("created", "prompts", "extra")}
        self._ids: set[str] = set()
        self._budget = budget
        self._strict = strict
        self.items: list[Annotation] = []
        self.skipped: list[str] = []
        self.raw: list[Any] = []

    def add(
        self, place: Field, rle: Rle, known: Mapping[str, Any], id_place: Field | None = None
    ) -> bool:
        """Add an annotation, or leave its record out.

        Parameters
        ----------
        place : Field
            The record.
        rle : Rle
            Its mask.
        known : mapping
            Further arguments of ``Annotation``.
        id_place : Field, optional
            Where its id stands.

        Returns
        -------
        bool
            Whether it was added.

        Raises
        ------
        AnnotationError
            If it is strict, and a value is not as it should be or the id is used twice.
        """
        try:
            item = place.make(Annotation, rle, **{**self._shared, **known})
            claim(self._ids, id_place or place, item.id)
        except AnnotationError as error:
            self.leave_out(place, error)
            return False
        self.items.append(item)
        return True

    def leave_out(self, record: Field, error: AnnotationError) -> None:
        """Go on without a record; it is kept as it is, with the reason.

        Raises
        ------
        AnnotationError
            The one given, if it is strict or the file as a whole costs too much.
        """
        if self._strict or isinstance(error, OverBudgetError):
            raise error
        self._budget.keep(record, further=record.value)
        self.skipped.append(str(error))
        self.raw.append(plain_json(record.value, record, strict=False))

    def has(self, identity: str | None) -> bool:
        """Tell whether an annotation with this id was added."""
        return identity in self._ids

    def finish(
        self,
        size: tuple[int, int],
        file_name: str,
        extra: Mapping[str, Any] | None = None,
        *,
        announce: bool = True,
    ) -> ImageAnnotations:
        """Return what was added, as the annotations of an image of (height, width) ``size``.

        What was left out is warned of, unless the caller does so (``announce``).
        """
        if announce:
            warn_of_skipped(self.skipped)
        height, width = size
        return ImageAnnotations(
            tuple(self.items),
            width=width,
            height=height,
            file_name=file_name,
            extra=extra or {},
            skipped=tuple(self.skipped),
        )


def warn_of_skipped(skipped: Sequence[str]) -> None:
    """Warn of records that were left out, once for all of them; of none, not at all."""
    if not skipped:
        return
    count = len(skipped)
    more = f"; and {count - _SHOWN} more" if count > _SHOWN else ""
    reasons = "; ".join(reason.rstrip(".") for reason in skipped[:_SHOWN])
    warn(
        f"{count} record{'s' if count > 1 else ''} could not be used: {reasons}{more}. The others "
        "were read; `skipped` has all reasons, and strict=True refuses such files.",
        SkippedRecordsWarning,
    )


def claim(taken: set[str], place: Field, identity: str) -> None:
    """Add an id to those that are taken; fail at ``place`` if it is."""
    if identity in taken:
        place.fail(f"the id {identity!r} is used twice.")
    taken.add(identity)
