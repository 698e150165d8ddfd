"""Write files in one step: readers see what was there before, or all of what is new."""

from __future__ import annotations

import os
import secrets
import shutil
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING

from sam_widget.storage.renaming import replace_file, sync_file, sync_folder

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["TEMPORARY", "replacing", "write_atomically", "write_new_file"]

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
        If the folder is missing, read-only or full; or if, when ``durable``, the disk reports an
        error.
    """
    target = Path(os.path.realpath(path))
    temporary = target.with_name(f".{target.name[:16]}-{os.getpid()}-{secrets.token_hex(8)}.tmp")
    try:
        with temporary.open("xb") as file:
            yield file
            file.flush()
            if durable:
                sync_file(file.fileno())
        with suppress(OSError):  # there is none yet, or the file system has no permissions
            shutil.copymode(target, temporary)
        replace_file(temporary, target)
    except BaseException:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise
    if durable:
        sync_folder(target.parent)


def write_atomically(
    path: str | os.PathLike[str], *content: bytes | memoryview, durable: bool = True
) -> None:
    """Write a file in one step, its parts one after the other; see :func:`replacing`."""
    with replacing(path, durable=durable) as file:
        for part in content:
            file.write(part)


def write_new_file(path: Path, content: bytes) -> None:
    """Write a file that must not exist yet, and force it to disk.

    Raises
    ------
    OSError
        If it exists, or cannot be written: then it is removed again.
    """
    with path.open("xb") as file:
        try:
            file.write(content)
            file.flush()
            sync_file(file.fileno())
        except BaseException:
            with suppress(OSError):
                path.unlink()
            raise
    sync_folder(path.parent)
