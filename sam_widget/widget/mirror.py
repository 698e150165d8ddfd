"""A session mirrored into traits: its newest state published, the page's messages taken."""

from __future__ import annotations

from contextvars import Context, copy_context
from typing import TYPE_CHECKING, Any, TypeVar

import traitlets

from sam_widget.errors import ImageError, JournalError, ProtocolError, WidgetClosed
from sam_widget.images import encode_preview
from sam_widget.widget.publishing import PublishingWidget, bind_to_no_thread
from sam_widget.widget.wire import problems
from sam_widget.widget.wire import state as traits

if TYPE_CHECKING:
    from collections.abc import Callable

    from sam_widget.images import Encoded, RgbImage
    from sam_widget.session import Session
    from sam_widget.store import AnnotationStore
    from sam_widget.widget.navigation import Navigation, Opened
    from sam_widget.widget.page import Page
    from sam_widget.widget.worker import Worker

__all__ = ["SessionMirror"]

T = TypeVar("T")


class SessionMirror(PublishingWidget):
    """The traits of a widget, and how they follow the session that the worker has.

    Parameters
    ----------
    worker : Worker
        Applies gestures to the session.
    page : Page
        Answers what the page asks.
    navigation : Navigation, optional
        Goes through a series of images.
    start : Opened
        The image to begin with.
    model_name : str
        Shown until the model is there.
    esm, css : str
        The page's bundle.
    """

    _esm = traitlets.Unicode().tag(sync=True)
    _css = traitlets.Unicode().tag(sync=True)

    image_state = traitlets.Dict(allow_none=True).tag(sync=True)
    document = traitlets.Dict().tag(sync=True)
    series_state: Any = traitlets.Dict(allow_none=True).tag(sync=True)
    prediction = traitlets.Dict().tag(sync=True)
    problem: Any = traitlets.Dict(allow_none=True).tag(sync=True)
    model_info = traitlets.Dict().tag(sync=True)
    labels = traitlets.List(traitlets.Unicode(), read_only=True).tag(sync=True)
    label_colors = traitlets.Dict(read_only=True, help="Label to '#rrggbb'.").tag(sync=True)
    status = traitlets.Unicode("loading", read_only=True).tag(sync=True)
    revision = traitlets.Int(0, read_only=True, help="Grows with every new answer or choice.")

    _closed = True  # until __init__ succeeds: a half-made widget has nothing to close
    _page_context: Context | None = None

    def __init__(
        self,
        worker: Worker,
        page: Page,
        navigation: Navigation | None,
        *,
        start: Opened,
        model_name: str,
        esm: str,
        css: str,
    ) -> None:
        self._worker, self._page, self._navigation = worker, page, navigation
        self._model_name_shown = model_name
        self._image_count = 0
        session = worker.session
        super().__init__(
            _esm=esm,
            _css=css,
            image_state=self._image_trait(start.image) if start.failure is None else None,
            document=traits.document_trait(session),
            prediction=traits.prediction_trait(session.committed),
            model_info=self._model_info(),
            problem=self._problem(None, start.objects),
            series_state=None if navigation is None else traits.series_trait(navigation.series),
        )
        self.set_trait("labels", list(session.labels))
        self.set_trait("label_colors", session.label_colors)

    # ---- Jupyter --------------------------------------------------------------------------------

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:  # noqa: ANN401 - anywidget's signature
        # Encoding starts here, in Python: a cell that displays and then waits gets its answer.
        self._worker.start()
        return super()._repr_mimebundle_(**kwargs)

    def _send(self, msg: Any, buffers: Any = None) -> None:  # noqa: ANN401 - ipywidgets' signature
        # ipykernel hands the page's next message to the thread that this comm last spoke from, so
        # an answer from the worker would send the next click behind a running cell. All that is
        # said to the page is said where the page's last message was heard: on its subshell.
        context = self._page_context
        if context is None:
            super()._send(msg, buffers)
        else:
            context.copy().run(super()._send, msg, buffers)
        bind_to_no_thread(self.comm)

    def _handle_msg(self, msg: dict[str, Any]) -> None:
        """Take a comm message from the page. Only Python writes state, so updates are ignored."""
        data = msg.get("content", {}).get("data")
        method = data.get("method") if isinstance(data, dict) else None
        if method == "request_state":
            with self._publishing:  # or it might arrive after what replaces it
                self.send_state()
        elif method == "custom" and isinstance(data, dict):
            self._page_context = copy_context()
            self._page.receive(data.get("content"), msg.get("buffers") or [])
        elif method != "update":
            self.send(problems.error_reply(None, ProtocolError("unknown comm method.")))

    # ---- publishing -----------------------------------------------------------------------------

    def _do(self, gesture: Callable[[Session], T], *, computes: bool = False) -> T:
        self._check_open()
        self._worker.start()
        result = self._worker.submit(gesture, computes=computes).result()
        self._session.annotations.settle()
        self._publish()
        if not self._worker.here:
            session = self._session
            session.wait(session.version)
            if session.failure is not None:
                raise session.failure
            self._publish()
        return result

    @property
    def _session(self) -> Session:
        return self._worker.session

    def _publish(self) -> None:
        """Bring the traits up to the session: the newest state, so the last one to call wins."""
        with self._publishing:
            changes = self._update({})
        self._tell(changes)

    def _update(self, also: dict[str, Any]) -> list[Any]:
        """Set the traits that changed, and send them as one message; the publish lock is held.

        Returns
        -------
        list
            The changes that observers are still to be told of, when the lock is free.
        """
        if self._closed:
            return []
        session = self._session
        with session.lock:
            session.catch_up()
            document = traits.document_trait(session)
            committed = session.committed
            annotations = session.annotations.snapshot()
            labels = list(session.labels)
            label_colors = session.label_colors
            status = self._worker.status
            failure = self._worker.failure
        wanted = {**also, "document": document}
        at = (committed.revision, committed.version)
        if at != (self.prediction["revision"], self.prediction["version"]):
            wanted["prediction"] = traits.prediction_trait(committed)
        wanted["labels"] = labels
        wanted["label_colors"] = label_colors
        wanted["problem"] = self._problem(failure, session.annotations)
        wanted["model_info"] = self._model_info()
        wanted["status"] = status
        wanted["revision"] = committed.revision
        if self._navigation is not None:
            wanted["series_state"] = traits.series_trait(self._navigation.series)
        changes = self._assign(wanted)
        self._page.publish_annotations(annotations)
        self._send_changes(changes)
        self._page.published(document["version"], committed.version)
        return changes

    def _image_trait(self, image: RgbImage, preview: Encoded | None = None) -> dict[str, Any]:
        self._image_count += 1
        image_id = f"{image.digest[:16]}-{self._image_count}"
        self._page.show_image(image_id)
        return traits.image_trait(image, preview or encode_preview(image), image_id)

    def _problem(
        self, failure: Exception | None, objects: AnnotationStore
    ) -> dict[str, Any] | None:
        if failure is None and objects.problem:
            failure = JournalError(objects.problem)
        if failure is None:
            return None
        problem = dict(problems.problem_of(failure))
        if self._navigation is not None and isinstance(failure, ImageError):
            problem["hint"] = "Skip it, or go to another image; this one is tried again next time."
        return problem

    def _model_info(self) -> dict[str, Any]:
        predictor = self._worker.predictor
        return {
            "name": self._model_name_shown if predictor is None else predictor.name,
            "device": "" if predictor is None else predictor.device,
            "encode_ms": _rounded(self._session.encode_ms),
            "decode_ms": _rounded(self._session.decode_ms),
            "encode_progress": self._worker.encode_progress,
            "preview_ms": _rounded(self._worker.preview_ms),
        }

    def _check_open(self) -> None:
        if self._closed:
            raise WidgetClosed("this widget is closed. Make a new one.")


def _rounded(milliseconds: float | None) -> float | None:
    return None if milliseconds is None else round(milliseconds, 1)
