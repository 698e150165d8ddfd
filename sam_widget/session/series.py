"""A series: images that are annotated one after another, each with objects of its own.

Plain Python, without Jupyter. The series knows its images, what was made on each, and which of
them are done; :class:`~sam_widget.widget.navigation.Navigation` shows them one at a time.
"""

from __future__ import annotations

from collections import Counter, OrderedDict
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from threading import RLock
from typing import TYPE_CHECKING, Any, Final

from sam_widget import formats
from sam_widget.errors import ImageError, JournalError
from sam_widget.images import Encoded, RgbImage, encode_thumbnail, image_files, load_image
from sam_widget.prompts import Prompts
from sam_widget.session.export import ImageToSave, save_series
from sam_widget.session.series_sources import common_folder, name_of, path_of
from sam_widget.session.series_state import STATUSES, SeriesState, StateFile
from sam_widget.session.series_summary import JournalCounts, summarize
from sam_widget.store import AnnotationStore, journal_beside, look_at_annotations

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from sam_widget.annotations import ImageAnnotations
    from sam_widget.session.export import Exported
    from sam_widget.session.series_summary import SeriesSummary

__all__ = ["Kept", "Series"]

_THUMBNAIL_BYTES: Final = 16 << 20
"""Thumbnails kept in memory; a few thousand."""


@dataclass(frozen=True)
class Kept:
    """What one image had when it was left.

    Attributes
    ----------
    store : AnnotationStore or None
        Accepted annotations; None if the image was never open.
    prompts : Prompts
        What was placed for the next one.
    has_journal : bool
        Whether the annotations are in a journal, from which they are opened again.
    """

    store: AnnotationStore | None = None
    prompts: Prompts = field(default_factory=Prompts)
    has_journal: bool = False


class Series:
    """Images in order, with a place, a status and objects for each. Safe from any thread.

    Parameters
    ----------
    images : iterable
        Paths, bytes, PIL images or arrays; nothing is read before it is needed.
    folder : path, optional
        Where place and statuses are kept, in ``.sam-series.json``, and what names are relative to.
        Without one they live as long as the series.
    value_range : (float, float), optional
        As for :func:`~sam_widget.load_image`, for every image.

    Raises
    ------
    ImageError
        If there is no image.

    Attributes
    ----------
    has_journals : bool
        Whether images have journals beside them; a widget with ``journal=False`` says no.

    Examples
    --------
    >>> import numpy as np
    >>> series = Series([np.zeros((40, 60, 3), np.uint8), np.ones((30, 30), bool)])
    >>> len(series), series.names, series.index
    (2, ('image 1', 'image 2'), 0)
    >>> series.mark("done", 0)
    >>> series.statuses, series.next_todo()
    (('done', 'todo'), 1)
    """

    def __init__(
        self,
        images: Iterable[object],
        *,
        folder: str | os.PathLike[str] | None = None,
        value_range: tuple[float, float] | None = None,
    ) -> None:
        self._sources = tuple(images)
        if not self._sources:
            raise ImageError("expected at least one image, got an empty list.")
        root = None if folder is None else Path(folder).expanduser()
        self.names = tuple(name_of(source, at, root) for at, source in enumerate(self._sources))
        self.value_range = value_range
        self.has_journals = True
        self._lock = RLock()
        self._writing = RLock()
        self._file = None if root is None else StateFile(root)
        self._folder = root or common_folder(self._sources)
        state = SeriesState() if self._file is None else self._file.read()
        self._statuses = [state.status(name) for name in self.names]
        self.index = self.names.index(state.place) if state.place in self.names else 0
        self._failures: dict[int, str] = {}
        self._codes: str | None = None
        self._kept: dict[int, Kept] = {}
        self._thumbnails: OrderedDict[int, Encoded] = OrderedDict()
        self._ahead: tuple[int, RgbImage] | None = None
        self._journals = JournalCounts()
        self._open_annotations: Callable[[], AnnotationStore | None] | None = None

    @classmethod
    def from_folder(
        cls,
        folder: str | os.PathLike[str],
        pattern: str = "*",
        *,
        value_range: tuple[float, float] | None = None,
    ) -> Series:
        """Take the images of a folder; see :func:`~sam_widget.images.folders.image_files`.

        Label images that belong to a photo, which :meth:`save` may have written, are none of them.
        """
        found = [
            path for path in image_files(folder, pattern) if not formats.png.is_label_image(path)
        ]
        return cls(found, folder=folder, value_range=value_range)

    def __len__(self) -> int:
        return len(self._sources)

    def __repr__(self) -> str:
        done = sum(status == "done" for status in self._statuses)
        return f"<series of {len(self)} images, {done} done, at {self.names[self.index]}>"

    @property
    def folder(self) -> Path | None:
        """Where the images are: the folder that was given, or that of all files; or None."""
        return self._folder

    # ---- place and statuses ---------------------------------------------------------------------

    @property
    def statuses(self) -> tuple[str, ...]:
        """``"todo"``, ``"done"`` or ``"skipped"`` for each image."""
        with self._lock:
            return tuple(self._statuses)

    @property
    def failures(self) -> dict[int, str]:
        """Why images could not be read, by index, as far as that was tried."""
        with self._lock:
            return dict(self._failures)

    @property
    def codes(self) -> str:
        """One letter for each image: ``t`` to do, ``d`` done, ``s`` skipped, ``e`` unreadable."""
        with self._lock:
            if self._codes is None:
                letters = [status[0] for status in self._statuses]
                for index in self._failures:
                    if letters[index] == "t":
                        letters[index] = "e"
                self._codes = "".join(letters)
            return self._codes

    @property
    def note(self) -> str:
        """Why place and statuses are not kept in the folder; empty when they are."""
        return "" if self._file is None else self._file.problem

    def mark(self, status: str, index: int | None = None) -> None:
        """Mark an image, by default the open one.

        Parameters
        ----------
        status : str
            ``"todo"``, ``"done"`` or ``"skipped"``.
        index : int, optional
            0 is the first, -1 the last.

        Raises
        ------
        ImageError
            If there is no such status or no such image.
        """
        if status not in STATUSES:
            raise ImageError(f"a status is one of {', '.join(STATUSES)}, got {status!r:.60}.")
        with self._writing:
            with self._lock:
                at = self.index if index is None else self.checked(index)
                self._statuses[at] = status
                self._codes = None
            self._save(None, {self.names[at]: status})

    def place(self, index: int) -> None:
        """Note which image is open."""
        with self._writing:
            self.index = self.checked(index)
            self._save(self.names[self.index], {})

    def checked(self, index: int) -> int:
        """Return the index as 0 ... len - 1; ImageError if there is no such image."""
        if not -len(self) <= index < len(self):
            raise ImageError(f"there is no image {index}: the series has {len(self)}, from 0 on.")
        return index % len(self)

    def next_todo(self) -> int | None:
        """Return the next image that is to do, after the open one and then from the first on."""
        with self._lock:
            order = [*range(self.index + 1, len(self)), *range(self.index)]
            return next((at for at in order if self._statuses[at] == "todo"), None)

    # ---- images ---------------------------------------------------------------------------------

    def load(self, index: int) -> RgbImage:
        """Read an image; ImageError if that fails, which :attr:`failures` then tells."""
        index = self.checked(index)
        with self._lock:
            ahead = self._ahead
        with self._noting_failures(index):
            if ahead is not None and ahead[0] == index:
                return ahead[1]
            return load_image(self._sources[index], value_range=self.value_range)

    def load_ahead(self, index: int) -> RgbImage | None:
        """Read an image and hold it until another one is; None if it cannot be read."""
        try:
            image = self.load(index)
        except ImageError:
            return None
        with self._lock:
            self._ahead = (index, image)
        return image

    def forget_ahead(self) -> None:
        """Hold no image ahead."""
        with self._lock:
            self._ahead = None

    def thumbnail(self, index: int) -> Encoded:
        """Return a small picture of an image; errors as for :meth:`load`."""
        index = self.checked(index)
        with self._lock:
            if index in self._thumbnails:
                self._thumbnails.move_to_end(index)
                return self._thumbnails[index]
        with self._noting_failures(index):
            made = encode_thumbnail(self._sources[index])
        with self._lock:
            self._thumbnails[index] = made
            while sum(len(kept.data) for kept in self._thumbnails.values()) > _THUMBNAIL_BYTES:
                self._thumbnails.popitem(last=False)
        return made

    def fail(self, index: int, error: Exception) -> None:
        """Note why an image cannot be opened, until it can."""
        with self._lock:
            self._failures[index] = str(error)
            self._codes = None

    # ---- objects --------------------------------------------------------------------------------

    def keep(self, index: int, kept: Kept) -> None:
        """Remember what an image has, when it is left."""
        with self._lock:
            self._kept[index] = kept

    def kept(self, index: int) -> Kept:
        """Return what an image had when it was left; nothing if it was never open."""
        with self._lock:
            return self._kept.get(index, Kept())

    def annotations(self, index: int) -> AnnotationStore:
        """Return the annotations of an image; those of the open one as they are now.

        Those of another image are read from its journal, where it has one, and cannot be changed
        before it is opened; so are those of the open image while another process has it. An image
        that cannot be read has those that it had when it was left.
        """
        index = self.checked(index)
        now = self._annotations_now(index)
        if now is not None:
            return now
        kept = self.kept(index)
        if self.has_journals and (kept.store is None or kept.has_journal):
            try:
                return look_at_annotations(self.load(index))
            except (ImageError, JournalError):
                if kept.store is None and not self.failures.get(index):
                    raise
        if kept.store is not None:
            return kept.store
        return AnnotationStore(width=0, height=0, file_name=Path(self.names[index]).name)

    def summary(self) -> SeriesSummary:
        """Count images by status and objects by label; images that are not open are not read.

        Their objects are counted in their journals.

        Examples
        --------
        >>> import numpy as np
        >>> print(Series([np.zeros((40, 60, 3), np.uint8)]).summary())
        1 image (0 done, 0 skipped, 1 to do), 0 objects
        """
        return summarize(self.statuses, [self._labels(index) for index in range(len(self))])

    def save(
        self,
        path: str | os.PathLike[str],
        format: str | None = None,  # noqa: A002 - as for one image
        **options: Any,  # noqa: ANN401 - each format has its own
    ) -> Exported:
        """Write the objects of all images, opened or not: one COCO file, or a folder of files.

        Images that have no objects and are not marked as done are left out, as nobody has said
        that there is nothing on them. Images are read one at a time.

        Parameters
        ----------
        path : path
            A file that ends in ``.coco.json`` for one COCO file, in which images are named relative
            to its folder. For other formats a folder, with a file for each image.
        format : str, optional
            As for :meth:`AnnotationStore.save`; by default COCO.
        **options
            Of that format, such as ``polygons=True``; for COCO also ``labels=[...]``, the order of
            its categories.

        Returns
        -------
        Exported
            Where it was written, how many images and objects, and which images were left out
            because they cannot be read; of those a ``FormatLossWarning`` says how many and which.

        Raises
        ------
        AnnotationError
            If the format is unknown, or a file would replace an image of the series.
        """
        exported = save_series(self.images_to_save(), Path(path), format or "coco", **options)
        if exported.left_out:
            formats.warn(exported.missing)
        return exported

    def images_to_save(self) -> list[ImageToSave]:
        """Return all images for an export, none of them read yet."""
        return [
            ImageToSave(name, path_of(source), partial(self._to_save, index))
            for index, (name, source) in enumerate(zip(self.names, self._sources, strict=True))
        ]

    def follow(self, annotations: Callable[[], AnnotationStore | None]) -> Callable[[], None]:
        """Tell where the annotations of the open image are found; the result ends it."""
        self._open_annotations = annotations

        def end() -> None:
            if self._open_annotations is annotations:  # and not another widget's
                self._open_annotations = None

        return end

    # ---- inside ---------------------------------------------------------------------------------

    @contextmanager
    def _noting_failures(self, index: int) -> Iterator[None]:
        """Note why an image could not be read, or that it now could."""
        try:
            yield
        except ImageError as error:
            self.fail(index, error)
            raise
        with self._lock:
            if self._failures.pop(index, None) is not None:
                self._codes = None

    def _to_save(self, index: int) -> ImageAnnotations | None:
        """Return the objects of an image; None if it has none and is not done."""
        done = self._statuses[index] == "done"
        if not done and self._labels(index) == {}:
            return None
        store = self.annotations(index)
        if len(store) == 0 and index in self.failures:
            raise ImageError(self.failures[index])
        if store.width == 0:  # done without ever having been open
            store = AnnotationStore.of(self.load(index))
        return store.image_annotations() if done or len(store) else None

    def _annotations_now(self, index: int) -> AnnotationStore | None:
        """Return the annotations of the open image, if it is this one and they can be changed."""
        follow = self._open_annotations
        return follow() if index == self.index and follow is not None else None

    def _labels(self, index: int) -> Mapping[str, int] | None:
        """Count the objects of an image by label; None if its journal cannot be read."""
        store = self._annotations_now(index)
        if store is None:
            kept = self.kept(index)
            path = path_of(self._sources[index])
            if path is not None and self.has_journals and (kept.store is None or kept.has_journal):
                return self._journals.labels(journal_beside(path))
            store = kept.store
        return Counter(annotation.label for annotation in store or ())

    def _save(self, place: str | None, statuses: dict[str, str]) -> None:
        """Write what changed, and take over what others did; whoever only looks need not wait."""
        if self._file is None:
            return
        state = self._file.change(place, statuses)
        with self._lock:
            self._statuses = [state.status(name) for name in self.names]
            self._codes = None
