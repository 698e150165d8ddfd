"""Going through a series of images in one widget: one is open, the next is made ready meanwhile."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import RLock
from typing import TYPE_CHECKING, Any, Final

from sam_widget.errors import ImageError, JournalError, ProtocolError, StaleGesture, WidgetClosed
from sam_widget.session import Kept
from sam_widget.widget.opening import UNREADABLE
from sam_widget.widget.wire import state

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Future

    from sam_widget.embeddings import EmbeddingCache
    from sam_widget.predictors import Predictor, Progress
    from sam_widget.session import Series, Session
    from sam_widget.store import AnnotationStore
    from sam_widget.widget.opening import Opened, Opener
    from sam_widget.widget.wire.requests import Request
    from sam_widget.widget.worker.worker import Worker

__all__ = ["Navigation"]

Answer = tuple[dict[str, Any], list[bytes]]

THUMBNAILS_WAITING: Final = 256


class Navigation:
    """Open one image of a series after another, and answer what the page asks of it.

    Parameters
    ----------
    series : Series
    worker : Worker
        Computes for the open image, and encodes the next when it is idle.
    cache : EmbeddingCache or None
        Where the next image's embedding goes; None encodes nothing ahead.
    opener : Opener
        Opens the annotations of an image.
    show : callable
        Brings an opened image to the page; returns the session that was open.
    publish : callable
        Brings the traits up to date.
    """

    def __init__(
        self,
        series: Series,
        worker: Worker,
        cache: EmbeddingCache | None,
        opener: Opener,
        show: Callable[[Opened], Session],
        publish: Callable[[], None],
    ) -> None:
        self.series = series
        self._worker = worker
        self._cache = cache
        self._opening = opener
        self._show = show
        self._publish = publish
        self._turning = RLock()
        self._waiting_lock = RLock()
        self._waiting = 0
        self._opener = ThreadPoolExecutor(1, thread_name_prefix="sam_widget_series")
        self._thumbnails = ThreadPoolExecutor(1, thread_name_prefix="sam_widget_thumbnails")
        self._closed = False
        self._index = series.index  # the open image here; another widget may go through it, too
        self._unfollow = series.follow(self._open_annotations)

    def go_to(self, index: int) -> None:
        """Open an image; the image before keeps its annotations and prompts.

        Raises
        ------
        ImageError, JournalError
            If there is no such image, or it cannot be read: it is the open one then all the same,
            and one can go on from there.
        StaleGesture
            If an observer asks for it while another image is being opened.
        """
        index = self.series.checked(index)
        # An observer on the worker's thread may hold up the very gestures that are waited for.
        if not self._turning.acquire(blocking=not self._worker.here):
            raise StaleGesture("another image is being opened. Try again when it is there.")
        try:
            failure = self._turn_to(index)
        finally:
            self._turning.release()
        if failure is not None:
            raise failure

    def _turn_to(self, index: int) -> ImageError | JournalError | None:
        series = self.series
        before = self._index
        here = index == before == series.index
        if here and self._worker.session.image is not UNREADABLE:
            return None
        self._worker.finish_gestures()
        now = self._opening.open_at(series, index)
        self._keep(before, self._worker.session)
        series.place(index)
        self._index = index
        old = self._show(now)
        # A gesture may have come in between; from here on the old session is nobody's.
        self._keep(before, old)
        old.release()
        old.annotations.close()
        self.look_ahead()
        return now.failure

    def step(self, by: int) -> bool:
        """Open the next (+1) or previous (-1) image; False where there is none."""
        target = self._index + by
        if not 0 <= target < len(self.series):
            return False
        self.go_to(target)
        return True

    def mark(self, status: str, index: int | None = None) -> None:
        """Mark an image; see :meth:`~sam_widget.Series.mark`."""
        self.series.mark(status, index)
        self._publish()

    @property
    def has_unaccepted(self) -> bool:
        """Whether prompts or a drawing are on screen that were not accepted."""
        session = self._worker.session
        return not session.prompts.is_empty or session.answer.candidates is not None

    def look_ahead(self) -> None:
        """Load the next image, and encode it when the worker is idle."""
        index = self._index + 1
        if index >= len(self.series) or self._closed:
            self.series.forget_ahead()
            return
        self._opener.submit(self._make_ready, index)

    def answer(self, request: Request) -> Future[Answer]:
        """Answer a request of the page on a thread of its own.

        Returns
        -------
        Future
            The fields and the buffers of the reply.
        """
        self.check_open()
        index = request.arguments["index"]
        if request.type == "thumbnail":
            with self._waiting_lock:
                if self._waiting >= THUMBNAILS_WAITING:
                    raise ProtocolError("too many thumbnails are waiting.")
                self._waiting += 1
            return self._thumbnails.submit(self._thumbnail, index)
        if request.type == "mark":
            return self._opener.submit(self._marked, request.arguments["status"], index)
        return self._opener.submit(self._gone_to, index)

    def check_open(self) -> None:
        """Raise WidgetClosed if the widget is closed."""
        if self._closed:
            raise WidgetClosed("this widget is closed. Make a new one.")

    def close(self) -> None:
        """Stop the threads; what was made on each image stays with the series."""
        self._closed = True
        # Somebody who is opening an image keeps what was there, and nobody may wait for that here.
        if self._turning.acquire(blocking=False):
            try:
                self._keep(self._index, self._worker.session)
                self._unfollow()
            finally:
                self._turning.release()
        for pool in (self._opener, self._thumbnails):
            pool.shutdown(wait=False, cancel_futures=True)

    def _open_annotations(self) -> AnnotationStore | None:
        session = self._worker.session
        return None if session.image is UNREADABLE else session.annotations

    def _keep(self, index: int, session: Session) -> None:
        if session.image is UNREADABLE:
            return  # what it had when it could be read stays
        with session.lock:
            store = session.annotations
            self.series.keep(index, Kept(store, session.prompts, store.journal is not None))

    # ---- on threads of its own ------------------------------------------------------------------

    def _gone_to(self, index: int) -> Answer:
        try:
            self.go_to(index)
        except (ImageError, JournalError):
            # An image that cannot be read is open all the same, and the page shows why.
            if self.series.index != index:
                raise
        return {"of": "series"}, []

    def _marked(self, status: str, index: int) -> Answer:
        self.mark(status, index)
        return {"of": "series"}, []

    def _thumbnail(self, index: int) -> Answer:
        failures = self.series.failures
        try:
            made = self.series.thumbnail(index)
        finally:
            with self._waiting_lock:
                self._waiting -= 1
            if self.series.failures != failures:
                self._publish()
        fields = {
            "of": "thumbnail",
            "index": index,
            "name": state.file_name(self.series.names[index]),
            "mime": made.mime,
            "width": made.width,
            "height": made.height,
        }
        return fields, [made.data]

    def _make_ready(self, index: int) -> None:
        if index != self._index + 1:
            return  # somebody has gone elsewhere meanwhile
        image = self.series.load_ahead(index)
        cache = self._cache
        if image is None or cache is None:
            return

        def encode(predictor: Predictor, progress: Progress) -> object:
            return cache.get_or_encode(predictor, image, progress)

        self._worker.encode_ahead(image, encode)
