"""Prompts as tensors, and where a pixel lies relative to them.

All coordinates are fractions of the model frame's side, (x, y), origin top-left.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

GEOMETRY_CHANNELS = 10
POINT_REACH = 0.25
"""Relative coordinates are divided by this when there is no box."""
CLICK_WIDTHS = (0.03, 0.12)
"""Standard deviations of the two bumps around each click."""
MASK_LOGIT_SCALE = 3.0


class PromptBatch(NamedTuple):
    """P prompts on one image."""

    points: Tensor
    """(P, N, 2) fractions; anything where the label is -1."""
    labels: Tensor
    """(P, N) int64: 1 include, 0 exclude, -1 not there."""
    boxes: Tensor
    """(P, 4) x0, y0, x1, y1; anything where there is no box."""
    has_box: Tensor
    """(P,) bool"""
    mask: Tensor | None = None
    """(P, 128, 128) logits on the coarse grid, or None when no prompt has one."""
    has_mask: Tensor = torch.zeros(0, dtype=torch.bool)
    """(P,) bool, read only when there is a mask"""

    def to(self, device: torch.device | str) -> PromptBatch:
        """Return the batch on another device."""
        moved = {name: part.to(device) for name, part in self._asdict().items() if part is not None}
        return PromptBatch(**moved)

    def take(self, which: list[int]) -> PromptBatch:
        """Return some of the prompts."""
        parts = self._asdict()
        if self.mask is None:
            del parts["mask"], parts["has_mask"]
        return PromptBatch(**{name: part[which] for name, part in parts.items()})


def cell_centres(height: int, width: int, side: int, device: torch.device) -> Tensor:
    """Return the centres (1, height * width, 2) of cells, row by row, of a side x side frame."""
    x = (torch.arange(width, device=device, dtype=torch.float32) + 0.5) / side
    y = (torch.arange(height, device=device, dtype=torch.float32) + 0.5) / side
    rows, columns = torch.meshgrid(y, x, indexing="ij")
    return torch.stack([columns, rows], dim=-1).reshape(1, height * width, 2)


def anchors(prompts: PromptBatch) -> tuple[Tensor, Tensor]:
    """Return where relative coordinates start (P, 2) and their unit (P, 2).

    A box gives its centre and half its size; else the mean of the include points and a fixed
    reach; else the centre of the mask prompt; else that of the frame.
    """
    boxes = prompts.boxes
    positive = (prompts.labels == 1).to(boxes.dtype)[..., None]
    total = positive.sum(1)
    centre = (prompts.points * positive).sum(1) / total.clamp(min=1)
    fallback = torch.full_like(centre, 0.5)
    if prompts.mask is not None:
        weight = (prompts.mask > 0).to(boxes.dtype).flatten(1)
        side = prompts.mask.shape[-1]
        cells = cell_centres(side, side, side, boxes.device)[0]
        area = weight.sum(1, keepdim=True)
        middle = weight @ cells / area.clamp(min=1)
        usable = prompts.has_mask[:, None] & (area > 0)
        fallback = torch.where(usable, middle, fallback)
    centre = torch.where(total > 0, centre, fallback)
    unit = torch.full_like(centre, POINT_REACH)
    has_box = prompts.has_box[:, None]
    centre = torch.where(has_box, (boxes[:, :2] + boxes[:, 2:]) / 2, centre)
    half = ((boxes[:, 2:] - boxes[:, :2]) / 2).clamp(min=1e-3)
    return centre, torch.where(has_box, half, unit)


def grid_axes(height: int, width: int, side: int, device: torch.device) -> tuple[Tensor, Tensor]:
    """Return the x (1, 1, width) and y (1, height, 1) of cells of a side x side frame."""
    x = (torch.arange(width, device=device, dtype=torch.float32) + 0.5) / side
    y = (torch.arange(height, device=device, dtype=torch.float32) + 0.5) / side
    return x.reshape(1, 1, width), y.reshape(1, height, 1)


def pixel_geometry(prompts: PromptBatch, x: Tensor, y: Tensor) -> Tensor:
    """Describe where places lie relative to the prompts.

    Parameters
    ----------
    prompts : PromptBatch
        P prompts.
    x, y : Tensor
        Places, (P, ...) or (1, ...) when all prompts share them. They broadcast: the columns and
        the rows of a grid, from :func:`grid_axes`, are its cells, and cost less than a list of
        them.

    Returns
    -------
    Tensor
        (P, GEOMETRY_CHANNELS, ...): two relative coordinates and their length, how far inside
        the box, bumps around include and exclude points at two widths, the fed-back mask,
        and whether there is a box.
    """
    centre, unit = anchors(prompts)
    across = ((x - _beside(centre[:, 0], x)) / _beside(unit[:, 0], x)).clamp(-4, 4)
    down = ((y - _beside(centre[:, 1], y)) / _beside(unit[:, 1], y)).clamp(-4, 4)
    length = torch.sqrt(across * across + down * down)
    has_box = _beside(prompts.has_box.to(x.dtype), length).expand_as(length)
    inside = torch.zeros_like(length)
    if bool(prompts.has_box.any()):
        inside = (1 - torch.maximum(across.abs(), down.abs())).clamp(-1, 1) * has_box
    planes = [across.expand_as(length), down.expand_as(length), length, inside]
    for label in (1, 0):
        planes.extend(_bumps(prompts, x, y, label, torch.zeros_like(length)))
    planes.extend([_fed_back(prompts, x, y, torch.zeros_like(length)), has_box])
    return torch.stack(planes, dim=1)


def _beside(values: Tensor, places: Tensor) -> Tensor:
    """Give values (P,) as many axes as ``places`` has."""
    return values.reshape(-1, *(1 for _ in places.shape[1:]))


def _bumps(prompts: PromptBatch, x: Tensor, y: Tensor, label: int, nothing: Tensor) -> list[Tensor]:
    """Return a bump of each width around the nearest point of this label.

    A bump is a product of one in x and one in y, so on a grid no exponential is taken per cell.
    """
    present = prompts.labels == label
    if not bool(present.any()):
        return [nothing] * len(CLICK_WIDTHS)
    places = [1] * (x.dim() - 1)
    points = prompts.points.reshape(*present.shape, *places, 2)
    across, down = x[:, None] - points[..., 0], y[:, None] - points[..., 1]
    there = present.to(x.dtype).reshape(*present.shape, *places)
    bumps = []
    for width in CLICK_WIDTHS:
        factor = -1 / (2 * width * width)
        sideways = there * torch.exp(factor * across * across)
        bumps.append((sideways * torch.exp(factor * down * down)).amax(1))
    return bumps


def _fed_back(prompts: PromptBatch, x: Tensor, y: Tensor, nothing: Tensor) -> Tensor:
    """Return the mask prompt at the places, squashed to (-1, 1)."""
    if prompts.mask is None:
        return nothing
    squashed = torch.tanh(prompts.mask / MASK_LOGIT_SCALE)[:, None]
    xy = torch.stack([x.expand_as(nothing), y.expand_as(nothing)], dim=-1)
    value = functional.grid_sample(
        squashed, (2 * xy - 1).flatten(1, -2)[:, None], padding_mode="border", align_corners=False
    )[:, 0, 0]
    value = value * prompts.has_mask.to(value.dtype)[:, None]
    return value.reshape(nothing.shape)
