"""Pictures of masks on photographs, for the model card."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import numpy as np
import skimage.data
from PIL import Image, ImageDraw

from sam_widget.prompts import Prompts

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from sam_widget.predictors import Predictor

PANEL_HEIGHT = 200
COLOUR = np.array([30, 110, 255], np.float32)


@dataclasses.dataclass(frozen=True)
class Case:
    """A photograph of scikit-image's collection and what is asked of it."""

    photo: str
    prompts: Prompts


CASES = {
    "examples": (
        Case("coffee", Prompts(points=[(280, 230)])),
        Case("chelsea", Prompts(points=[(220, 160)])),
        Case("astronaut", Prompts(points=[(220, 120)])),
        Case("coins", Prompts(points=[(48, 122)])),
        Case("rocket", Prompts(points=[(323, 200)])),
        Case("cell", Prompts(points=[(427, 378)])),
    ),
    "boxes": (
        Case("coffee", Prompts(boxes=[(170, 18, 432, 275)])),
        Case("astronaut", Prompts(boxes=[(5, 2, 460, 511)])),
        Case("rocket", Prompts(boxes=[(303, 105, 342, 345)])),
        Case("motorcycle", Prompts(boxes=[(90, 40, 680, 440)])),
    ),
    "failures": (
        Case("motorcycle", Prompts(points=[(450, 250)])),
        Case("hubble_deep_field", Prompts(points=[(500, 400)])),
        Case("retina", Prompts(points=[(500, 500)])),
        Case("brick", Prompts(points=[(250, 250)])),
        Case("page", Prompts(points=[(150, 50)])),
    ),
}


def photograph(name: str) -> NDArray[np.uint8]:
    """Return a photograph (H, W, 3) or (H, W) of scikit-image's collection."""
    if name == "motorcycle":
        return np.asarray(skimage.data.stereo_motorcycle()[0])
    return np.asarray(getattr(skimage.data, name)())


def panel(
    photo: NDArray[np.uint8], mask: NDArray[np.bool_] | None, prompts: Prompts, caption: str
) -> Image.Image:
    """Return the photo with a mask, its outline and the prompts drawn on it."""
    pixels = np.array(Image.fromarray(photo).convert("RGB"))
    if mask is not None:
        pixels[mask] = (0.45 * pixels[mask] + 0.55 * COLOUR).astype(np.uint8)
    image = Image.fromarray(pixels)
    scale = PANEL_HEIGHT / image.height
    image = image.resize((round(image.width * scale), PANEL_HEIGHT), Image.Resampling.LANCZOS)
    draw = ImageDraw.Draw(image)
    for (x, y), label in zip(prompts.points, prompts.labels, strict=True):
        place = (x * scale - 4, y * scale - 4, x * scale + 4, y * scale + 4)
        draw.ellipse(place, fill="lime" if label else "red", outline="white")
    if prompts.box is not None:
        draw.rectangle([value * scale for value in prompts.box], outline="lime", width=2)
    draw.rectangle((0, 0, 8 + 6 * len(caption), 14), fill="black")
    draw.text((4, 2), caption, fill="white")
    return image


def sheet(predictor: Predictor, cases: tuple[Case, ...]) -> Image.Image:
    """Return one row a case: the candidates with their predicted IoU."""
    rows = []
    for case in cases:
        photo = photograph(case.photo)
        prediction = predictor.decode(predictor.encode(photo), case.prompts)
        rows.append(
            [
                panel(photo, mask, case.prompts, f"{case.photo}  predicted IoU {score:.2f}")
                for mask, score in zip(prediction.masks, prediction.scores, strict=True)
            ]
        )
    width = max(sum(image.width + 4 for image in row) for row in rows)
    whole = Image.new("RGB", (width, len(rows) * (PANEL_HEIGHT + 4)), "white")
    for i, row in enumerate(rows):
        left = 0
        for image in row:
            whole.paste(image, (left, i * (PANEL_HEIGHT + 4)))
            left += image.width + 4
    return whole


def write(predictor: Predictor, folder: Path) -> None:
    """Write one sheet for each group of cases."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, cases in CASES.items():
        sheet(predictor, cases).save(folder / f"lite-{name}.jpg", quality=82)
