"""Frames of models that tests are run with: SAM's, one that is stretched, and a tiny one."""

from __future__ import annotations

from functools import partial

import numpy as np

from sam_widget.predictors.frame import ModelFrame
from sam_widget.predictors.upsampling import tiles

FRAMES = {
    "sam": {
        "input_side": 1024,
        "logits_side": 256,
        "fit": "pad",
        "upsampling": "through_input",
    },
    "stretched": {
        "input_side": 1008,
        "logits_side": 288,
        "fit": "stretch",
        "upsampling": "direct",
    },
    "tiny": {
        "input_side": 64,
        "logits_side": 16,
        "fit": "pad",
        "upsampling": "through_input",
    },
}
"""Arguments of ModelFrame and FakePredictor."""

FRAME_OF = {name: partial(ModelFrame, **sides) for name, sides in FRAMES.items()}
"""Takes the height and width of an image."""


def upsampled(frame, logits, size_hw=None):
    """One candidate's logits at the size of the image, or at another, float32 (h, w)."""
    size_hw = size_hw or (frame.height, frame.width)
    result = np.empty(size_hw, np.float32)
    for rows, columns, tile in tiles(logits, size_hw, frame.axes):
        result[rows, columns] = tile
    return result
