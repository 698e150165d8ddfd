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
    check_ids,
    is_color,
    replay_annotations,
    write_script,
)
from sam_widget.errors import AnnotationError
from sam_widget.store.query import query
from sam_widget.store.transactions import Transactions

if TYPE_CHECKING:
    import os
    from collections.abc import Callable
    from pathlib import Path

    from typing_extensions import Self

    from sam_widget.images import RgbImage
    from sam_widget.predictors import Predictor

__all__ = ["AnnotationStore"]


class AnnotationStore(Sequence[Annotation]):
    """The accepted objects of one image, in the order shown: a sequence with undo.

    Every change is one step of :meth:`undo`. All methods may be called from any thread. With a
    journal (:func:`sam_widget.open_annotations`) a change is on disk when the method that made it
    returns, unless :attr:`saved` says otherwise.

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

    Attributes
    ----------
    extra : mapping
        What the file they were read from said of the image, by format, to be written back there.
    skipped : tuple of str
        Records of that file that could not be used, each with its place and the reason.

    Raises
    ------
    AnnotationError
        If two objects have one id.

    Examples
    --------
    >>> store = AnnotationStore(width=80, height=60)
    >>> len(store), store.can_undo
    (0, False)
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
        annotations = tuple(items)
        check_ids(annotations)
        self.transactions = Transactions(annotations, height, width)
        self.file_name = file_name
        self.image = image
        self.extra: Mapping[str, Any] = MappingProxyType({})
        self.skipped: tuple[str, ...] = ()

    @classmethod
    def of(cls, image: RgbImage) -> AnnotationStore:
        """Return an empty store for an image."""
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

    @property
    def width(self) -> int:
        """Width of the original image in pixels."""
        return self.transactions.width

    @property
    def height(self) -> int:
        """Height of the original image in pixels."""
        return self.transactions.height

    @overload
    def __getitem__(self, index: int) -> Annotation: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[Annotation, ...]: ...
    def __getitem__(self, index: int | slice) -> Annotation | tuple[Annotation, ...]:
        return self.snapshot()[index]

    def __len__(self) -> int:
        return len(self.snapshot())

    def __iter__(self) -> Iterator[Annotation]:
        return iter(self.snapshot())

    def __repr__(self) -> str:
        items = self.snapshot()
        labels = ", ".join(annotation.label or "unlabelled" for annotation in items[:5])
        more = ", ..." if len(items) > 5 else ""
        return f"<{len(items)} annotations on {self.width} x {self.height}: {labels}{more}>"

    def snapshot(self) -> tuple[Annotation, ...]:
        """Return the annotations as they are now."""
        return self.transactions.items

    def get(self, annotation_id: str) -> Annotation | None:
        """Return the annotation with this id, or None."""
        return next((found for found in self.snapshot() if found.id == annotation_id), None)

    query = query

    @property
    def can_undo(self) -> bool:
        """Whether :meth:`undo` would change anything."""
        with self.transactions.lock:
            return self.transactions.log.last_done is not None

    @property
    def can_redo(self) -> bool:
        """Whether :meth:`redo` would change anything."""
        return self.transactions.log.last_undone is not None

    @property
    def properties(self) -> Mapping[str, Any]:
        """What :meth:`set_property` has kept beside the annotations."""
        return MappingProxyType(self.transactions.properties)

    @property
    def labels(self) -> tuple[str, ...]:
        """Labels offered so far, and those of the annotations, in order of appearance."""
        kept = self.transactions.properties.get("labels")
        known = (
            [label for label in kept if isinstance(label, str)] if isinstance(kept, list) else []
        )
        used = [annotation.label for annotation in self.snapshot() if annotation.label]
        return tuple(dict.fromkeys([*known, *used]))

    @property
    def label_colors(self) -> dict[str, str]:
        """Colours that were given to labels, ``"#rrggbb"``; those without one are not in it."""
        kept = self.transactions.properties.get("label_colors")
        colors = kept.items() if isinstance(kept, dict) else ()
        return {label: color for label, color in colors if is_color(color)}

    # ---- changes --------------------------------------------------------------------------------

    def add(self, annotation: Annotation, index: int | None = None) -> Annotation:
        """Add an annotation, at the end or before position ``index``.

        Raises
        ------
        AnnotationError
            If its id is there already, or its mask is not of the image's size.
        """
        if self.get(annotation.id) is not None:
            raise AnnotationError(
                f"an object with the id {annotation.id!r} is there already. Use replace()."
            )
        at = len(self) if index is None else max(0, min(index, len(self)))
        self._change(put=[(at, annotation)])
        return annotation

    def replace(self, annotation: Annotation) -> Annotation:
        """Replace the annotation of the same id; errors as for :meth:`add`."""
        self._known(annotation.id)
        self._change(put=[(0, annotation)])
        return annotation

    def update(
        self,
        annotation_id: str,
        *,
        label: str | None = None,
        color: str | None = None,
        visible: bool | None = None,
    ) -> Annotation:
        """Rename, recolour, hide or show an annotation; None leaves a property as it is."""
        given = {"label": label, "color": color, "visible": visible}
        changes: dict[str, Any] = {name: v for name, v in given.items() if v is not None}

        known = self._known(annotation_id)
        if all(getattr(known, name) == value for name, value in changes.items()):
            return known
        return self.replace(replace(known, **changes))

    def remove(self, annotation: str | Annotation) -> Annotation:
        """Remove an annotation, given itself or its id, and return it."""
        identity = annotation.id if isinstance(annotation, Annotation) else annotation
        gone = self._known(identity)
        self._change(drop=[identity])
        return gone

    def reorder(self, ids: Iterable[str]) -> None:
        """Bring the annotations into another order: the ids of all of them."""
        self._change(order=tuple(ids))

    def edit(
        self, *, remove: Iterable[str | Annotation] = (), put: Iterable[Annotation] = ()
    ) -> None:
        """Remove, replace and add several annotations as one step.

        Parameters
        ----------
        remove : iterable of str or Annotation
            Annotations that go.
        put : iterable of Annotation
            Annotations that come: in the place of the one with their id, or at the end.
        """
        drop = [gone.id if isinstance(gone, Annotation) else gone for gone in remove]
        self._change(drop=drop, put=[(len(self), coming) for coming in put])

    def undo(self) -> bool:
        """Take the newest change back, whoever made it; return False if there is none."""
        return self.transactions.apply(self.transactions.undo_newest)

    def redo(self) -> bool:
        """Make the change again that was undone last; return False if there is none."""
        return self.transactions.apply(self.transactions.redo_newest)

    def set_property(self, name: str, value: object) -> None:
        """Keep a JSON value beside the annotations, and in their journal; no step of undo.

        ``"labels"`` are the labels offered, ``"series"`` the place in a series of images.

        Raises
        ------
        AnnotationError
            If JSON cannot hold the value, of which a copy is kept.
        """
        try:
            copy = json.loads(json.dumps(value, allow_nan=False))
        except (TypeError, ValueError, RecursionError) as error:
            raise AnnotationError(f"{name!r:.60} must be a JSON value: {error}") from error
        self.transactions.apply(lambda: self.transactions.set_property(name, copy))

    # ---- disk and listeners ---------------------------------------------------------------------

    def subscribe(self, listener: Callable[[], object]) -> Callable[[], None]:
        """Call ``listener`` after changes, on the thread that made them; the result ends it."""
        return self.transactions.subscribe(listener)

    @property
    def journal(self) -> Path | None:
        """The journal's file; None without one."""
        return self.transactions.journal

    @property
    def saved(self) -> bool | None:
        """Whether every change is on disk; None without a journal."""
        return self.transactions.saved

    @property
    def problem(self) -> str:
        """What keeps changes from being saved, while it lasts; or empty."""
        return self.transactions.problem

    @property
    def report(self) -> str:
        """Why changes are not saved, or what was found when the journal was opened; or empty."""
        return self.transactions.report

    def close(self) -> None:
        """Release the journal, if this is its last user. The annotations stay in memory."""
        self.transactions.close(self)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()

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
        known = self.image if image is None else image
        if known is None:
            raise AnnotationError(
                "this store does not know its image. Pass it: store.replay(predictor, image)."
            )
        return replay_annotations(self.snapshot(), predictor, known)

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
            among the images of a COCO file; ``strict=True`` refuses unusable records.

        Returns
        -------
        AnnotationStore
            ``skipped`` names what was left out.

        Raises
        ------
        AnnotationError
            If the file as a whole is malformed, or its format unknown.
        """
        return cls.from_image_annotations(formats.load(path, format, **options))

    # ---- inside ---------------------------------------------------------------------------------

    def _known(self, annotation_id: str) -> Annotation:
        found = self.get(annotation_id)
        if found is None:
            raise AnnotationError(f"there is no object with the id {annotation_id!r:.60}.")
        return found

    def _change(
        self,
        *,
        drop: Iterable[str] = (),
        put: Iterable[tuple[int, Annotation]] = (),
        order: Sequence[str] | None = None,
    ) -> None:
        """Apply a change of annotations as one step."""

        def change() -> None:
            with self.transactions.lock:
                self.transactions.commit(self.transactions.log.change(drop, put, order))

        self.transactions.apply(change)
