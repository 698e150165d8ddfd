"""A predictor without weights: instant, deterministic, and good enough to look at.

For tests, documentation and demonstrations, wherever a model's quality does not matter and its
behaviour does. It is public: code built on this package can be tested with it.

A click grows a disc that is reluctant to cross edges of the image. The distance from the click is
the Euclidean one plus the contrast that has to be crossed on the way, and the three candidates are
three level sets of it, so they are nested and each contains the click. A box gives a rounded box
within it; a mask prompt is followed; excluded points bite a piece out.
"""

from __future__ import annotations

import hashlib
import itertools
import threading
import time
from dataclasses import replace
from functools import lru_cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from sam_widget.images import load_image
from sam_widget.predictors.base import (
    SAM_PROMPTS,
    Embedding,
    Prediction,
    check_arrays,
    check_request,
    mask_logits,
    wants_three,
)
from sam_widget.predictors.batch import BatchPrediction, check_batch
from sam_widget.predictors.frame import ModelFrame

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import ArrayLike, NDArray

    from sam_widget.images import RgbImage
    from sam_widget.predictors.base import Progress, PromptKind
    from sam_widget.predictors.frame import Fit, Upsampling
    from sam_widget.prompts import Prompts

    Grid = NDArray[np.float64]
    """float64 (S, S), in the frame of the logits, S a side; distances are in its cells."""

_RADII = (0.07, 0.15, 0.29)  # of the three candidates, in the geometric mean of the image's sides
_CLEARANCE = (
    3.5  # least radius: every logit that the clicked pixel is interpolated from is positive
)
_BOX_LEVELS = (0.55, 0.76, 0.97)  # of a box's half sides
_SLOPE = 4.0  # logits per cell at the boundary
_LIMIT = 20.0  # largest logit, as trained networks have
_CONTRAST = 50.0  # cells that crossing a colour difference of 1 costs; black to white is 1.7
_NOISE = 0.02  # colour difference between neighbours that counts as none


class FakePredictor:
    """A :class:`~sam_widget.predictors.base.StorablePredictor` for tests, made of geometry.

    Candidates come in order of growing area, each within the next. Scores follow from how well a
    candidate separates the image's colours; which is best depends on the image and the click.

    Parameters
    ----------
    encode_delay, decode_delay : float
        Seconds that each call takes longer, to stand in for a slow model.
    device : str
        Only reported.
    input_side, logits_side, fit, upsampling
        Its frame, as for :class:`~sam_widget.predictors.ModelFrame`: with another than SAM's it
        stands in for another model, and is one, with a digest of its own.
    accepts : iterable of {"points", "box", "mask"}
        What it takes as a prompt.

    Attributes
    ----------
    encode_calls, decode_calls : int
        Calls that were answered so far. A widget asks its cache first: ``cache=False`` counts all.

    Examples
    --------
    >>> import numpy as np
    >>> from sam_widget import Prompts
    >>> predictor = FakePredictor()
    >>> embedding = predictor.encode(np.zeros((60, 80, 3), np.uint8))
    >>> prediction = predictor.decode(embedding, Prompts(points=[(40, 30)]))
    >>> prediction.masks.shape
    (3, 60, 80)
    >>> prediction.masks[:, 30, 40].tolist()
    [True, True, True]
    """

    name = "fake"
    model_digest = hashlib.sha256(b"sam_widget fake predictor, 1").hexdigest()
    # Of any number of cells, which the frame says: stored embeddings are known by this text.
    preprocessing = "1: mean colours of 256 x 256 cells"
    previews = True
    automatic_defaults: ClassVar[Mapping[str, float]] = MappingProxyType({})

    def __init__(
        self,
        *,
        encode_delay: float = 0.0,
        decode_delay: float = 0.0,
        device: str = "cpu",
        input_side: int = ModelFrame.input_side,
        logits_side: int = ModelFrame.logits_side,
        fit: Fit = ModelFrame.fit,
        upsampling: Upsampling = ModelFrame.upsampling,
        accepts: Iterable[PromptKind] = SAM_PROMPTS,
    ) -> None:
        self.device = device
        self.accepts = frozenset(accepts)
        self._frame = ModelFrame(1, 1, input_side, logits_side, fit, upsampling)
        if self._frame != ModelFrame(1, 1):
            self.model_digest = hashlib.sha256(
                f"{self.model_digest} {input_side} {logits_side} {fit} {upsampling}".encode()
            ).hexdigest()
        self.encode_delay = encode_delay
        self.decode_delay = decode_delay
        self.encode_calls = 0
        self.decode_calls = 0
        # One at a time, like a model: what is slow with one caller must not be fast with two.
        self._lock = threading.Lock()

    def __repr__(self) -> str:
        return f"<FakePredictor on {self.device}>"

    def frame(self, image_hw: tuple[int, int]) -> ModelFrame:
        """Return the frame of an image; see :meth:`~sam_widget.Predictor.frame`."""
        height, width = image_hw
        return replace(self._frame, height=height, width=width)

    def encode(self, image: object, progress: Progress | None = None) -> Embedding:
        """Encode an image; see :meth:`~sam_widget.Predictor.encode`."""
        rgb = load_image(image)
        with self._lock:
            _sleep(self.encode_delay, progress)
            frame = self.frame((rgb.height, rgb.width))
            colours = _colours(rgb, frame)
            self.encode_calls += 1
        return Embedding(colours, frame, self.model_digest, rgb.digest, colours.nbytes)

    def pack(self, embedding: Embedding) -> dict[str, NDArray[Any]]:
        """Name the features; see :class:`~sam_widget.predictors.base.StorablePredictor`."""
        return {"colours": np.asarray(embedding.features)}

    def unpack(
        self, arrays: Mapping[str, NDArray[Any]], frame: ModelFrame, image_digest: str
    ) -> Embedding:
        """Undo :meth:`pack`; see :class:`~sam_widget.predictors.base.StorablePredictor`."""
        check_arrays(arrays, {"colours": (frame.logits_side, frame.logits_side, 3)}, self.name)
        colours = arrays["colours"].view()
        colours.flags.writeable = False
        return Embedding(colours, frame, self.model_digest, image_digest, colours.nbytes)

    def decode(
        self, embedding: Embedding, prompts: Prompts, multimask: bool | None = None
    ) -> Prediction:
        """Predict candidates; see :meth:`~sam_widget.Predictor.decode`."""
        prompts = check_request(embedding, prompts, self)
        with self._lock:
            time.sleep(self.decode_delay)
            colours = np.asarray(embedding.features)
            sizes = (0, 1, 2) if wants_three(prompts, multimask) else (_single_size(prompts),)
            fields = _fields(colours, embedding.frame, prompts, sizes)
            logits = np.clip(_SLOPE * fields, -_LIMIT, _LIMIT).astype(np.float32)
            scores = _scores(colours, embedding.frame, logits)
            self.decode_calls += 1
        return Prediction(logits, scores, embedding.frame)

    @property
    def batch_size(self) -> int:
        """Prompts at a time."""
        return 4

    def decode_batch(
        self,
        embedding: Embedding,
        points: ArrayLike | None = None,
        boxes: ArrayLike | None = None,
        multimask: bool | None = None,
    ) -> BatchPrediction:
        """Answer many prompts; see :class:`~sam_widget.predictors.batch.BatchPredictor`."""
        prompts = check_batch(self, embedding, points, boxes)
        answers = [self.decode(embedding, prompt, multimask) for prompt in prompts]
        scores = [answer.scores for answer in answers] or np.zeros((0, 3), np.float32)

        def compute(pairs: Sequence[tuple[int, int]]) -> NDArray[np.float32]:
            return np.stack([answers[prompt].logits[kind] for prompt, kind in pairs])

        return BatchPrediction(np.asarray(scores), embedding.frame, compute)


def _sleep(seconds: float, progress: Progress | None) -> None:
    """Sleep; in ten parts if someone watches, so that the work can be seen and be cancelled."""
    parts = 1 if progress is None else 10
    for part in range(parts):
        time.sleep(seconds / parts)
        if progress is not None:
            progress((part + 1) / parts)


def _colours(image: RgbImage, frame: ModelFrame) -> NDArray[np.float32]:
    """Average colour of each cell, slightly blurred, float32 (S, S, 3) in [0, 1].

    Beyond the image its last row and column are repeated, so no edge appears there.
    """
    sides = (image.height, image.width)
    edges = []
    for side, cells in zip(sides, _cells_hw(frame), strict=True):
        starts = np.arange(int(np.ceil(cells))) * side / cells
        edges.append(np.minimum(starts.astype(np.int64), side - 1))
    tops, lefts = edges
    bottoms = np.maximum(np.append(tops[1:], image.height), tops + 1)
    widths = np.maximum(np.diff(lefts, append=image.width), 1)
    averages = np.empty((len(tops), len(lefts), 3))
    for row, (top, bottom) in enumerate(zip(tops, bottoms, strict=True)):
        # A strip at a time: a 100-megapixel image must not become one of floats.
        strip = image.pixels[top:bottom].sum(axis=0, dtype=np.int64)
        averages[row] = np.add.reduceat(strip, lefts) / (widths[:, None] * (bottom - top))
    for axis in (0, 1):
        padded = np.pad(averages, [(int(axis == n), int(axis == n)) for n in range(3)], mode="edge")
        before, at, after = (
            np.take(padded, range(k, k + averages.shape[axis]), axis) for k in range(3)
        )
        averages = (before + 2 * at + after) / 4
    side = frame.logits_side
    padding = [(0, side - averages.shape[0]), (0, side - averages.shape[1]), (0, 0)]
    colours = (np.pad(averages, padding, mode="edge") / 255).astype(np.float32)
    colours.flags.writeable = False
    return colours


def _single_size(prompts: Prompts) -> int:
    """Choose the size of a lone candidate: all of a box or mask, otherwise the middle disc."""
    whole = prompts.box is not None or prompts.has_mask
    return 2 if whole or not any(prompts.labels) else 1


def _fields(
    colours: NDArray[np.float32], frame: ModelFrame, prompts: Prompts, sizes: Sequence[int]
) -> NDArray[np.float64]:
    """Signed distance to the boundary of each candidate, positive inside, in cells (N, S, S).

    What the prompts include is joined, then what they exclude is taken away. Every term grows with
    the size, which is why the candidates are nested.
    """
    cells = [_cell(frame, point) for point in prompts.points]
    included = [cell for cell, label in zip(cells, prompts.labels, strict=True) if label]
    excluded = [cell for cell, label in zip(cells, prompts.labels, strict=True) if not label]

    parts = []  # each (number of sizes, S, S)
    if included:
        reach = _reach(colours, included)
        parts.append(_radii(frame, len(included))[list(sizes), None, None] - reach)
    logits = mask_logits(prompts, frame)
    if logits is not None:
        parts.append(np.stack([logits[0] / _SLOPE + 0.4 * (size - 2) for size in sizes]))
    box = prompts.box
    if box is None and not parts:
        box = (0.0, 0.0, float(frame.width), float(frame.height))  # excluded points alone
    if box is not None:
        parts.append(np.stack([_rounded_box(frame, box, _BOX_LEVELS[size]) for size in sizes]))
    fields: NDArray[np.float64] = np.maximum.reduce(parts)

    bite_radius = float(_radii(frame, 1)[0])
    for cell in excluded:
        away = _distance(cell, frame.logits_side)
        # Half way to the nearest included point at most: a bite never takes back a click.
        nearest = min(
            (float(np.hypot(*np.subtract(cell, other))) for other in included), default=np.inf
        )
        fields = np.minimum(fields, away - min(bite_radius, nearest / 2))
    return fields


def _cell(frame: ModelFrame, point: tuple[float, float]) -> tuple[float, float]:
    """Place of a click in the grid as (row, column), taken at the centre of its pixel.

    At the centre, because the mask says of whole pixels whether they belong; in a tiny image a
    pixel is many cells wide.
    """
    x, y = (
        min(np.floor(v), side - 1) + 0.5
        for v, side in zip(point, (frame.width, frame.height), strict=True)
    )
    ((model_x, model_y),) = frame.points_to_model([(x, y)])
    pixels = _pixels_per_cell(frame)
    return float(model_y) / pixels - 0.5, float(model_x) / pixels - 0.5


def _pixels_per_cell(frame: ModelFrame) -> float:
    """Pixels of the model's input along a cell of the logits."""
    return frame.input_side / frame.logits_side


def _cells_hw(frame: ModelFrame) -> tuple[float, float]:
    """Size (height, width) of the image in cells of the logits."""
    height, width = (side * frame.logits_side / frame.input_side for side in frame.resized_hw)
    return height, width


def _radii(frame: ModelFrame, count: int) -> NDArray[np.float64]:
    """Radii of the three candidates in cells; more clicks reach a little farther."""
    height, width = _cells_hw(frame)
    growth = 1 + 0.1 * min(count - 1, 5)
    proportional = np.array(_RADII) * growth * np.sqrt(height * width)
    radii: NDArray[np.float64] = np.maximum(proportional, _CLEARANCE * np.arange(1, 4))
    return radii


@lru_cache(maxsize=4)
def _grid(side: int) -> tuple[Grid, Grid]:
    """Row and column of every cell."""
    rows, columns = np.mgrid[0:side, 0:side].astype(np.float64)
    return rows, columns


def _distance(cell: tuple[float, float], side: int) -> Grid:
    """Euclidean distance of every cell from one place."""
    rows, columns = _grid(side)
    distance: Grid = np.hypot(rows - cell[0], columns - cell[1])
    return distance


def _reach(colours: NDArray[np.float32], cells: Sequence[tuple[float, float]]) -> Grid:
    """Distance from the nearest click, contrast included; successive clicks are bridged."""
    down = _CONTRAST * _steps(colours)
    right = _CONTRAST * _steps(colours.transpose(1, 0, 2)).T
    reach: Grid = np.minimum.reduce(
        [_distance(cell, len(down)) + _contrast_from(cell, down, right) for cell in cells]
    )
    for start, end in itertools.pairwise(cells):
        reach = np.minimum(reach, _segment_distance(start, end, len(down)) + _CLEARANCE)
    return reach


def _steps(colours: NDArray[np.float32]) -> Grid:
    """Colour difference of each cell from the one above, less what counts as noise; 0 in row 0."""
    difference = np.linalg.norm(np.diff(colours, axis=0, prepend=colours[:1]), axis=2)
    steps: Grid = np.maximum(difference.astype(np.float64) - _NOISE, 0)
    return steps


def _contrast_from(cell: tuple[float, float], down: Grid, right: Grid) -> Grid:
    """Least sum of steps on the way from a click to every cell.

    Along a line with cumulative cost C the least cost is min over k of (start_k + |C - C_k|), which
    is a running minimum in each direction; alternating columns and rows relaxes the whole grid.
    """
    row, column = (int(np.floor(value)) for value in cell)
    cost = np.full(down.shape, np.inf)
    # All cells that the clicked pixel is interpolated from are free, whatever lies between them.
    cost[max(row - 1, 0) : row + 3, max(column - 1, 0) : column + 3] = 0
    for _ in range(4):
        for axis, steps in ((0, down), (1, right)):
            total = np.cumsum(steps, axis=axis)
            forward = np.minimum.accumulate(cost - total, axis=axis) + total
            falling = np.flip(cost + total, axis=axis)
            backward = np.flip(np.minimum.accumulate(falling, axis=axis), axis=axis) - total
            cost = np.minimum(forward, backward)
    return cost


def _segment_distance(start: tuple[float, float], end: tuple[float, float], side: int) -> Grid:
    """Euclidean distance of every cell from the straight line between two places."""
    rows, columns = _grid(side)
    along = np.subtract(end, start)
    length = max(float(along @ along), 1e-9)
    share = ((rows - start[0]) * along[0] + (columns - start[1]) * along[1]) / length
    share = np.clip(share, 0, 1)
    distance: Grid = np.hypot(
        rows - start[0] - share * along[0], columns - start[1] - share * along[1]
    )
    return distance


def _rounded_box(frame: ModelFrame, box: tuple[float, float, float, float], level: float) -> Grid:
    """Field of a superellipse of degree 4 within a box.

    It is concave, so bilinear interpolation never lifts it: the mask stays within the box, but for
    half a cell at the image's border. A box narrower than a cell is widened, to be seen at all.
    """
    rows, columns = _grid(frame.logits_side)
    ((x0, y0, x1, y1),) = frame.boxes_to_model([box]) / _pixels_per_cell(frame) - 0.5
    half_height, half_width = max((y1 - y0) / 2, 1.0), max((x1 - x0) / 2, 1.0)
    vertical = (rows - (y0 + y1) / 2) / half_height
    horizontal = (columns - (x0 + x1) / 2) / half_width
    inside = level - (vertical**4 + horizontal**4) ** 0.25
    field: Grid = inside * min(half_height, half_width)
    return field


def _scores(
    colours: NDArray[np.float32], frame: ModelFrame, logits: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Predicted IoU of each candidate, float32 (N,) in [0.6, 0.98].

    The better the mean colours inside and outside are told apart, for the spread within each, the
    higher. A small term by area breaks ties on plain images.
    """
    height, width = (int(np.ceil(cells)) for cells in _cells_hw(frame))
    pixels = colours[:height, :width].reshape(-1, 3).astype(np.float64)
    scores = []
    for candidate in logits:
        inside = (candidate[:height, :width] > 0).reshape(-1)
        share = float(inside.mean())
        separation = 0.0
        if 0 < share < 1:
            here, there = pixels[inside], pixels[~inside]
            apart = float(np.linalg.norm(here.mean(axis=0) - there.mean(axis=0)))
            spread = float(np.linalg.norm(here.std(axis=0)) + np.linalg.norm(there.std(axis=0)))
            separation = apart / (apart + spread + 0.05)
        scores.append(0.6 + 0.34 * separation + 0.04 * np.exp(-10 * abs(share - 0.1)))
    return np.array(scores, dtype=np.float32)
