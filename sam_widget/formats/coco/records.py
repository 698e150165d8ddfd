"""One record of a COCO file: its object, its category, its mask."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from sam_widget.annotations import PALETTE
from sam_widget.formats import own_fields
from sam_widget.formats.coco.layout import UNLABELLED
from sam_widget.formats.object_numbers import MAX_NUMBER
from sam_widget.formats.reading.drawing import Outlined
from sam_widget.formats.reading.field import Field, plain_json
from sam_widget.prompts import Prompts

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sam_widget.formats.reading.budget import Budget
    from sam_widget.masks import Rle

__all__ = [
    "Categories",
    "Facts",
    "identity_of",
    "object_of",
    "plain_identity",
]

Facts: TypeAlias = dict[str, Any]
"""What ``Annotation`` takes beside the mask."""

_MAX_IDENTITY = 200
_KNOWN = {
    "id", "image_id", "category_id", "segmentation", "area", "bbox", "predicted_iou",
    "stability_score", "point_coords", own_fields.KEY,
}  # fmt: skip


def plain_identity(field: Field) -> int | str:
    """Return an id as it is written: a whole number, also of 1.0, or a text."""
    return (
        field.text(_MAX_IDENTITY) if isinstance(field.value, str) else field.integer(0, MAX_NUMBER)
    )


def identity_of(field: Field) -> str:
    """Return an id as a text, the same for 7, 7.0 and "7"."""
    return str(plain_identity(field))


class Categories:
    """The categories of a file by id; two may have one name, and one may have none.

    Parameters
    ----------
    listed : Field or None
        As the file has them.
    budget : Budget
        Of the file.

    Attributes
    ----------
    records : list of Field
        Those of the file, then those that only its objects name.
    """

    def __init__(self, listed: Field | None, budget: Budget) -> None:
        self.records: list[Field] = []
        self._names: dict[str, str] = {}
        counts: dict[str, int] = {}
        for record in [] if listed is None else listed.items():
            key = identity_of(record["id"])
            if key in self._names:
                record.fail(f"the id {key} is used twice.")
            if record.get("name") is None:
                record.value["name"] = f"category {key}"
            name = record["name"].label()
            budget.keep(record, further=record.value)
            self._names[key] = name
            self.records.append(record)
            counts[name] = counts.get(name, 0) + 1
        self._ambiguous = {name for name, count in counts.items() if count > 1}

    def name_of(self, named: Field) -> str:
        """Return the name of the category that an object names; unknown ones are added."""
        key = identity_of(named)
        if key not in self._names:
            self._names[key] = f"category {key}"
            made = {"id": plain_identity(named), "name": self._names[key], "supercategory": ""}
            self.records.append(Field(made, named.where, named.file_name))
        return self._names[key]

    def is_ambiguous(self, name: str) -> bool:
        """Tell whether a name alone does not say which category is meant."""
        return name in self._ambiguous


def object_of(
    record: Field, categories: Categories, size: tuple[int, int], budget: Budget
) -> Outlined[Facts]:
    """Check a record; give what ``Annotation`` takes, and its mask."""
    own = record.get(own_fields.KEY)
    known = own_fields.from_json(own, size, budget)
    further = {key: value for key, value in record.mapping().items() if key not in _KNOWN}
    label, color = "", PALETTE[0]
    category = record.get("category_id")
    if category is not None:
        key = identity_of(category)
        label = categories.name_of(category)
        color = PALETTE[(int(key) if key.isdecimal() else len(key)) % len(PALETTE)]
        if categories.is_ambiguous(label):
            further["category_id"] = plain_identity(category)
    unlabelled = own.get("unlabelled") if own is not None else None
    if label == UNLABELLED and unlabelled is not None and unlabelled.boolean():
        label = ""
    number, points = record.get("id"), record.get("point_coords")
    if number is not None:
        known.setdefault("id", identity_of(number))
        if isinstance(number.value, str):
            further["id"] = number.value
    if points is not None and "prompts" not in known:
        known["prompts"] = Prompts(points=own_fields.read_points(points, budget))
    if not further.get("iscrowd"):
        further.pop("iscrowd", None)
    if further:
        known["extra"] = {"coco": plain_json(further, record)}
    budget.keep(record, further=known.get("extra"))
    figures = own_fields.read_scores(record)
    score = record.get("score")
    if score is not None:
        figures.setdefault("predicted_iou", score.number(-1000, 1000))
    known = {"label": label, "color": color, **figures, **known}
    return Outlined(known, record, _mask(record["segmentation"], size), ".segmentation[{}]")


def _mask(field: Field, size: tuple[int, int]) -> Rle | list[NDArray[np.float64]]:
    if isinstance(field.value, dict):
        return field.rle(size)
    if not isinstance(field.value, list | np.ndarray):
        field.fail("must be a run-length code {'size', 'counts'} or a list of polygons.")
    if not len(field.value):
        field.fail("is empty: this object has no mask, and a box alone is none.")
    polygons = []
    for ring in field.items():
        numbers = ring.numbers()
        if len(numbers) < 6 or len(numbers) % 2:
            ring.fail(
                "a polygon must be [x, y, x, y, x, y, ...], an even number of at least 6 numbers, "
                f"got {len(numbers)}."
            )
        polygons.append(numbers.reshape(-1, 2))
    return polygons
