"""Laying out the synced traits, from which a view is built without computation.

A trait's bytes are always at the same path, empty where there are none: who executes a notebook
without a page stores each buffer under the path that it last had, and could not put it back there.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from sam_widget.images import Encoded, RgbImage
    from sam_widget.session import Answer, Series, Session
    from sam_widget.store import AnnotationStore

__all__ = [
    "TILE_SIZE",
    "answer_trait",
    "document_trait",
    "file_name",
    "image_trait",
    "no_image_trait",
    "series_trait",
]

TILE_SIZE: Final = 512


def image_trait(image: RgbImage, preview: Encoded, image_id: str) -> dict[str, Any]:
    """Lay out ``image_state``: the preview, and the pyramid above it."""
    shrink = max(image.width, image.height) / max(preview.width, preview.height)
    # Level k halves k times: the coarsest one still sharper than the preview.
    max_level = math.ceil(math.log2(shrink)) - 1 if shrink > 1 else -1
    return {
        "id": image_id,
        "width": image.width,
        "height": image.height,
        "note": image.note,
        "preview": preview.data,
        "preview_mime": preview.mime,
        "preview_width": preview.width,
        "preview_height": preview.height,
        "max_level": max_level,
        "tile_size": TILE_SIZE,
    }


def no_image_trait() -> dict[str, Any]:
    """Lay out ``image_state`` where there is no image to show."""
    return {
        "id": "",
        "width": 0,
        "height": 0,
        "note": "",
        "preview": b"",
        "preview_mime": "",
        "preview_width": 0,
        "preview_height": 0,
        "max_level": -1,
        "tile_size": TILE_SIZE,
    }


def document_trait(session: Session) -> dict[str, Any]:
    """Lay out ``document``. Call with the session's lock held."""
    return {
        "version": session.version,
        "prompts": session.prompts.to_wire(),
        "can_undo": session.can_undo,
        "can_redo": session.can_redo,
        "cursor": session.cursor,
        "length": len(session.history),
        "multimask": session.multimask,
        "reopened": session.reopened,
        "journal": _journal_fields(session.annotations),
    }


def _journal_fields(store: AnnotationStore) -> dict[str, Any] | None:
    """Return the state of the journal: saved, saving, or unsaved and why."""
    if store.saved is None and not store.report:
        return None
    if store.saved:
        state = "saved"
    else:
        state = "unsaved" if store.saved is None or store.problem else "saving"
    return {"state": state, "note": store.report}


def answer_trait(answer: Answer) -> dict[str, Any]:
    """Lay out ``answer``: one atomic value, with the masks' run-length strings in one buffer."""
    candidates = answer.candidates
    listed: list[dict[str, Any]] = []
    texts: list[bytes] = []
    height = width = 0
    if candidates is not None:
        height, width = candidates.shown[0].height, candidates.shown[0].width
        texts = [shown.compressed() for shown in candidates.shown]
        listed = [
            {
                "score": _figure(float(candidates.scores[i])),
                "stability": _figure(candidates.stabilities[i]),
                "area": candidates.areas[i],
                "bytes": len(texts[i]),
            }
            for i in range(len(candidates))
        ]
    return {
        "revision": answer.revision,
        "version": answer.version,
        "width": width,
        "height": height,
        "selected": answer.selected,
        "candidates": listed,
        "masks": b"".join(texts),
    }


def _figure(value: float) -> float | None:
    """Return None for what no model told: JSON has no NaN."""
    return None if math.isnan(value) else value


def series_trait(series: Series) -> dict[str, Any]:
    """Lay out ``series_state``; names and pictures of the other images come with thumbnails."""
    return {
        "length": len(series),
        "index": series.index,
        "name": file_name(series.names[series.index]),
        "statuses": series.codes,
        "note": file_name(series.note),
    }


def file_name(name: str) -> str:
    """Return a name as a text that can travel: file systems hold some that are none."""
    return name.encode("utf-8", "replace").decode("utf-8")
