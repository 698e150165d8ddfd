"""Fifty images through one widget: memory stays where the budget of the cache puts it.

Each image is shown, clicked, accepted and replaced by the next. Prints the resident memory of the
process after image 10 and image 50, as a share of the budget; at image 10 the budget is already
full, so that the cache itself can grow no more. Run by ``make bench``.
"""

from __future__ import annotations

import argparse
import gc

import numpy as np
import psutil
import skimage.data
import skimage.transform

from sam_widget import EmbeddingCache, SamWidget

SIZES = ((400, 600), (683, 1024), (300, 451), (1200, 1600), (1024, 683), (64, 2000))


def photos() -> list[np.ndarray]:
    """Return the photograph in several sizes; made once, for scaling it takes memory of its own."""
    return [
        skimage.transform.resize(skimage.data.coffee(), size, preserve_range=True).astype(np.uint8)
        for size in SIZES
    ]


def numbered(photo: np.ndarray, number: int) -> np.ndarray:
    """Return a copy with pixels of its own, so that no two images are the same."""
    copy = photo.copy()
    copy[0, 0] = number
    return copy


def main() -> None:
    """Show the images, and print what the process held."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="lite", help="name of the model")
    parser.add_argument("--images", type=int, default=50)
    parser.add_argument("--budget", type=int, default=64 * 2**20, help="of the cache, in bytes")
    arguments = parser.parse_args()
    process, cache = psutil.Process(), EmbeddingCache(arguments.budget)
    held: dict[int, int] = {}
    largest = 0
    sizes = photos()
    with SamWidget(numbered(sizes[0], 0), model=arguments.model, cache=cache) as widget:
        for number in range(1, arguments.images + 1):
            widget.image = numbered(sizes[number % len(sizes)], number)
            height, width = widget.image.shape[:2]
            widget.add_point(width / 2, height / 2)
            if widget.mask.any():
                widget.accept("object")
            largest = max(largest, cache.nbytes)
            if number in (10, arguments.images):
                gc.collect()
                held[number] = process.memory_info().rss
                full = cache.nbytes / cache.max_bytes
                print(f"image {number}: {held[number] / 1e6:,.0f} MB, cache {full:.0%} full")
    growth = held[arguments.images] - held[min(10, arguments.images)]
    print(f"largest nbytes: {largest:,} of {arguments.budget:,}")
    print(f"growth: {growth / 1e6:,.1f} MB, {growth / arguments.budget:.1%} of the budget")


if __name__ == "__main__":
    main()
