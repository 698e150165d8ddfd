"""Everything mode: all masks of an image from a grid of points, and masks for many boxes."""

from sam_widget.automatic.boxes import segment_boxes
from sam_widget.automatic.generator import AutomaticMaskGenerator
from sam_widget.automatic.result import AutomaticMasks
from sam_widget.automatic.run import AutomaticRun

__all__ = [
    "AutomaticMaskGenerator",
    "AutomaticMasks",
    "AutomaticRun",
    "segment_boxes",
]
