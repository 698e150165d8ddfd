"""The store that owns the annotations of one image.

The store may be changed from any thread. What iterates over it sees one consistent state.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, overload

from sam_widget import formats
from sam_widget.annotations import (
    Annotation,
    ImageAnnotations,
    Replay,
    is_color,
    replay_annotations,
    write_script,
)
from sam_widget.errors import AnnotationError
from sam_widget.store.object_store import ObjectStore

if TYPE_CHECKING:
    import os
    from collections.abc import Callable
    from pathlib import Path

    from sam_widget.images import RgbImage
    from sam_widget.predictors import Predictor

__all__ = ["AnnotationStore"]


class AnnotationStore(ObjectStore, Sequence[Annotation]):
    """The accepted objects of one image, in the order shown: a sequence with undo.

    Every change is one step of :meth:`undo`. All methods may be called from any thread; iteration,
    ``len`` and slices see one state. A store that was opened with a journal
    (:func:`sam_widget.open_annotations`) has written a change to disk when the method that
    made it returns, unless :attr:`saved` says otherwise.

    Parameters
    ----------
    items : iterable of Annotation
        Each with an id of its own.
    width, height : int
        Size of the original image in pixels.
    file_name : str
        Name of the image's file, or empty.
    image : RgbImage, optional
        The image itself, for :meth:`replay`.

    Raises
    ------
    AnnotationError
        If two objects have one id.
    """

    def __init__(
        self,
        items: Iterable[Annotation] = (),
        *,
        width: int,
        height: int,
        file_name: str = "",
        image: RgbImage | None = None,
    ) -> None:
        super().__init__(tuple(items), height, width)
        self.file_name = file_name
        self.image = image

    @classmethod
    def of(cls, image: RgbImage) -> AnnotationStore:
        """Make the empty store of an image."""
        name = image.path.name if image.path is not None else ""
        return cls(width=image.width, height=image.height, file_name=name, image=image)

    @classmethod
    def from_image_annotations(cls, annotations: ImageAnnotations) -> AnnotationStore:
        """Make a store of annotations that were read from a file or made elsewhere."""
        store = cls(
            annotations,
            width=annotations.width,
            height=annotations.height,
            file_name=annotations.file_name,
        )
        store.extra, store.skipped = annotations.extra, annotations.skipped
        return store

    def image_annotations(self) -> ImageAnnotations:
        """Return all annotations as they are now, as a value that no change reaches."""
        return ImageAnnotations(
            self.snapshot(),
            width=self.width,
            height=self.height,
            file_name=self.file_name,
            extra=self.extra,
            skipped=self.skipped,
        )

    # ---- what there is --------------------------------------------------------------------------

    @overload
    def __getitem__(self, index: int) -> Annotation: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[Annotation, ...]: ...
    def __getitem__(self, index: int | slice) -> Annotation | tuple[Annotation, ...]:
        return self._ledger.items[index]

    def __len__(self) -> int:
        return len(self._ledger.items)

    def __iter__(self) -> Iterator[Annotation]:
        return iter(self._ledger.items)

    def __repr__(self) -> str:
        items = self.snapshot()
        labels = ", ".join(one.label or "unlabelled" for one in items[:5])
        more = ", ..." if len(items) > 5 else ""
        return f"<{len(items)} annotations on {self.width} x {self.height}: {labels}{more}>"

    def get(self, annotation_id: str) -> Annotation | None:
        """Return the object with this id, or None."""
        return next((one for one in self.snapshot() if one.id == annotation_id), None)

    def query(
        self,
        where: Callable[[Annotation], bool] | None = None,
        *,
        label: str | None = None,
        visible: bool | None = None,
        min_area: float = 0,
        min_predicted_iou: float | None = None,
        min_stability_score: float | None = None,
        at: tuple[float, float] | None = None,
    ) -> tuple[Annotation, ...]:
        """Return the objects that fit all that is given, in their order.

        Parameters
        ----------
        where : callable, optional
            Takes an object; says whether it fits.
        label : str, optional
            Exactly this label.
        visible : bool, optional
            Shown, or hidden.
        min_area : float
            Pixels at least.
        min_predicted_iou, min_stability_score : float, optional
            At least this; objects without the figure do not fit.
        at : (x, y), optional
            Pixels of the original image; the mask covers the place.
        """

        def fits(one: Annotation) -> bool:
            return (
                (label is None or one.label == label)
                and (visible is None or one.visible == visible)
                and one.area >= min_area
                and _reaches(one.predicted_iou, min_predicted_iou)
                and _reaches(one.stability_score, min_stability_score)
                and (at is None or _covers(one, *at))
                and (where is None or where(one))
            )

        return tuple(one for one in self.snapshot() if fits(one))

    @property
    def can_undo(self) -> bool:
        """Whether :meth:`undo` would change anything."""
        with self._lock:
            return self._ledger.last_done is not None

    @property
    def can_redo(self) -> bool:
        """Whether :meth:`redo` would change anything."""
        return bool(self._ledger.undone)

    @property
    def properties(self) -> Mapping[str, Any]:
        """What :meth:`set_property` has kept beside the objects."""
        with self._lock:
            return MappingProxyType(dict(self._ledger.properties))

    @property
    def labels(self) -> tuple[str, ...]:
        """Labels offered so far, and those of the objects, in order of appearance."""
        with self._lock:
            kept = self._ledger.properties.get("labels")
            known = [one for one in kept if isinstance(one, str)] if isinstance(kept, list) else []
            return tuple(dict.fromkeys([*known, *(one.label for one in self if one.label)]))

    @property
    def label_colors(self) -> dict[str, str]:
        """Colours that were given to labels, ``"#rrggbb"``; those without one are not in it."""
        with self._lock:
            kept = self._ledger.properties.get("label_colors")
        return {
            label: color
            for label, color in (kept.items() if isinstance(kept, dict) else ())
            if is_color(color)
        }

    # ---- changes --------------------------------------------------------------------------------

    def add(self, annotation: Annotation, index: int | None = None) -> Annotation:
        """Add an object, at the end or before position ``index``.

        Raises
        ------
        AnnotationError
            If its id is there already, or its mask is not of the image's size.
        """
        with self._lock:
            if self.get(annotation.id) is not None:
                raise AnnotationError(
                    f"an object with the id {annotation.id!r} is there already. Use replace()."
                )
            at = len(self) if index is None else max(0, min(index, len(self)))
            self.change(put=[(at, annotation)])
        self.settle()
        return annotation

    def replace(self, annotation: Annotation) -> Annotation:
        """Put an object in the place of the one with its id; errors as for :meth:`add`."""
        with self._lock:
            self._known(annotation.id)
            self.change(put=[(0, annotation)])
        self.settle()
        return annotation

    def update(
        self,
        annotation_id: str,
        *,
        label: str | None = None,
        color: str | None = None,
        visible: bool | None = None,
    ) -> Annotation:
        """Rename, recolour, hide or show an object; None leaves a property as it is."""
        given = {"label": label, "color": color, "visible": visible}
        changes: dict[str, Any] = {name: v for name, v in given.items() if v is not None}
        with self._lock:
            known = self._known(annotation_id)
            if all(getattr(known, name) == value for name, value in changes.items()):
                return known
            changed = replace(known, **changes)
            self.change(put=[(0, changed)])
        self.settle()
        return changed

    def remove(self, annotation: str | Annotation) -> Annotation:
        """Remove an object, given itself or its id, and return it."""
        identity = annotation.id if isinstance(annotation, Annotation) else annotation
        with self._lock:
            gone = self._known(identity)
            self.change(drop=[identity])
        self.settle()
        return gone

    def reorder(self, ids: Iterable[str]) -> None:
        """Bring the objects into another order: the ids of all of them."""
        with self._lock:
            self.change(order=tuple(ids))
        self.settle()

    def edit(
        self, *, remove: Iterable[str | Annotation] = (), put: Iterable[Annotation] = ()
    ) -> None:
        """Remove, replace and add several objects as one step.

        Parameters
        ----------
        remove : iterable of str or Annotation
            Objects that go.
        put : iterable of Annotation
            Objects that come: in the place of the one with their id, or at the end.
        """
        drop = [one.id if isinstance(one, Annotation) else one for one in remove]
        with self._lock:
            self.change(drop=drop, put=[(len(self), one) for one in put])
        self.settle()

    def undo(self) -> bool:
        """Take the newest change of objects back, whoever made it; return False if there is none.

        The prompts of a widget are its own; ``w.undo()`` covers both.
        """
        with self._lock:
            change = self._ledger.last_done
            if change is not None:
                self.undo_change(change)
        self.settle()
        return change is not None

    def redo(self) -> bool:
        """Do again what was undone last; return False if there is nothing."""
        with self._lock:
            change = self._ledger.undone[-1] if self._ledger.undone else None
            if change is not None:
                self.redo_change(change)
        self.settle()
        return change is not None

    def set_property(self, name: str, value: object) -> None:
        """Keep a JSON value beside the objects, and in their journal; no step of undo.

        Parameters
        ----------
        name : str
            ``"labels"`` are the labels offered, ``"series"`` the place in a series of images.
        value : object
            Anything that JSON can hold; a copy of it is kept.

        Raises
        ------
        AnnotationError
            If JSON cannot hold it.
        """
        try:
            copy = json.loads(json.dumps(value, allow_nan=False))
        except (TypeError, ValueError, RecursionError) as error:
            raise AnnotationError(f"{name!r:.60} must be a JSON value: {error}") from error
        self.keep(name, copy)
        self.settle()

    # ---- again ----------------------------------------------------------------------------------

    def replay(self, predictor: Predictor, image: object = None) -> Replay:
        """Redo every object from its prompts with another model, and compare.

        Nothing in the store changes.

        Parameters
        ----------
        predictor : Predictor
            Any model.
        image : path, bytes, PIL image or array, optional
            The image; the store of a session knows it.

        Returns
        -------
        Replay
            One row an object that has prompts: IoU old against new, predicted IoU old and new.

        Raises
        ------
        AnnotationError
            If no image is known, or it is not of the objects' size.
        """
        return replay_annotations(self.snapshot(), predictor, self._image(image))

    def script(self, image: str | os.PathLike[str] | None = None) -> str:
        """Write Python that rebuilds all objects as ``annotations``.

        Objects made by prompts are decoded again, step by step, and are the same bit for bit with
        the same model; edited and imported ones, and those of models that ``load`` does not know,
        are written as run-length codes.

        Parameters
        ----------
        image : path, optional
            The image's file, as the script is to name it. By default the one it was read from, or
            else the script's first argument.
        """
        return write_script(self.image_annotations(), self.image, image)

    # ---- inside ---------------------------------------------------------------------------------

    def _known(self, annotation_id: str) -> Annotation:
        found = self.get(annotation_id)
        if found is None:
            raise AnnotationError(f"there is no object with the id {annotation_id!r:.60}.")
        return found

    def _image(self, image: object) -> object:
        if image is not None:
            return image
        if self.image is None:
            raise AnnotationError(
                "this store does not know its image. Pass it: store.replay(predictor, image)."
            )
        return self.image

    extra: Mapping[str, Any] = MappingProxyType({})
    """What the file they were read from said of the image, by format, to be written back there."""
    skipped: tuple[str, ...] = ()
    """Records of that file that could not be used, each with its place and the reason."""

    def save(
        self,
        path: str | os.PathLike[str],
        format: str | None = None,  # noqa: A002 - what everybody calls it
        **options: Any,  # noqa: ANN401 - each format has its own
    ) -> Path:
        """Write all objects to a file; a file that was there is replaced in one step.

        Parameters
        ----------
        path : path
            Its ending tells the format: ``.coco.json``, ``.sa1b.json``, ``.labelme.json``,
            ``.csv``, ``.png``; a folder for YOLO.
        format : str, optional
            ``"coco"``, ``"sa1b"``, ``"labelme"``, ``"csv"``, ``"png"`` or ``"yolo"``, whatever the
            ending.
        **options
            Of that format, for example ``polygons=True`` for COCO; see ``sam_widget.formats``.

        Returns
        -------
        Path
            Where it was written.

        Raises
        ------
        AnnotationError
            If neither the file name nor ``format`` tells the format.
        """
        return formats.save(self.image_annotations(), path, format, **options)

    @classmethod
    def load(
        cls,
        path: str | os.PathLike[str],
        format: str | None = None,  # noqa: A002
        **options: Any,  # noqa: ANN401
    ) -> AnnotationStore:
        """Read the objects of one image from a file that is checked before it is believed.

        Parameters
        ----------
        path, format, **options
            As for :meth:`save`; a bare ``.json`` is recognised by its content. ``image=`` chooses
            among the images of a COCO file.

        Returns
        -------
        AnnotationStore

        Raises
        ------
        AnnotationError
            If the file is malformed, naming the record, or its format unknown.
        """
        return cls.from_image_annotations(formats.load(path, format, **options))


def _reaches(value: float | None, least: float | None) -> bool:
    return least is None or (value is not None and value >= least)


def _covers(annotation: Annotation, x: float, y: float) -> bool:
    left, top, width, height = annotation.bbox_xywh
    inside = left <= x < left + width and top <= y < top + height
    return inside and bool(annotation.mask[int(y), int(x)])
