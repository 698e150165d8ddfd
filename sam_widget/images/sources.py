"""Where a picture may come from besides a path, and what a file that is none really is."""

from __future__ import annotations

import io
import re
from typing import IO, cast

from PIL import Image

from sam_widget.errors import ImageError

__all__ = ["is_url", "mended_jpeg", "opened_url", "register_heif", "what_it_is"]

MAX_DOWNLOAD = 2**30
"""Largest file that is fetched, in bytes."""
_URL = re.compile(r"(?i)\s*([a-z][a-z0-9+.-]+)://|\s*(data):")
_HEIF = (b"heic", b"heix", b"hevc", b"heim", b"heis", b"mif1", b"msf1", b"heif")
_EOI = b"\xff\xd9"
_PACKAGES = {"s3": "s3fs", "gs": "gcsfs", "gcs": "gcsfs", "abfs": "adlfs", "az": "adlfs"}


def is_url(text: str) -> bool:
    """Tell whether a text is the address of something elsewhere, and no path."""
    return _URL.match(text) is not None


def opened_url(url: str) -> IO[bytes]:
    """Fetch a picture by fsspec: ``s3://``, ``gs://``, ``memory://``, ``https://`` and others.

    Raises
    ------
    ImageError
        If fsspec, or its part for this kind of address, is not installed; if there is no such
        file; or if it is larger than a gigabyte.
    """
    match = _URL.match(url)
    scheme = (match[1] or match[2]).lower() if match else ""
    if scheme == "data":
        raise ImageError("a data: URL is no file. Pass the decoded bytes instead.")
    try:
        import fsspec  # noqa: PLC0415 - only who passes an address needs it
    except ImportError as error:
        raise ImageError(
            f"expected a local file, got the URL {url[:200]!r}. Download it first and pass its "
            "path, or install fsspec: pip install fsspec"
        ) from error
    try:
        with fsspec.open(url.strip(), "rb") as file:
            content = cast("bytes", file.read(MAX_DOWNLOAD + 1))
    except ImportError as error:
        package = _PACKAGES.get(scheme, "aiohttp" if scheme.startswith("http") else "")
        advice = f" pip install {package}" if package else ""
        raise ImageError(f"fsspec cannot open {url[:200]!r}: {error}.{advice}") from error
    except Exception as error:
        # Each file system raises errors of its own.
        raise ImageError(f"{url[:200]!r} cannot be opened: {error}") from error
    if len(content) > MAX_DOWNLOAD:
        raise ImageError(f"{url[:200]!r} is larger than {MAX_DOWNLOAD:,} bytes.")
    return io.BytesIO(content)


def register_heif() -> bool:
    """Let Pillow read HEIC files, if pillow-heif is there."""
    try:
        import pillow_heif  # noqa: PLC0415 - optional
    except ImportError:
        return False
    pillow_heif.register_heif_opener()
    return True


def what_it_is(head: bytes) -> str:
    """Return in words what a file is that is no picture; empty if its head does not tell.

    Parameters
    ----------
    head : bytes
        How it begins, some hundred bytes.
    """
    text = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    kind = head[8:12] if head[4:8] == b"ftyp" else b""
    found = {
        "is empty.": not head,
        "is a Git LFS pointer, not the picture itself. Fetch it with: git lfs pull": (
            head.startswith(b"version https://git-lfs")
        ),
        "is a HEIC picture. Install pillow-heif to read it: pip install pillow-heif": kind in _HEIF,
        "is an AVIF picture, which this build of Pillow cannot read: pip install -U pillow": (
            kind in (b"avif", b"avis")
        ),
        "is an SVG drawing, which has no pixels. Export it as PNG.": b"<svg" in text,
        "is a web page, not a picture; perhaps one to log in was saved. Download it again.": (
            text.startswith((b"<!doctype html", b"<html", b"<head", b"<?xml"))
        ),
    }
    return next((words for words, fits in found.items() if fits), "")


def mended_jpeg(content: bytes) -> bytes | None:
    """Return a JPEG whose end marker is missing with that marker; None if more is missing.

    Whether the pixels are all there shows by what is put behind them: a decoder that still wants
    data takes that for some, and the picture changes.
    """
    if not content.startswith(b"\xff\xd8\xff") or content.endswith(_EOI):
        return None
    # Half of the marker may be there.
    body = content[:-1] if content.endswith(b"\xff") else content
    try:
        plain = _pixels(body + _EOI)
        longer = _pixels(body + b"\x55" * 4096 + _EOI)
    except OSError:
        return None
    return body + _EOI if plain == longer else None


def _pixels(content: bytes) -> bytes:
    with Image.open(io.BytesIO(content), formats=["JPEG", "MPO"]) as image:
        image.seek(0)
        return image.tobytes()
