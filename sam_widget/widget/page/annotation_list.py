"""The list of annotations in the page, updated by deltas."""

from __future__ import annotations

from threading import RLock
from typing import TYPE_CHECKING, Any

from sam_widget.annotations import display_hw, display_rle
from sam_widget.widget.wire import replies

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sam_widget.annotations import Annotation
    from sam_widget.masks import Rle
    from sam_widget.widget.page.send import Send

__all__ = ["AnnotationList"]

LIST_BYTES = 512_000
"""A list of annotations is sent in parts of about this size: no message passes 1 MB."""
WIRE_BYTES = 500
"""What an annotation takes besides its mask, at most, its label aside."""


class AnnotationList:
    """Keep the page's list of annotations current.

    Parameters
    ----------
    send : callable
        Takes a message and its buffers; safe from any thread.
    """

    def __init__(self, send: Send) -> None:
        self._send = send
        self._lock = RLock()
        self._annotations: tuple[Annotation, ...] = ()
        self._version = 0
        self._shown_rles: dict[str, tuple[Rle, Rle]] = {}

    def begin_with(self, annotations: tuple[Annotation, ...]) -> None:
        """Set the annotations that exist before there is a view."""
        with self._lock:
            self._annotations = annotations

    def forget_masks(self) -> None:
        """Free the downscaled masks, when another image is shown."""
        with self._lock:
            self._shown_rles.clear()

    def publish(self, annotations: tuple[Annotation, ...]) -> None:
        """Send what changed in the list since the last time."""
        with self._lock:
            if annotations is self._annotations:
                return
            known = {annotation.id: annotation for annotation in self._annotations}
            changed, removed = replies.annotations_delta(self._annotations, annotations)
            self._annotations = annotations
            if not changed and not removed:
                return
            parts = list(self._in_parts(changed, known))
            # What follows in later parts is taken out before: an index holds in a list in order.
            follow = [moved.id for part in parts[1:] for _, moved in part if moved.id in known]
            for number, part in enumerate(parts or [[]]):
                gone = sorted([*removed, *follow]) if number == 0 else []
                self._send_delta(part, gone, known if number == 0 else {})

    def fields_from(self, start: int) -> tuple[dict[str, Any], list[bytes]]:
        """Lay out part of the list from position ``start`` on, for a new view."""
        with self._lock:
            wires: list[dict[str, Any]] = []
            buffers: list[bytes] = []
            size = 0
            for annotation in self._annotations[start:]:
                buffers.append(self._shown(annotation).compressed())
                wires.append(replies.annotation_wire(annotation, _shown_wh(annotation), len(wires)))
                size += len(buffers[-1]) + WIRE_BYTES
                if size > LIST_BYTES:
                    break
            end = start + len(wires)
            fields = {
                "of": "annotations",
                "version": self._version,
                "annotations": wires,
                "next": end if end < len(self._annotations) else None,
            }
            return fields, buffers

    def _in_parts(
        self, changed: list[tuple[int, Annotation]], known: dict[str, Annotation]
    ) -> Iterator[list[tuple[int, Annotation]]]:
        part: list[tuple[int, Annotation]] = []
        size = 0
        for index, annotation in changed:
            same = annotation.id in known and known[annotation.id].rle is annotation.rle
            size += WIRE_BYTES + (0 if same else len(self._shown(annotation).compressed()))
            part.append((index, annotation))
            if size > LIST_BYTES:
                yield part
                part, size = [], 0
        if part:
            yield part

    def _send_delta(
        self,
        changed: list[tuple[int, Annotation]],
        removed: list[str],
        known: dict[str, Annotation],
    ) -> None:
        self._version += 1
        wires: list[dict[str, Any]] = []
        buffers: list[bytes] = []
        for index, annotation in changed:
            before = known.get(annotation.id)
            buffer = None
            if before is None or before.rle is not annotation.rle:
                buffer = len(buffers)
                buffers.append(self._shown(annotation).compressed())
            wire = replies.annotation_wire(annotation, _shown_wh(annotation), buffer)
            wires.append({"index": index, "annotation": wire})
        message = {
            "type": "annotations_changed",
            "version": self._version,
            "changed": wires,
            "removed": removed,
        }
        self._send(message, buffers)

    def _shown(self, annotation: Annotation) -> Rle:
        """Return the annotation's mask at the size that travels to the page."""
        rle = annotation.rle
        width, height = _shown_wh(annotation)
        if (height, width) == (rle.height, rle.width):
            return rle
        known = self._shown_rles.get(annotation.id)
        if known is None or known[0] is not rle:
            known = (rle, display_rle(rle))
            self._shown_rles[annotation.id] = known
        return known[1]


def _shown_wh(annotation: Annotation) -> tuple[int, int]:
    height, width = display_hw(annotation.rle.height, annotation.rle.width)
    return width, height
