"""Load images from paths, bytes, arrays and PIL images, as RGB."""

from __future__ import annotations

import hashlib
import io
import os
import threading
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, cast

import numpy as np
import PIL
from PIL import Image, UnidentifiedImageError

from sam_widget.errors import ImageError
from sam_widget.images.conversion import (
    MAX_PIXELS,
    Raster,
    array_raster,
    check_size,
    pillow_raster,
    to_rgb,
)
from sam_widget.images.sources import (
    is_url,
    mended_jpeg,
    opened_url,
    register_heif,
    what_it_is,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray
    from PIL.ImageFile import ImageFile

__all__ = ["MAX_PIXELS", "RgbImage", "load_image"]

_HEAD = 512
_pillow_warnings = threading.Lock()


@dataclass(frozen=True, eq=False)
class RgbImage:
    """An upright image, the form everything else in the package takes.

    Parameters
    ----------
    pixels : uint8 (H, W, 3)
        RGB. Kept read-only and C-contiguous; a writable array is copied.
    note : str
        What was done to the values on loading; empty when nothing was.
    path : Path, optional
        The file it came from.

    Raises
    ------
    ImageError
        If the pixels are not uint8 (H, W, 3), or more than 2 ** 27.

    Examples
    --------
    >>> import numpy as np
    >>> RgbImage(np.zeros((60, 80, 3), np.uint8)).width
    80
    """

    pixels: NDArray[np.uint8] = field(repr=False)
    note: str = ""
    path: Path | None = None

    def __post_init__(self) -> None:
        pixels = np.asarray(self.pixels)
        if pixels.dtype != np.uint8 or pixels.ndim != 3 or pixels.shape[2] != 3:
            raise ImageError(
                f"pixels must be uint8 (H, W, 3), got {pixels.dtype} of shape {pixels.shape}. "
                "load_image() converts other kinds."
            )
        check_size(*pixels.shape[:2])
        object.__setattr__(self, "pixels", _frozen(pixels))

    @property
    def height(self) -> int:
        """Rows."""
        return int(self.pixels.shape[0])

    @property
    def width(self) -> int:
        """Columns."""
        return int(self.pixels.shape[1])

    @cached_property
    def digest(self) -> str:
        """SHA-256 of size and pixels, in hex: equal images have equal digests."""
        sha = hashlib.sha256(f"{self.height}x{self.width}".encode())
        sha.update(self.pixels.data)
        return sha.hexdigest()


def load_image(source: object, *, value_range: tuple[float, float] | None = None) -> RgbImage:
    """Read an image of any usual kind.

    Files are turned upright by their EXIF orientation, colours of another profile become sRGB's,
    alpha is composited on white, and values of more than 8 bits are scaled by a rule that the
    result's ``note`` declares.

    Parameters
    ----------
    source : path, URL, bytes, open file, PIL.Image.Image, array, mapping or RgbImage
        Arrays are (H, W) or (H, W, 1 | 3 | 4) of uint8, uint16, bool, or float in [0, 1]. URLs such
        as ``s3://bucket/photo.jpg`` are fetched by fsspec, where that is installed. A mapping has
        ``bytes`` or ``path``, as in Hugging Face's datasets. Nothing given is ever modified; an
        RgbImage is returned as it is.
    value_range : (lo, hi), optional
        Values to show as black and white, for any dtype; needed for floats outside [0, 1].
        When left out, uint16 is scaled from its own smallest to its own largest value.

    Returns
    -------
    RgbImage

    Raises
    ------
    ImageError
        If the source is no image, a list, damaged, of more than ``MAX_PIXELS`` pixels, or if its
        values or the order of its axes are ambiguous; or if it is a URL that cannot be fetched.
    """
    if isinstance(source, RgbImage):
        return source
    if isinstance(source, str | os.PathLike):
        return _load_path(source, value_range)
    if isinstance(source, Image.Image):
        return _load_pillow(source, "the PIL image", None, value_range)
    if hasattr(source, "__array__") or hasattr(source, "__array_interface__"):
        return _load_array(source, value_range)
    return _load_content(source, value_range)


def _load_content(source: object, value_range: tuple[float, float] | None) -> RgbImage:
    """Read bytes, however they are held."""
    if isinstance(source, bytes | bytearray | memoryview):
        return _load_file(io.BytesIO(source), f"{len(source)} bytes", None, value_range)
    if isinstance(source, Mapping) and {"bytes", "path"} & source.keys():
        return _load_row(source, value_range)
    if hasattr(source, "read") and hasattr(source, "seek"):
        return _load_stream(cast("IO[bytes]", source), value_range)
    if isinstance(source, list | tuple):
        raise ImageError(
            f"expected one image, got a {type(source).__name__} of {len(source)}. Pass one item "
            "of it; numbers in nested lists become an image with np.asarray(..., dtype=np.uint8)."
        )
    raise ImageError(
        "expected a path, bytes, a PIL image or a NumPy array, "
        f"got {type(source).__module__}.{type(source).__qualname__}."
    )


def _load_array(source: object, value_range: tuple[float, float] | None) -> RgbImage:
    try:
        array = np.asarray(source)
    except Exception as error:
        raise ImageError(
            f"{type(source).__qualname__} cannot be turned into a NumPy array: {error}"
        ) from error
    raster = array_raster(array)
    if array.dtype == np.uint8 and array.ndim == 3 and array.shape[2] == 3 and value_range is None:
        return RgbImage(array)
    return _converted(raster, None, value_range)


def _load_path(source: str | os.PathLike[str], value_range: tuple[float, float] | None) -> RgbImage:
    name = os.fsdecode(source)
    if is_url(name):
        return _load_file(opened_url(name), name[:200], None, value_range)
    path = Path(name)
    if path.suffix.lower() in {".npy", ".npz"}:
        raise ImageError(f"{path} holds NumPy arrays: pass the array itself, np.load({name!r}).")
    try:
        path = path.expanduser()
        file = path.open("rb")
    except FileNotFoundError as error:
        raise ImageError(
            f"there is no file {path}; relative paths start at {Path.cwd()}."
        ) from error
    except IsADirectoryError as error:
        raise ImageError(f"expected an image file, got the folder {path}.") from error
    except (OSError, ValueError, RuntimeError) as error:
        raise ImageError(f"{path} cannot be opened: {error}") from error
    with file:
        return _load_file(file, str(path), path, value_range)


def _load_row(source: Mapping[str, Any], value_range: tuple[float, float] | None) -> RgbImage:
    content, path = source.get("bytes"), source.get("path")
    if isinstance(content, bytes | bytearray):
        return _load_file(io.BytesIO(content), str(path or "the row"), None, value_range)
    if not isinstance(path, str) or not path:
        raise ImageError("expected {'bytes': ..., 'path': ...} with one of them, got neither.")
    return _load_path(path, value_range)


def _load_stream(source: IO[bytes], value_range: tuple[float, float] | None) -> RgbImage:
    """Read an open file from its beginning, and leave it open where it was."""
    try:
        place = source.tell()
        source.seek(0)
        content = source.read()
        source.seek(place)
    except (OSError, ValueError) as error:
        raise ImageError(f"the open file cannot be read: {error}") from error
    if not isinstance(content, bytes):
        raise ImageError("expected a file opened for bytes, got one for text: open(path, 'rb').")
    name = getattr(source, "name", None)
    path = Path(name) if isinstance(name, str) and Path(name).is_file() else None
    return _load_file(io.BytesIO(content), str(name or "the open file"), path, value_range)


def _load_file(
    file: IO[bytes], name: str, path: Path | None, value_range: tuple[float, float] | None
) -> RgbImage:
    with _pillow_warnings, warnings.catch_warnings():
        # Our own limit is checked from the header; what else Pillow warns of, it survives.
        warnings.filterwarnings("ignore", module=r"PIL\.")
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)
        try:
            image = Image.open(file)
        except UnidentifiedImageError as error:
            image = _opened_otherwise(file, name, error)
        except Image.DecompressionBombError as error:
            raise ImageError(
                f"{name} has more than {MAX_PIXELS} pixels. Crop it or make it smaller."
            ) from error
        except Exception as error:
            raise ImageError(f"{name} is damaged or no image: {error}") from error
    with image:
        try:
            return _load_pillow(image, name, path, value_range)
        except ImageError:
            file.seek(0)
            mended = mended_jpeg(file.read()) if image.format in ("JPEG", "MPO") else None
            if mended is None:
                raise
    with Image.open(io.BytesIO(mended)) as image:
        found = _load_pillow(image, name, path, value_range)
    note = "; ".join(filter(None, ("the JPEG's end marker was missing", found.note)))
    return replace(found, note=note)


def _opened_otherwise(file: IO[bytes], name: str, error: Exception) -> ImageFile:
    """Open what Pillow alone cannot, or say what it is."""
    file.seek(0)
    said = what_it_is(file.read(_HEAD))
    file.seek(0)
    if "pillow-heif" in said and register_heif():
        reopened: ImageFile = Image.open(file)
        return reopened
    raise ImageError(
        f"{name} {said}"
        if said
        else f"{name} is not an image that Pillow {PIL.__version__} can read. PNG, JPEG, TIFF, "
        "WebP, BMP and GIF are."
    ) from error


def _load_pillow(
    image: Image.Image, name: str, path: Path | None, value_range: tuple[float, float] | None
) -> RgbImage:
    check_size(image.height, image.width)
    with _pillow_warnings, warnings.catch_warnings():
        warnings.filterwarnings("ignore", module=r"PIL\.")
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)
        try:
            notes = tuple(_reading_notes(image))
            image.load()
            raster = pillow_raster(image, notes)
        except ImageError:
            raise
        except Exception as error:
            # Pillow's plugins raise nearly anything on damaged data.
            raise ImageError(f"{name} is damaged or cut short: {error}") from error
    return _converted(raster, path, value_range)


def _reading_notes(image: Image.Image) -> Iterator[str]:
    frames = getattr(image, "n_frames", 1)
    # The further frames of a phone's MPO file are depth and gain maps, not pictures.
    if frames > 1 and image.format != "MPO":
        yield f"frame {image.tell() + 1} of {frames}"
    # Pillow reads 16-bit RGB as its high bytes; the tile's raw mode is the only trace of that.
    raw_modes = (str(part) for tile in getattr(image, "tile", ()) for part in tile[3:])
    if image.mode in {"RGB", "RGBA", "LA", "L"} and any(";16" in mode for mode in raw_modes):
        yield "16-bit: high bytes shown"


def _converted(
    raster: Raster, path: Path | None, value_range: tuple[float, float] | None
) -> RgbImage:
    pixels, note = to_rgb(raster, value_range)
    pixels.setflags(write=False)
    return RgbImage(pixels, note, path)


def _frozen(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return the array if nobody can write to it, and a read-only copy otherwise."""
    owner: object = pixels
    while isinstance(owner, np.ndarray) and not owner.flags.writeable:
        owner = owner.base
    if pixels.flags.c_contiguous and (owner is None or isinstance(owner, bytes)):
        return pixels
    copy = np.array(pixels, order="C")
    copy.setflags(write=False)
    return copy
