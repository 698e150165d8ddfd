"""SamWidget: a session mirrored into traits. What the page may do, Python may do, and sees."""

from __future__ import annotations

from contextlib import ExitStack
from contextvars import Context, copy_context
from typing import TYPE_CHECKING, Any, TypeVar

from sam_widget.embeddings import choose_cache
from sam_widget.errors import ImageError, JournalError, ModelError, ProtocolError, WidgetClosed
from sam_widget.images import encode_preview, load_image
from sam_widget.session import HandEdits, Series, Session, is_series
from sam_widget.storage import when_gone
from sam_widget.widget.actions import gesture, gesture_with_result
from sam_widget.widget.bundle import bundle
from sam_widget.widget.exports import ExportActions, Exports
from sam_widget.widget.lifetime import ending, screen, weakly
from sam_widget.widget.many_masks import ManyMasks
from sam_widget.widget.navigation import Navigation
from sam_widget.widget.observing import Observable
from sam_widget.widget.opening import Opener
from sam_widget.widget.page.page import Page
from sam_widget.widget.publisher import Publisher
from sam_widget.widget.series_actions import SeriesActions
from sam_widget.widget.threads import bind_to_no_thread
from sam_widget.widget.traits import SessionTraits
from sam_widget.widget.wire import problems
from sam_widget.widget.wire.state import no_image_trait
from sam_widget.widget.worker.loading import loader
from sam_widget.widget.worker.worker import Worker

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray
    from typing_extensions import Self

    from sam_widget.embeddings import Cache
    from sam_widget.masks import Edit, Overlap
    from sam_widget.predictors import Predictor
    from sam_widget.store import AnnotationStore, JournalChoice
    from sam_widget.widget.opening import Opened
    from sam_widget.widget.page.everything import Everything

__all__ = ["SamWidget"]

T = TypeVar("T")


class SamWidget(
    ManyMasks, ExportActions, SeriesActions, HandEdits[None], Observable, SessionTraits
):
    """Segment an image by clicking on it, or by calling the same actions here.

    Methods return when their answer is in :attr:`masks`; observers may call anything here, see
    :meth:`observe`, and traits can be awaited, see :meth:`changed`.

    Parameters
    ----------
    image : path, bytes, PIL image or array, or a list of them
        See :func:`sam_widget.load_image`. An array is (H, W) or (H, W, 1 | 3 | 4). A list is a
        series, gone through by :meth:`next`; for a folder see :meth:`from_folder`.
    model : str or Predictor
        A name from :func:`sam_widget.available`, or a predictor; widgets may share one.
    checkpoint : path, optional
        Local weights file, for a model given by name.
    device : str
        ``"auto"``, ``"cpu"``, ``"cuda"`` or ``"mps"``, for a model given by name.
    runtime, precision : str
        As for :func:`sam_widget.load`, for a model given by name.
    labels : iterable of str
        Class names to offer. The page begins with the first, or with the one chosen there last.
    value_range : (float, float), optional
        Values of ``image`` that become black and white, for 16-bit and float images.
    cache : bool, path or EmbeddingCache
        Where encoded images are kept: in memory, for the life of the process (True), in a folder
        as well, in an :class:`~sam_widget.EmbeddingCache` of your own, or nowhere (False).
    journal : path or bool, optional
        Where accepted objects are kept from the moment they are accepted. By default an image that
        was read from a file goes on with ``<image file>.sam.jsonl`` beside it, and others have no
        journal; False for none. Widgets of one kernel on one journal share their objects.
    overlap : str
        What happens where a new object lies on older ones: all keep their pixels (``"keep"``), the
        older ones lose them (``"newest_wins"``), or the new one does (``"subtract"``).
    accept_on_label : bool
        Whether a label chosen on the page accepts the mask on screen under it; a trait, too.

    Raises
    ------
    ImageError
        If the image cannot be read, or how to show its values is ambiguous.
    UnknownModel
        If no model has this name.
    ModelError
        If ``cache`` is none of those.
    JournalError
        If the journal is of another image, or used by another process.
    EditError
        If ``overlap`` is none of those.

    Examples
    --------
    >>> w = SamWidget("photo.jpg")  # doctest: +SKIP
    >>> w.add_point(410, 220)  # doctest: +SKIP
    >>> w.masks.shape  # doctest: +SKIP
    (3, 600, 800)
    """

    _closed = True  # until __init__ succeeds: a half-made widget has nothing to close
    _page_context: Context | None = None

    def __init__(
        self,
        image: object,
        model: str | Predictor = "lite",
        *,
        checkpoint: str | Path | None = None,
        device: str = "auto",
        runtime: str = "auto",
        precision: str = "fp32",
        labels: Iterable[str] = (),
        value_range: tuple[float, float] | None = None,
        cache: Cache = True,
        journal: JournalChoice = None,
        overlap: Overlap = "keep",
        accept_on_label: bool = False,
    ) -> None:
        esm, css = bundle("widget.js"), bundle("widget.css")
        self._cache = choose_cache(cache)
        series = image if isinstance(image, Series) else None
        if is_series(image):
            series = Series(image, value_range=value_range)  # type: ignore[arg-type]
        if series is not None and not (journal is None or isinstance(journal, bool)):
            raise JournalError(
                "every image of a series has a journal of its own, got one path for all. "
                "Leave journal out, or pass journal=False for none."
            )
        options = {"device": device, "runtime": runtime, "precision": precision}
        load = loader(model, checkpoint, options)
        self._opener = Opener(journal)
        with ExitStack() as unless_made:
            if series is None:
                start = self._opener.open(load_image(image, value_range=value_range))
            else:
                start = self._opener.open_at(series, series.index)
            unless_made.callback(start.store.close)
            session = Session(
                start.image,
                cache=self._cache,
                annotations=start.store,
                prompts=start.prompts,
                overlap=overlap,
            )
            session.announce_labels(offered := [labels] if isinstance(labels, str) else [*labels])
            name = model if isinstance(model, str) else model.name
            self._publisher = publisher = Publisher(self, series, name)
            self._worker = Worker(session, load, publisher.publish)
            self.exports = Exports(self._worker, series)
            self._page = Page(
                weakly(self.send), self._worker, publisher.publish_version, self.exports
            )
            self._page.begin_with(start.store.snapshot())
            traits = publisher.initial_traits(start, self._worker, self._page)
            given = {"offered_labels": offered, "accept_on_label": accept_on_label}
            super().__init__(_esm=esm, _css=css, **given, **traits)
            unless_made.pop_all()
        self.set_trait("labels", list(session.labels))
        self.set_trait("label_colors", session.label_colors)
        self._closed = False
        publisher.open()
        self._unsubscribe = session.subscribe(publisher.publish_change)
        if start.failure is not None:
            self._worker.reset(session, start.failure)
        if series is not None:
            self.navigation = Navigation(
                series,
                self._worker,
                self._cache,
                self._opener,
                weakly(self._turn_to),
                publisher.publish,
            )
            self._page.follow(self.navigation)
            publisher.publish()
            self.navigation.look_ahead()

    # ---- Jupyter --------------------------------------------------------------------------------

    def open(self) -> None:
        """Open the comm to the page; ipywidgets calls it."""
        super().open()
        bind_to_no_thread(self.comm)
        screen.meet(self, self._handle_msg)
        self._call_off_ending = when_gone(self, ending(self._page, self._worker, self.comm))

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:  # noqa: ANN401 - anywidget's signature
        # Encoding starts here, in Python: a cell that displays and then waits gets its answer.
        self._worker.start()
        screen.show(self)
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
            with self._publisher.lock:  # or it might arrive after what replaces it
                self.send_state()
        elif method == "custom" and isinstance(data, dict):
            self._page_context = copy_context()
            self._page.receive(data.get("content"), msg.get("buffers") or [])
        elif method != "update":
            self.send(problems.error_reply(None, ProtocolError("unknown comm method.")))

    def notify_change(self, change: Any) -> None:  # noqa: ANN401 - traitlets' signature
        """Notify of a change, unless it is being published: then observers are called later."""
        publisher = getattr(self, "_publisher", None)
        if publisher is None or not publisher.holds(change):
            super().notify_change(change)

    # ---- what there is --------------------------------------------------------------------------

    @property
    def session(self) -> Session:
        """The session that is shown; it is another one when another image is."""
        return self._worker.session

    @property
    def predictor(self) -> Predictor:
        """The model, once it is loaded; raises what keeps it from answering."""
        predictor = self._worker.predictor
        if predictor is None:
            raise self._worker.failure or ModelError("no model is loaded. Call wait() first.")
        return predictor

    @property
    def everything_mode(self) -> Everything:
        """Starts runs of everything mode, and shows them."""
        return self._page.everything

    @property
    def image(self) -> NDArray[np.uint8]:
        """The image, uint8 (H, W, 3) RGB, read-only. Assigning another one starts anew."""
        return self.session.image.pixels

    @image.setter
    def image(self, source: object) -> None:
        self._check_open()
        if self.navigation is not None:
            raise ImageError("this widget goes through a series: use go_to(), or make a new one.")
        old = self._turn_to(self._opener.open(load_image(source)))
        old.release()
        old.annotations.close()

    @property
    def annotations(self) -> AnnotationStore:
        """The accepted annotations: a sequence that may be changed, with ``.save(path)`` and more.

        Changes show on the page, and are undone like all others.
        """
        return self.session.annotations

    @property
    def overlap(self) -> Overlap:
        """What happens where a new annotation lies on older ones; assignable."""
        return self.session.overlap

    @overlap.setter
    def overlap(self, policy: Overlap) -> None:
        self.session.overlap = policy

    # ---- gestures: the page makes the same ------------------------------------------------------

    add_point = gesture(Session.add_point)
    move_point = gesture(Session.move_point)
    remove_point = gesture(Session.remove_point)
    set_box = gesture(Session.set_box)
    remove_box = gesture(Session.remove_box)
    set_mask = gesture(Session.set_mask)
    remove_mask = gesture(Session.remove_mask)
    set_multimask = gesture(Session.set_multimask)
    clear = gesture(Session.clear)
    undo = gesture(Session.undo)
    redo = gesture(Session.redo)
    choose = gesture(Session.choose, computes=True)
    accept = gesture_with_result(Session.accept, computes=True)
    reopen = gesture(Session.reopen)
    split = gesture(Session.split)
    merge = gesture(Session.merge)
    update_annotation = gesture(Session.update_annotation)
    update_annotations = gesture(Session.update_annotations)
    remove_annotation = gesture(Session.remove_annotation)
    remove_annotations = gesture(Session.remove_annotations)
    duplicate_annotation = gesture(Session.duplicate_annotation)
    show_only = gesture(Session.show_only)
    add_label = gesture(Session.add_label)
    rename_label = gesture(Session.rename_label)
    recolor_label = gesture(Session.recolor_label)
    remove_label = gesture(Session.remove_label)

    def edit(self, edit: Edit, annotation_id: str | None = None) -> None:
        """Apply an edit to the chosen candidate, or to an annotation by its ``id``."""
        on_screen = annotation_id is None
        self.perform(lambda session: session.edit(edit, annotation_id), computes=on_screen)

    def perform(self, gesture: Callable[[Session], T], *, computes: bool = False) -> T:
        """Apply a gesture to the session after all earlier ones, and wait for the answer to it.

        Parameters
        ----------
        gesture : callable
            Takes the session, and may make several of its gestures.
        computes : bool
            Whether it is about the answer on screen, and so has to wait for that.

        Returns
        -------
        object
            What the gesture returned. What it changed is on disk and on the page.
        """
        self._check_open()
        self._worker.start()
        result = self._worker.perform(gesture, computes=computes)
        self._publisher.publish()
        return result

    # ---- another image --------------------------------------------------------------------------

    def _turn_to(self, opened: Opened) -> Session:
        """Show another image, with what it has already, and return the session that was open."""
        publisher, old = self._publisher, self.session
        preview = encode_preview(opened.image) if opened.failure is None else None
        with publisher.lock:
            session = Session(
                opened.image,
                after=old,
                cache=self._cache,
                annotations=opened.store,
                prompts=opened.prompts,
            )
            image_state = no_image_trait()
            if preview is not None:
                image_state = publisher.image_trait(opened.image, preview)
            refuse = self._worker.reset(session, opened.failure)
            self._unsubscribe()
            self._unsubscribe = session.subscribe(publisher.publish_change)
            changes = publisher.update({"image_state": image_state})
        self._worker.wait_until_applied()
        refuse()
        session.announce_labels(())  # those of the images before, into this one's journal
        self._worker.start()
        publisher.tell(changes)
        return old

    # ---- waiting and closing --------------------------------------------------------------------

    def wait(self, timeout: float | None = None) -> bool:
        """Block until the image is encoded and no prediction is pending; Ctrl-C works.

        Parameters
        ----------
        timeout : float, optional
            Seconds; for ever by default.

        Returns
        -------
        bool
            False if the time ran out.

        Raises
        ------
        SamWidgetError
            If the model cannot be loaded, or failed.
        """
        self._check_open()
        self._worker.start()
        done = self._worker.wait(timeout)
        self._publisher.publish()
        if self._worker.failure is not None:
            raise self._worker.failure
        return done

    def close(self) -> None:
        """Stop the worker, free the embedding, and tell the page. Calling it again is fine."""
        if not self._closed:
            self._closed = True
            screen.forget(self)
            self._call_off_ending()
            self._publisher.close()  # nothing is published after the page was told
            self._unsubscribe()
            self._page.close()
            self._worker.close()
            self.session.release()
            self.annotations.close()
        super().close()

    def __del__(self) -> None:
        """Do nothing: what :func:`ending` returns is called where it may wait for locks."""

    def _check_open(self) -> None:
        if self._closed:
            raise WidgetClosed("this widget is closed. Make a new one.")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()
