"""The recipe's numbers, in one frozen value."""

from __future__ import annotations

import dataclasses
import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

HELD_OUT = ("dali_coco61", "bottles", "strawberry", "nanoshapes", "warehouse")
"""Sets never trained on while the recipe is developed."""

SET_WEIGHTS = {
    "coco_union": 8.0,
    "coco_panoptic": 2.0,
    "coco_person": 4.0,
    "pets600": 3.0,
    "facades": 6.0,
    "cotton": 2.0,
    "warehouse": 2.0,
    "dsb2018": 2.5,
    "plants_vt": 1.5,
    "lpbf": 0.7,
}
"""How often a set is drawn; 1 where none is given. Sampling is by set, not by mask: a few
microscopy and facade sets hold most masks. Sets that label parts and wholes at the same place
(facades, cotton, warehouse, COCO's instances) come more often."""


@dataclasses.dataclass(frozen=True)
class Config:
    """Everything that decides a training run besides the data and the machine.

    Attributes
    ----------
    steps : int
        Optimiser steps in all.
    warmup, decay : int
        Steps of linear warm-up at the start and of linear decay to ``final_rate`` at the end.
        Between them the rate is constant, so a run may be lengthened when it resumes.
    images_per_step : int
        Images whose gradients are added up.
    rate, backbone_rate : float
        Learning rates of the new layers and of the pretrained ones.
    frozen_stages : int
        Backbone stages, from the input on, that keep their ImageNet weights (with the stem).
    frozen_encoder : bool
        Whether backbone and pyramid keep the weights they start with. Features are then computed
        once for ``visits`` visits of an image.
    pool, visits : int
        With a frozen encoder: images that are kept encoded, and how often each is visited.
    rounds : int
        Prompt rounds: the first prompt, then corrections.
    points_per_mask : int
        Places at which the loss of a mask is taken.
    rating : float
        Weight of the predicted IoU's squared error beside the mask loss.
    paste, drawn : float
        Shares of images with pasted objects and of wholly drawn ones.
    parts : float
        Share of images whose objects are taken apart by look (training/parts.py).
    """

    seed: int = 0
    steps: int = 4500
    warmup: int = 100
    decay: int = 2200
    images_per_step: int = 2
    rate: float = 1e-3
    backbone_rate: float = 2e-4
    final_rate: float = 0.02
    weight_decay: float = 0.02
    clip: float = 1.0
    average: float = 0.998
    frozen_stages: int = 3
    frozen_encoder: bool = False
    pool: int = 64
    visits: int = 4
    sides: tuple[int, ...] = (384, 448, 512)
    max_prompts: int = 16
    rounds: int = 3
    corrected: int = 8
    points_per_mask: int = 1536
    rating: float = 4.0
    paste: float = 0.35
    drawn: float = 0.08
    parts: float = 0.6
    held_out: tuple[str, ...] = HELD_OUT

    def to_json(self) -> str:
        """Return the config as JSON."""
        return json.dumps(dataclasses.asdict(self), indent=2)

    @classmethod
    def from_json(cls, text: str) -> Config:
        """Return the config that :meth:`to_json` wrote; missing entries take their default."""
        values = json.loads(text)
        for name in ("sides", "held_out"):
            if name in values:
                values[name] = tuple(values[name])
        return cls(**values)

    @classmethod
    def load(cls, path: Path) -> Config:
        """Read a JSON file."""
        return cls.from_json(path.read_text(encoding="utf-8"))
