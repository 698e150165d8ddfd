"""Run everything mode batch after batch: watched, cancelled, and with a result at any moment."""

from __future__ import annotations

import threading
import time
from collections import deque
from typing import TYPE_CHECKING

import numpy as np

from sam_widget.automatic.candidates import CandidateTable, measure_candidates
from sam_widget.automatic.filters import KEPT, judge_each
from sam_widget.automatic.grid import asking_order
from sam_widget.automatic.result import AutomaticMasks, MaskRecord
from sam_widget.images import RgbImage
from sam_widget.masks import box_iou
from sam_widget.predictors import decode_batch, encode_with

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray
    from typing_extensions import Self

    from sam_widget.automatic.filters import Thresholds
    from sam_widget.automatic.grid import Crop
    from sam_widget.embeddings import EmbeddingCache
    from sam_widget.predictors import Embedding, Predictor

__all__ = ["AutomaticRun"]


class _Cancelled(BaseException):
    """The run was cancelled while a crop was being encoded.

    No ``Exception``, so that no predictor takes it for a failure of its own.
    """


class AutomaticRun:
    """Ask the model for one image, a batch of points at a time; yields records as they are found.

    Made by :meth:`~sam_widget.AutomaticMaskGenerator.stream`. Iterating works; so does calling
    :meth:`step` and looking at :attr:`result`, from one thread, while any other may watch and
    cancel. Records that are yielded pass the filters that look at one mask, and none overlaps a
    better one that was yielded before. A better one may come later: :attr:`result` has the final
    choice, of which every mask was yielded.

    Parameters
    ----------
    predictor : Predictor
    image : RgbImage
    crops : sequence of Crop
    points : sequence of float64 (N, 2)
        Prompts in each crop, in pixels of the image.
    thresholds : Thresholds
    batch : int
        Points decoded at a time.
    offset : float
        Of the stability score.
    output_mode : str
        Of records.
    keep_all : bool
        Keep candidates that fail the filters, so that these can be loosened afterwards.
    region : (x0, y0, x1, y1), optional
        Masks must lie in it.
    embedding : Embedding, optional
        Of the whole image, if it is there already.
    cache : EmbeddingCache, optional
        Asked before the predictor is.
    between : callable, optional
        Called before each batch; may block, to let others at the model first.
    """

    def __init__(
        self,
        predictor: Predictor,
        image: RgbImage,
        crops: Sequence[Crop],
        points: Sequence[NDArray[np.float64]],
        *,
        thresholds: Thresholds,
        batch: int,
        offset: float,
        output_mode: str,
        keep_all: bool,
        region: tuple[float, float, float, float] | None = None,
        embedding: Embedding | None = None,
        cache: EmbeddingCache | None = None,
        between: Callable[[], object] | None = None,
    ) -> None:
        self.image = image
        self.total = sum(len(some) for some in points)
        self.done = 0
        self._predictor, self._cache = predictor, cache
        self._crops, self._points = tuple(crops), points
        self._thresholds, self._keep_all = thresholds, keep_all
        self._batch, self._offset, self._mode = batch, offset, output_mode
        self._region, self._between = region, between
        self._embedding, self._embedded = embedding, 0 if embedding is not None else -1
        self._crop = self._next = 0
        self._orders = [asking_order(len(some)) for some in points]
        self._parts: list[CandidateTable] = []
        self._fresh: deque[int] = deque()
        self._yielded: set[int] = set()
        self._shown = np.zeros((0, 5), dtype=np.float32)
        self._stop = threading.Event()
        self._seconds = [0.0, 0.0]  # encoding, decoding
        self._encodes = 0
        self._began = time.monotonic()
        self._result: AutomaticMasks | None = None
        self._skip_empty()

    # ---- from any thread ------------------------------------------------------------------------

    def cancel(self) -> None:
        """End the run after the batch that is being computed; what was found stays."""
        self._stop.set()

    @property
    def cancelled(self) -> bool:
        """Whether :meth:`cancel` was called before everything was done."""
        return self._stop.is_set() and self._crop < len(self._crops)

    @property
    def finished(self) -> bool:
        """Whether there is nothing left to do."""
        return self._stop.is_set() or self._crop >= len(self._crops)

    @property
    def share(self) -> float:
        """Share of the points that are done, in [0, 1]."""
        return self.done / self.total if self.total else 1.0

    @property
    def stage(self) -> str:
        """``"encoding"``, ``"decoding"`` or ``"finished"``."""
        if self.finished:
            return "finished"
        return "encoding" if self._embedded != self._crop else "decoding"

    @property
    def seconds_left(self) -> float | None:
        """Estimate of what is left; None before the first batch."""
        if self.finished:
            return 0.0
        if not self.done:
            return None
        encodes_left = len(self._crops) - self._crop - (self._embedded == self._crop)
        each_encode = self._seconds[0] / self._encodes if self._encodes else 0.0
        each_point = self._seconds[1] / self.done
        return encodes_left * each_encode + (self.total - self.done) * each_point

    @property
    def elapsed(self) -> float:
        """Seconds since the run was made."""
        return time.monotonic() - self._began

    @property
    def result(self) -> AutomaticMasks:
        """What was found so far: after a cancellation, and in the middle of a run, too."""
        known = self._result
        if known is not None and len(known.table) == self._rows and known.complete == self._whole:
            return known
        table = CandidateTable.concatenate(list(self._parts))
        # What is in one table need not be copied again.
        self._parts = [table] if len(table) else []
        self._result = result = AutomaticMasks(
            table=table,
            thresholds=self._thresholds,
            crops=self._crops,
            height=self.image.height,
            width=self.image.width,
            floor=self._thresholds.changed(pred_iou_thresh=0, stability_score_thresh=0)
            if self._keep_all
            else self._thresholds,
            complete=self._whole,
            output_mode=self._mode,
            region=self._region,
            model_name=self._predictor.name,
            model_digest=self._predictor.model_digest,
        )
        return result

    # ---- on the run's own thread ----------------------------------------------------------------

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> MaskRecord:
        while not self._fresh and self.step():
            pass
        if not self._fresh and self._whole:
            # What only a mask stood in the way of that was replaced by a better one itself.
            missed = set(self.result.selection.kept.tolist()) - self._yielded
            self._fresh.extend(sorted(missed))
        if not self._fresh or self._stop.is_set():
            raise StopIteration
        row = self._fresh.popleft()
        self._yielded.add(row)
        return self.result.record_of(row)

    def step(self) -> bool:
        """Encode the next crop, or ask for one batch of points; False when nothing is left."""
        if self.finished:
            return False
        if self._between is not None:
            self._between()
        if self._stop.is_set():  # while waiting
            return False
        began = time.perf_counter()
        if self._embedded != self._crop:
            self._encode()
            self._seconds[0] += time.perf_counter() - began
            return not self.finished
        places = self._orders[self._crop][self._next : self._next + self._batch]
        found = self._decode(places)
        self._note(found)
        self._next += len(places)
        self.done += len(places)
        if self._next >= len(self._points[self._crop]):
            self._crop, self._next, self._embedding = self._crop + 1, 0, None
            self._skip_empty()
        self._seconds[1] += time.perf_counter() - began
        return True

    def finish(self, progress: Callable[[float], object] | None = None) -> AutomaticMasks:
        """Do all that is left, and return the result.

        Parameters
        ----------
        progress : callable, optional
            Told the share that is done after each batch; what it raises comes out here.
        """
        while self.step():
            self._fresh.clear()
            if progress is not None:
                progress(self.share)
        self._fresh.clear()
        return self.result

    # ---- inside ---------------------------------------------------------------------------------

    @property
    def _rows(self) -> int:
        return sum(len(part) for part in self._parts)

    @property
    def _whole(self) -> bool:
        return self._crop >= len(self._crops)

    def _skip_empty(self) -> None:
        """Skip crops in which no point lies: they need not be encoded."""
        while self._crop < len(self._crops) and not len(self._points[self._crop]):
            self._crop += 1

    def _encode(self) -> None:
        crop = self._crops[self._crop]
        image = self.image
        if crop.box != (0, 0, image.width, image.height):
            pixels = image.pixels[crop.y0 : crop.y1, crop.x0 : crop.x1]
            image = RgbImage(np.ascontiguousarray(pixels))

        def progress(_: float) -> None:
            if self._stop.is_set():
                raise _Cancelled

        encode = encode_with if self._cache is None else self._cache.get_or_encode
        try:
            self._embedding = encode(self._predictor, image, progress)
        except _Cancelled:
            return
        self._embedded = self._crop
        self._encodes += 1

    def _decode(self, places: NDArray[np.int64]) -> CandidateTable:
        """Ask for the points at some places and measure the candidates that may stay."""
        points = self._points[self._crop][places]
        crop, embedding = self._crops[self._crop], self._embedding
        if embedding is None:  # step() encodes first
            raise RuntimeError("the crop is not encoded.")
        answers = decode_batch(
            self._predictor, embedding, points - (crop.x0, crop.y0), multimask=True
        )
        wanted = answers.scores > -np.inf
        floor = self._thresholds.pred_iou_thresh
        if not self._keep_all and floor > 0:
            # Before any mask is computed: most of the work is saved here.
            wanted &= answers.scores > np.float32(floor)
        prompt, kind = np.nonzero(wanted)
        pairs = list(zip(prompt.tolist(), kind.tolist(), strict=True))
        traced = embedding.frame.trace(answers.logits(pairs), offset=self._offset) if pairs else []
        table = measure_candidates(
            traced,
            answers.scores[prompt, kind],
            points[prompt],
            places[prompt] * answers.scores.shape[1] + kind,
            crop,
            self._crop,
            (self.image.height, self.image.width),
        )
        if not self._keep_all:
            table = table.select(judge_each(table, self._thresholds, self._region) == KEPT)
        return table

    def _note(self, found: CandidateTable) -> None:
        """Keep rows, and queue those that are to be yielded."""
        if not len(found):
            return
        first = self._rows
        self._parts.append(found)
        for row in np.flatnonzero(judge_each(found, self._thresholds, self._region) == KEPT):
            box = found.boxes_xyxy[row].astype(np.float32)
            score = found.predicted_iou[row]
            overlaps = box_iou(box[None], self._shown[:, :4])[0]
            near = overlaps > np.float64(self._thresholds.box_nms_thresh)
            if not (near & (self._shown[:, 4] >= score)).any():
                self._shown = np.vstack([self._shown, [*box, score]], dtype=np.float32)
                self._fresh.append(first + int(row))
