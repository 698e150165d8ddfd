"""List the image files of a folder, in the order in which people count them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image

from sam_widget.errors import ImageError
from sam_widget.images.sources import register_heif

if TYPE_CHECKING:
    import os

__all__ = ["image_files", "natural_key"]


def natural_key(name: str) -> tuple[tuple[int, int, str], ...]:
    """Return a sorting key by which ``frame 9`` comes before ``frame 10``.

    Parameters
    ----------
    name : str
        Digits in it count as numbers, letters whatever their case.
    """
    parts = re.split(r"([0-9]+)", name.casefold())
    key = [(1, int(part), "") if part.isdecimal() else (0, 0, part) for part in parts]
    # What differs in case or leading zeros only has an order as well, always the same.
    return (*key, (0, 0, name))


def image_files(folder: str | os.PathLike[str], pattern: str = "*") -> tuple[Path, ...]:
    """List the image files of a folder, in natural order.

    Parameters
    ----------
    folder : path
    pattern : str
        As for :meth:`pathlib.Path.glob`, such as ``"*.png"``; ``"**/*"`` goes into subfolders.
        Files whose suffix Pillow cannot read, and hidden ones, are left out.

    Returns
    -------
    tuple of Path

    Raises
    ------
    ImageError
        If there is no such folder, no image in it, or the pattern is none.
    """
    root = Path(folder).expanduser()
    if not root.is_dir():
        raise ImageError(
            f"expected a folder of images, or a list, got {str(folder)!r}, which is no folder. "
            "One image is a list as well: [path]."
        )
    register_heif()
    formats = Image.registered_extensions()
    try:
        found = [
            path
            for path in root.glob(pattern)
            if formats.get(path.suffix.lower()) in Image.OPEN
            and not any(part.startswith(".") for part in path.relative_to(root).parts)
        ]
    except (ValueError, NotImplementedError, IndexError) as error:
        raise ImageError(
            f"{pattern!r} is no pattern of files in a folder: {error}. Use one like '*.png'."
        ) from error
    if not found:
        where = "" if pattern == "*" else f" that fits {pattern!r}"
        raise ImageError(f"there is no image{where} in the folder {root}.")
    return tuple(sorted(found, key=lambda path: natural_key(path.relative_to(root).as_posix())))
