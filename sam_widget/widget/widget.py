"""SamWidget: a session mirrored into traits. What the page may do, Python may do, and sees."""

from __future__ import annotations

from contextlib import ExitStack
from functools import cache as cached
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sam_widget import predictors
from sam_widget.automatic import segment_boxes
from sam_widget.embeddings import choose_cache
from sam_widget.errors import BundleMissing, ImageError, JournalError, WidgetClosed
from sam_widget.images import encode_preview, load_image
from sam_widget.prompts import Prompts
from sam_widget.session import Series, Session, is_series
from sam_widget.store import open_annotations
from sam_widget.widget.navigation import Navigation, Opened, opened
from sam_widget.widget.object_actions import ObjectActions
from sam_widget.widget.page import Page
from sam_widget.widget.prompt_actions import PromptActions
from sam_widget.widget.series_actions import SeriesActions
from sam_widget.widget.worker import Worker

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    import numpy as np
    from numpy.typing import NDArray
    from typing_extensions import Self

    from sam_widget.annotations import Annotation
    from sam_widget.embeddings import Cache
    from sam_widget.images import RgbImage
    from sam_widget.masks import Overlap
    from sam_widget.predictors import Predictor
    from sam_widget.store import AnnotationStore, JournalChoice
    from sam_widget.widget.everything import EverythingRun

__all__ = ["SamWidget"]

STATIC = Path(__file__).parent.parent / "static"


@cached
def _bundle(name: str) -> str:
    path = STATIC / name
    if not path.is_file():
        raise BundleMissing(
            f"the page's bundle {name} has not been built. Run `make build` (or `npm ci && npm run "
            f"build`) in the source folder, or install a released wheel: pip install sam-widget."
        )
    return path.read_text(encoding="utf-8")


class SamWidget(PromptActions, ObjectActions, SeriesActions):
    """Segment an image by clicking on it, or by calling the same actions here.

    Methods return when their answer is in :attr:`masks`; observers run on the thread that made
    the change, and may call anything here.

    Parameters
    ----------
    image : path, bytes, PIL image or array, or a list of them
        See :func:`sam_widget.load_image`. An array is (H, W) or (H, W, 1 | 3 | 4); it is
        never modified. A list is a series, gone through by :meth:`next`; for a folder see
        :meth:`from_folder`.
    model : str or Predictor
        A name from :func:`sam_widget.available`, or a loaded predictor, which several
        widgets may share.
    checkpoint : path, optional
        Local weights file, for a model given by name.
    device : str
        ``"auto"``, ``"cpu"``, ``"cuda"`` or ``"mps"``, for a model given by name.
    runtime, precision : str
        As for :func:`sam_widget.load`, for a model given by name.
    labels : iterable of str
        Class names to offer.
    value_range : (float, float), optional
        Values of ``image`` that become black and white, for 16-bit and float images.
    cache : bool, path or EmbeddingCache
        Where encoded images are kept: in memory, for the life of the process (True), in a folder
        as well, in a cache of your own, or nowhere (False). See
        :class:`~sam_widget.EmbeddingCache`.
    journal : path or bool, optional
        Where accepted objects are kept from the moment they are accepted. By default an image that
        was read from a file goes on with ``<image file>.sam.jsonl`` beside it, and others have no
        journal; False for none. Widgets of one kernel on one journal share their objects.
    overlap : str
        What happens where a new object lies on older ones: all keep their pixels (``"keep"``), the
        older ones lose them (``"newest_wins"``), or the new one does (``"subtract"``).

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
    ) -> None:
        esm, css = _bundle("widget.js"), _bundle("widget.css")
        self._cache = choose_cache(cache)
        series = image if isinstance(image, Series) else None
        if is_series(image):
            series = Series(image, value_range=value_range)  # type: ignore[arg-type]
        if series is not None and not (journal is None or isinstance(journal, bool)):
            raise JournalError(
                "every image of a series has a journal of its own, got one path for all. "
                "Leave journal out, or pass journal=False for none."
            )
        self._journal, self._journal_digest = journal, ""
        options = {"device": device, "runtime": runtime, "precision": precision}
        with ExitStack() as unless_made:
            if series is None:
                first = load_image(image, value_range=value_range)
                self._journal_digest = first.digest
                start = Opened(first, open_annotations(first, journal), Prompts(), None)
            else:
                start = opened(series, series.index, self._open_objects)
            unless_made.callback(start.objects.close)
            session = Session(
                start.image,
                cache=self._cache,
                annotations=start.objects,
                prompts=start.prompts,
                overlap=overlap,
            )
            session.announce_labels((labels,) if isinstance(labels, str) else tuple(labels))
            start.objects.settle()
            worker = Worker(session, _loader(model, checkpoint, options), self._publish)
            page = Page(self.send, worker, self._publish)
            page.begin_with(start.objects.snapshot())
            navigation = None
            if series is not None:
                arguments = (series, worker, self._cache, self._open_objects)
                navigation = Navigation(*arguments, self._turn_to, self._publish)
                page.follow(navigation)
            super().__init__(
                worker,
                page,
                navigation,
                start=start,
                model_name=model if isinstance(model, str) else model.name,
                esm=esm,
                css=css,
            )
            unless_made.pop_all()
        self._closed = False
        self._unsubscribe = start.objects.subscribe(self._publish)
        if start.failure is not None:
            self._worker.reset(session, start.failure)
        if self._navigation is not None:
            self._publish()
            self._navigation.look_ahead()

    # ---- what there is --------------------------------------------------------------------------

    @property
    def image(self) -> NDArray[np.uint8]:
        """The image, uint8 (H, W, 3) RGB, read-only. Assigning another one starts anew."""
        return self._session.image.pixels

    @image.setter
    def image(self, source: object) -> None:
        self._check_open()
        if self._navigation is not None:
            raise ImageError("this widget goes through a series: use go_to(), or make a new one.")
        image = load_image(source)
        old = self._turn_to(Opened(image, self._open_objects(image), Prompts(), None))
        old.release()
        old.annotations.close()

    def _open_objects(self, image: RgbImage) -> AnnotationStore:
        """Open the objects of an image; a journal that was named is the first image's only."""
        own = isinstance(self._journal, bool) or image.digest == self._journal_digest
        return open_annotations(image, self._journal if own else None)

    def _turn_to(self, opened: Opened) -> Session:
        """Show another image, with what it has already, and return the session that was open."""
        image, objects, failure = opened.image, opened.objects, opened.failure
        preview = encode_preview(image) if failure is None else None
        with self._publishing:
            old = self._session
            session = Session(
                image,
                after=old,
                cache=self._cache,
                annotations=objects,
                prompts=opened.prompts,
            )
            image_state = None if preview is None else self._image_trait(image, preview)
            refuse = self._worker.reset(session, failure)
            self._unsubscribe()
            self._unsubscribe = objects.subscribe(self._publish)
            self._masks_of = None
            changes = self._update({"image_state": image_state})
        self._worker.applied()
        refuse()
        objects.settle()
        self._worker.start()
        self._tell(changes)
        return old

    # ---- what can be done -----------------------------------------------------------------------

    def everything(
        self,
        *,
        region: tuple[float, float, float, float] | None = None,
        **parameters: Any,  # noqa: ANN401 - the generator checks each
    ) -> EverythingRun:
        """Find all masks, on the page as they come; returns at once.

        Parameters
        ----------
        region : (x0, y0, x1, y1), optional
            Look only here, in pixels of the image.
        **parameters
            As for :class:`sam_widget.AutomaticMaskGenerator`: ``points_per_side``,
            ``pred_iou_thresh``, ``crop_n_layers`` and so on. Thresholds that are left out are as
            the model suggests.

        Returns
        -------
        EverythingRun
            ``wait()`` for the masks, ``cancel()``, ``refilter(...)``, ``keep(label)``.

        Raises
        ------
        PromptError
            If a parameter makes no sense.
        """
        self.wait()
        self._page.everything.generator(parameters)  # says so in the cell
        return self._page.everything.start(parameters, region)

    def segment_boxes(
        self,
        boxes: Any,  # noqa: ANN401 - array, DataFrame, Detections
        labels: Sequence[str] | str | None = None,
    ) -> list[Annotation]:
        """Segment what is in each of many boxes, and keep all as objects, as one step of undo.

        Parameters
        ----------
        boxes : array-like (N, 4), DataFrame or supervision.Detections
            A detector's output; see :func:`sam_widget.segment_boxes`.
        labels : str or sequence of str, optional
            One for all, or one for each; by default those that come with the boxes.

        Returns
        -------
        list of Annotation
            One for each box, in their order, as they were added.
        """
        self.wait()
        session, predictor = self._session, self._worker.predictor
        if predictor is None or session.embedding is None:
            raise self._worker.failure or WidgetClosed("this widget is closed. Make a new one.")
        found = segment_boxes(predictor, session.embedding, boxes, labels)
        return list(self._do(lambda session: session.add_annotations(found)))

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
        self._publish()
        if self._worker.failure is not None:
            raise self._worker.failure
        return done

    def close(self) -> None:
        """Stop the worker, free the embedding, and tell the page. Calling it again is fine."""
        if not self._closed:
            with self._publishing:  # nothing is published after the page was told
                closing, self._closed = not self._closed, True
            if closing:
                self._unsubscribe()
                self._page.close()
                self._worker.close()
                self._session.release()
                self._session.annotations.close()
                self._masks_of = None
        super().close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()


def _loader(
    model: str | Predictor, checkpoint: str | Path | None, options: dict[str, str]
) -> Callable[[], Predictor]:
    if not isinstance(model, str):
        return lambda: model
    if model not in predictors.available():
        predictors.load(model)  # says so in the cell, not only later on the page
    return lambda: predictors.load(model, checkpoint=checkpoint, **options)
