"""Masks as run lengths and polygons, and everything that can be done to them with NumPy alone."""

from sam_widget.masks.columns import paste_mask, resize_mask
from sam_widget.masks.components import Islands, islands_of, remove_small_regions
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
from sam_widget.masks.metrics import mask_iou
from sam_widget.masks.nms import box_iou, box_nms
from sam_widget.masks.overlap import (
    Overlap,
    checked_overlap,
    resolve_overlap,
    split_along,
    split_islands,
)
from sam_widget.masks.polygon_fill import (
    MAX_COORDINATE,
    fill_centres_each,
    fill_corners_each,
    filling_costs,
)
from sam_widget.masks.polygons import Polygon, join_rings, trace_polygons
from sam_widget.masks.rle import MAX_PIXELS, Rle
from sam_widget.masks.runs import mask_of_ranges, mask_union, masks_of_ranges, pixel_positions

__all__ = [
    "MAX_COORDINATE",
    "MAX_PIXELS",
    "MAX_POINTS",
    "MAX_RADIUS",
    "MAX_SMOOTHING",
    "BrushStroke",
    "DropIslands",
    "Edit",
    "FillHoles",
    "Islands",
    "Overlap",
    "Polygon",
    "PolygonEdit",
    "Rle",
    "Smooth",
    "box_iou",
    "box_nms",
    "checked_overlap",
    "fill_centres_each",
    "fill_corners_each",
    "filling_costs",
    "islands_of",
    "join_rings",
    "mask_iou",
    "mask_of_ranges",
    "mask_union",
    "masks_of_ranges",
    "paste_mask",
    "pixel_positions",
    "remove_small_regions",
    "resize_mask",
    "resolve_overlap",
    "split_along",
    "split_islands",
    "trace_polygons",
]
