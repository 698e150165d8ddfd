"""Files that appear whole: readers see what was there before, or all of what is new."""

from __future__ import annotations

import os
import secrets
import shutil
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["TEMPORARY", "replacing", "write_atomically"]

TEMPORARY = r"\..{1,16}-[0-9]+-[0-9a-f]{16}\.tmp"
"""Regular expression of the names that files have while they are written."""


@contextmanager
def replacing(path: str | os.PathLike[str], *, durable: bool = True) -> Iterator[IO[bytes]]:
    """Open a file beside ``path`` for writing; it takes that name when the block ends well.

    A link is followed, and a file that is replaced keeps its permissions. Where the block raises,
    what was there stays and nothing else is left behind.

    Parameters
    ----------
    path : path
        The folder must exist.
    durable : bool
        Whether the content is on the disk (fsync) before it takes the name, so that it survives a
        loss of power as well. Files that can be made again do without.

    Yields
    ------
    binary file

    Raises
    ------
    OSError
        If the folder is missing, read-only or full.
    """
    target = Path(os.path.realpath(path))
    temporary = target.with_name(f".{target.name[:16]}-{os.getpid()}-{secrets.token_hex(8)}.tmp")
    try:
        with temporary.open("xb") as file:
            yield file
            file.flush()
            if durable:
                os.fsync(file.fileno())
        with suppress(FileNotFoundError):
            shutil.copymode(target, temporary)
        temporary.replace(target)
    except BaseException:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise
    if durable:
        _sync_folder(target.parent)


def write_atomically(
    path: str | os.PathLike[str], *content: bytes | memoryview, durable: bool = True
) -> None:
    """Write a file in one step, its parts one after the other; see :func:`replacing`."""
    with replacing(path, durable=durable) as file:
        for part in content:
            file.write(part)


def _sync_folder(folder: Path) -> None:
    """Put the new name on the disk as well, where folders can be opened (not on Windows)."""
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
