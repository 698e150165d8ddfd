"""Every message of the page in one table: its fields, what it waits for, what it acted on.

The checks of :mod:`~sam_widget.widget.wire.requests` follow from it, and so do the TypeScript types
and the page's functions, which ``make protocol`` writes. What goes the other way is laid out in
``state.py``, ``replies.py`` and ``problems.py``. Both sides run the examples in
``tests/protocol/*.json``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Literal

from sam_widget.annotations import MAX_LABEL
from sam_widget.formats import FORMATS
from sam_widget.masks import MAX_POINTS, MAX_RADIUS, MAX_SMOOTHING
from sam_widget.widget.wire.fields import (
    MAX_COORDINATE,
    Box,
    Color,
    Count,
    Flag,
    ListOf,
    Number,
    OneOf,
    OrNull,
    Points,
    Text,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sam_widget.widget.wire.fields import Kind

__all__ = [
    "ENVELOPE",
    "EVERYTHING",
    "GESTURES",
    "IDENTITY",
    "MESSAGES",
    "NAVIGATION",
    "OPTIONAL_ENVELOPE",
    "QUERIES",
    "Message",
    "Shape",
]


@dataclass(frozen=True)
class Shape:
    """Fields that the page takes as one value: the name of their type, what it is, the fields."""

    name: str
    doc: str
    fields: Mapping[str, Kind]


@dataclass(frozen=True)
class Message:
    """One row of the table.

    Attributes
    ----------
    type : str
        Its name; of a gesture, also that of the session's method.
    doc : str
        What it does or asks, in one line.
    fields : dict
        By name, in the order of the method's arguments.
    shape : Shape, optional
        Further fields, which the page takes as one value.
    changes : Shape, optional
        Fields that may be absent; what is absent stays as it is.
    waits : str
        Whether a gesture waits for the answer on screen: ``"always"``, ``"never"``, or only
        ``"without annotation_id"``, which means the mask on screen.
    as_of : str, optional
        Which number of what was on screen goes to the method as ``as_of``: the ``"version"`` of
        the document or the ``"revision"`` of the answer. The latter is a field of the message;
        null means the answer that is still on its way.
    """

    type: str
    doc: str
    fields: Mapping[str, Kind] = field(default_factory=dict)
    shape: Shape | None = None
    changes: Shape | None = None
    waits: Literal["always", "never", "without annotation_id"] = "never"
    as_of: Literal["version", "revision"] | None = None

    @property
    def required(self) -> dict[str, Kind]:
        """All fields that the message must have."""
        shape = {} if self.shape is None else self.shape.fields
        seen: Mapping[str, Kind] = {"revision": OrNull(Count())} if self.as_of == "revision" else {}
        return {**self.fields, **shape, **seen}

    @property
    def optional(self) -> dict[str, Kind]:
        """All fields that the message may have."""
        return {} if self.changes is None else dict(self.changes.fields)


IDENTITY: Final = Text(64)
"""Ids of requests and of annotations."""
LABEL: Final = Text(MAX_LABEL)
PIXELS: Final = Count(1, MAX_COORDINATE**2)
RADIUS: Final = Number(above=0, most=MAX_RADIUS)
IDS: Final = ListOf(IDENTITY, "ids", most=100_000)
POINT: Final = {"x": Number(), "y": Number()}
ANNOTATION: Final = {"annotation_id": IDENTITY}
TARGET: Final = {"annotation_id": OrNull(IDENTITY)}
"""What an edit is for: an accepted annotation, or the mask on screen."""

CORNERS: Final = Shape(
    "WireBox",
    "A box, corners in pixels of the original image, x0 < x1 and y0 < y1.",
    {"x0": Number(), "y0": Number(), "x1": Number(), "y1": Number()},
)
ANNOTATION_CHANGE: Final = Shape(
    "AnnotationChange",
    "What may be changed of an annotation; absent properties stay.",
    {"label": LABEL, "color": Color(), "visible": Flag()},
)
LABEL_CHANGE: Final = Shape(
    "LabelChange", "What may be said of a label; absent properties stay.", {"color": Color()}
)
THRESHOLDS: Final = Shape(
    "EverythingThresholds",
    "What can be changed after the model has answered.",
    {
        "pred_iou_thresh": Number(),
        "stability_score_thresh": Number(),
        "box_nms_thresh": Number(),
        "crop_nms_thresh": Number(),
        "min_mask_region_area": Count(),
    },
)

ENVELOPE: Final[dict[str, Kind]] = {"id": IDENTITY, "version": Count()}
"""What every message has: an id, and the document's version on screen."""
OPTIONAL_ENVELOPE: Final[dict[str, Kind]] = {"push": Flag()}
"""What a message may have, see ``page/padding.py``."""


def _by_type(*messages: Message) -> dict[str, Message]:
    return {message.type: message for message in messages}


STROKE: Final[Mapping[str, Kind]] = {"points": Points(1, MAX_POINTS), "radius": RADIUS, **TARGET}
POLYGON: Final[Mapping[str, Kind]] = {"points": Points(3, MAX_POINTS), **TARGET}
EDIT: Final = "without annotation_id"

GESTURES: Final = _by_type(
    Message("add_point", "Include (or exclude) what is at (x, y).", {**POINT, "positive": Flag()}),
    Message("move_point", "Move a point.", {"index": Count(), **POINT}, as_of="version"),
    Message("remove_point", "Remove a point.", {"index": Count()}, as_of="version"),
    Message("set_box", "Set the box.", shape=CORNERS),
    Message("remove_box", "Remove the box."),
    Message("remove_mask", "Remove the mask prompt."),
    Message("set_mask_from", "Prompt with the mask of an annotation.", ANNOTATION),
    Message(
        "set_multimask",
        "Force three candidates (true) or one (false); null goes by the number of prompts.",
        {"value": OrNull(Flag())},
    ),
    Message("choose", "Choose a candidate.", {"index": Count()}, waits="always", as_of="revision"),
    Message("clear", "Remove all prompts, and what was drawn."),
    Message("undo", "Step back."),
    Message("redo", "Step forward again."),
    Message("brush", "Add what a round brush covers along points.", STROKE, waits=EDIT),
    Message("erase", "Take away what a round eraser covers along points.", STROKE, waits=EDIT),
    Message("add_polygon", "Add the inside of a polygon.", POLYGON, waits=EDIT),
    Message("subtract_polygon", "Take away the inside of a polygon.", POLYGON, waits=EDIT),
    Message(
        "fill_holes",
        "Fill the holes of at most this many pixels; null fills all.",
        {"max_area": OrNull(PIXELS), **TARGET},
        waits=EDIT,
    ),
    Message(
        "drop_islands",
        "Drop islands of fewer pixels; the largest stays.",
        {"min_area": PIXELS, **TARGET},
        waits=EDIT,
    ),
    Message(
        "smooth", "Smooth the border.", {"radius": Count(1, MAX_SMOOTHING), **TARGET}, waits=EDIT
    ),
    Message(
        "split",
        "Split an annotation by islands, or in two along a line.",
        {**ANNOTATION, "line": Points(0, MAX_POINTS)},
    ),
    Message(
        "merge",
        "Merge annotations into one.",
        {"ids": ListOf(IDENTITY, "ids", least=1, most=IDS.most), "label": OrNull(LABEL)},
    ),
    Message(
        "accept",
        "Keep the chosen candidate as an annotation.",
        {"label": OrNull(LABEL)},
        waits="always",
    ),
    Message(
        "update_annotation",
        "Rename, recolour, hide or show an annotation.",
        ANNOTATION,
        changes=ANNOTATION_CHANGE,
    ),
    Message("remove_annotation", "Delete an annotation.", ANNOTATION),
    Message("duplicate_annotation", "Copy an annotation, right after it.", ANNOTATION),
    Message("reopen", "Bring back an annotation's prompts; accepting replaces it.", ANNOTATION),
    Message(
        "update_annotations",
        "Rename, recolour, hide or show annotations, as one step of undo.",
        {"ids": IDS},
        changes=ANNOTATION_CHANGE,
    ),
    Message("remove_annotations", "Delete annotations, as one step of undo.", {"ids": IDS}),
    Message("show_only", "Show these annotations and hide all others.", {"ids": IDS}),
    Message("add_label", "Offer a label.", {"label": LABEL}, changes=LABEL_CHANGE),
    Message(
        "rename_label",
        "Rename a label, and all annotations under it.",
        {"label": LABEL, "to": LABEL},
    ),
    Message(
        "recolor_label",
        "Give a label and all annotations under it another colour.",
        {"label": LABEL, "color": Color()},
    ),
    Message("remove_label", "Offer a label no longer.", {"label": LABEL}),
)
"""What a person does; each is a method of the session, with these fields as arguments."""

QUERIES: Final = _by_type(
    Message("preview", "The best mask for a lone point.", POINT),
    Message("islands", "The sizes of islands and holes of a mask.", TARGET),
    Message(
        "tile",
        "A sharp part of the image.",
        {"level": Count(), "column": Count(), "row": Count(), "image_id": IDENTITY},
    ),
    Message(
        "annotations",
        "Annotations from index `start` on; the reply's `next` says where to go on.",
        {"start": Count()},
    ),
    Message("ping", "Nothing: how long an answer takes."),
    Message("thumbnail", "A small picture of an image of the series.", {"index": Count()}),
    Message(
        "export",
        "The annotations as files beside the photos; the reply's `path` says where.",
        {"format": OneOf(tuple(FORMATS)), "scope": OneOf(("image", "series"))},
    ),
    Message("summary", "How many annotations the series has by label, and which images none."),
)
"""Questions that change no annotation."""

NAVIGATION: Final = _by_type(
    Message("go_to", "Open an image of the series.", {"index": Count()}),
    Message("mark", "Mark an image of the series.", {"index": Count(), "status": Text(16)}),
)
"""What is done to a series of images; answered when it is done."""

EVERYTHING: Final = _by_type(
    Message(
        "everything_run",
        "Find all masks, in a box x0, y0, x1, y1 or (null) everywhere.",
        {
            "points_per_side": Count(most=128),
            "crop_n_layers": Count(most=3),
            "region": OrNull(Box()),
        },
    ),
    Message("everything_cancel", "End the run after the present batch."),
    Message("everything_filter", "Change thresholds.", shape=THRESHOLDS),
    Message(
        "everything_keep",
        "Accept masks by their rows; null means all that stay.",
        {
            "rows": OrNull(ListOf(Count(), "rows", most=100_000)),
            "label": OrNull(LABEL),
        },
    ),
    Message("everything_list", "Masks from row `start` on.", {"start": Count()}),
)
"""Requests of everything mode."""

MESSAGES: Final = {**GESTURES, **QUERIES, **NAVIGATION, **EVERYTHING}
