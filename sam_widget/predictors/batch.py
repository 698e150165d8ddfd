"""Many prompts on one image at once, each on its own: scores first, masks for those that earn it.

:func:`decode_batch` asks a predictor that can do that (:class:`BatchPredictor`), and any other one
prompt by prompt.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol, runtime_checkable

import numpy as np

from sam_widget.errors import PromptError
from sam_widget.predictors.base import Embedding, Predictor, check_accepts, check_request
from sam_widget.prompts import Prompts

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import ArrayLike, NDArray

    from sam_widget.predictors.frame import ModelFrame

__all__ = ["BatchPrediction", "BatchPredictor", "check_batch", "decode_batch"]


@dataclass(frozen=True, eq=False)
class BatchPrediction:
    """The answers to B prompts; masks are computed when they are asked for.

    Attributes
    ----------
    scores : float32 (B, K)
        Predicted IoU of K candidates of each prompt, in the model's own order. Minus infinity where
        a prompt had fewer candidates.
    frame : ModelFrame
        Size of the original image and its place in the model's input.
    compute : callable
        What :meth:`logits` calls.
    """

    scores: NDArray[np.float32]
    frame: ModelFrame
    compute: Callable[[Sequence[tuple[int, int]]], NDArray[np.float32]] = field(repr=False)

    def __len__(self) -> int:
        """Count the prompts."""
        return len(self.scores)

    def logits(self, pairs: Sequence[tuple[int, int]]) -> NDArray[np.float32]:
        """Return the logits of some candidates.

        Parameters
        ----------
        pairs : sequence of (int, int)
            Prompt and candidate of each.

        Returns
        -------
        float32 (len(pairs), S, S)
            In the model's frame; S is ``frame.logits_side``.
        """
        if not len(pairs):
            return np.zeros((0, *self.frame.logits_shape[1:]), dtype=np.float32)
        return self.compute(pairs)


@runtime_checkable
class BatchPredictor(Protocol):
    """What a predictor has besides if it answers many prompts at once, scores before masks.

    It holds its lock for one batch at most, so that a click is answered between two.

    Attributes
    ----------
    batch_size : int
        Prompts at a time beyond which nothing is gained.
    """

    @property
    def batch_size(self) -> int: ...  # noqa: D102 - see the attributes above

    def decode_batch(
        self,
        embedding: Embedding,
        points: ArrayLike | None = None,
        boxes: ArrayLike | None = None,
        multimask: bool | None = None,
    ) -> BatchPrediction:
        """Answer B prompts, each as if it were alone; see :func:`decode_batch`."""
        ...


def decode_batch(
    predictor: Predictor,
    embedding: Embedding,
    points: ArrayLike | None = None,
    boxes: ArrayLike | None = None,
    multimask: bool | None = None,
) -> BatchPrediction:
    """Answer B prompts on one image, each as if it were alone.

    Parameters
    ----------
    predictor : Predictor
        Asked once if it is a :class:`BatchPredictor`, else prompt by prompt.
    embedding : Embedding
        From this predictor.
    points : array-like (B, 2), optional
        One include point (x, y) for each prompt, in pixels of the original image.
    boxes : array-like (B, 4), optional
        One box (x0, y0, x1, y1) for each prompt, clipped to the image. Points or boxes or both.
    multimask : bool, optional
        Three candidates each, or one. By default three for points alone.

    Returns
    -------
    BatchPrediction

    Raises
    ------
    PromptError
        If there are neither points nor boxes, or one is malformed or off the image.
    UnsupportedPrompt
        If this model takes no points, or no boxes.
    EmbeddingMismatch
        If the embedding comes from other weights.
    """
    if isinstance(predictor, BatchPredictor):
        return predictor.decode_batch(embedding, points, boxes, multimask)
    prompts = check_batch(predictor, embedding, points, boxes)
    answers = [predictor.decode(embedding, prompt, multimask) for prompt in prompts]
    width = max((len(answer) for answer in answers), default=1)
    scores = np.full((len(answers), width), -np.inf, dtype=np.float32)
    for row, answer in zip(scores, answers, strict=True):
        row[: len(answer)] = answer.scores

    def compute(pairs: Sequence[tuple[int, int]]) -> NDArray[np.float32]:
        return np.stack([answers[prompt].logits[kind] for prompt, kind in pairs])

    return BatchPrediction(scores, embedding.frame, compute)


def check_batch(
    predictor: Predictor,
    embedding: Embedding,
    points: ArrayLike | None,
    boxes: ArrayLike | None,
) -> list[Prompts]:
    """Refuse what no predictor can answer, and return one set of prompts for each.

    Raises
    ------
    PromptError, UnsupportedPrompt, EmbeddingMismatch
        As :func:`decode_batch`, naming the prompt.
    """
    if points is None and boxes is None:
        raise PromptError("expected points (B, 2) or boxes (B, 4), got neither.")
    given = {"points": points, "box": boxes}
    check_accepts(predictor, [kind for kind, values in given.items() if values is not None])
    xy = None if points is None else _rows(points, 2, "points")
    xyxy = None if boxes is None else _rows(boxes, 4, "boxes")
    if xy is not None and xyxy is not None and len(xy) != len(xyxy):
        raise PromptError(f"expected as many points as boxes, got {len(xy)} and {len(xyxy)}.")
    count = len(xy) if xy is not None else len(xyxy) if xyxy is not None else 0

    def prompts_of(index: int) -> Prompts:
        try:
            prompts = Prompts(
                points=[] if xy is None else [tuple(xy[index])],
                boxes=[] if xyxy is None else [tuple(xyxy[index])],
            )
            return check_request(embedding, prompts, predictor)
        except PromptError as error:
            raise PromptError(f"prompt {index} of {count}: {error}") from error

    return [prompts_of(index) for index in range(count)]


def _rows(values: ArrayLike, columns: int, name: str) -> NDArray[np.float64]:
    try:
        rows = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise PromptError(f"{name} must be numbers, (B, {columns}): {error}") from error
    if not rows.size:
        return np.zeros((0, columns))
    if rows.ndim != 2 or rows.shape[1] != columns:
        raise PromptError(f"{name} must have shape (B, {columns}), got {rows.shape}.")
    return rows
