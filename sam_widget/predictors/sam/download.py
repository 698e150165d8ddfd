"""Download a large file: resumable, verified, and safe beside other processes.

The bytes go to ``<file>.part``, which a later attempt continues (HTTP Range), and the finished,
verified file appears under its own name in one step. A locked file beside it gives the ``.part`` to
one process at a time; whoever does not get it downloads to a private file instead, so nobody waits
for a stranger and both end with the same verified file.
"""

from __future__ import annotations

import contextlib
import hashlib
import http
import http.client
import os
import re
import tempfile
import urllib.error
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sam_widget.errors import DownloadError, WeightsError
from sam_widget.predictors.sam.checkpoints import (
    CACHE_VARIABLE,
    Checkpoint,
    cache_folder,
    describe_wrong_bytes,
    describe_wrong_file,
    official,
    sha256_of,
)
from sam_widget.storage import LockedFile, replace_file

if TYPE_CHECKING:
    from collections.abc import Iterator

TIMEOUT_SECONDS = 30.0  # of silence, not of the whole transfer
_CHUNK_BYTES = 1 << 18


def fetch(name: str) -> Path:
    """Return the path of an official checkpoint, verified, downloading it if it is not there yet.

    Parameters
    ----------
    name : {"vit_b", "vit_l", "vit_h"}
        Which one.

    Raises
    ------
    UnknownModel
        If the name is not in the table.
    DownloadError
        If the file cannot be downloaded; the message says how to get it by hand.
    WeightsError
        If the file in the cache is not the official one.
    """
    checkpoint = official(name)
    target = cache_folder() / checkpoint.file_name
    if not target.is_file():
        return download(checkpoint, target)
    found = sha256_of(target)
    if found != checkpoint.sha256:
        what = describe_wrong_file(target)
        raise WeightsError(
            f"expected the official {name} weights at {target}, with SHA-256 {checkpoint.sha256}, "
            f"got {what or 'another file'} with SHA-256 {found}. Delete it to download it again; "
            f'to use your own weights, pass load("{name}", checkpoint=...).'
        )
    return target


def download(checkpoint: Checkpoint, target: Path) -> Path:
    """Download a checkpoint to ``target``, with a progress bar, and verify its digest.

    An interrupted download is continued by the next call.

    Parameters
    ----------
    checkpoint : Checkpoint
        What to download.
    target : Path
        The finished file. Its folder is made; meanwhile, ``.part`` and ``.lock`` files live next
        to it.

    Returns
    -------
    Path
        ``target``.

    Raises
    ------
    DownloadError
        If the server cannot be reached, answers with an error or a page, or sends other bytes than
        expected; if the disk is full. The message says how to get the file by hand.
    """
    with _disk(checkpoint, target):
        target.parent.mkdir(parents=True, exist_ok=True)
        with _claimed_part(target) as part:
            # Another process may have finished while this one was asking.
            if not (target.is_file() and sha256_of(target) == checkpoint.sha256):
                _complete(part, checkpoint, target)
                replace_file(part, target)
    return target


@contextlib.contextmanager
def _disk(checkpoint: Checkpoint, target: Path) -> Iterator[None]:
    """Report trouble with the disk as such, apart from trouble with the network."""
    try:
        yield
    except OSError as error:
        raise _failure(
            checkpoint,
            target,
            f"{target.parent} cannot be written ({error}; {CACHE_VARIABLE} names another folder)",
        ) from error


@contextlib.contextmanager
def _claimed_part(target: Path) -> Iterator[Path]:
    """Yield a file to download to that no other thread or process is writing."""
    try:
        lock = LockedFile(Path(f"{target}.lock"))
    except OSError:  # taken, or on a file system without locks
        descriptor, name = tempfile.mkstemp(prefix=f"{target.name}.", dir=target.parent)
        os.close(descriptor)
        part = Path(name)
        try:
            yield part
        finally:
            part.unlink(missing_ok=True)
        return
    try:
        yield Path(f"{target}.part")
    finally:
        lock.close(remove=True)


def _complete(part: Path, checkpoint: Checkpoint, target: Path) -> None:
    """Fill ``part`` and check its digest; what was continued and came out wrong begins anew."""
    continued = part.exists() and part.stat().st_size > 0
    _fill(part, checkpoint, target)
    found, nbytes = _digest(part), part.stat().st_size
    if found == checkpoint.sha256:
        return
    part.unlink()  # continuing a wrong file would only give a wrong file
    if continued:
        _complete(part, checkpoint, target)
        return
    raise _failure(
        checkpoint, target, f"{nbytes:,} bytes with another SHA-256 came, {found}; they are deleted"
    )


def _fill(part: Path, checkpoint: Checkpoint, target: Path) -> None:
    """Bring ``part`` to its full length, reconnecting for as long as each connection adds bytes."""
    from tqdm.auto import tqdm

    with tqdm(
        total=checkpoint.nbytes, unit="B", unit_scale=True, desc=checkpoint.file_name
    ) as progress:
        while True:
            before = part.stat().st_size if part.exists() else 0
            try:
                complete = _transfer(part, checkpoint, target, progress)
                problem = "the connection closed early"
            except (OSError, http.client.HTTPException) as error:
                complete, problem = False, _reason(error)
            if complete:
                return
            held = part.stat().st_size if part.exists() else 0
            if held <= before:
                if held:
                    problem += f" ({held / 1e6:,.1f} MB are kept; the next attempt continues)"
                raise _failure(checkpoint, target, problem)


def _transfer(part: Path, checkpoint: Checkpoint, target: Path, progress: Any) -> bool:  # noqa: ANN401 - a tqdm bar, which has no types
    """Append what one connection gives to ``part``; return whether the server had no more."""
    start = part.stat().st_size if part.exists() else 0
    headers = {"User-Agent": "sam-widget", "Accept-Encoding": "identity"}
    if start:
        headers["Range"] = f"bytes={start}-"
    request = urllib.request.Request(checkpoint.url, headers=headers)  # noqa: S310 - https, from our table
    try:
        answer = urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS)  # noqa: S310
    except urllib.error.HTTPError as error:
        with error:
            if error.code == http.HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
                # Nothing follows what is here: complete, or too long. The digest tells.
                return True
        raise
    with answer:
        if not _continues(answer, start):
            start = 0  # a server without ranges sends everything again
        length = answer.headers.get("Content-Length")
        received = 0
        progress.n = start
        chunk = answer.read(_CHUNK_BYTES)
        if start == 0:
            # Before the file is opened: a page must not cost what is already here.
            _refuse_page(chunk, checkpoint, target)
        with _disk(checkpoint, target):
            file = part.open("ab" if start else "wb", buffering=0)
        with file:
            while chunk:
                with _disk(checkpoint, target):
                    file.write(chunk)
                received += len(chunk)
                progress.update(len(chunk))
                chunk = answer.read(_CHUNK_BYTES)
        return length is None or received >= int(length)


def _continues(answer: Any, start: int) -> bool:  # noqa: ANN401 - what urlopen returns has no one type
    """Tell whether the answer begins at byte ``start``, as was asked for."""
    if answer.status != http.HTTPStatus.PARTIAL_CONTENT:
        return False
    sent = re.match(r"bytes (\d+)-", answer.headers.get("Content-Range", ""))
    return sent is not None and int(sent[1]) == start


def _refuse_page(head: bytes, checkpoint: Checkpoint, target: Path) -> None:
    what = describe_wrong_bytes(head)
    if what:
        raise _failure(checkpoint, target, f"the server sent {what}")


def _digest(part: Path) -> str:
    digest = hashlib.sha256()
    with part.open("rb") as file:
        while chunk := file.read(_CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest()


def _reason(error: Exception) -> str:
    if isinstance(error, urllib.error.HTTPError):
        return f"the server answered {error.code} {error.reason}"
    reason = getattr(error, "reason", error)
    return f"no connection, or it broke ({reason or type(reason).__name__})"


def _failure(checkpoint: Checkpoint, target: Path, problem: str) -> DownloadError:
    return DownloadError(
        f"expected to download the {checkpoint.name} weights from {checkpoint.url}, but {problem}. "
        f"{checkpoint.advice(target)}"
    )
