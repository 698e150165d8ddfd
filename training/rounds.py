"""One training image through the interactive rounds: prompts, losses, corrections."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import cv2
import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from sam_widget.predictors.lite.components import DROPPED_LOGIT
from sam_widget.predictors.lite.features import GRID_SIDE
from sam_widget.predictors.lite.geometry import PromptBatch, grid_axes, pixel_geometry
from sam_widget.predictors.lite.network import LiteNetwork, evaluate
from sam_widget.predictors.lite.prompts import COARSE_SIDE
from training.losses import assigned_loss, iou, mask_loss
from training.simulation import (
    alternatives,
    anywhere,
    box_around,
    click_in,
    correction,
    degraded,
    loss_places,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sam_widget.predictors.lite.features import EncodedImage, ImageFeatures
    from sam_widget.predictors.lite.network import MaskNetworks
    from training.config import Config
    from training.data import Sample
    from training.views import View

GROUND_TRUTHS = 3
MASK_ONLY = 0.08
"""Share of prompts that become a mask prompt alone in the second round."""
DROP_FEEDBACK = 0.25
"""Share of corrections that come without the fed-back mask."""
FOUND_WEIGHT = 0.5
"""What a part that was found in the picture counts beside a label."""
OTHER_OUTPUTS = 0.2
"""Weight of the outputs that a prompt is not meant for, so that they stay usable on demand."""
CELLS_AT_ONCE = 512
"""Cells whose masks are computed together: what is in between stays in the processor's cache."""


@dataclasses.dataclass
class Simulation:
    """The annotator's state over the rounds, for P prompts on one image.

    ``targets[p]`` lists the masks prompt ``p`` may mean, the one meant first.
    """

    sample: Sample
    targets: list[list[int]]
    clicks: list[list[tuple[int, int, int]]]
    boxes: list[tuple[float, float, float, float] | None]
    feedback: NDArray[np.float32] | None = None
    has_feedback: NDArray[np.bool_] | None = None

    def take(self, which: list[int]) -> Simulation:
        """Return the simulation of some of the prompts, before any feedback."""
        return Simulation(
            self.sample,
            [self.targets[p] for p in which],
            [self.clicks[p] for p in which],
            [self.boxes[p] for p in which],
        )

    @property
    def count(self) -> int:
        """How many prompts there are."""
        return len(self.targets)

    def batch(self) -> PromptBatch:
        """Return the prompts as tensors."""
        longest = max(len(clicks) for clicks in self.clicks)
        points = np.zeros((self.count, longest, 2), np.float32)
        labels = np.full((self.count, longest), -1, np.int64)
        boxes = np.zeros((self.count, 4), np.float32)
        boxes[:, 2:] = 1
        for p, clicks in enumerate(self.clicks):
            for i, (row, column, label) in enumerate(clicks):
                points[p, i] = ((column + 0.5) / GRID_SIDE, (row + 0.5) / GRID_SIDE)
                labels[p, i] = label
            box = self.boxes[p]
            if box is not None:
                boxes[p] = box
        return PromptBatch(
            torch.from_numpy(points),
            torch.from_numpy(labels),
            torch.from_numpy(boxes),
            torch.tensor([box is not None for box in self.boxes]),
            None if self.feedback is None else torch.from_numpy(self.feedback),
            torch.from_numpy(
                np.zeros(self.count, bool) if self.has_feedback is None else self.has_feedback
            ),
        )


def first_prompts(rng: np.random.Generator, sample: Sample, limit: int) -> Simulation:
    """Prompt masks of the sample with points and boxes; points, the harder kind, are more."""
    chosen = rng.permutation(sample.labelled)[: max(limit * 5 // 8, 1)]
    points_each = min(max(limit // 2 // len(chosen), 1), 4)
    simulation = Simulation(sample, [], [], [])
    for order, target in enumerate(chosen):
        mask = sample.masks[target]
        boxes_each = 2 if len(chosen) < 3 else int(order < limit - len(chosen) * points_each)
        for _ in range(points_each):
            row, column = click_in(rng, mask, sample.masks)
            others = alternatives(sample.masks, int(target), row, column, GROUND_TRUTHS - 1)
            simulation.targets.append([int(target), *others])
            simulation.clicks.append([(row, column, 1)])
            simulation.boxes.append(None)
        for _ in range(boxes_each):
            simulation.targets.append([int(target)])
            simulation.clicks.append([])
            simulation.boxes.append(box_around(rng, mask, GRID_SIDE))
    return simulation


def correct(
    rng: np.random.Generator, simulation: Simulation, logits: NDArray[np.float32], *, early: bool
) -> None:
    """Add clicks where the prediction is wrong and feed it back; changes ``simulation``.

    Parameters
    ----------
    logits : ndarray
        (P, h, w) on the coarse grid, which has every second row and column of the grid.
    early : bool
        In the first correction some prompts become a clumsy mask alone.
    """
    height, width = logits.shape[1:]
    simulation.feedback = np.full((simulation.count, COARSE_SIDE, COARSE_SIDE), -10, np.float32)
    simulation.feedback[:, :height, :width] = logits
    simulation.has_feedback = rng.random(simulation.count) >= DROP_FEEDBACK
    for p in range(simulation.count):
        mask = simulation.sample.masks[simulation.targets[p][0]]
        truth = mask[::2, ::2] > 0
        simulation.targets[p] = simulation.targets[p][:1]
        if early and rng.random() < MASK_ONLY and truth.any():
            clumsy = degraded(rng, truth.astype(np.uint8)).astype(np.float32)
            simulation.feedback[p, :height, :width] = (clumsy * 2 - 1) * 6.9
            simulation.has_feedback[p] = True
            simulation.boxes[p] = None
            simulation.clicks[p] = []
            continue
        for _ in range(1 if rng.random() < 0.6 else int(rng.integers(2, 4))):
            click = correction(rng, logits[p] > 0, truth)
            if click is None:
                row, column = anywhere(rng, mask)
                click = (row // 2, column // 2, int(truth[row // 2, column // 2]))
            row, column, label = click
            simulation.clicks[p].append((2 * row, 2 * column, label))


@dataclasses.dataclass
class Figures:
    """What a step reports: sums over prompts, to be averaged."""

    loss: float = 0.0
    point_iou: float = 0.0
    points: int = 0
    box_iou: float = 0.0
    boxes: int = 0
    last_iou: float = 0.0
    corrected: int = 0
    prompts: int = 0
    rating_error: float = 0.0

    def add(self, other: Figures) -> None:
        """Add another image's figures."""
        for field in dataclasses.fields(self):
            total = getattr(self, field.name) + getattr(other, field.name)
            setattr(self, field.name, total)


def image_loss(
    network: LiteNetwork, view: View, rng: np.random.Generator, config: Config
) -> tuple[Tensor, Figures]:
    """Return the loss of one image over all rounds, and figures for the log."""
    encoded = network.remember(view.features)
    simulation = first_prompts(rng, view.sample, config.max_prompts)
    figures = Figures(prompts=simulation.count, corrected=simulation.count)
    total = torch.zeros(())
    for turn in range(config.rounds):
        outputs = [0, 1, 2, 3] if turn == 0 else [0]
        kept = None
        if simulation.count > config.corrected:
            kept = sorted(rng.permutation(simulation.count)[: config.corrected].tolist())
            figures.corrected = len(kept)
        loss, simulation, chosen = _round(
            network, encoded, simulation, outputs, kept, rng, config, figures
        )
        total = total + loss
        if turn + 1 < config.rounds:
            correct(rng, simulation, chosen.numpy(), early=turn == 0)
    figures.loss = float(total.detach()) * figures.prompts
    return total, figures


def _round(
    network: LiteNetwork,
    encoded: EncodedImage,
    simulation: Simulation,
    outputs: list[int],
    kept: list[int] | None,
    rng: np.random.Generator,
    config: Config,
    figures: Figures,
) -> tuple[Tensor, Simulation, Tensor]:
    """Decode all prompts once.

    Every mask is judged at some places; whole masks, which cost the most, are computed of the
    ``kept`` prompts alone (of all if None): they are rated, and the best is fed back.

    Returns
    -------
    loss : Tensor
    simulation : Simulation
        Of the prompts that are kept.
    chosen : Tensor
        The logits (P, h, w) to feed back to these, on every second row and column.
    """
    batch = simulation.batch()
    features = encoded.features
    tokens, networks = network.prompt(encoded, batch)
    tokens, networks = tokens[:, outputs], networks.take(outputs)
    losses = _mask_losses(features, simulation, batch, networks, rng, config)
    if kept is not None:
        simulation, batch, tokens = simulation.take(kept), batch.take(kept), tokens[kept]
        networks = networks.of_prompts(kept)
    pixels, logits = _coarse_logits(features, batch, networks)
    _keep_clicked(simulation, logits)
    truths, present = _truths(simulation)
    with torch.no_grad():
        coarse = truths[:, :, ::2, ::2].flatten(2)
        quality = iou(logits.flatten(2)[:, :, None], coarse[:, None])  # (P, K, G)
        # A found part is a fair reading of a click, but no mask that anybody asked for.
        best = (quality * (present[:, None] == 1)).amax(-1)
    rated = network.predicted_iou(tokens, pixels, logits.flatten(2))
    rating = functional.mse_loss(rated, best)
    _note(figures, simulation, quality, first=len(outputs) > 1)
    figures.rating_error += float(rating.detach()) * figures.prompts / config.rounds
    chosen = _fed_back(simulation, logits, rated.detach())
    return losses.mean() + config.rating * rating, simulation, chosen


def _mask_losses(
    features: ImageFeatures,
    simulation: Simulation,
    batch: PromptBatch,
    networks: MaskNetworks,
    rng: np.random.Generator,
    config: Config,
) -> Tensor:
    """Return the mask loss (P,) at sampled places."""
    places, weights = [], []
    masks = simulation.sample.masks
    for meant in simulation.targets:
        extent = np.bitwise_or.reduce(masks[meant], axis=0)
        place, weight = loss_places(rng, masks[meant[0]], extent, config.points_per_mask)
        places.append(place)
        weights.append(weight)
    place = torch.from_numpy(np.stack(places))
    weight = torch.from_numpy(np.stack(weights))
    width = masks.shape[2]
    flat = features.pixels[0].flatten(1).T
    xy = torch.stack([(place % width + 0.5), (place // width + 0.5)], dim=-1) / GRID_SIDE
    logits = evaluate(networks, flat[place], pixel_geometry(batch, *xy.unbind(-1)))
    truths, present = _truths(simulation)
    truth = truths.flatten(2).gather(2, place[:, None].expand(-1, truths.shape[1], -1)).float()
    costs = mask_loss(logits[:, :, None], truth[:, None], weight[:, None, None])  # (P, K, G)
    if costs.shape[1] == 1:
        return costs[:, 0, 0]
    single = costs[:, 0, 0]
    several = assigned_loss(costs[:, 1:], present)
    ambiguous = ~batch.has_box
    return torch.where(
        ambiguous, several + OTHER_OUTPUTS * single, single + OTHER_OUTPUTS * several
    )


@torch.no_grad()
def _coarse_logits(
    features: ImageFeatures, batch: PromptBatch, networks: MaskNetworks
) -> tuple[Tensor, Tensor]:
    """Return fine features (C, N) and logits (P, K, h, w) on every second row and column."""
    pixels = features.pixels[0, :, ::2, ::2]
    height, width = features.pixels.shape[-2:]
    flat = pixels.flatten(1)
    seen = flat.T.contiguous()
    x, y = grid_axes(height, width, GRID_SIDE, pixels.device)
    geometry = pixel_geometry(batch, x[..., ::2], y[:, ::2]).flatten(2)
    starts = range(0, len(seen), CELLS_AT_ONCE)
    parts = [slice(start, start + CELLS_AT_ONCE) for start in starts]
    logits = torch.cat([evaluate(networks, seen[p], geometry[..., p]) for p in parts], dim=-1)
    return flat, logits.unflatten(-1, (height // 2, width // 2))


def _keep_clicked(simulation: Simulation, logits: Tensor) -> None:
    """Drop what is not connected to an include click, as the predictor does; changes ``logits``."""
    for p, candidates in enumerate(logits.numpy()):
        seeds = [(row // 2, column // 2) for row, column, label in simulation.clicks[p] if label]
        if simulation.boxes[p] is not None or not seeds:
            continue
        rows, columns = np.array(seeds).T
        for candidate in candidates:
            _, parts = cv2.connectedComponents((candidate > 0).astype(np.uint8), connectivity=4)
            clicked = np.unique(parts[rows, columns])
            if clicked.any():
                candidate[(parts > 0) & ~np.isin(parts, clicked)] = DROPPED_LOGIT


def _truths(simulation: Simulation) -> tuple[Tensor, Tensor]:
    """Return ground truths (P, G, H, W) uint8 and how much each counts (P, G)."""
    labelled = simulation.sample.labelled
    most = max(len(meant) for meant in simulation.targets)
    indices = np.array([meant + meant[:1] * (most - len(meant)) for meant in simulation.targets])
    present = np.array(
        [
            [1.0 if i < labelled else FOUND_WEIGHT for i in meant] + [0.0] * (most - len(meant))
            for meant in simulation.targets
        ]
    )
    return torch.from_numpy(simulation.sample.masks[indices]), torch.from_numpy(present).float()


def _fed_back(simulation: Simulation, logits: Tensor, rated: Tensor) -> Tensor:
    """Return the mask to feed back (P, h, w): the best rated one, or output 0 for boxes."""
    if logits.shape[1] == 1:
        return logits[:, 0]
    pick = rated[:, 1:].argmax(1) + 1
    boxed = torch.tensor([box is not None for box in simulation.boxes])
    pick = torch.where(boxed, torch.zeros_like(pick), pick)
    return logits[torch.arange(len(pick)), pick]


def _note(figures: Figures, simulation: Simulation, quality: Tensor, *, first: bool) -> None:
    """Add IoUs to the figures; ``quality`` is (P, K, G)."""
    if not first:
        figures.last_iou = float(quality[:, 0, 0].sum())
        return
    for p, box in enumerate(simulation.boxes):
        if box is None:
            figures.point_iou += float(quality[p, 1:, 0].max())
            figures.points += 1
        else:
            figures.box_iou += float(quality[p, 0, 0])
            figures.boxes += 1
