"""Segment the boxes of a detector: many at once, on one encoded image.

References
----------
.. [1] Kirillov et al., "Segment Anything", ICCV 2023, section 7.4 and appendix D.4: instance
   segmentation from a detector's boxes.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from sam_widget.annotations import PALETTE, Annotation
from sam_widget.errors import PromptError
from sam_widget.predictors import BatchPredictor, check_accepts, decode_batch
from sam_widget.prompts import Prompts

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from sam_widget.predictors import Embedding, Predictor

__all__ = ["BoxList", "read_boxes", "segment_boxes"]

_COLUMNS = (("x0", "y0", "x1", "y1"), ("xmin", "ymin", "xmax", "ymax"), ("x1", "y1", "x2", "y2"))
_LABEL_COLUMNS = ("label", "class_name", "name", "class")
_PLAIN_BATCH = 4


@dataclass(frozen=True, eq=False)
class BoxList:
    """Boxes and their labels, whatever they came as.

    Attributes
    ----------
    boxes_xyxy : float64 (N, 4)
        (x0, y0, x1, y1) in pixels of the image.
    labels : tuple of str
        One for each box; empty where none was given.
    """

    boxes_xyxy: NDArray[np.float64] = field(repr=False)
    labels: tuple[str, ...]


def read_boxes(boxes: Any, labels: Sequence[str] | str | None = None) -> BoxList:  # noqa: ANN401
    """Read boxes as detectors give them.

    Parameters
    ----------
    boxes : array-like (N, 4), DataFrame or supervision.Detections
        (x0, y0, x1, y1) in pixels of the image. A DataFrame has columns x0, y0, x1, y1 (or xmin,
        ymin, xmax, ymax, or x1, y1, x2, y2), and labels in a column ``label``, ``class_name``,
        ``name`` or ``class``, if it has one. ``Detections`` have ``xyxy``, and their names in
        ``data["class_name"]``.
    labels : str or sequence of str, optional
        In place of those: one for all, or one for each.

    Raises
    ------
    PromptError
        If they are not boxes, or their labels are not as many.
    """
    found: Any = None
    if hasattr(boxes, "xyxy"):
        values = boxes.xyxy
        data = getattr(boxes, "data", None)
        found = data.get("class_name") if isinstance(data, dict) else None
    elif hasattr(boxes, "columns"):
        names = next((four for four in _COLUMNS if set(four) <= set(boxes.columns)), None)
        if names is None:
            raise PromptError(
                "boxes must have the columns x0, y0, x1, y1 (or xmin, ymin, xmax, ymax), got "
                f"{', '.join(map(str, boxes.columns))[:200]}."
            )
        values = boxes[list(names)]
        label_column = next((name for name in _LABEL_COLUMNS if name in boxes.columns), None)
        found = None if label_column is None else boxes[label_column].tolist()
    else:
        values = boxes
    try:
        xyxy = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise PromptError(f"boxes must be numbers, (N, 4): {error}") from error
    if not xyxy.size:
        xyxy = np.zeros((0, 4))
    if xyxy.ndim != 2 or xyxy.shape[1] != 4:
        raise PromptError(f"boxes must have shape (N, 4), got {xyxy.shape}.")
    return BoxList(xyxy, _labels(found if labels is None else labels, len(xyxy)))


def _labels(labels: Any, count: int) -> tuple[str, ...]:  # noqa: ANN401 - whatever came
    if labels is None or isinstance(labels, str):
        return (labels or "",) * count
    texts = tuple(str(label) for label in labels)
    if len(texts) != count:
        raise PromptError(f"expected {count} labels, one for each box, got {len(texts)}.")
    return texts


def segment_boxes(
    predictor: Predictor,
    embedding: Embedding,
    boxes: Any,  # noqa: ANN401 - array, DataFrame, Detections
    labels: Sequence[str] | str | None = None,
    *,
    progress: Callable[[float], object] | None = None,
) -> list[Annotation]:
    """Segment what is in each of many boxes.

    Parameters
    ----------
    predictor : Predictor
    embedding : Embedding
        Of the image, from this predictor.
    boxes : array-like (N, 4), DataFrame or supervision.Detections
        See :func:`read_boxes`. Parts beyond the image are cut off.
    labels : str or sequence of str, optional
        One for all, or one for each.
    progress : callable, optional
        Told the share that is done, in [0, 1]; what it raises ends the work.

    Returns
    -------
    list of Annotation
        One for each box, in their order: the mask, its scores, the label, the box as its prompt,
        and a colour for each label (for each object, where there are no labels).

    Raises
    ------
    PromptError
        If a box is malformed or lies off the image; it is named, and nothing is computed.
    UnsupportedPrompt
        If the model takes no boxes.
    EmbeddingMismatch
        If the embedding comes from other weights.

    Examples
    --------
    >>> import numpy as np
    >>> from sam_widget import load
    >>> fake = load("fake")
    >>> embedding = fake.encode(np.zeros((60, 80, 3), np.uint8))
    >>> found = segment_boxes(fake, embedding, [(5, 5, 30, 40), (40, 10, 70, 50)], "cell")
    >>> [(one.label, one.area > 0) for one in found]
    [('cell', True), ('cell', True)]
    """
    check_accepts(predictor, ["box"])
    listed = read_boxes(boxes, labels)
    # All of them are checked before the first is computed.
    frame = embedding.frame
    for index, box in enumerate(listed.boxes_xyxy):
        with _named(index, len(listed.labels)):
            Prompts(boxes=[tuple(box)]).fitted(frame.width, frame.height)
    colours = _colours(listed.labels)
    size = predictor.batch_size if isinstance(predictor, BatchPredictor) else _PLAIN_BATCH
    found: list[Annotation] = []
    for start in range(0, len(listed.labels), size):
        some = listed.boxes_xyxy[start : start + size]
        answers = decode_batch(predictor, embedding, boxes=some)
        # One mask for a box; of a predictor that gives more, the best.
        kinds = answers.scores.argmax(axis=1)
        logits = answers.logits([(prompt, int(kind)) for prompt, kind in enumerate(kinds)])
        for index, traced in enumerate(frame.trace(logits)):
            found.append(
                Annotation(
                    rle=traced.rle,
                    label=listed.labels[start + index],
                    color=colours[start + index],
                    predicted_iou=float(answers.scores[index, kinds[index]]),
                    stability_score=traced.stability,
                    prompts=Prompts(boxes=[tuple(some[index])]).fitted(frame.width, frame.height),
                    candidate=int(kinds[index]),
                    model_name=predictor.name,
                    model_digest=predictor.model_digest,
                )
            )
        if progress is not None:
            progress(len(found) / len(listed.labels))
    return found


@contextlib.contextmanager
def _named(index: int, count: int) -> Any:  # noqa: ANN401 - a context manager
    try:
        yield
    except PromptError as error:
        raise PromptError(f"box {index} of {count}: {error}") from error


def _colours(labels: Sequence[str]) -> list[str]:
    known: dict[str, str] = {}
    colours = []
    for index, label in enumerate(labels):
        if label not in known:
            known[label] = PALETTE[len(known) % len(PALETTE)]
        colours.append(known[label] if label else PALETTE[index % len(PALETTE)])
    return colours
