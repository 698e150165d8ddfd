"""Parts of labelled objects that nobody labelled: regions of even look inside a mask.

Few data sets label a part and its whole at the same place, and with wholes alone the three
candidates of a click learn to be three attempts at the same object. Graph-based segmentation
(Felzenszwalb and Huttenlocher, IJCV 2004) of the picture, cut down to an object, gives readings
of a click that are smaller than the object and end where the picture changes: a sleeve, a wheel,
a window. They are weaker evidence than labels and count for less in the loss.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np
from skimage.segmentation import felzenszwalb

if TYPE_CHECKING:
    from numpy.typing import NDArray

SCALES = (60.0, 400.0)
"""Range of felzenszwalb's scale: the larger, the larger the regions."""
MIN_SHARE = 0.06
MAX_SHARE = 0.6
"""A part's area as a share of its object's."""
MIN_CELLS = 40
WITHIN = 0.85
"""Share of a region that has to lie in the object: it must not be a piece of what is around."""
PARTS_EACH = 3
"""Parts taken from one object, at most, the largest first."""
OBJECTS = 8
"""Objects of an image that are taken apart, at most."""


def parts_of(
    rng: np.random.Generator, image: NDArray[np.uint8], masks: NDArray[np.uint8]
) -> NDArray[np.uint8]:
    """Find regions of even look inside masks.

    Parameters
    ----------
    image : ndarray
        (2 H, 2 W, 3) uint8, the picture at twice the masks' resolution.
    masks : ndarray
        (N, H, W) zeros and ones.

    Returns
    -------
    ndarray
        (M, H, W) uint8, M from 0 to ``OBJECTS * PARTS_EACH``; each lies within one of the masks.
    """
    height, width = masks.shape[1:]
    small = cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA)
    scale = float(np.exp(rng.uniform(*np.log(SCALES))))
    regions = felzenszwalb(small, scale=scale, sigma=0.6, min_size=MIN_CELLS)
    sizes = np.bincount(regions.ravel())
    found = []
    large = [i for i in rng.permutation(len(masks)) if masks[i].sum() * MAX_SHARE > MIN_CELLS]
    for i in large[:OBJECTS]:
        inside = np.bincount(regions[masks[i] > 0], minlength=len(sizes))
        area = inside.sum()
        fits = (
            (inside >= MIN_CELLS)
            & (inside >= MIN_SHARE * area)
            & (inside <= MAX_SHARE * area)
            & (inside >= WITHIN * sizes)
        )
        chosen = sorted(np.flatnonzero(fits), key=lambda region: -int(inside[region]))
        found.extend(
            masks[i] & (regions == region).astype(np.uint8) for region in chosen[:PARTS_EACH]
        )
    return np.stack(found) if found else np.zeros((0, height, width), np.uint8)
