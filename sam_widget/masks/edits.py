"""Edit a mask by hand: strokes, polygons, holes, islands, smoothing.

Each edit is a frozen value whose ``apply`` returns a new mask. Work is done on runs or in the
object's own rectangle, so the cost of an edit depends on the object and not on the image.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from sam_widget.errors import EditError
from sam_widget.masks.columns import ColumnRuns, components
from sam_widget.masks.components import background_parts
from sam_widget.masks.rasterize import polygon_runs, stroke_runs
from sam_widget.masks.rle import Rle
from sam_widget.masks.runs import Runs, combine, mask_of_ranges, rle_of, runs_of
from sam_widget.masks.window import Window

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Mask: TypeAlias = Rle | NDArray[np.bool_]

__all__ = [
    "MAX_POINTS",
    "MAX_RADIUS",
    "MAX_SMOOTHING",
    "BrushStroke",
    "DropIslands",
    "Edit",
    "FillHoles",
    "PolygonEdit",
    "Smooth",
]

MAX_POINTS = 4096
"""Points of one stroke or polygon."""
MAX_RADIUS = 2048.0
"""Radius of a brush in pixels."""
MAX_SMOOTHING = 20
"""Radius of the smoothing window in pixels."""
_MAX_COORDINATE = 1e7


@dataclass(frozen=True, eq=False)
class BrushStroke:
    """A stroke with a round brush: adds the pixels it covers, or erases them.

    Parameters
    ----------
    points : array-like (N, 2)
        (x, y) in pixels of the image, 1 to 4096 of them, kept as float32; they may lie outside.
    radius : float
        In pixels, above 0 and at most 2048.
    erase : bool
        Take the pixels away instead.

    Raises
    ------
    EditError
        If points or radius are not as described.

    Notes
    -----
    A pixel belongs to the stroke if its centre is within the radius of the path: round caps and
    joins, nothing in between inside and outside.

    Examples
    --------
    >>> empty = Rle.encode(np.zeros((3, 5), np.bool_))
    >>> BrushStroke([(1.5, 1.5), (3.5, 1.5)], radius=0.5).apply(empty).decode().astype(int)[1]
    array([0, 1, 1, 1, 0])
    """

    points: NDArray[np.float32] = field(repr=False)
    radius: float
    erase: bool = False

    def __init__(self, points: ArrayLike, radius: float, erase: bool = False) -> None:
        _set(self, points=_checked_points(points, 1), erase=_checked_flag("erase", erase))
        _set(self, radius=_checked_number("radius", radius, MAX_RADIUS))

    def apply(self, mask: Mask) -> Rle:
        """Return the mask with the stroke in it, or without."""
        rle = _as_rle(mask)
        stroke = stroke_runs(self.points, self.radius, rle.height, rle.width)
        return _added_or_removed(rle, stroke, remove=self.erase)


@dataclass(frozen=True, eq=False)
class PolygonEdit:
    """A closed polygon, by the even-odd rule: adds the pixels inside, or subtracts them.

    Parameters
    ----------
    points : array-like (N, 2)
        Vertices (x, y) in pixels of the image, 3 to 4096 of them, kept as float32.
    subtract : bool
        Take the pixels away instead.

    Raises
    ------
    EditError
        If the vertices are not as described.

    Notes
    -----
    A pixel is inside if its centre is. Where the polygon crosses itself, inside and outside
    alternate.
    """

    points: NDArray[np.float32] = field(repr=False)
    subtract: bool = False

    def __init__(self, points: ArrayLike, subtract: bool = False) -> None:
        _set(self, points=_checked_points(points, 3), subtract=_checked_flag("subtract", subtract))

    def apply(self, mask: Mask) -> Rle:
        """Return the mask with the polygon in it, or without."""
        rle = _as_rle(mask)
        polygon = polygon_runs(self.points, rle.height, rle.width)
        return _added_or_removed(rle, polygon, remove=self.subtract)


@dataclass(frozen=True)
class FillHoles:
    """Fill holes: background that the mask encloses on all sides.

    Parameters
    ----------
    max_area : int, optional
        Only holes of at most so many pixels; all by default.

    Raises
    ------
    EditError
        If the area is no whole number above 0.

    Notes
    -----
    Background is connected by sides only (4 neighbours), the counterpart of islands, which are
    connected by corners as well. What reaches the border of the image is no hole.
    """

    max_area: int | None = None

    def __post_init__(self) -> None:
        if self.max_area is not None:
            _set(self, max_area=_checked_whole("max_area", self.max_area))

    def apply(self, mask: Mask) -> Rle:
        """Return the mask without these holes."""
        rle = _as_rle(mask)
        background, owner, areas, is_hole = background_parts(rle)
        most = math.inf if self.max_area is None else self.max_area
        filled = background.runs((is_hole & (areas <= most))[owner])
        return _added_or_removed(rle, filled, remove=False)


@dataclass(frozen=True)
class DropIslands:
    """Drop islands: parts of the mask that are connected to nothing else.

    Parameters
    ----------
    min_area : int
        Islands of fewer pixels go. The largest stays in any case.

    Raises
    ------
    EditError
        If the area is no whole number above 0.

    Notes
    -----
    Pixels are connected by sides and corners (8 neighbours), as in the clean-up of SAM's automatic
    masks [1]_, where the largest island stays too.

    References
    ----------
    .. [1] facebookresearch/segment-anything, ``utils/amg.py``, ``remove_small_regions``.
    """

    min_area: int

    def __post_init__(self) -> None:
        _set(self, min_area=_checked_whole("min_area", self.min_area))

    def apply(self, mask: Mask) -> Rle:
        """Return the mask without these islands."""
        rle = _as_rle(mask)
        runs = ColumnRuns.of(rle)
        owner, areas = components(runs, diagonal=True)
        if not len(areas):
            return rle
        kept = areas >= min(self.min_area, int(areas.max()))
        return rle_of(runs.runs(kept[owner]), rle.height, rle.width)


@dataclass(frozen=True)
class Smooth:
    """Smooth the border: each pixel goes with the majority of a disc around it.

    Straight borders stay where they are, so the area stays about the same; bumps and dents, lines
    and holes narrower than the disc's radius go.

    Parameters
    ----------
    radius : int
        Of the disc, 1 to 20 pixels.

    Raises
    ------
    EditError
        If the radius is no such number.

    Notes
    -----
    Beyond the border of the image the mask goes on as at the border.
    """

    radius: int = 2

    def __post_init__(self) -> None:
        _set(self, radius=_checked_whole("radius", self.radius, MAX_SMOOTHING))

    def apply(self, mask: Mask) -> Rle:
        """Return the smoothed mask."""
        rle = _as_rle(mask)
        runs = runs_of(rle)
        if not len(runs):
            return rle
        # A pixel farther away than this from all of the mask has no majority.
        window = Window.around(runs, self.radius, rle.height, rle.width)
        smooth = _majority(window.pixels(runs), self.radius)
        return rle_of(window.runs(smooth), rle.height, rle.width)


Edit: TypeAlias = BrushStroke | PolygonEdit | FillHoles | DropIslands | Smooth


# ---- inside -----------------------------------------------------------------------------------


def _added_or_removed(rle: Rle, runs: Runs, *, remove: bool) -> Rle:
    before = runs_of(rle)
    if remove:
        return rle_of(combine(before, runs, np.greater), rle.height, rle.width)
    return mask_of_ranges(np.concatenate([before, runs]), rle.height, rle.width)


def _majority(pixels: NDArray[np.bool_], radius: int) -> NDArray[np.bool_]:
    """Take the majority of a disc around each pixel; beyond the array its border goes on."""
    reach = np.arange(-radius, radius + 1)
    half_widths = [math.isqrt(radius * radius + radius - int(d) * int(d)) for d in reach]
    of_disc = sum(2 * half + 1 for half in half_widths)
    count_type = np.uint8 if of_disc < 256 else np.uint16
    padded: NDArray[Any] = np.pad(pixels, radius, mode="edge").astype(count_type)
    rows = pixels.shape[1]
    # Sums along a row grow from narrow to wide; each is added where the disc is as wide.
    total: NDArray[Any] = np.zeros(pixels.shape, count_type)
    line = padded[:, radius : radius + rows].copy()
    for half in range(radius + 1):
        if half:
            line += padded[:, radius - half : radius - half + rows]
            line += padded[:, radius + half : radius + half + rows]
        for at, width in enumerate(half_widths):
            if width == half:
                total += line[at : at + len(pixels)]
    return total > of_disc // 2


def _as_rle(mask: Mask) -> Rle:
    return mask if isinstance(mask, Rle) else Rle.encode(mask)


def _set(edit: object, **values: object) -> None:
    # Frozen: the only way to store normalised values is around __setattr__.
    for name, value in values.items():
        object.__setattr__(edit, name, value)


def _checked_points(points: ArrayLike, least: int) -> NDArray[np.float32]:
    what = f"points must be {least} to {MAX_POINTS} pairs (x, y) of numbers"
    try:
        array = np.asarray(points)
    except (TypeError, ValueError) as error:
        raise EditError(f"{what}, got something that is no regular array: {error}") from error
    if array.ndim != 2 or array.shape[1] != 2 or array.dtype.kind not in "iuf":
        raise EditError(f"{what}, got {array.dtype} of shape {array.shape}.")
    if not least <= len(array) <= MAX_POINTS:
        raise EditError(f"{what}, got {len(array)}.")
    # NaN compares as False.
    if not (np.abs(array) <= _MAX_COORDINATE).all():
        raise EditError(f"{what}, finite and at most {_MAX_COORDINATE:g}, got others.")
    copy = np.array(array, dtype=np.float32, order="C")
    copy.setflags(write=False)
    return copy


def _checked_number(name: str, value: object, most: float) -> float:
    is_number = isinstance(value, int | float | np.integer | np.floating)
    if is_number and not isinstance(value, bool) and 0 < value <= most:  # type: ignore[operator]
        return float(value)  # type: ignore[arg-type]
    raise EditError(f"{name} must be a number above 0 and at most {most:g}, got {value!r:.60}.")


def _checked_whole(name: str, value: object, most: int | None = None) -> int:
    if isinstance(value, int | np.integer) and not isinstance(value, bool):
        number = int(value)
        if number >= 1 and (most is None or number <= most):
            return number
    limit = "1 or more" if most is None else f"from 1 to {most}"
    raise EditError(f"{name} must be a whole number of pixels, {limit}, got {value!r:.60}.")


def _checked_flag(name: str, value: object) -> bool:
    if not isinstance(value, bool):
        raise EditError(f"{name} must be True or False, got {value!r:.60}.")
    return value
