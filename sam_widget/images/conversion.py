"""Convert pixel values of any kind to RGB uint8, in bands of rows.

A band is all that exists twice: an image of 100 megapixels is 300 MB of RGB, and float copies of
it would be gigabytes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from sam_widget.errors import ImageError
from sam_widget.images.color_profiles import profile_name, to_srgb

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray
    from PIL import Image

__all__ = ["MAX_PIXELS", "Raster", "array_raster", "pillow_raster", "to_rgb"]

MAX_PIXELS = 2**27
"""Largest image taken, in pixels (134 megapixels)."""

_BAND_PIXELS = 1 << 20
_DEEP_MODES = ("I", "F")
_ARRAY_KINDS = {("b", 1), ("u", 1), ("u", 2), ("f", 2), ("f", 4), ("f", 8)}
_EXIF_ORIENTATION = 0x0112

ToByte: TypeAlias = "Callable[[NDArray[Any]], NDArray[np.uint8]]"


@dataclass(frozen=True)
class Raster:
    """Stored pixels, read band by band.

    Attributes
    ----------
    height, width : int
        As stored, before orientation.
    read : callable
        ``read(top, bottom)`` gives rows [top, bottom) as (rows, width, channels), 1 to 4 channels;
        2 and 4 end with alpha.
    orientation : int
        EXIF orientation, 1 to 8; 1 is upright.
    notes : tuple of str
        What reading already changed.
    """

    height: int
    width: int
    read: Callable[[int, int], NDArray[Any]]
    orientation: int = 1
    notes: tuple[str, ...] = ()

    def bands(self) -> Iterator[tuple[slice, NDArray[Any]]]:
        """Yield the bands, top to bottom, with their rows."""
        step = max(1, _BAND_PIXELS // self.width)
        for top in range(0, self.height, step):
            bottom = min(top + step, self.height)
            yield slice(top, bottom), self.read(top, bottom)


def array_raster(array: NDArray[Any]) -> Raster:
    """Look at an array as an image; raise ImageError if it is none.

    Parameters
    ----------
    array : (H, W) or (H, W, 1 | 3 | 4)
        bool, uint8, uint16 or float.
    """
    shape = array.shape
    if array.ndim == 4:
        raise ImageError(
            f"expected one image of shape (H, W) or (H, W, 1 | 3 | 4), got shape {shape}, which "
            "looks like a stack of images. Pass one of them, for example image[0]."
        )
    if array.ndim not in (2, 3) or 0 in shape:
        raise ImageError(
            f"expected an image of shape (H, W) or (H, W, 1 | 3 | 4) with at least one pixel, "
            f"got shape {shape}."
        )
    if array.ndim == 3 and shape[2] not in (1, 3, 4):
        raise ImageError(_channel_advice(shape))
    check_size(*shape[:2])
    if (array.dtype.kind, array.dtype.itemsize) not in _ARRAY_KINDS:
        raise ImageError(
            f"expected pixels of dtype uint8, uint16, bool or float, got {array.dtype}. Convert "
            "with image.astype(np.uint8) if the values are 0 to 255, otherwise with "
            "image.astype(np.float32) and value_range=(lo, hi)."
        )
    solid = array[..., np.newaxis] if array.ndim == 2 else array
    return Raster(shape[0], shape[1], lambda top, bottom: solid[top:bottom])


def _channel_advice(shape: tuple[int, ...]) -> str:
    if shape[0] in (1, 3, 4):
        return (
            f"expected channels last, (H, W, 1 | 3 | 4), got shape {shape}, which has its "
            f"{shape[0]} channel(s) first. Transpose it: image.transpose(1, 2, 0)."
        )
    return (
        f"expected 1, 3 or 4 channels, got shape {shape} with {shape[2]}. Choose channels, for "
        "example image[..., :3], or one slice of a volume, for example image[0]."
    )


def check_size(height: int, width: int) -> None:
    """Raise ImageError unless the image has 1 to ``MAX_PIXELS`` pixels."""
    if not 0 < height * width <= MAX_PIXELS:
        raise ImageError(
            f"expected an image of 1 to {MAX_PIXELS} pixels, got {width} x {height} = "
            f"{height * width}. Crop it or make it smaller."
        )


def pillow_raster(image: Image.Image, notes: tuple[str, ...] = ()) -> Raster:
    """Look at a loaded Pillow image, of any mode, as bands; its colours become sRGB's.

    Parameters
    ----------
    image : PIL.Image.Image
        With its pixels loaded; not modified.
    notes : tuple of str
        What reading the file already changed.
    """
    width, height = image.size
    convert = to_srgb(image)
    if convert is not None:
        notes = (*notes, f"colours converted from {profile_name(image)} to sRGB")

    def read(top: int, bottom: int) -> NDArray[Any]:
        whole = top == 0 and bottom == height
        values = _values(image if whole else image.crop((0, top, width, bottom)), convert)
        return values[..., np.newaxis] if values.ndim == 2 else values

    raster = Raster(height, width, read, _orientation(image), notes)
    return _as_16_bit(raster) if image.mode == "I" else raster


def _values(
    band: Image.Image, convert: Callable[[Image.Image], Image.Image] | None
) -> NDArray[Any]:
    if band.mode.startswith("I;16"):
        return np.asarray(band).astype(np.uint16)
    if band.mode in _DEEP_MODES:
        return np.asarray(band)
    if band.mode == "La":
        band = band.convert("LA")
    target = "L" if band.mode in {"1", "L"} else "RGB"
    if band.has_transparency_data:
        target = "RGBA"
    if convert is not None:
        colours = convert(band)
        if target == "RGBA":
            colours.putalpha(band.convert("RGBA").getchannel("A"))
        return np.asarray(colours)
    return np.asarray(band if band.mode == target else band.convert(target))


def _as_16_bit(raster: Raster) -> Raster:
    """Take Pillow's 32-bit mode as the 16-bit file it nearly always comes from."""
    lows, highs = zip(*((band.min(), band.max()) for _, band in raster.bands()), strict=True)
    low, high = int(min(lows)), int(max(highs))
    if low < 0 or high > 0xFFFF:
        raise ImageError(
            f"expected 8 or 16 bits per value, got 32-bit values from {low} to {high}. Read the "
            "file as an array and pass array.astype(np.float32) with value_range=(lo, hi)."
        )
    read = raster.read
    return Raster(
        raster.height,
        raster.width,
        lambda top, bottom: read(top, bottom).astype(np.uint16),
        raster.orientation,
        raster.notes,
    )


def _orientation(image: Image.Image) -> int:
    try:
        value = image.getexif().get(_EXIF_ORIENTATION, 1)
    except Exception:  # noqa: BLE001 - damaged EXIF raises nearly anything; the pixels are fine
        return 1
    return value if isinstance(value, int) and 1 <= value <= 8 else 1


def to_rgb(
    raster: Raster, value_range: tuple[float, float] | None = None
) -> tuple[NDArray[np.uint8], str]:
    """Convert to upright RGB.

    Parameters
    ----------
    raster : Raster
    value_range : (lo, hi), optional
        Shown as black and white; what lies beyond is cut off. When left out: uint8 as it is,
        uint16 from the smallest to the largest colour value of the image, float from 0 to 1.

    Returns
    -------
    pixels : uint8 (H, W, 3)
        C-contiguous.
    note : str
        What was done to the values, for the user to read; empty when nothing was.

    Raises
    ------
    ImageError
        If float values are not finite, or lie outside [0, 1] with no ``value_range``.
    """
    to_byte, note = _value_rule(raster, value_range)
    height, width = raster.height, raster.width
    turned = raster.orientation >= 5
    pixels = np.empty((width, height, 3) if turned else (height, width, 3), dtype=np.uint8)
    stored = _stored_view(pixels, raster.orientation)
    composited = False
    for rows, band in raster.bands():
        has_alpha = band.shape[2] in (2, 4)
        colours = to_byte(band[..., :-1] if has_alpha else band)
        stored[rows] = colours
        if has_alpha:
            composited |= _over_white(stored[rows], _alpha(band[..., -1:], value_range))
    notes = [
        *raster.notes,
        note,
        "alpha composited on white" if composited else "",
        f"EXIF orientation {raster.orientation} applied" if raster.orientation != 1 else "",
    ]
    return pixels, "; ".join(part for part in notes if part)


def _stored_view(upright: NDArray[np.uint8], orientation: int) -> NDArray[np.uint8]:
    """Return a view of the upright pixels in the order of the file's rows."""
    view = upright.swapaxes(0, 1) if orientation >= 5 else upright
    if orientation in (3, 4, 6, 7):
        view = view[::-1]
    if orientation in (2, 3, 7, 8):
        view = view[:, ::-1]
    return view


def _value_rule(raster: Raster, value_range: tuple[float, float] | None) -> tuple[ToByte, str]:
    """Return the map from stored values to 0-255, and the note that declares it."""
    dtype = raster.read(0, 1).dtype
    if value_range is not None:
        value_range = _checked_range(value_range)
    if dtype.kind == "f":
        return _float_rule(raster, value_range)
    if dtype == np.bool_:
        return (lambda band: band * np.uint8(255)), "bool: shown as black and white"
    if value_range is not None:
        low, high = value_range
        note = f"value range {low:g}-{high:g} scaled to 0-255"
    elif dtype == np.uint8:
        return (lambda band: band), ""
    else:
        low, high = _colour_range(raster)
        if low == high:
            note = f"16-bit: constant value {low}, shown as black"
            return (lambda band: np.zeros(band.shape, dtype=np.uint8)), note
        note = f"16-bit: scaled by its own range {low}-{high}"
    table = _scaled(np.arange(np.iinfo(dtype).max + 1), low, high)
    return (lambda band: table[band]), note


def _float_rule(raster: Raster, value_range: tuple[float, float] | None) -> tuple[ToByte, str]:
    bad = 0
    ranges = []
    for _, band in raster.bands():
        colours = band[..., :-1] if band.shape[2] in (2, 4) else band
        finite = np.isfinite(band)
        bad += band.size - int(np.count_nonzero(finite))
        if not bad:
            ranges.append((colours.min(), colours.max()))
    if bad:
        raise ImageError(
            f"expected finite pixel values, got {bad} that are NaN or infinite. Replace them "
            "first, for example with np.nan_to_num(image)."
        )
    low, high = float(min(low for low, _ in ranges)), float(max(high for _, high in ranges))
    if value_range is None and not 0 <= low <= high <= 1:
        raise ImageError(
            f"expected float pixel values in [0, 1], got {low:g} to {high:g}. Pass "
            "value_range=(lo, hi), the values to show as black and as white."
        )
    if value_range is None:
        return (lambda band: _scaled(band, 0, 1)), ""
    low, high = value_range
    return (lambda band: _scaled(band, low, high)), f"value range {low:g}-{high:g} scaled to 0-255"


def _checked_range(value_range: tuple[float, float]) -> tuple[float, float]:
    try:
        low, high = (float(bound) for bound in value_range)
    except (TypeError, ValueError):
        low = high = np.nan
    if not (low < high and np.isfinite(high - low)):
        raise ImageError(
            f"value_range must be two finite numbers (lo, hi) with lo < hi, got {value_range!r}."
        )
    return low, high


def _colour_range(raster: Raster) -> tuple[int, int]:
    low, high = np.iinfo(np.uint16).max, 0
    for _, band in raster.bands():
        colours = band[..., :-1] if band.shape[2] in (2, 4) else band
        low, high = min(low, int(colours.min())), max(high, int(colours.max()))
    return low, high


def _unit(values: NDArray[Any], low: float, high: float) -> NDArray[np.float64]:
    """Map [low, high] to [0, 1], linearly; what lies beyond is cut off."""
    with np.errstate(over="ignore"):  # cut off all the same
        return np.clip((values.astype(np.float64) - low) / (high - low), 0, 1)


def _scaled(values: NDArray[Any], low: float, high: float) -> NDArray[np.uint8]:
    """Map [low, high] to 0-255, linearly, rounded; what lies beyond is cut off."""
    return np.rint(_unit(values, low, high) * 255).astype(np.uint8)


def _alpha(values: NDArray[Any], value_range: tuple[float, float] | None) -> NDArray[np.float32]:
    """Return opacity in [0, 1]: of integers by their full scale, of floats by that of colours."""
    if values.dtype.kind == "u":
        return values.astype(np.float32) / np.float32(np.iinfo(values.dtype).max)
    if values.dtype == np.bool_:
        return values.astype(np.float32)
    return _unit(values, *(value_range or (0, 1))).astype(np.float32)


def _over_white(colours: NDArray[np.uint8], alpha: NDArray[np.float32]) -> bool:
    """Composite in place; return whether anything was transparent."""
    if (alpha == 1).all():
        return False
    blend = colours * alpha + 255 * (1 - alpha)
    colours[...] = np.rint(blend).astype(np.uint8)
    return True
