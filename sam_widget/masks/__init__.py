"""Masks as run lengths and polygons, and everything that can be done to them with NumPy alone."""

from sam_widget.masks.column_runs import ColumnRuns, clean_regions
from sam_widget.masks.components import Islands, islands_of
from sam_widget.masks.edits import (
    MAX_POINTS,
    MAX_RADIUS,
    MAX_SMOOTHING,
    BrushStroke,
    DropIslands,
    Edit,
    FillHoles,
    PolygonEdit,
    Smooth,
)
from sam_widget.masks.intervals import from_intervals, pixels, placed, union, united_each
from sam_widget.masks.metrics import mask_iou
from sam_widget.masks.nms import box_overlaps, suppress
from sam_widget.masks.overlap import (
    Overlap,
    checked_overlap,
    merged,
    settle,
    split_along,
    split_apart,
)
from sam_widget.masks.polygon_fill import (
    MAX_COORDINATE,
    fill_centres_each,
    fill_corners_each,
    filling_costs,
)
from sam_widget.masks.polygons import Polygon, joined, trace
from sam_widget.masks.rle import MAX_PIXELS, Rle

__all__ = [
    "MAX_COORDINATE",
    "MAX_PIXELS",
    "MAX_POINTS",
    "MAX_RADIUS",
    "MAX_SMOOTHING",
    "BrushStroke",
    "ColumnRuns",
    "DropIslands",
    "Edit",
    "FillHoles",
    "Islands",
    "Overlap",
    "Polygon",
    "PolygonEdit",
    "Rle",
    "Smooth",
    "box_overlaps",
    "checked_overlap",
    "clean_regions",
    "fill_centres_each",
    "fill_corners_each",
    "filling_costs",
    "from_intervals",
    "islands_of",
    "joined",
    "mask_iou",
    "merged",
    "pixels",
    "placed",
    "settle",
    "split_along",
    "split_apart",
    "suppress",
    "trace",
    "union",
    "united_each",
]
