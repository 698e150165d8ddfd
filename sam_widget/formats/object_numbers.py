"""Ids of objects in formats that number them."""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING

import numpy as np

from sam_widget.formats.reading.field import Field

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sam_widget.annotations import Annotation

__all__ = ["MAX_NUMBER", "Numbers", "UniqueNumbers", "assign_numbers", "id_from_number"]

MAX_NUMBER = 2**53 - 1
"""Largest id that every JSON reader keeps exactly."""


class UniqueNumbers:
    """Check that the ids of a list's records differ; held compactly, and an id may be missing."""

    def __init__(self) -> None:
        self._found = array("q")

    def add(self, number: Field | None) -> int | None:
        """Check the next record's id, a whole number or missing, and return it."""
        found = None if number is None else number.integer(0, MAX_NUMBER)
        self._found.append(-1 if found is None else found)
        return found

    def check(self, records: Field, key: str = "") -> None:
        """Fail at the first record of a list, or at its key, whose id one before it has."""
        found = np.frombuffer(self._found, dtype=np.int64)
        order = np.argsort(found, kind="stable")
        ordered = found[order]
        again = order[1:][(ordered[1:] == ordered[:-1]) & (ordered[1:] >= 0)]
        if len(again):
            at = int(again.min())
            place = Field(None, f"{records.where}[{at}]{key}", records.file_name)
            place.fail(f"the id {int(found[at])} is used twice.")


def id_from_number(field: Field) -> str:
    """Return the id for an object that a file numbers."""
    return str(field.integer(0, MAX_NUMBER))


class Numbers:
    """Give numbers that are used once, for formats whose ids are numbers.

    What came with a number keeps it if it is free; the others get what is free, from 1.
    """

    def __init__(self) -> None:
        self._used: set[int] = set()
        self._free = 0

    def assign(self, wanted: Sequence[int | None]) -> list[int]:
        """Return numbers for records, which may have wanted one; never one given before."""
        taken = {number for number in wanted if number is not None}
        result = []
        for number in wanted:
            chosen = number
            if chosen is None or chosen in self._used:
                self._free += 1
                while self._free in taken or self._free in self._used:
                    self._free += 1
                chosen = self._free
            self._used.add(chosen)
            result.append(chosen)
        return result

    def assign_to(self, annotations: Iterable[Annotation]) -> list[int]:
        """Return numbers for objects; those that came from such a file want theirs."""
        return self.assign([_number(annotation) for annotation in annotations])


def assign_numbers(annotations: Iterable[Annotation]) -> list[int]:
    """Give the objects of one file numbers; see :class:`Numbers`."""
    return Numbers().assign_to(annotations)


def _number(annotation: Annotation) -> int | None:
    text = annotation.id
    if not (text.isascii() and text.isdecimal()) or len(text) > 16 or text != str(int(text)):
        return None
    return int(text) if int(text) <= MAX_NUMBER else None
