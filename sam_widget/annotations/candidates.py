"""Candidate masks: a prediction ordered from subpart to whole, with figures beside each."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from sam_widget.masks import Rle, resize_mask
from sam_widget.predictors import ModelFrame

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from sam_widget.predictors import Prediction

__all__ = ["DISPLAY_SIDE", "Candidates", "display_hw", "display_rle"]

DISPLAY_SIDE = 2048
"""Longest side of the masks that travel to the page; larger images are shown through them."""


def display_hw(height: int, width: int) -> tuple[int, int]:
    """Return the size of the masks shown for an image: at most 2048 on the longest side.

    Parameters
    ----------
    height, width : int
        Size of the original image in pixels.

    Returns
    -------
    (int, int)
        Height and width, each at least 1.
    """
    scale = min(1.0, DISPLAY_SIDE / max(height, width))
    return max(1, round(height * scale)), max(1, round(width * scale))


def display_rle(rle: Rle) -> Rle:
    """Return a mask at the size that travels to the page: the pixel in the middle of each."""
    height, width = display_hw(rle.height, rle.width)
    if (height, width) == (rle.height, rle.width):
        return rle
    return resize_mask(rle, height, width)


@dataclass(frozen=True, eq=False)
class Candidates:
    """Candidate masks ordered by area: SAM's subpart, part and whole, or a single mask.

    Attributes
    ----------
    logits : float32 (N, S, S)
        Low-resolution logits in the model's frame, S its ``logits_side``; the chosen ones are fed
        back on refinement.
    scores : float32 (N,)
        Predicted IoU; NaN for a mask drawn by hand from the beginning.
    stabilities : tuple of float
        Stability scores in [0, 1], offset 1.
    areas : tuple of int
        Pixels of the original image; estimated from the shown mask above 2048 px.
    shown : tuple of Rle
        Masks at :func:`display_hw` of the image.
    frame : ModelFrame
        Size of the original image and its place in the model's input.
    edited : mapping of int to Rle
        Masks changed by hand, at the original size, by index. Scores, stabilities and logits
        remain the model's.

    References
    ----------
    .. [1] Kirillov et al., "Segment Anything", ICCV 2023, section 3 (resolving ambiguity).
    """

    logits: NDArray[np.float32] = field(repr=False)
    scores: NDArray[np.float32]
    stabilities: tuple[float, ...]
    areas: tuple[int, ...]
    shown: tuple[Rle, ...] = field(repr=False)
    frame: ModelFrame
    edited: Mapping[int, Rle] = field(default_factory=dict, repr=False)

    @classmethod
    def of(cls, prediction: Prediction) -> Candidates:
        """Measure and order a prediction's masks; equal areas keep the model's order."""
        frame = prediction.frame
        size_hw = display_hw(frame.height, frame.width)
        scale = frame.height * frame.width / (size_hw[0] * size_hw[1])
        seen = frame.trace(prediction.logits, size_hw)
        order = sorted(range(len(seen)), key=lambda i: seen[i].area)
        return cls(
            logits=prediction.logits[order],
            scores=prediction.scores[order],
            stabilities=tuple(seen[i].stability for i in order),
            areas=tuple(round(seen[i].area * scale) for i in order),
            shown=tuple(seen[i].rle for i in order),
            frame=frame,
        )

    @classmethod
    def best_of(cls, prediction: Prediction) -> Candidates:
        """Measure the best mask only, and those with the same score: others are not traced."""
        scores = prediction.scores
        best = scores == scores.max()
        best[np.argmax(scores)] = True  # a score may be NaN
        return cls.of(replace(prediction, logits=prediction.logits[best], scores=scores[best]))

    @classmethod
    def drawn(cls, height: int, width: int) -> Candidates:
        """Return an empty mask to draw on, which no model made: its figures are NaN."""
        empty = Rle(height, width, np.array([height * width]))
        # A frame of no model: one logit for the whole image.
        frame = ModelFrame(height, width, 1, 1, "stretch", "direct")
        return cls(
            # Nowhere inside, as sure as a model ever is.
            logits=np.full(frame.logits_shape, -32, np.float32),
            scores=np.full(1, np.nan, np.float32),
            stabilities=(float("nan"),),
            areas=(0,),
            shown=(display_rle(empty),),
            frame=frame,
            edited={0: empty},
        )

    def __len__(self) -> int:
        return len(self.scores)

    @property
    def best(self) -> int:
        """Index of the highest predicted IoU."""
        return int(np.argmax(self.scores))

    @property
    def exact(self) -> bool:
        """Whether the shown masks have the original's size."""
        return all((mask.height, mask.width) == self._hw for mask in self.shown)

    def masks(self) -> NDArray[np.bool_]:
        """Return the masks at the original size, bool (N, H, W)."""
        if self.exact:
            return np.stack([mask.decode() for mask in self.shown])
        masks = self.frame.masks(self.logits)
        for index, rle in self.edited.items():
            masks[index] = rle.decode()
        return masks

    def rle(self, index: int) -> Rle:
        """Return the run-length code of a mask at the original size."""
        return self.edited[index] if index in self.edited else self.made(index)

    def made(self, index: int) -> Rle:
        """Return the run-length code of a mask as predicted, before it was edited by hand."""
        if self.exact and index not in self.edited:
            return self.shown[index]
        return self.frame.trace(self.logits[index : index + 1])[0].rle

    def with_mask(self, index: int, rle: Rle) -> Candidates:
        """Put a mask edited by hand in the place of one candidate's; the order stays."""
        areas = (*self.areas[:index], rle.area, *self.areas[index + 1 :])
        shown = (*self.shown[:index], display_rle(rle), *self.shown[index + 1 :])
        edited = {**self.edited, index: rle}
        return replace(self, areas=areas, shown=shown, edited=edited)

    def feedback(self, index: int) -> NDArray[np.float32] | NDArray[np.bool_]:
        """Return what a refinement of one candidate starts from, as a mask prompt.

        Returns
        -------
        float32 (1, S, S) or bool (H, W)
            The model's own logits; of a candidate edited by hand its mask.
        """
        if index in self.edited:
            return self.edited[index].decode()
        return self.logits[index : index + 1]

    @property
    def _hw(self) -> tuple[int, int]:
        return self.frame.height, self.frame.width
