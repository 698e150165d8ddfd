"""Cache encoded images in memory, up to a number of bytes, and in a folder.

Encoding is the slow part, seconds on a CPU, and its result depends on the pixels, the weights and
the preprocessing alone. So whoever asks for the same again gets the value that is already there:
when a cell runs again, in another widget, or, with a folder, after the kernel was restarted.
"""

from __future__ import annotations

import functools
import os
import threading
import weakref
from collections import OrderedDict
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from sam_widget.embeddings.folder import EmbeddingFolder, EmbeddingKey
from sam_widget.errors import ModelError
from sam_widget.images import load_image
from sam_widget.predictors import StorablePredictor, capabilities, encode_with

if TYPE_CHECKING:
    from collections.abc import Hashable

    from sam_widget.images import RgbImage
    from sam_widget.predictors import Embedding, Predictor, Progress

__all__ = ["Cache", "CacheInfo", "EmbeddingCache", "choose_cache"]

FOLDER_VARIABLE = "SAM_WIDGET_EMBEDDINGS"
DEFAULT_BYTES = 128 * 2**20
"""Enough for 12 images of the lite model (10 MB each), or 5 of an official one (25 MB each)."""
_LOOK_EVERY = 0.05
"""Seconds between two looks at one's own wish to cancel while another thread encodes."""

Cache: TypeAlias = "EmbeddingCache | str | os.PathLike[str] | bool"
"""What ``cache=`` takes; see :func:`choose_cache`."""


class CacheInfo(NamedTuple):
    """What a cache has done so far, and holds now.

    Attributes
    ----------
    memory_hits, folder_hits, misses : int
        Images that were there in memory, that came from the folder, that had to be encoded.
    entries, nbytes, max_bytes : int
        Embeddings in memory, their bytes, and the budget.
    """

    memory_hits: int
    folder_hits: int
    misses: int
    entries: int
    nbytes: int
    max_bytes: int


class _Kept(NamedTuple):
    """An embedding in memory, and the predictor that alone may have it, if there is one."""

    embedding: Embedding
    owner: weakref.ref[Predictor] | None


@dataclass(eq=False)
class _Flight:
    """An embedding that one thread makes and others may wait for."""

    landed: threading.Event = field(default_factory=threading.Event)
    share: float = 0.0
    embedding: Embedding | None = None

    def watched(self, progress: Progress | None) -> Progress:
        """Return a progress that those who wait can follow."""

        def watch(share: float) -> None:
            self.share = share
            if progress is not None:
                progress(share)

        return watch

    def wait(self, progress: Progress | None) -> Embedding | None:
        """Return what came of it; None if the thread failed or was cancelled."""
        while not self.landed.wait(None if progress is None else _LOOK_EVERY):
            if progress is not None:
                progress(self.share)
        return self.embedding


@dataclass(frozen=True)
class _Request:
    """One image for one predictor, and where its embedding belongs."""

    predictor: Predictor
    image: RgbImage
    key: EmbeddingKey
    storable: StorablePredictor | None
    place: Hashable
    """In memory; on disk it is the key alone."""

    @classmethod
    def of(cls, predictor: Predictor, image: RgbImage) -> _Request:
        storable = predictor if isinstance(predictor, StorablePredictor) else None
        version = "" if storable is None else storable.preprocessing
        frame = capabilities(predictor).frame((image.height, image.width))
        key = EmbeddingKey(image.digest, predictor.model_digest, version, frame)
        # Features live on a device. Who promises nothing about storing shares with nobody else.
        owner = None if storable is not None else id(predictor)
        place = (key, type(predictor), predictor.device, owner)
        return cls(predictor, image, key, storable, place)


class EmbeddingCache:
    """Embeddings by image, weights and preprocessing; safe to share between threads.

    Parameters
    ----------
    max_bytes : int
        Memory for embeddings; the longest unused go first. One that is larger by itself is
        handed out and not kept.
    folder : path, optional
        Where to keep them beyond the life of the process, one safetensors file each; several
        processes may share it. A file that is damaged or of something else is not used, and
        replaced. Only of a :class:`~sam_widget.predictors.base.StorablePredictor`.
    folder_bytes : int, optional
        Size the folder is kept to; unlimited by default.

    Raises
    ------
    ModelError
        If a size is negative, or the folder is a file.

    Examples
    --------
    >>> import numpy as np
    >>> from sam_widget import EmbeddingCache, load
    >>> cache, predictor = EmbeddingCache(max_bytes=2**20), load("fake")
    >>> embedding = cache.get_or_encode(predictor, np.zeros((60, 80, 3), np.uint8))
    >>> cache.get_or_encode(predictor, np.zeros((60, 80, 3), np.uint8)) is embedding
    True
    >>> cache.nbytes
    786432
    """

    def __init__(
        self,
        max_bytes: int = DEFAULT_BYTES,
        folder: str | os.PathLike[str] | None = None,
        *,
        folder_bytes: int | None = None,
    ) -> None:
        for name, value in (("max_bytes", max_bytes), ("folder_bytes", folder_bytes or 0)):
            if isinstance(value, bool) or not isinstance(value, int) or value < 0:
                raise ModelError(f"expected {name} as a number of bytes, 0 or more, got {value!r}.")
        self.max_bytes = max_bytes
        self._folder = None
        if folder is not None:
            self._folder = EmbeddingFolder(_existing_or_new(Path(folder)), folder_bytes)
        self._lock = threading.Lock()
        self._entries: OrderedDict[Hashable, _Kept] = OrderedDict()
        self._flights: dict[Hashable, _Flight] = {}
        self._nbytes = 0
        self._memory_hits = self._folder_hits = self._misses = 0

    def __repr__(self) -> str:
        where = "" if self._folder is None else f", folder={str(self._folder.path)!r}"
        return f"<EmbeddingCache of {self.nbytes:,} of {self.max_bytes:,} bytes{where}>"

    @property
    def nbytes(self) -> int:
        """Bytes of the embeddings in memory, never more than ``max_bytes``."""
        return self._nbytes

    @property
    def folder(self) -> Path | None:
        """Where embeddings are kept beyond the life of the process."""
        return None if self._folder is None else self._folder.path

    def info(self) -> CacheInfo:
        """Return what the cache has done so far, and holds now."""
        with self._lock:
            hits = self._memory_hits, self._folder_hits
            return CacheInfo(*hits, self._misses, len(self._entries), self._nbytes, self.max_bytes)

    def clear(self, *, folder: bool = False) -> None:
        """Forget the embeddings in memory, and with ``folder=True`` delete those on disk."""
        with self._lock:
            self._entries.clear()
            self._nbytes = 0
        if folder and self._folder is not None:
            self._folder.clear()

    def find(self, predictor: Predictor, image: object) -> Embedding | None:
        """Return the embedding if it is there, in memory or in the folder; never encode."""
        request = _Request.of(predictor, load_image(image))
        with self._lock:
            found = self._recall(request)
        if found is None:
            found = self._read(request)
            if found is not None:
                with self._lock:
                    self._remember(request, found)
        return found

    def get_or_encode(
        self, predictor: Predictor, image: object, progress: Progress | None = None
    ) -> Embedding:
        """Return the embedding of an image; encode it if it is not there.

        Threads that ask for the same at once wait for the first of them. Should that one fail or
        be cancelled, the next encodes.

        Parameters
        ----------
        predictor : Predictor
            Who encodes, and who will decode.
        image : RgbImage, path, bytes, PIL image or array
            Anything :func:`sam_widget.load_image` takes.
        progress : callable, optional
            As for :meth:`~sam_widget.Predictor.encode`; what it raises ends the
            waiting as well.

        Raises
        ------
        ImageError
            If it is not an image.
        """
        request = _Request.of(predictor, load_image(image))
        while True:
            with self._lock:
                found = self._recall(request)
                flight = self._flights.get(request.place)
                if found is None and flight is None:
                    self._flights[request.place] = _Flight()
            if found is None:
                if flight is None:
                    return self._make(request, progress)
                found = flight.wait(progress)
            if found is not None:
                self._write(request, found, only_if_missing=True)
                return found

    def _make(self, request: _Request, progress: Progress | None) -> Embedding:
        flight = self._flights[request.place]
        try:
            embedding = self._read(request)
            if embedding is None:
                watched = flight.watched(progress)
                embedding = encode_with(request.predictor, request.image, watched)
                with self._lock:
                    self._misses += 1
                self._write(request, embedding)
            flight.embedding = embedding
            with self._lock:
                self._remember(request, embedding)
        finally:
            with self._lock:
                del self._flights[request.place]
            flight.landed.set()
        return embedding

    # ---- memory; the lock is held -----------------------------------------------------------

    def _recall(self, request: _Request) -> Embedding | None:
        entry = self._entries.get(request.place)
        if entry is None:
            return None
        if entry.owner is not None and entry.owner() is not request.predictor:
            return None  # of one that is gone, whose place in memory this one took
        self._entries.move_to_end(request.place)
        self._memory_hits += 1
        return entry.embedding

    def _remember(self, request: _Request, embedding: Embedding) -> None:
        for place, kept in list(self._entries.items()):
            if place == request.place or (kept.owner is not None and kept.owner() is None):
                del self._entries[place]
                self._nbytes -= kept.embedding.nbytes
        owner = None
        if request.storable is None:
            try:
                owner = weakref.ref(request.predictor)
            except TypeError:
                return  # there is no telling whether it still is the one that made this
        if embedding.nbytes > self.max_bytes:
            return
        while self._nbytes + embedding.nbytes > self.max_bytes:
            _, oldest = self._entries.popitem(last=False)
            self._nbytes -= oldest.embedding.nbytes
        self._entries[request.place] = _Kept(embedding, owner)
        self._nbytes += embedding.nbytes

    # ---- disk -------------------------------------------------------------------------------

    def _read(self, request: _Request) -> Embedding | None:
        if self._folder is None or request.storable is None:
            return None
        arrays = self._folder.read(request.key)
        if arrays is None:
            return None
        try:
            embedding = request.storable.unpack(arrays, request.key.frame, request.image.digest)
        except Exception as error:  # noqa: BLE001 - an entry that cannot be used is one to replace
            self._folder.reject(request.key, str(error))
            return None
        with self._lock:
            self._folder_hits += 1
        return embedding

    def _write(
        self, request: _Request, embedding: Embedding, *, only_if_missing: bool = False
    ) -> None:
        if self._folder is None or request.storable is None:
            return
        if only_if_missing and self._folder.holds(request.key):
            return
        try:
            arrays = request.storable.pack(embedding)
        except Exception as error:  # noqa: BLE001 - the embedding is good, and just not kept
            self._folder.complain(error)
        else:
            self._folder.write(request.key, arrays)


def choose_cache(cache: Cache = True) -> EmbeddingCache | None:
    """Return the cache that a parameter ``cache=`` stands for.

    Parameters
    ----------
    cache : EmbeddingCache, path or bool
        A cache; a folder, for which there is one cache in a process; True for the one that the
        process shares, with the folder ``$SAM_WIDGET_EMBEDDINGS`` if that is set; False for none.

    Raises
    ------
    ModelError
        If it is anything else, or a file.
    """
    if isinstance(cache, EmbeddingCache):
        return cache
    if cache is False:
        return None
    if cache is True:
        return _shared(os.environ.get(FOLDER_VARIABLE) or None)
    if isinstance(cache, str | os.PathLike):
        return _shared(os.fspath(_existing_or_new(Path(cache)).absolute()))
    raise ModelError(
        "expected cache=True (in memory), False (none), a folder, or an EmbeddingCache, "
        f"got {cache!r}."
    )


@functools.cache
def _shared(folder: str | None) -> EmbeddingCache:
    return EmbeddingCache(folder=folder)


def _existing_or_new(path: Path) -> Path:
    path = path.expanduser()
    if path.exists() and not path.is_dir():
        raise ModelError(f"expected a folder for embeddings, got the file {path}.")
    return path
