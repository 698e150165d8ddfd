"""Candidates of everything mode as messages: a table, the ends of strings, and the strings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from sam_widget.annotations import display_hw, display_rle

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sam_widget.automatic import AutomaticMasks
    from sam_widget.masks import Rle

__all__ = ["chunks", "packed", "parts", "shown"]

_PART_BYTES = 400_000
"""Candidates are sent in parts of about this size: no message passes 1 MB."""


def shown(rle: Rle) -> Rle:
    """Return a mask at the size that travels to the page."""
    return display_rle(rle)


def parts(
    found: AutomaticMasks, start: int, end: int
) -> Iterator[tuple[dict[str, Any], list[bytes], int | None]]:
    """Rows of the table as messages: fields, buffers, and the row to go on from.

    Buffers are a table of float32, nine for each row (predicted IoU, stability, area, x, y, width,
    height of the box, x and y of the point), the ends of the run-length strings as uint32, and
    the strings one after the other.
    """
    table = found.table
    height, width = display_hw(found.height, found.width)
    texts = [shown(rle).compressed() for rle in table.rles[start:end]]
    for some in chunks([len(text) + 40 for text in texts]):
        rows = slice(start + some.start, start + some.stop)
        boxes = table.boxes_xyxy[rows].copy()
        boxes[:, 2:] += 1 - boxes[:, :2]
        numbers = np.column_stack(
            [
                table.predicted_iou[rows],
                table.stability[rows],
                table.area[rows],
                boxes,
                table.points[rows],
            ]
        )
        message = {
            "first": rows.start,
            "count": rows.stop - rows.start,
            "width": width,
            "height": height,
        }
        after = rows.stop if rows.stop < end else None
        yield message, [numbers.astype("<f4").tobytes(), *packed(texts[some])], after


def packed(texts: Sequence[bytes]) -> list[bytes]:
    """Return the ends of texts that are put one after the other, and them."""
    ends = np.cumsum([len(text) for text in texts], dtype="<u4")
    return [ends.tobytes(), b"".join(texts)]


def chunks(sizes: Sequence[int]) -> Iterator[slice]:
    """Cut a list into parts of about the size of a message."""
    start = total = 0
    for index, size in enumerate(sizes):
        if total and total + size > _PART_BYTES:
            yield slice(start, index)
            start, total = index, 0
        total += size
    if start < len(sizes):
        yield slice(start, len(sizes))
