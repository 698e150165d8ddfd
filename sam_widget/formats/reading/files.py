"""Read files that others wrote: regular files, up to a size, and text line by line."""

from __future__ import annotations

import io
import stat
from pathlib import Path
from typing import TYPE_CHECKING

from sam_widget.errors import AnnotationError

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator

__all__ = ["MAX_FILE_BYTES", "read_bounded", "read_lines"]

MAX_FILE_BYTES = 2**29
"""Largest file that is read (512 MiB): COCO's own annotations of 118,000 images are 450 MB."""


def read_bounded(path: str | os.PathLike[str], limit: int = MAX_FILE_BYTES) -> bytes:
    """Read a regular file of at most ``limit`` bytes.

    Raises
    ------
    AnnotationError
        If it is something else, or larger.
    OSError
        If it is missing or may not be read.
    """
    path = Path(path)
    found = path.stat()
    # A pipe would be waited for at opening.
    if not stat.S_ISREG(found.st_mode):
        raise AnnotationError(f"{path.name}: is not a file.")
    if found.st_size <= limit:
        with path.open("rb") as file:
            # Room for as much is made at once; what is written meanwhile is not waited for.
            content = file.read(found.st_size + 1)
        if len(content) <= limit:
            return content
    raise AnnotationError(f"{path.name}: is larger than {limit:,} bytes, the most that is read.")


def read_lines(content: bytes, name: str, newline: str | None = None) -> Iterator[str]:
    """Yield the lines of a UTF-8 text, without decoding all of it at once.

    Parameters
    ----------
    content : bytes
    name : str
        The file's name, for errors.
    newline : str, optional
        As for ``open``: ``""`` leaves the ends of lines as they are.

    Raises
    ------
    AnnotationError
        If it is not UTF-8.
    """
    try:
        yield from io.TextIOWrapper(io.BytesIO(content), "utf-8-sig", newline=newline)
    except UnicodeDecodeError as error:
        raise AnnotationError(f"{name}: is not UTF-8 text: {error}") from error
