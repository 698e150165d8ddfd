"""What the page asks and is told by messages: gestures in, answers and annotations out."""

from __future__ import annotations

from threading import RLock
from typing import TYPE_CHECKING, Any

from sam_widget.errors import ProtocolError
from sam_widget.widget.page.annotation_list import AnnotationList
from sam_widget.widget.page.everything import Everything
from sam_widget.widget.page.padding import PaddedReplies
from sam_widget.widget.page.tiles import Tiles
from sam_widget.widget.wire import problems, replies
from sam_widget.widget.wire.requests import (
    method_arguments,
    needs_answer,
    parse_request,
    request_id,
)
from sam_widget.widget.wire.table import EVERYTHING, GESTURES, NAVIGATION

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from concurrent.futures import Future

    from sam_widget.annotations import Annotation
    from sam_widget.images import Encoded
    from sam_widget.session import Session
    from sam_widget.widget.exports import Exports
    from sam_widget.widget.navigation import Navigation
    from sam_widget.widget.page.send import Send
    from sam_widget.widget.wire.requests import Request
    from sam_widget.widget.worker.worker import Worker

__all__ = ["Page"]


class Page:
    """Answer the page's requests, each exactly once, and keep its list of annotations current.

    Parameters
    ----------
    send : callable
        Takes a message and its buffers.
    worker : Worker
        Applies the gestures.
    publish_version : callable
        Brings the traits up to a version of the document, before what led there is acknowledged.
    exports : Exports
        Writes objects to files.
    """

    def __init__(
        self,
        send: Send,
        worker: Worker,
        publish_version: Callable[[int], None],
        exports: Exports,
    ) -> None:
        self._send = send
        self._worker = worker
        self._publish_version = publish_version
        self._lock = RLock()
        self._replies = PaddedReplies(send)
        self._annotations = AnnotationList(send)
        self._tiles = Tiles()
        # Gestures applied and not yet acknowledged, with the version and revision they led to.
        self._unsaid: list[tuple[Request, int, int]] = []
        self.everything = Everything(send, worker)
        self._exports = exports
        self._navigation: Navigation | None = None
        self._queries: Mapping[str, Callable[[Request], None]] = {
            "preview": self._on_preview,
            "islands": self._on_islands,
            "tile": self._on_tile,
            "annotations": self._on_annotations,
            "ping": self._on_ping,
            "thumbnail": self._on_navigation,
            "export": self._on_export,
            "summary": self._on_export,
        }

    def follow(self, navigation: Navigation) -> None:
        """Set what navigates the series of images."""
        self._navigation = navigation

    def show_image(self, image_id: str) -> None:
        """Tell which image is shown from now on."""
        self._tiles.show_image(image_id)
        self._annotations.forget_masks()
        self.everything.reset()

    def begin_with(self, annotations: tuple[Annotation, ...]) -> None:
        """Set the annotations that exist before there is a view."""
        self._annotations.begin_with(annotations)

    def publish_annotations(self, annotations: tuple[Annotation, ...]) -> None:
        """Send what changed in the list of annotations since the last time."""
        self._annotations.publish(annotations)
        self.everything.follow(annotations)

    def receive(self, content: object, buffers: Sequence[object]) -> None:
        """Handle one untrusted message; answer with an error if it is invalid."""
        try:
            request = parse_request(content, buffers)
            self._worker.start()
            self._handle(request)
        except Exception as error:  # noqa: BLE001 - untrusted input must never kill the comm
            self._send(problems.error_reply(request_id(content), error))

    def published(self, document: int, answered: int) -> None:
        """Tell which versions have just been sent: the ``document``'s and the ``answer``'s."""
        with self._lock:
            said = [unsaid for unsaid in self._unsaid if unsaid[1] <= document]
            self._unsaid = [unsaid for unsaid in self._unsaid if unsaid[1] > document]
            for request, version, revision in said:
                self._replies.acknowledge(request, version, revision)
            self._replies.answered(answered)

    def close(self) -> None:
        """Tell the page that nobody answers any more."""
        self.everything.close()
        self._send({"type": "closed"})
        self._tiles.close()
        self._exports.close()
        if self._navigation is not None:
            self._navigation.close()

    # ---- requests -------------------------------------------------------------------------------

    def _handle(self, request: Request) -> None:
        if request.type in GESTURES:
            self._on_gesture(request)
        elif request.type in NAVIGATION:
            self._on_navigation(request)
        elif request.type in EVERYTHING:
            self.everything.receive(
                request, lambda fields, buffers: self._replies.reply(request, fields, buffers)
            )
        else:
            self._queries[request.type](request)

    def _on_gesture(self, request: Request) -> None:
        computes = needs_answer(request)
        future = self._worker.submit(lambda session: _perform(session, request), computes=computes)
        if not future.done():
            self._send({"type": "progress", "to": request.id})
        future.add_done_callback(lambda done: self._acknowledge(request, done))

    def _acknowledge(self, request: Request, done: Future[tuple[int, int]]) -> None:
        error = done.exception()
        if error is not None:
            self._send(problems.error_reply(request.id, error))
            return
        version, revision = done.result()
        with self._lock:
            self._unsaid.append((request, version, revision))
        # What is about to be answered is acknowledged with its answer: one message less to wait
        # for, and one picture less to draw.
        if not self._worker.answers_soon:
            self._publish_version(version)

    def _on_preview(self, request: Request) -> None:
        x, y = request.arguments["x"], request.arguments["y"]
        self._worker.preview(
            x,
            y,
            lambda found: self._replies.reply(request, *replies.preview_fields(request, found)),
        )

    def _on_islands(self, request: Request) -> None:
        found = self._worker.session.islands(request.arguments["annotation_id"])
        self._replies.reply(request, replies.islands_fields(found))

    def _on_annotations(self, request: Request) -> None:
        self._replies.reply(request, *self._annotations.fields_from(request.arguments["start"]))

    def _on_ping(self, request: Request) -> None:
        self._replies.reply(request, {"of": "ping"})

    def _on_tile(self, request: Request) -> None:
        def answer(done: Future[Encoded]) -> None:
            if done.cancelled():
                return
            error = done.exception()
            if error is not None:
                self._send(problems.error_reply(request.id, error))
            else:
                tile = done.result()
                self._replies.reply(request, {"of": "tile", "mime": tile.mime}, [tile.data])

        self._tiles.encode(self._worker.session.image, request.arguments).add_done_callback(answer)

    def _on_navigation(self, request: Request) -> None:
        if self._navigation is None:
            raise ProtocolError("this widget shows one image, not a series.")
        self._answer_later(request, self._navigation.answer(request))

    def _on_export(self, request: Request) -> None:
        self._answer_later(request, self._exports.answer(request))

    def _answer_later(
        self, request: Request, future: Future[tuple[dict[str, Any], list[bytes]]]
    ) -> None:
        self._send({"type": "progress", "to": request.id})
        future.add_done_callback(lambda done: self._answered(request, done))

    def _answered(self, request: Request, done: Future[tuple[dict[str, Any], list[bytes]]]) -> None:
        if done.cancelled():
            return
        error = done.exception()
        if error is not None:
            self._send(problems.error_reply(request.id, error))
        else:
            fields, buffers = done.result()
            # Nobody counts milliseconds here, so it is never padded.
            self._send({"type": "reply", "to": request.id, **fields}, buffers)


def _perform(session: Session, gesture: Request) -> tuple[int, int]:
    """Call the session's method that has the gesture's name; return the version and revision."""
    getattr(session, gesture.type)(**method_arguments(gesture))
    return session.version, session.answer.revision
