"""What the page asks and is told by messages: gestures in, answers and objects out."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import RLock
from typing import TYPE_CHECKING, Any

from sam_widget.annotations import display_hw, display_rle
from sam_widget.errors import ProtocolError
from sam_widget.images import encode_tile
from sam_widget.widget.everything import Everything
from sam_widget.widget.wire import gestures as protocol
from sam_widget.widget.wire import problems, replies
from sam_widget.widget.wire import state as traits

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from concurrent.futures import Future
    from typing import Protocol

    from sam_widget.annotations import Annotation
    from sam_widget.masks import Rle
    from sam_widget.session import Session
    from sam_widget.widget.navigation import Navigation
    from sam_widget.widget.wire.gestures import Request
    from sam_widget.widget.worker import Worker

    class Send(Protocol):
        """Send one message with its binary buffers to every view."""

        def __call__(
            self, content: dict[str, Any], buffers: Sequence[bytes] | None = None
        ) -> None: ...


__all__ = ["Page"]

LIST_BYTES = 512_000
"""A list of objects is sent in parts of about this size: no message passes 1 MB."""
WIRE_BYTES = 500
"""What an object takes besides its mask, at most, its label aside."""
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
        # Gestures applied and not yet acknowledged, with the version and revision they led to.
        self._unsaid: list[tuple[Request, int, int]] = []
        # Versions: whose answer is to be pushed along, and whose was sent last.
        self._push_at: int | None = None
        self._published = -1
        self._image_id = ""
        self.everything = Everything(send, worker, publish)
        self._tiles: ThreadPoolExecutor | None = None
        self._tiles_waiting = 0
        self._navigation: Navigation | None = None

    def follow(self, navigation: Navigation) -> None:
        """Tell who goes through a series of images."""
        self._navigation = navigation

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
            elif request.type == "islands":
                self._on_islands(request)
            elif request.type == "tile":
                self._on_tile(request)
            elif request.type == "thumbnail" or request.type in protocol.NAVIGATION:
                self._on_navigation(request)
            elif request.type in protocol.EVERYTHING:
                self.everything.receive(
                    request, lambda fields, buffers: self._reply(request, fields, buffers)
                )
            else:
                self._reply(request, {"of": request.type})
        except Exception as error:  # noqa: BLE001 - untrusted input must never kill the comm
            self._send(problems.error_reply(protocol.request_id(content), error))

    def published(self, document: int, answered: int) -> None:
        """Tell which versions have just been sent: the ``document`` and the ``prediction``."""
        with self._lock:
            self._published = answered
            said = [one for one in self._unsaid if one[1] <= document]
            self._unsaid = [one for one in self._unsaid if one[1] > document]
            for request, version, revision in said:
                # The answer is a trait of its own, which another message pushes along.
                fields = {"of": "gesture", "version": version, "revision": revision}
                self._reply(replace(request, push=False), fields)
                if request.push:
                    self._push_at = version
            self._push()

    def begin_with(self, annotations: tuple[Annotation, ...]) -> None:
        """Have objects listed that were there before any view was."""
        with self._lock:
            self._annotations = annotations

    def publish_annotations(self, annotations: tuple[Annotation, ...]) -> None:
        """Send what changed in the list of objects since the last time."""
        with self._lock:
            if annotations is self._annotations:
                return
            known = {one.id: one for one in self._annotations}
            changed, removed = replies.annotations_delta(self._annotations, annotations)
            self._annotations = annotations
            if not changed and not removed:
                return
            parts = list(self._in_parts(changed, known))
            # What follows in later parts is taken out before: an index holds in a list in order.
            follow = [one.id for part in parts[1:] for _, one in part if one.id in known]
            for number, part in enumerate(parts or [[]]):
                gone = sorted([*removed, *follow]) if number == 0 else []
                self._send_delta(part, gone, known if number == 0 else {})

    def _in_parts(
        self, changed: list[tuple[int, Annotation]], known: dict[str, Annotation]
    ) -> Iterator[list[tuple[int, Annotation]]]:
        part: list[tuple[int, Annotation]] = []
        size = 0
        for index, one in changed:
            same = one.id in known and known[one.id].rle is one.rle
            size += WIRE_BYTES + (0 if same else len(self._shown(one).compressed()))
            part.append((index, one))
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
        self._annotations_version += 1
        wires: list[dict[str, Any]] = []
        buffers: list[bytes] = []
        for index, one in changed:
            before = known.get(one.id)
            buffer = None
            if before is None or before.rle is not one.rle:
                buffer = len(buffers)
                buffers.append(self._shown(one).compressed())
            wire = replies.annotation_wire(one, _shown_wh(one), buffer)
            wires.append({"index": index, "annotation": wire})
        message = {
            "type": "annotations_changed",
            "version": self._annotations_version,
            "changed": wires,
            "removed": removed,
        }
        self._send(message, buffers)

    def close(self) -> None:
        """Tell the page that nobody answers any more."""
        self.everything.close()
        self._send({"type": "closed"})
        if self._tiles is not None:
            self._tiles.shutdown(wait=False, cancel_futures=True)
        if self._navigation is not None:
            self._navigation.close()

    # ---- requests -------------------------------------------------------------------------------

    def _on_gesture(self, request: Request) -> None:
        computes = protocol.needs_answer(request)
        future = self._worker.submit(lambda session: _perform(session, request), computes=computes)
        if not future.done():
            self._send({"type": "progress", "to": request.id})
        future.add_done_callback(lambda done: self._acknowledge(request, done))

    def _acknowledge(self, request: Request, done: Future[tuple[int, int]]) -> None:
        # On disk first: what is acknowledged is safe.
        self._worker.session.annotations.settle()
        error = done.exception()
        if error is not None:
            self._publish()
            self._send(problems.error_reply(request.id, error))
            return
        with self._lock:
            self._unsaid.append((request, *done.result()))
        # What is about to be answered is acknowledged with its answer: one message less to wait
        # for, and one picture less to draw.
        if not self._worker.answers_soon:
            self._publish()

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
            x, y, lambda found: self._reply(request, *replies.preview_fields(request, found))
        )

    def _on_annotations(self, request: Request) -> None:
        with self._lock:
            start = request.arguments["start"]
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
                "version": self._annotations_version,
                "annotations": wires,
                "next": end if end < len(self._annotations) else None,
            }
            self._reply(request, fields, buffers)

    def _on_islands(self, request: Request) -> None:
        found = self._worker.session.islands(request.arguments["annotation_id"])
        self._reply(request, replies.islands_fields(found))

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
                tile = encode_tile(image, ask["level"], ask["column"], ask["row"], traits.TILE_SIZE)
                self._reply(request, {"of": "tile", "mime": tile.mime}, [tile.data])
            except Exception as error:  # noqa: BLE001 - the page gets it
                self._send(problems.error_reply(request.id, error))
            finally:
                with self._lock:
                    self._tiles_waiting -= 1

        self._tiles.submit(work)

    def _on_navigation(self, request: Request) -> None:
        if self._navigation is None:
            raise ProtocolError("this widget shows one image, not a series.")
        future = self._navigation.answer(request)
        self._send({"type": "progress", "to": request.id})
        future.add_done_callback(lambda done: self._navigated(request, done))

    def _navigated(
        self, request: Request, done: Future[tuple[dict[str, Any], list[bytes]]]
    ) -> None:
        if done.cancelled():
            return
        error = done.exception()
        if error is not None:
            self._send(problems.error_reply(request.id, error))
        else:
            fields, buffers = done.result()
            self._reply(replace(request, push=False), fields, buffers)

    def _shown(self, annotation: Annotation) -> Rle:
        """Return the object's mask at the size that travels to the page."""
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
