"""SamWidget: a session mirrored into traits. What the page may do, Python may do, and sees."""

from __future__ import annotations

from contextlib import ExitStack
from contextvars import Context, copy_context
from functools import cache as cached
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
import traitlets

from sam_widget import predictors, problems, traits
from sam_widget.detections import segment_boxes
from sam_widget.embeddings import choose_cache
from sam_widget.errors import BundleMissing, ImageError, JournalError, ProtocolError, WidgetClosed
from sam_widget.hand_edits import HandEdits
from sam_widget.images import encode_preview, load_image
from sam_widget.journal import open_annotations
from sam_widget.navigation import Navigation, Opened, opened
from sam_widget.object_actions import ObjectActions
from sam_widget.page import Page
from sam_widget.prompts import Prompts
from sam_widget.publishing import PublishingWidget, bind_to_no_thread
from sam_widget.series import Series, is_series
from sam_widget.series_actions import SeriesActions
from sam_widget.session import Session
from sam_widget.worker import Worker

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from numpy.typing import ArrayLike, NDArray
    from typing_extensions import Self

    from sam_widget.annotations import Annotation, AnnotationStore
    from sam_widget.editing import Edit
    from sam_widget.embeddings import Cache
    from sam_widget.everything import EverythingRun
    from sam_widget.images import Encoded, RgbImage
    from sam_widget.islands import Islands
    from sam_widget.journal import JournalChoice
    from sam_widget.partition import Overlap
    from sam_widget.predictors import Predictor

__all__ = ["SamWidget"]

T = TypeVar("T")
STATIC = Path(__file__).parent / "static"


@cached
def _bundle(name: str) -> str:
    path = STATIC / name
    if not path.is_file():
        raise BundleMissing(
            f"the page's bundle {name} has not been built. Run `make build` (or `npm ci && npm run "
            f"build`) in the source folder, or install a released wheel: pip install sam-widget."
        )
    return path.read_text(encoding="utf-8")


class SamWidget(HandEdits[None], ObjectActions, SeriesActions, PublishingWidget):
    """Segment an image by clicking on it, or by calling the same actions here.

    Methods return when their answer is in :attr:`masks`; observers run on the thread that made
    the change, and may call anything here.

    Parameters
    ----------
    image : path, bytes, PIL image or array, or a list of them
        See :func:`sam_widget.images.load_image`. An array is (H, W) or (H, W, 1 | 3 | 4); it is
        never modified. A list is a series, gone through by :meth:`next`; for a folder see
        :meth:`from_folder`.
    model : str or Predictor
        A name from :func:`sam_widget.predictors.available`, or a loaded predictor, which several
        widgets may share.
    checkpoint : path, optional
        Local weights file, for a model given by name.
    device : str
        ``"auto"``, ``"cpu"``, ``"cuda"`` or ``"mps"``, for a model given by name.
    runtime, precision : str
        As for :func:`sam_widget.predictors.load`, for a model given by name.
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
            self._worker = Worker(session, _loader(model, checkpoint, options), self._publish)
            self._model_name_shown = model if isinstance(model, str) else model.name
            self._page = Page(self.send, self._worker, self._publish)
            self._page.begin_with(start.objects.snapshot())
            self._navigation = None
            if series is not None:
                arguments = (series, self._worker, self._cache, self._open_objects)
                self._navigation = Navigation(*arguments, self._turn_to, self._publish)
                self._page.follow(self._navigation)
            self._image_count = 0
            self._masks_of: tuple[object, NDArray[np.bool_]] | None = None
            super().__init__(
                _esm=esm,
                _css=css,
                image_state=self._image_trait(start.image) if start.failure is None else None,
                document=traits.document_trait(session),
                prediction=traits.prediction_trait(session.committed),
                model_info=self._model_info(),
                problem=self._problem(None, start.objects),
                series_state=None if series is None else traits.series_trait(series),
            )
            unless_made.pop_all()
        self.set_trait("labels", list(session.labels))
        self.set_trait("label_colors", session.label_colors)
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

    @property
    def points(self) -> list[tuple[float, float, bool]]:
        """Point prompts (x, y, positive), in pixels of the original image."""
        prompts = self._session.prompts
        labelled = zip(prompts.points, prompts.labels, strict=True)
        return [(x, y, label == 1) for (x, y), label in labelled]

    @property
    def boxes(self) -> list[tuple[float, float, float, float]]:
        """The box prompt (x0, y0, x1, y1) in pixels of the original image, if there is one."""
        return list(self._session.prompts.boxes)

    @property
    def masks(self) -> NDArray[np.bool_]:
        """Candidates on screen, bool (N, H, W), subpart to whole; N is 3, 1 or (no prompts) 0."""
        committed = self._session.committed
        candidates = committed.candidates
        if candidates is None:
            return np.zeros((0, *self.image.shape[:2]), dtype=np.bool_)
        known = self._masks_of
        if known is None or known[0] is not candidates:
            masks = candidates.masks()
            masks.flags.writeable = False
            self._masks_of = known = (candidates, masks)
        return known[1]

    @property
    def scores(self) -> NDArray[np.float32]:
        """Predicted IoU of each candidate, float32 (N,)."""
        candidates = self._session.committed.candidates
        return np.zeros(0, np.float32) if candidates is None else candidates.scores.copy()

    @property
    def selected(self) -> int | None:
        """Index of the chosen candidate; None when there are none."""
        committed = self._session.committed
        return None if committed.candidates is None else committed.selected

    @property
    def mask(self) -> NDArray[np.bool_]:
        """The chosen candidate, bool (H, W); all False when there is none."""
        committed = self._session.committed
        if committed.candidates is None:
            return np.zeros(self.image.shape[:2], dtype=np.bool_)
        masks: NDArray[np.bool_] = self.masks[committed.selected]
        return masks

    @property
    def annotations(self) -> AnnotationStore:
        """The accepted objects: a sequence that may be changed, with ``.save(path)`` and more.

        Changes show on the page, and are undone like all others.
        """
        return self._session.annotations

    # ---- what can be done -----------------------------------------------------------------------

    def add_point(self, x: float, y: float, positive: bool = True) -> None:
        """Include (or exclude) what is at (x, y), in pixels of the original image."""
        self._do(lambda session: session.add_point(x, y, positive))

    def move_point(self, index: int, x: float, y: float) -> None:
        """Move point ``index`` of :attr:`points` to (x, y)."""
        self._do(lambda session: session.move_point(index, x, y))

    def remove_point(self, index: int) -> None:
        """Remove point ``index`` of :attr:`points`."""
        self._do(lambda session: session.remove_point(index))

    def set_box(self, x0: float, y0: float, x1: float, y1: float) -> None:
        """Set the box, in pixels of the original image; it is clipped to the image."""
        self._do(lambda session: session.set_box(x0, y0, x1, y1))

    def remove_box(self) -> None:
        """Remove the box."""
        self._do(lambda session: session.remove_box())

    def set_mask(self, mask: NDArray[Any] | Annotation) -> None:
        """Prompt with a mask: bool (H, W), logits float32 (1, 256, 256), or an accepted object."""
        self._do(lambda session: session.set_mask(mask))

    def remove_mask(self) -> None:
        """Remove the mask prompt."""
        self._do(lambda session: session.remove_mask())

    def set_multimask(self, value: bool | None) -> None:
        """Force three candidates (True) or one (False); None goes by the number of prompts."""
        self._do(lambda session: session.set_multimask(value))

    def clear(self) -> None:
        """Take all prompts away; accepted objects stay. Nothing happens when there are none."""
        self._do(lambda session: session.clear())

    def undo(self) -> None:
        """Take the last gesture back, whether prompt, accept, edit or delete."""
        self._do(lambda session: session.undo())

    def redo(self) -> None:
        """Do again what was undone."""
        self._do(lambda session: session.redo())

    def choose(self, index: int) -> None:
        """Choose candidate ``index``: 0 is the smallest, the subpart."""
        self._do(lambda session: session.choose(index), computes=True)

    def accept(self, label: str | None = None) -> Annotation:
        """Keep the chosen candidate as an object under ``label``, and start the next object."""
        return self._do(lambda session: session.accept(label), computes=True)

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

    def update_annotation(
        self,
        annotation_id: str,
        *,
        label: str | None = None,
        color: str | None = None,
        visible: bool | None = None,
    ) -> None:
        """Rename, recolour, hide or show an accepted object, by its ``id``."""
        self._do(
            lambda session: session.update_annotation(
                annotation_id, label=label, color=color, visible=visible
            )
        )

    def remove_annotation(self, annotation_id: str) -> None:
        """Delete an accepted object, by its ``id``."""
        self._do(lambda session: session.remove_annotation(annotation_id))

    def reopen(self, annotation_id: str) -> None:
        """Take an accepted object up again: its prompts come back, accepting replaces it."""
        self._do(lambda session: session.reopen(annotation_id))

    @property
    def overlap(self) -> Overlap:
        """What happens where a new object lies on older ones, as for the parameter; assignable."""
        return self._session.overlap

    @overlap.setter
    def overlap(self, policy: Overlap) -> None:
        self._session.overlap = policy

    def edit(self, edit: Edit, annotation_id: str | None = None) -> None:
        """Apply an edit to the chosen candidate, or to an accepted object by its ``id``.

        An edited candidate is what :attr:`mask` returns and what is accepted; the prompts stay. A
        prompt placed after it asks the model again, with the edited mask to start from.
        """
        on_screen = annotation_id is None
        self._do(lambda session: session.edit(edit, annotation_id), computes=on_screen)

    def islands(self, annotation_id: str | None = None) -> Islands:
        """Pixels of each island and hole of the mask on screen, or of an accepted object."""
        return self._session.islands(annotation_id)

    def split(self, annotation_id: str, line: ArrayLike | None = None) -> None:
        """Split an accepted object: one object per island, or along a line of points (x, y)."""
        self._do(lambda session: session.split(annotation_id, line))

    def merge(self, ids: Iterable[str], label: str | None = None) -> None:
        """Merge accepted objects, by their ids, into one; under the first label by default."""
        ids = tuple(ids)
        self._do(lambda session: session.merge(ids, label))

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
        self._page.published(committed.version)
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


def _loader(
    model: str | Predictor, checkpoint: str | Path | None, options: dict[str, str]
) -> Callable[[], Predictor]:
    if not isinstance(model, str):
        return lambda: model
    if model not in predictors.available():
        predictors.load(model)  # says so in the cell, not only later on the page
    return lambda: predictors.load(model, checkpoint=checkpoint, **options)
