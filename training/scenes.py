"""Composed scenes: objects pasted on photos, and drawn shapes with parts inside wholes.

Few data sets label a part and its whole at the same place; these scenes do.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Labelled = tuple[NDArray[np.uint8], NDArray[np.uint8]]


def paste_objects(
    rng: np.random.Generator, image: NDArray[np.uint8], masks: NDArray[np.uint8], source: Labelled
) -> Labelled:
    """Paste up to three objects of another image.

    Half of the time an object lands inside a mask of the scene as a part of it: the mask under
    it stays whole. Otherwise it hides what is under it.

    Returns
    -------
    image : ndarray
        (H, W, 3) uint8.
    masks : ndarray
        (N, H, W) uint8; those hidden to more than 60 % are gone.
    """
    image, masks = image.copy(), masks.copy()
    source_image, source_masks = source
    before = masks.sum((1, 2), dtype=np.int64)
    pasted = []
    for i in rng.permutation(len(source_masks))[: int(rng.integers(1, 4))]:
        cut = _cut(source_image, source_masks[i])
        if cut is None:
            continue
        host = masks[rng.integers(len(masks))] if len(masks) and rng.random() < 0.5 else None
        placed = _place(rng, image, cut, host)
        if placed is None:
            continue
        if host is None:
            masks &= 1 - placed
            pasted = [other & (1 - placed) for other in pasted]
        pasted.append(placed)
    kept = masks.sum((1, 2), dtype=np.int64) > 0.4 * before
    return image, np.concatenate([masks[kept], *(m[None] for m in pasted if m.sum() > 64)])


def _cut(image: NDArray[np.uint8], mask: NDArray[np.uint8]) -> Labelled | None:
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    if len(rows) < 8 or len(columns) < 8:
        return None
    window = np.s_[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    return image[window], mask[window]


def _place(
    rng: np.random.Generator,
    image: NDArray[np.uint8],
    cut: Labelled,
    host: NDArray[np.uint8] | None,
) -> NDArray[np.uint8] | None:
    """Blend the cut-out into ``image`` in place; return where it is (H, W)."""
    height, width = image.shape[:2]
    patch, alpha = cut
    if host is None:
        extent = rng.uniform(0.12, 0.6) * max(height, width)
        centre = rng.uniform((0, 0), (height, width))
    else:
        inside = np.flatnonzero(host)
        if len(inside) < 400:
            return None
        extent = rng.uniform(0.25, 0.6) * np.sqrt(len(inside))
        spot = inside[rng.integers(len(inside))]
        centre = np.array([spot // width, spot % width], float)
    scale = extent / max(patch.shape[:2])
    size = (max(int(patch.shape[1] * scale), 4), max(int(patch.shape[0] * scale), 4))
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    patch = cv2.resize(np.ascontiguousarray(patch), size, interpolation=method)
    soft = cv2.resize(alpha.astype(np.float32), size, interpolation=method)
    if rng.random() < 0.5:
        patch, soft = patch[:, ::-1], soft[:, ::-1]
    top, left = (centre - np.array(soft.shape) / 2).astype(int)
    y0, x0 = max(top, 0), max(left, 0)
    y1, x1 = min(top + soft.shape[0], height), min(left + soft.shape[1], width)
    if y1 - y0 < 4 or x1 - x0 < 4:
        return None
    soft = soft[y0 - top : y1 - top, x0 - left : x1 - left]
    patch = patch[y0 - top : y1 - top, x0 - left : x1 - left]
    if host is not None:
        soft = soft * host[y0:y1, x0:x1]
    window = image[y0:y1, x0:x1]
    image[y0:y1, x0:x1] = (window + soft[..., None] * (patch.astype(np.float32) - window)).astype(
        np.uint8
    )
    placed = np.zeros((height, width), np.uint8)
    placed[y0:y1, x0:x1] = soft > 0.5
    return placed


def draw_scene(rng: np.random.Generator, texture: NDArray[np.uint8]) -> Labelled:
    """Draw textured shapes, each with smaller shapes inside it, on a crop of a photo or a gradient.

    Returns
    -------
    image : ndarray
        (384, 512, 3) uint8.
    masks : ndarray
        (N, 384, 512) uint8; a whole includes its parts.
    """
    height, width = 384, 512
    photo = cv2.resize(texture, (width, height), interpolation=cv2.INTER_AREA).astype(np.float32)
    strength = rng.uniform(0, 1) if rng.random() < 0.6 else 0.0
    canvas = _paint(rng, photo, strength)
    masks: list[NDArray[np.uint8]] = []
    for _ in range(int(rng.integers(2, 6))):
        centre = rng.uniform((0.1 * width, 0.1 * height), (0.9 * width, 0.9 * height))
        whole = _shape(rng, (height, width), centre, rng.uniform(40, 150))
        masks = [mask & (1 - whole) for mask in masks]
        canvas = np.where(whole[..., None] > 0, _paint(rng, photo, strength), canvas)
        masks.append(whole)
        inside = np.argwhere(whole)
        for _ in range(int(rng.integers(0, 3))):
            if len(inside) < 200:
                break
            spot = inside[rng.integers(len(inside))][::-1].astype(float)
            radius = np.sqrt(len(inside) / np.pi) * rng.uniform(0.25, 0.6)
            part = _shape(rng, (height, width), spot, radius) & whole
            canvas = np.where(part[..., None] > 0, _paint(rng, photo, strength), canvas)
            masks.append(part)
    noise = rng.normal(0, rng.uniform(0, 12), canvas.shape)
    image = np.clip(canvas + noise, 0, 255).astype(np.uint8)
    image = cv2.GaussianBlur(image, (0, 0), float(rng.uniform(0.4, 1.4)))
    return image, np.stack([mask for mask in masks if mask.sum() > 64] or [masks[-1]])


def _paint(
    rng: np.random.Generator, photo: NDArray[np.float32], strength: float
) -> NDArray[np.float32]:
    """Return a colour gradient mixed with a shifted photo."""
    height, width = photo.shape[:2]
    start, end = rng.uniform(0, 255, 3), rng.uniform(0, 255, 3)
    if rng.random() < 0.6:
        end = start + rng.normal(0, 15, 3)
    ramp = np.linspace(0, 1, width)[None, :, None]
    base = np.broadcast_to(start * (1 - ramp) + end * ramp, (height, width, 3))
    shift = (int(rng.integers(height)), int(rng.integers(width)))
    texture = np.roll(photo, shift, (0, 1)) - photo.mean((0, 1))
    return (base + strength * 0.8 * texture).astype(np.float32)


def _shape(
    rng: np.random.Generator, size_hw: tuple[int, int], centre: NDArray[np.float64], radius: float
) -> NDArray[np.uint8]:
    """Return a filled ellipse, rotated rectangle or blob (H, W)."""
    mask = np.zeros(size_hw, np.uint8)
    turn = float(rng.uniform(0, 360))
    axes = radius * rng.uniform(0.5, 1.0, 2)
    kind = rng.integers(3)
    if kind == 0:
        cv2.ellipse(mask, (centre, 2 * axes, turn), 1, -1)
        return mask
    if kind == 1:
        corners = cv2.boxPoints((centre, 1.8 * axes, turn))
    else:
        count = int(rng.integers(5, 14))
        angles = np.linspace(0, 2 * np.pi, count, endpoint=False)
        reach = radius * rng.uniform(0.45, 1.1, count)
        corners = centre + np.stack([np.cos(angles), np.sin(angles)], 1) * reach[:, None]
    cv2.fillPoly(mask, [np.round(corners).astype(np.int32)], 1)
    return mask
