"""Masks that tests of several modules look at, and figures to compare with."""

import numpy as np


def a_mask(seed, height=17, width=23):
    """Blobs of several sizes, with specks: what a mask decoder makes, and what cleans are for."""
    random = np.random.default_rng(seed)
    block = random.integers(1, 6)
    coarse = random.random((height // block + 1, width // block + 1)) < random.random()
    mask = np.kron(coarse, np.ones((block, block), bool))[:height, :width].astype(bool)
    return mask ^ (random.random(mask.shape) < 0.05)


def stability_score(logits, threshold=0.0, offset=1.0):
    """Overlap of the masks at a raised and a lowered threshold (paper, appendix B)."""
    outer = int(np.count_nonzero(logits > threshold - offset))
    inner = int(np.count_nonzero(logits > threshold + offset))
    return inner / outer if outer else 0.0
