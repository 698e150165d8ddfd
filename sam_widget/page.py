"""What the page asks and is told by messages: gestures in, answers and objects out."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import RLock
from typing import TYPE_CHECKING, Any

import numpy as np

from sam_widget import protocol
from sam_widget.candidates import display_hw
from sam_widget.errors import ProtocolError
from sam_widget.everything import Everything
from sam_widget.images import encode_tile
from sam_widget.masks import Rle

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from concurrent.futures import Future
    from typing import Protocol

    from sam_widget.annotations import Annotation
    from sam_widget.protocol import Request
    from sam_widget.session import Session
    from sam_widget.worker import Worker

    class Send(Protocol):
        """Send one message with its binary buffers to every view."""

        def __call__(
            self, content: dict[str, Any], buffers: Sequence[bytes] | None = None
        ) -> None: ...


__all__ = ["Page"]

LIST_BYTES = 512_000
"""A list of objects is sent in parts of about this size: no message passes 1 MB."""
TILES_WAITING = 64


class Page:
    """Answer the page's requests, each exactly once, and keep its list of objects current.

    Parameters
    ----------
    send : callable
        Takes a message and its buffers; safe from any thread.
    worker : Worker
        Applies the gestures.
    publish : callable
        Brings the traits up to date; called before a gesture is acknowledged.
    """

    def __init__(self, send: Send, worker: Worker, publish: Callable[[], None]) -> None:
        self._send = send
        self._worker = worker
        self._publish = publish
        self._lock = RLock()
        self._annotations: tuple[Annotation, ...] = ()
        self._annotations_version = 0
        self._shown_rles: dict[str, tuple[Rle, Rle]] = {}
        # Versions: whose answer is to be pushed along, and whose was sent last.
        self._push_at: int | None = None
        self._published = -1
        self._image_id = ""
        self.everything = Everything(send, worker, publish)
        self._tiles: ThreadPoolExecutor | None = None
        self._tiles_waiting = 0

    def show_image(self, image_id: str) -> None:
        """Tell which image tiles may be asked of."""
        with self._lock:
            self._image_id = image_id
            self._shown_rles.clear()
        self.everything.reset()

    def receive(self, content: object, buffers: Sequence[object]) -> None:
        """Take one untrusted message; whatever is wrong with it goes back as an error."""
        try:
            request = protocol.parse_request(content, buffers)
            self._worker.start()
            if request.type in protocol.GESTURES:
                self._on_gesture(request)
            elif request.type == "preview":
                self._on_preview(request)
            elif request.type == "annotations":
                self._on_annotations(request)
            elif request.type == "tile":
                self._on_tile(request)
            elif request.type in protocol.EVERYTHING:
                self.everything.receive(
                    request, lambda fields, buffers: self._reply(request, fields, buffers)
                )
            else:
                self._reply(request, {"of": request.type})
        except Exception as error:  # noqa: BLE001 - untrusted input must never kill the comm
            self._send(protocol.error_reply(protocol.request_id(content), error))

    def published(self, version: int) -> None:
        """Tell that the answer to this version has just been sent, as the trait ``prediction``."""
        with self._lock:
            self._published = version
            self._push()

    def publish_annotations(self, annotations: tuple[Annotation, ...]) -> None:
        """Send what changed in the list of objects since the last time."""
        with self._lock:
            changed, removed = protocol.annotations_delta(self._annotations, annotations)
            self._annotations = annotations
            if not changed and not removed:
                return
            self._annotations_version += 1
            shown = [self._shown(annotation) for _, annotation in changed]
            wires = [
                {"index": index, "annotation": protocol.annotation_wire(one, shown[at], at)}
                for at, (index, one) in enumerate(changed)
            ]
            message = {
                "type": "annotations_changed",
                "version": self._annotations_version,
                "changed": wires,
                "removed": removed,
            }
            self._send(message, [rle.compressed() for rle in shown])

    def close(self) -> None:
        """Tell the page that nobody answers any more."""
        self.everything.close()
        self._send({"type": "closed"})
        if self._tiles is not None:
            self._tiles.shutdown(wait=False, cancel_futures=True)

    # ---- requests -------------------------------------------------------------------------------

    def _on_gesture(self, request: Request) -> None:
        computes = request.type in ("accept", "choose")
        future = self._worker.submit(lambda session: _perform(session, request), computes=computes)
        if not future.done():
            self._send({"type": "progress", "to": request.id})
        future.add_done_callback(lambda done: self._acknowledge(request, done))

    def _acknowledge(self, request: Request, done: Future[tuple[int, int]]) -> None:
        self._publish()
        error = done.exception()
        if error is not None:
            self._send(protocol.error_reply(request.id, error))
            return
        version, revision = done.result()
        # The answer is a trait and may be some time away: a message of its own pushes it along.
        self._reply(
            replace(request, push=False),
            {"of": "gesture", "version": version, "revision": revision},
        )
        if request.push:
            with self._lock:
                self._push_at = version
                self._push()

    def _push(self) -> None:
        """Send what makes the answer leave at once, when it has been sent. The lock is held."""
        if self._push_at is not None and self._push_at <= self._published:
            self._push_at = None
            self._send({"type": "push"}, [protocol.PUSH])

    def _reply(
        self, request: Request, fields: dict[str, Any], buffers: Sequence[bytes] = ()
    ) -> None:
        """Answer a request; on a link that holds small answers back, with bytes behind it."""
        padding = [protocol.PUSH] if request.push else []
        content = {"type": "reply", "to": request.id, **fields}
        self._send(content, [*buffers, *padding])

    def _on_preview(self, request: Request) -> None:
        x, y = request.arguments["x"], request.arguments["y"]
        self._worker.preview(
            x, y, lambda found: self._reply(request, *protocol.preview_fields(request, found))
        )

    def _on_annotations(self, request: Request) -> None:
        with self._lock:
            start = request.arguments["start"]
            wires: list[dict[str, Any]] = []
            buffers: list[bytes] = []
            size = 0
            for annotation in self._annotations[start:]:
                shown = self._shown(annotation)
                buffers.append(shown.compressed())
                wires.append(protocol.annotation_wire(annotation, shown, len(wires)))
                size += len(buffers[-1]) + 500
                if size > LIST_BYTES:
                    break
            end = start + len(wires)
            fields = {
                "of": "annotations",
                "version": self._annotations_version,
                "annotations": wires,
                "next": end if end < len(self._annotations) else None,
            }
            self._reply(request, fields, buffers)

    def _on_tile(self, request: Request) -> None:
        ask = request.arguments
        if ask["image_id"] != self._image_id:
            raise ProtocolError("that image is no longer shown.")
        with self._lock:
            if self._tiles_waiting >= TILES_WAITING:
                raise ProtocolError("too many tiles are waiting.")
            if self._tiles is None:
                self._tiles = ThreadPoolExecutor(1, thread_name_prefix="sam_widget_tiles")
            self._tiles_waiting += 1
        image = self._worker.session.image

        def work() -> None:
            try:
                tile = encode_tile(
                    image, ask["level"], ask["column"], ask["row"], protocol.TILE_SIZE
                )
                self._reply(request, {"of": "tile", "mime": tile.mime}, [tile.data])
            except Exception as error:  # noqa: BLE001 - the page gets it
                self._send(protocol.error_reply(request.id, error))
            finally:
                with self._lock:
                    self._tiles_waiting -= 1

        self._tiles.submit(work)

    def _shown(self, annotation: Annotation) -> Rle:
        """Return the object's mask at the size that travels to the page."""
        rle = annotation.rle
        height, width = display_hw(rle.height, rle.width)
        if (height, width) == (rle.height, rle.width):
            return rle
        known = self._shown_rles.get(annotation.id)
        if known is None or known[0] is not rle:
            rows = ((np.arange(height) + 0.5) * rle.height / height).astype(np.intp)
            columns = ((np.arange(width) + 0.5) * rle.width / width).astype(np.intp)
            known = (rle, Rle.encode(rle.decode()[np.ix_(rows, columns)]))
            self._shown_rles[annotation.id] = known
        return known[1]


def _perform(session: Session, request: Request) -> tuple[int, int]:
    """Do what a gesture says; return the version and revision it led to."""
    arguments = dict(request.arguments)
    if request.type == "choose":
        arguments["as_of"] = arguments.pop("revision")
    elif request.type in ("move_point", "remove_point"):
        arguments["as_of"] = request.version
    # A gesture of the page is the session's method of the same name and arguments.
    getattr(session, request.type)(**arguments)
    return session.version, session.committed.revision
