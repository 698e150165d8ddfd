"""Losses of promptable segmentation, for dense masks and for sampled places alike.

Shapes: P prompts, K candidate masks, G ground truths a prompt may mean, N places.
"""

from __future__ import annotations

import itertools

import torch
from torch import Tensor
from torch.nn import functional


def cross_entropy(logits: Tensor, truth: Tensor) -> Tensor:
    """Return the mean binary cross-entropy over the last axis."""
    return functional.binary_cross_entropy_with_logits(logits, truth, reduction="none").mean(-1)


def focal(logits: Tensor, truth: Tensor, alpha: float = 0.7, gamma: float = 2.0) -> Tensor:
    """Return the mean focal loss over the last axis.

    ``alpha`` weighs the mask against the background. The usual 0.25 makes a model trained from
    scratch predict background everywhere; 0.7 does not.
    """
    entropy = functional.binary_cross_entropy_with_logits(logits, truth, reduction="none")
    probability = logits.sigmoid()
    right = probability * truth + (1 - probability) * (1 - truth)
    weight = alpha * truth + (1 - alpha) * (1 - truth)
    return (weight * (1 - right) ** gamma * entropy).mean(-1)


def dice(logits: Tensor, truth: Tensor, weight: Tensor | None = None) -> Tensor:
    """Return 1 - Dice over the last axis; ``weight`` undoes uneven sampling of the places."""
    probability = logits.sigmoid()
    both = probability * truth
    either = probability + truth
    if weight is not None:
        both, either = both * weight, either * weight
    return 1 - (2 * both.sum(-1) + 1e-3) / (either.sum(-1) + 2e-3)


def mask_loss(logits: Tensor, truth: Tensor, weight: Tensor | None = None) -> Tensor:
    """Return cross-entropy plus Dice loss over the last axis; arguments broadcast."""
    shape = torch.broadcast_shapes(logits.shape, truth.shape)
    logits, truth = logits.expand(shape), truth.expand(shape)
    return cross_entropy(logits, truth) + dice(logits, truth, weight)


def assigned_loss(costs: Tensor, present: Tensor) -> Tensor:
    """Give each ground truth its own candidate, as cheaply as possible.

    With one ground truth this is the minimum over the candidates, SAM's loss for single points.
    With a part and its whole at the same click, each is learned by another candidate.

    Parameters
    ----------
    costs : Tensor
        (P, K, G) loss of each candidate against each ground truth; K >= G.
    present : Tensor
        (P, G) weights; 0 where there is no such ground truth.

    Returns
    -------
    Tensor
        (P,) mean over the ground truths that are present.
    """
    candidates, truths = costs.shape[1:]
    weighted = costs * present[:, None]
    totals = [
        sum(weighted[:, k, g] for g, k in enumerate(order))
        for order in itertools.permutations(range(candidates), truths)
    ]
    best: Tensor = torch.stack([torch.as_tensor(total) for total in totals], dim=-1).amin(-1)
    return best / present.sum(-1).clamp(min=1e-6)


def iou(logits: Tensor, truth: Tensor) -> Tensor:
    """Return the IoU of thresholded logits and a bool mask over the last axis."""
    mask = logits > 0
    truth = truth > 0.5
    both = (mask & truth).sum(-1)
    return both / (mask | truth).sum(-1).clamp(min=1)
