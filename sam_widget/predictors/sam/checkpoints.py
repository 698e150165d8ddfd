"""The official checkpoints: where they come from, and how they are verified.

Files, addresses and sizes are those of the README of ``facebookresearch/segment-anything``. The six
hex digits in a file's name begin its MD5; what is checked here is the SHA-256.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, TypeAlias

import platformdirs

from sam_widget.errors import UnknownModel, WeightsError
from sam_widget.storage import read_sealed, write_sealed

if TYPE_CHECKING:
    from collections.abc import Mapping

CACHE_VARIABLE = "SAM_WIDGET_CACHE"
_SITE = "https://dl.fbaipublicfiles.com/segment_anything/"
_CHUNK_BYTES = 1 << 20


@dataclass(frozen=True)
class Checkpoint:
    """One official file of weights.

    Attributes
    ----------
    name : str
        As given to :func:`sam_widget.load`.
    url : str
        Where it is downloaded from; the last part is the file's name.
    sha256 : str
        Digest of the whole file, 64 hex digits.
    nbytes : int
        Size of the file, in bytes. Only for messages and progress: the digest decides.
    """

    name: str
    url: str
    sha256: str
    nbytes: int

    @property
    def file_name(self) -> str:
        """Name of the file, in the cache folder and at the end of the URL."""
        return self.url.rsplit("/", 1)[-1]

    def advice(self, target: Path) -> str:
        """Say how to get the file by hand, for an error message."""
        return (
            f"To go on without this download, fetch {self.url} ({self.nbytes / 1e6:,.0f} MB, "
            f"SHA-256 {self.sha256}) elsewhere and put it at {target}, or pass its place: "
            f'load("{self.name}", checkpoint="/path/to/{self.file_name}").'
        )


OFFICIAL: Mapping[str, Checkpoint] = MappingProxyType(
    {
        checkpoint.name: checkpoint
        for checkpoint in (
            Checkpoint(
                "vit_b",
                f"{_SITE}sam_vit_b_01ec64.pth",
                "ec2df62732614e57411cdcf32a23ffdf28910380d03139ee0f4fcbe91eb8c912",
                375_042_383,
            ),
            Checkpoint(
                "vit_l",
                f"{_SITE}sam_vit_l_0b3195.pth",
                "3adcc4315b642a4d2101128f611684e8734c41232a17c648ed1693702a49a622",
                1_249_524_607,
            ),
            Checkpoint(
                "vit_h",
                f"{_SITE}sam_vit_h_4b8939.pth",
                "a7bf3b02f3ebf1267aba913ff637d9a2d5c33d3173bb679e46d9f338c26f262e",
                2_564_550_879,
            ),
        )
    }
)


def cache_folder() -> Path:
    """Return the folder of downloads: ``$SAM_WIDGET_CACHE``, or the user's cache folder."""
    chosen = os.environ.get(CACHE_VARIABLE)
    if chosen:
        return Path(chosen).expanduser()
    return Path(platformdirs.user_cache_dir("sam_widget", appauthor=False))


def official(name: str) -> Checkpoint:
    """Return the table's entry of that name.

    Raises
    ------
    UnknownModel
        If the table has none.
    """
    try:
        return OFFICIAL[name]
    except KeyError:
        raise UnknownModel(
            f"expected the name of an official checkpoint ({', '.join(OFFICIAL)}), got {name!r}."
        ) from None


_MEMO_BYTES = 1 << 24
"""Size of a file from which its digest is also kept on disk; smaller ones are read in no time."""
_SETTLED_SECONDS = 2.0
"""Age of a file from which a later write would show in its time, however coarse that is."""

_Key: TypeAlias = "tuple[str, int, int]"
_digests: dict[_Key, str] = {}
_digests_lock = threading.Lock()


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file, remembered for as long as its size and time stay the same.

    Digests of large files are remembered on disk too, in the cache folder, so that a later session
    need not read the file for it.

    Raises
    ------
    WeightsError
        If the file cannot be read.
    """
    try:
        stat = path.stat()
        key = (str(path.resolve()), stat.st_size, stat.st_mtime_ns)
        with _digests_lock:
            known = _digests.get(key)
        if known is None and stat.st_size >= _MEMO_BYTES:
            known = _recall(key)
        if known is None:
            digest = hashlib.sha256()
            with path.open("rb") as file:
                while chunk := file.read(_CHUNK_BYTES):
                    digest.update(chunk)
            known = digest.hexdigest()
            settled = time.time() - stat.st_mtime >= _SETTLED_SECONDS
            if stat.st_size >= _MEMO_BYTES and settled:
                write_sealed(_memo_path(key), json.dumps([*key, known]).encode())
    except OSError as error:
        raise WeightsError(
            f"expected a readable file of weights at {path}, got: {error}."
        ) from error
    with _digests_lock:
        _digests[key] = known
    return known


def _memo_path(key: _Key) -> Path:
    return cache_folder() / "digests" / hashlib.sha256(key[0].encode()).hexdigest()


def _recall(key: _Key) -> str | None:
    """Return what an earlier session found for the same file of the same size and time."""
    memo = read_sealed(_memo_path(key))
    if memo is None:
        return None
    *found, digest = json.loads(memo)
    return str(digest) if found == list(key) else None


def describe_wrong_file(path: Path) -> str | None:
    """Say what a file that cannot be weights is, by its beginning; None if it may be some."""
    if path.stat().st_size == 0:
        return "an empty file"
    with path.open("rb") as file:
        return describe_wrong_bytes(file.read(4096))


def describe_wrong_bytes(head: bytes) -> str | None:
    """Say what a file that begins like this is, if it cannot be weights; None if it may be some."""
    text = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if text.startswith((b"<!doctype", b"<html", b"<?xml", b"<head", b"<error")):
        title = re.search(rb"<title[^>]*>\s*(.*?)\s*</title", head, re.DOTALL | re.IGNORECASE)
        named = f' titled "{title[1].decode("utf-8", "replace")[:80]}"' if title else ""
        return f"an HTML or XML page{named}, as a login, proxy or error page would be"
    if text.startswith(b"version https://git-lfs"):
        return "a Git LFS pointer (run `git lfs pull` where it came from)"
    if text.startswith((b"{", b"[")):
        return "a JSON text"
    return None
