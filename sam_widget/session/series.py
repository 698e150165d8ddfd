"""A series: images that are annotated one after another, each with objects of its own.

Plain Python, without Jupyter. The series knows its images, what was made on each, and which of
them are done; :class:`~sam_widget.widget.navigation.Navigation` shows them one at a time.
"""

from __future__ import annotations

import os
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import RLock
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from PIL import Image

from sam_widget.errors import ImageError, JournalError
from sam_widget.images import Encoded, RgbImage, encode_thumbnail, image_files, load_image
from sam_widget.prompts import Prompts
from sam_widget.session.series_state import STATUSES, SeriesState, StateFile
from sam_widget.store import AnnotationStore, look_at_annotations

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Kept", "Series", "is_series"]

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
        self.names = tuple(_name(source, at, root) for at, source in enumerate(self._sources))
        self.value_range = value_range
        self.has_journals = True
        self._lock = RLock()
        self._writing = RLock()
        self._file = None if root is None else StateFile(root)
        state = SeriesState() if self._file is None else self._file.read()
        self._statuses = [state.status(name) for name in self.names]
        self.index = self.names.index(state.place) if state.place in self.names else 0
        self._failures: dict[int, str] = {}
        self._codes: str | None = None
        self._kept: dict[int, Kept] = {}
        self._thumbnails: OrderedDict[int, Encoded] = OrderedDict()
        self._ahead: tuple[int, RgbImage] | None = None
        self._open_annotations: Callable[[], AnnotationStore | None] | None = None

    @classmethod
    def from_folder(
        cls,
        folder: str | os.PathLike[str],
        pattern: str = "*",
        *,
        value_range: tuple[float, float] | None = None,
    ) -> Series:
        """Take the images of a folder; see :func:`~sam_widget.images.folders.image_files`."""
        return cls(image_files(folder, pattern), folder=folder, value_range=value_range)

    def __len__(self) -> int:
        return len(self._sources)

    def __repr__(self) -> str:
        done = sum(status == "done" for status in self._statuses)
        return f"<series of {len(self)} images, {done} done, at {self.names[self.index]}>"

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
        if index == self.index and self._open_annotations is not None:
            store = self._open_annotations()
            if store is not None:
                return store
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

    def follow(self, annotations: Callable[[], AnnotationStore | None] | None) -> None:
        """Tell where the annotations of the open image are found; None when none is open."""
        self._open_annotations = annotations

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

    def _save(self, place: str | None, statuses: dict[str, str]) -> None:
        """Write what changed, and take over what others did; whoever only looks need not wait."""
        if self._file is None:
            return
        state = self._file.change(place, statuses)
        with self._lock:
            self._statuses = [state.status(name) for name in self.names]
            self._codes = None


def is_series(source: object) -> bool:
    """Whether this is a list of images, and not one image or a list of numbers."""
    kinds: tuple[Any, ...] = (str, os.PathLike, bytes, Image.Image, np.ndarray, RgbImage)
    return (
        isinstance(source, Sequence)
        and not isinstance(source, str | bytes | bytearray | memoryview)
        and len(source) > 0
        and all(isinstance(image, kinds) for image in source)
    )


def _name(source: object, at: int, root: Path | None) -> str:
    if not isinstance(source, str | os.PathLike):
        return f"image {at + 1}"
    path = Path(os.fsdecode(source))
    if root is not None and path.is_relative_to(root):
        return path.relative_to(root).as_posix()
    return path.as_posix() if root is not None else path.name
