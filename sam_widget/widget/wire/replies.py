"""Replies and deltas as messages: previews, islands, annotations."""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING, Any, Final

from sam_widget.widget.wire.state import file_name

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sam_widget.annotations import Annotation, Candidates
    from sam_widget.masks import Islands
    from sam_widget.session import Exported, SeriesSummary
    from sam_widget.widget.wire.requests import Request

__all__ = [
    "annotation_wire",
    "annotations_delta",
    "exported_fields",
    "islands_fields",
    "preview_fields",
    "summary_fields",
]

MAX_LABELS: Final = 1000
"""Labels whose objects are counted for the page."""
MAX_SIZES: Final = 100
"""Islands and holes whose size is told to the page."""


def preview_fields(
    request: Request, found: Candidates | None
) -> tuple[dict[str, Any], list[bytes]]:
    """Lay out a hover preview: the best mask, or nothing once prompts have been placed."""
    if found is None:
        return {"of": "preview", "preview": None}, []
    rle = found.shown[found.best]
    preview = {
        "x": request.arguments["x"],
        "y": request.arguments["y"],
        "score": float(found.scores[found.best]),
        "width": rle.width,
        "height": rle.height,
    }
    return {"of": "preview", "preview": preview}, [rle.compressed()]


def islands_fields(found: Islands) -> dict[str, Any]:
    """Lay out islands and holes: how many, and the pixels of the smallest ones."""
    return {
        "of": "islands",
        "island_count": len(found.islands),
        "islands": list(found.islands[:MAX_SIZES]),
        "hole_count": len(found.holes),
        "holes": list(found.holes[:MAX_SIZES]),
    }


def exported_fields(exported: Exported, losses: Iterable[str]) -> dict[str, Any]:
    """Lay out where objects were written, how many, and what is worth knowing."""
    notes = [exported.note, *losses]
    return {
        "of": "export",
        "path": file_name(str(exported.path)),
        "images": exported.images,
        "objects": exported.objects,
        "note": file_name(" ".join(note for note in notes if note)),
    }


def summary_fields(summary: SeriesSummary) -> dict[str, Any]:
    """Lay out what has been made in a series: objects by label, and which images have none."""
    empty = set(summary.empty)
    return {
        "of": "summary",
        "objects": summary.objects,
        "labels": [[label, count] for label, count in summary.labels.items()][:MAX_LABELS],
        "label_count": len(summary.labels),
        "empty": "".join("01"[index in empty] for index in range(summary.images)),
    }


def annotation_wire(
    annotation: Annotation, size_wh: tuple[int, int], buffer: int | None
) -> dict[str, Any]:
    """Lay out one accepted object.

    Its mask as shown, of that size, is buffer number ``buffer``; None where the page has it.
    """
    return {
        "id": annotation.id,
        "label": annotation.label,
        "color": annotation.color,
        "visible": annotation.visible,
        "score": annotation.predicted_iou,
        "stability": annotation.stability_score,
        "area": annotation.area,
        "bbox": list(annotation.bbox_xywh),
        "width": size_wh[0],
        "height": size_wh[1],
        "buffer": buffer,
    }


def annotations_delta(
    before: Iterable[Annotation], after: Iterable[Annotation]
) -> tuple[list[tuple[int, Annotation]], list[str]]:
    """Compare two lists of objects: what is new or changed, with its index, and what is gone.

    Objects are values: an unchanged one is the same object in both. Of those in another order, as
    few as possible count as changed.
    """
    old = {annotation.id: (place, annotation) for place, annotation in enumerate(before)}
    new = list(after)
    same = [old.get(item.id, (0, None))[1] is item for item in new]
    kept = [i for i, unchanged in enumerate(same) if unchanged]
    staying = {kept[at] for at in _longest_rise([old[new[i].id][0] for i in kept])}
    changed = [(i, item) for i, item in enumerate(new) if i not in staying]
    removed = sorted(old.keys() - {item.id for item in new})
    return changed, removed


def _longest_rise(numbers: list[int]) -> list[int]:
    """Return the indices of a longest rising subsequence of different numbers."""
    ends: list[int] = []  # ends[k]: the smallest number that ends a rise of k + 1
    at: list[int] = []
    before: list[int] = []
    for index, number in enumerate(numbers):
        place = bisect_left(ends, number)
        before.append(at[place - 1] if place else -1)
        ends[place : place + 1] = [number]
        at[place : place + 1] = [index]
    rise = []
    index = at[-1] if at else -1
    while index >= 0:
        rise.append(index)
        index = before[index]
    return rise
