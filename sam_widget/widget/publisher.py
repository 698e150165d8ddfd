"""Publishing: the newest state of the session becomes traits, sent to the page as one message."""

from __future__ import annotations

import sys
import traceback
from threading import RLock, get_ident
from typing import TYPE_CHECKING, Any
from weakref import ref

import traitlets

from sam_widget.errors import ImageError, JournalError
from sam_widget.images import encode_preview
from sam_widget.predictors import capabilities
from sam_widget.widget.wire import problems, state

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ipywidgets import Widget

    from sam_widget.images import Encoded, RgbImage
    from sam_widget.session import Series
    from sam_widget.store import AnnotationStore
    from sam_widget.widget.opening import Opened
    from sam_widget.widget.page.page import Page
    from sam_widget.widget.worker.worker import Worker

__all__ = ["Publisher"]


class Publisher:
    """Publish the state of a session as the traits of a widget, from any thread.

    traitlets calls observers in the middle of an assignment. An observer that waits for a thread
    which has something to publish itself would wait for ever, so here they are called when the lock
    is free: the widget asks :meth:`holds` of every change before it notifies anybody.

    Parameters
    ----------
    host : Widget
        Whose traits are published.
    series : Series or None
    model_name : str
        Shown until the model is there.
    """

    def __init__(self, host: Widget, series: Series | None, model_name: str) -> None:
        self.lock = RLock()
        self._host = ref(host)  # as its thread leads here, it would otherwise live for ever
        self._worker: Worker
        self._page: Page
        self._series = series
        self._model_name = model_name
        self._image_count = 0
        self._document_version = self._answer_version = -1
        self._revision = -1
        self._closed = True  # until the widget is made
        # Changes of traits that observers are still to be told of, and the thread that makes them.
        self._held: list[Any] | None = None
        self._holder = 0

    def initial_traits(self, start: Opened, worker: Worker, page: Page) -> dict[str, object]:
        """Return the traits to make the widget with.

        Parameters
        ----------
        start : Opened
            The image to begin with.
        worker : Worker
            Has the session, and tells what is going on.
        page : Page
            Sends what is no trait: annotations, acknowledgements.
        """
        self._worker, self._page = worker, page
        session = self._worker.session
        return {
            "image_state": (
                state.no_image_trait() if start.failure else self.image_trait(start.image)
            ),
            "document": state.document_trait(session),
            "answer": state.answer_trait(session.answer),
            "model_info": self._model_info(),
            "problem": self._problem(None, start.store),
            "series_state": None if self._series is None else state.series_trait(self._series),
        }

    def open(self) -> None:
        """Begin to publish."""
        self._closed = False

    def close(self) -> None:
        """Publish nothing more; returns when nothing is being published."""
        with self.lock:
            self._closed = True

    # ---- publishing -----------------------------------------------------------------------------

    def publish(self) -> None:
        """Bring the traits up to the session: the newest state, so the last one to call wins."""
        with self.lock:
            changes = self.update({})
        self.tell(changes)

    def publish_change(self) -> None:
        """Publish a change of the session, unless it will be published with the answer at once."""
        if not self._worker.answers_soon:
            self.publish()
        self._worker.look()  # what others undid may be a question again

    def publish_version(self, version: int) -> None:
        """Publish a version of the document; if that has happened, only send acknowledgements."""
        with self.lock:
            if version <= self._document_version:
                self._page.published(self._document_version, self._answer_version)
                return
        self.publish()

    def update(self, also: Mapping[str, object]) -> list[Any]:
        """Set the traits that changed, and send them as one message; :attr:`lock` is held.

        Returns
        -------
        list
            The changes that :meth:`tell` has to tell observers of, when the lock is free.
        """
        host = self._host()
        if self._closed or host is None:
            return []
        session = self._worker.session
        with session.lock:
            session.catch_up()
            document = state.document_trait(session)
            answer = session.answer
            annotations = session.annotations.snapshot()
            wanted: dict[str, object] = {
                **also,
                "document": document,
                "labels": list(session.labels),
                "label_colors": session.label_colors,
            }
            status = self._worker.status
            failure = self._worker.failure
        if (answer.revision, answer.version) != (self._revision, self._answer_version):
            wanted["answer"] = state.answer_trait(answer)
        wanted["problem"] = self._problem(failure, session.annotations)
        wanted["model_info"] = self._model_info()
        wanted["status"] = status
        wanted["revision"] = answer.revision
        if self._series is not None:
            wanted["series_state"] = state.series_trait(self._series)
        changes = self._assign(host, wanted)
        self._page.publish_annotations(annotations)
        host.send_state([change.name for change in changes if change.name in host.keys])
        self._document_version, self._answer_version = document["version"], answer.version
        self._revision = answer.revision
        self._page.published(self._document_version, self._answer_version)
        return changes

    def image_trait(self, image: RgbImage, preview: Encoded | None = None) -> dict[str, Any]:
        """Lay out ``image_state`` under a new id, and have the page's tiles come from it."""
        self._image_count += 1
        image_id = f"{image.digest[:16]}-{self._image_count}"
        self._page.show_image(image_id)
        return state.image_trait(image, preview or encode_preview(image), image_id)

    def _problem(self, failure: Exception | None, store: AnnotationStore) -> dict[str, Any] | None:
        if failure is None and store.problem:
            failure = JournalError(store.problem)
        if failure is None:
            return None
        problem = dict(problems.problem_of(failure))
        if self._series is not None and isinstance(failure, ImageError):
            problem["hint"] = "Skip it, or go to another image; this one is tried again next time."
        return problem

    def _model_info(self) -> dict[str, Any]:
        predictor, session = self._worker.predictor, self._worker.session
        can = None if predictor is None else capabilities(predictor)
        return {
            "name": self._model_name if predictor is None else predictor.name,
            "device": "" if predictor is None else predictor.device,
            "accepts": [] if can is None else sorted(can.accepts),
            "previews": None if can is None else can.previews,
            "encode_ms": _rounded(session.encode_ms),
            "decode_ms": _rounded(session.decode_ms),
            "encode_progress": self._worker.encode_progress,
            "preview_ms": _rounded(self._worker.preview_ms),
        }

    # ---- traits and observers -------------------------------------------------------------------

    def holds(self, change: Any) -> bool:  # noqa: ANN401 - traitlets has no type for it
        """Whether a change is being published, and observers are told of it later."""
        held = self._held
        if held is None or self._holder != get_ident():
            return False
        held.append(change)
        return True

    def _assign(self, host: Widget, values: Mapping[str, object]) -> list[Any]:
        """Set traits, and neither send them nor tell anybody; return what changed."""
        changes: list[Any] = []
        self._held, self._holder = changes, get_ident()
        try:
            for name, value in values.items():
                host.set_trait(name, value)
        finally:
            self._held = None
        return changes

    def tell(self, changes: Iterable[Any]) -> None:
        """Call the observers of what was published; no lock is held, so they may do anything."""
        for change in changes:
            self._tell_one(change)

    def _tell_one(self, change: Any) -> None:  # noqa: ANN401 - traitlets has no type for it
        try:
            traitlets.HasTraits.notify_change(change.owner, change)
        except Exception:  # noqa: BLE001 - an observer's mistake must not stop the widget
            print(f"sam_widget: an observer of {change.name!r} raised:", file=sys.stderr)  # noqa: T201
            traceback.print_exc()


def _rounded(milliseconds: float | None) -> float | None:
    return None if milliseconds is None else round(milliseconds, 1)
