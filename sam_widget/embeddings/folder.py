"""Store embeddings on disk: one safetensors file each, checked before it is used.

A file carries what it is an embedding of and a SHA-256 of all its bytes, so that damage, a file of
something else under its name, and edits by hand are noticed: then it is as good as absent, and the
next one written takes its place. The digest is no signature: who may write to the folder may
forge entries. They can mislead then, but not run code: safetensors holds numbers alone.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import re
import stat
import struct
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from sam_widget.predictors import ModelFrame
from sam_widget.storage import TEMPORARY, write_atomically

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from numpy.typing import NDArray

__all__ = ["EmbeddingFolder", "EmbeddingKey"]

MAX_ENTRY_BYTES = 1 << 28
"""Largest file read or written; ViT-H's features are 4 MB, and nobody's are near this."""
MAX_HEADER_BYTES = 1 << 16
_FORMAT = "sam_widget embedding, 1"
_LENGTH = struct.Struct("<Q")
_ENTRY = re.compile(r"[0-9a-f]{64}\.safetensors")
_TEMPORARY = re.compile(TEMPORARY)
_ABANDONED_AFTER = 24 * 3600.0
_CHECKSUM = re.compile(rb'"checksum":"([0-9a-f]{64})"')
_NO_CHECKSUM = "0" * 64
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class EmbeddingKey:
    """What an embedding is made of.

    Attributes
    ----------
    image_digest : str
        Digest of the original pixels.
    model_digest : str
        Digest of the weights.
    preprocessing : str
        Version of everything else that leads to the features.
    frame : ModelFrame
        Size of the original image in pixels, and the model's frame of it.
    """

    image_digest: str
    model_digest: str
    preprocessing: str
    frame: ModelFrame

    @property
    def file_name(self) -> str:
        """Name of the file: a digest of all of it."""
        text = json.dumps(self.metadata(), sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest() + ".safetensors"

    def metadata(self) -> dict[str, str]:
        """Return all of it as texts, for the head of the file."""
        frame = self.frame
        texts = {
            "format": _FORMAT,
            "image_digest": self.image_digest,
            "model_digest": self.model_digest,
            "preprocessing": self.preprocessing,
            "size_hw": f"{frame.height} x {frame.width}",
        }
        # Version 0.1 knew one frame and did not write it: its files have the same names still.
        if frame != ModelFrame(frame.height, frame.width):
            input_side, logits_side = frame.input_side, frame.logits_side
            texts["frame"] = f"{input_side} {frame.fit}, {logits_side} {frame.upsampling}"
        return texts


class _Unusable(Exception):  # noqa: N818 - reads as the fact it states
    """Why a file is not the entry it should be."""


class EmbeddingFolder:
    """A folder of embeddings, which several processes may use at once.

    Files are written in one step. A file that cannot be written is logged once, and the image is
    encoded again the next time.

    Parameters
    ----------
    path : Path
        Made when first written to.
    max_bytes : int, optional
        Size that all entries together are kept to; the longest unused go first.
    """

    def __init__(self, path: Path, max_bytes: int | None = None) -> None:
        self.path = path
        self.max_bytes = max_bytes
        self._complained = False

    def holds(self, key: EmbeddingKey) -> bool:
        """Tell whether there is a file of that name, good or not."""
        try:
            return (self.path / key.file_name).exists()
        except OSError:  # not allowed to look
            return False

    def read(self, key: EmbeddingKey) -> dict[str, NDArray[Any]] | None:
        """Return the arrays of an entry; None if there is none, or none that can be trusted."""
        path = self.path / key.file_name
        try:
            arrays = _read(path, key)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            self.complain(error)
            return None
        except _Unusable as error:
            self.reject(key, str(error))
            return None
        with suppress(OSError):  # the time of its last use, by which entries are removed
            os.utime(path)
        return arrays

    def reject(self, key: EmbeddingKey, reason: str) -> None:
        """Say in the log that an entry is not used."""
        _log.warning(
            "%s is not used and the image is encoded again: %s", self.path / key.file_name, reason
        )

    def write(self, key: EmbeddingKey, arrays: Mapping[str, NDArray[Any]]) -> None:
        """Write an entry, replacing what has its name."""
        target = self.path / key.file_name
        try:
            content = _serialised(key, arrays)
            self.path.mkdir(parents=True, exist_ok=True)
            write_atomically(target, content, durable=False)
            self._trim()
        except (OSError, _Unusable) as error:
            self.complain(error)

    def complain(self, error: Exception) -> None:
        """Say, once, that embeddings are not kept here."""
        if not self._complained:
            self._complained = True
            _log.warning(
                "embeddings cannot be kept in %s: %s. Images are encoded each time; make room, "
                "make the folder writable, or choose another with cache=.",
                self.path,
                error,
            )

    def clear(self) -> None:
        """Delete every entry; other files in the folder stay."""
        for path, _ in self._files(_ENTRY):
            path.unlink(missing_ok=True)

    def _trim(self) -> None:
        """Keep to the budget, and sweep up what a process left behind that died while writing."""
        for path, found in self._files(_TEMPORARY):
            if time.time() - found.st_mtime > _ABANDONED_AFTER:
                _discard(path)
        if self.max_bytes is None:
            return
        entries = sorted(self._files(_ENTRY), key=lambda entry: entry[1].st_mtime_ns, reverse=True)
        total = 0
        for path, found in entries:
            total += found.st_size
            if total > self.max_bytes:
                _discard(path)

    def _files(self, pattern: re.Pattern[str]) -> Iterator[tuple[Path, os.stat_result]]:
        if not self.path.is_dir():
            return
        for path in list(self.path.iterdir()):
            if pattern.fullmatch(path.name):
                with suppress(OSError):  # another process was faster
                    yield path, path.stat()


def _discard(path: Path) -> None:
    with suppress(OSError):  # another process has it open, or was faster
        path.unlink()


def _serialised(key: EmbeddingKey, arrays: Mapping[str, NDArray[Any]]) -> bytes:
    """Lay out an entry, with the digest of its bytes in place of the zeros they have there."""
    from safetensors.numpy import save  # noqa: PLC0415 - only paid for by those who have a folder

    metadata = {**key.metadata(), "checksum": _NO_CHECKSUM}
    content = save({name: np.ascontiguousarray(array) for name, array in arrays.items()}, metadata)
    (length,) = _LENGTH.unpack_from(content)
    if len(content) > MAX_ENTRY_BYTES or length > MAX_HEADER_BYTES:
        raise _Unusable(f"an entry of {len(content):,} bytes, {length:,} of names, is too large")
    head = content[_LENGTH.size : _LENGTH.size + length]
    digest = hashlib.sha256(content).hexdigest().encode()
    at = _LENGTH.size + _checksum_of(head).start(1)
    return content[:at] + digest + content[at + len(digest) :]


def _checksum_of(head: bytes) -> re.Match[bytes]:
    found = list(_CHECKSUM.finditer(head))
    if len(found) != 1:
        raise _Unusable("its head bears no checksum")
    return found[0]


def _read(path: Path, key: EmbeddingKey) -> dict[str, NDArray[Any]]:
    """Read an entry, looking at its kind, sizes and head before there is memory for the rest."""
    # A pipe would be waited for at opening.
    if not stat.S_ISREG(path.stat().st_mode):
        raise _Unusable("it is not a file")
    with path.open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        if not _LENGTH.size < size <= MAX_ENTRY_BYTES:
            raise _Unusable(f"it has {size:,} bytes")
        start = file.read(_LENGTH.size)
        (length,) = _LENGTH.unpack(start) if len(start) == _LENGTH.size else (0,)
        if not 0 < length <= min(MAX_HEADER_BYTES, size - _LENGTH.size):
            raise _Unusable("it has no head")
        head = file.read(length)
        checksum = _checksum_of(head)
        _check_metadata(head, key, checksum[1].decode())
        content = start + head + file.read(size - _LENGTH.size - length + 1)
    at = _LENGTH.size + checksum.start(1)
    digest = hashlib.sha256(content[:at])
    digest.update(_NO_CHECKSUM.encode())
    digest.update(memoryview(content)[at + len(_NO_CHECKSUM) :])
    if digest.hexdigest() != checksum[1].decode():
        raise _Unusable("its content is not what was written: it is damaged or edited")
    from safetensors.numpy import load  # noqa: PLC0415 - see above

    arrays: dict[str, NDArray[Any]]
    try:
        arrays = load(content)
    except Exception as error:
        # Only a file made on purpose gets here; the library has its own ways to refuse it.
        raise _Unusable(str(error)) from error
    return arrays


def _check_metadata(head: bytes, key: EmbeddingKey, checksum: str) -> None:
    try:
        parsed = json.loads(head)
    except (ValueError, RecursionError) as error:
        raise _Unusable("its head is not JSON") from error
    metadata = parsed.get("__metadata__") if isinstance(parsed, dict) else None
    if metadata != {**key.metadata(), "checksum": checksum}:
        raise _Unusable("it belongs to another image, model or version")
