"""Record how a mask was made: the prompts decoded one after the other, and what was chosen.

A refining click feeds the logits of the chosen candidate back to the model, so the last prompts
alone do not make the mask again. The steps do.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

from sam_widget.annotations.candidates import Candidates
from sam_widget.errors import PromptError
from sam_widget.predictors import capabilities

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from sam_widget.masks import Rle
    from sam_widget.predictors import Embedding, Predictor
    from sam_widget.prompts import Prompts

__all__ = ["Followed", "Recipe", "Step", "follow", "mask_digest"]

Decode: TypeAlias = "Callable[[Prompts, bool | None], Candidates]"


@dataclass(frozen=True)
class Step:
    """One decode, and the choice among its candidates.

    Attributes
    ----------
    prompts : Prompts
        As the person placed them, in pixels of the original image.
    multimask : bool or None
        Three candidates, one, or by the number of prompts.
    candidate : int
        The one chosen, subpart to whole: what the next step refines.
    """

    prompts: Prompts
    multimask: bool | None = None
    candidate: int = 0


@dataclass(frozen=True, eq=False)
class Followed:
    """What following steps led to.

    Attributes
    ----------
    candidates : Candidates
        Answer to the last step.
    selected : int
        Its choice, or the last candidate of a model that has fewer.
    feedback : float32 (1, S, S) or None
        Logits that went into the last step.
    """

    candidates: Candidates
    selected: int
    feedback: NDArray[np.float32] | None = field(repr=False)

    @property
    def rle(self) -> Rle:
        """The chosen mask at the original size."""
        return self.candidates.rle(self.selected)

    @property
    def logits(self) -> NDArray[np.float32]:
        """The chosen logits, float32 (1, S, S): what the next step is fed."""
        return self.candidates.logits[self.selected : self.selected + 1]

    @property
    def predicted_iou(self) -> float:
        """As the model predicts it for the chosen mask."""
        return float(self.candidates.scores[self.selected])

    @property
    def stability_score(self) -> float:
        """Of the chosen mask, in [0, 1]."""
        return self.candidates.stabilities[self.selected]


@dataclass(frozen=True)
class Recipe:
    """The steps that made a mask, and a digest of the mask that came out.

    A mask that was edited by hand afterwards no longer has the digest, so that nobody takes the
    steps for the whole story.

    Parameters
    ----------
    steps : tuple of Step
        At least one.
    digest : str
        :func:`mask_digest` of the result.
    """

    steps: tuple[Step, ...]
    digest: str

    def __post_init__(self) -> None:
        if not self.steps:
            raise PromptError("a recipe needs at least one step, got none.")

    def makes(self, rle: Rle) -> bool:
        """Tell whether the steps, with the model of that time, made this very mask."""
        return mask_digest(rle) == self.digest

    def run(self, predictor: Predictor, embedding: Embedding) -> Followed:
        """Follow the steps.

        Parameters
        ----------
        predictor : Predictor
            The one of that time for the same mask, or any other.
        embedding : Embedding
            The image, encoded by that predictor.
        """
        return follow(
            lambda prompts, multimask: Candidates.of(
                predictor.decode(embedding, prompts, multimask)
            ),
            self.steps,
            refines="mask" in capabilities(predictor).accepts,
        )


def follow(decode: Decode, steps: Sequence[Step], *, refines: bool = True) -> Followed:
    """Decode step after step, each refining the choice of the one before.

    Parameters
    ----------
    decode : callable
        Takes prompts and ``multimask``.
    steps : sequence of Step
        At least one.
    refines : bool
        Whether the model takes masks; otherwise each step is answered by its own prompts alone.
    """
    followed = None
    for step in steps:
        feedback = followed.logits if refines and followed is not None else None
        prompts = step.prompts if feedback is None else step.prompts.with_mask(feedback)
        candidates = decode(prompts, step.multimask)
        followed = Followed(candidates, min(step.candidate, len(candidates) - 1), feedback)
    if followed is None:
        raise PromptError("there are no steps to follow.")
    return followed


def mask_digest(rle: Rle) -> str:
    """Return a digest of a mask, 16 hex digits: equal masks have equal digests."""
    sha = hashlib.sha256(f"{rle.height}x{rle.width}:".encode())
    sha.update(rle.counts.astype("<u4").tobytes())
    return sha.hexdigest()[:16]
