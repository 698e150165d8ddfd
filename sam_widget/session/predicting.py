"""A document that a model answers: the image encoded once, every question decoded.

:meth:`Answering.predict` computes outside the lock that gestures take, so that any thread may
gesture meanwhile.
"""

from __future__ import annotations

import time
from threading import RLock
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sam_widget.annotations import Candidates, follow
from sam_widget.errors import ModelError
from sam_widget.predictors import capabilities, encode_with
from sam_widget.prompts import Prompts
from sam_widget.session.document import Document
from sam_widget.session.history import Entry, History

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sam_widget.annotations import Followed
    from sam_widget.embeddings import EmbeddingCache
    from sam_widget.images import RgbImage
    from sam_widget.predictors import Embedding, Prediction, Predictor, Progress
    from sam_widget.store import AnnotationStore

__all__ = ["Answering"]


class _Foreseen(NamedTuple):
    """What the model said of the newest previewed point: a click there asks the same."""

    prompts: Prompts
    prediction: Prediction
    decode_ms: float


class Answering(Document):
    """What a session computes; parameters as for :class:`~sam_widget.Session`."""

    def __init__(
        self,
        image: RgbImage,
        predictor: Predictor | None = None,
        *,
        after: Document | None = None,
        cache: EmbeddingCache | None = None,
        annotations: AnnotationStore | None = None,
        prompts: Prompts | None = None,
    ) -> None:
        super().__init__(image, after=after, annotations=annotations, prompts=prompts)
        self._cache = cache
        self._predicting = RLock()
        self._predictor = predictor
        self._embedding: Embedding | None = None
        self._foreseen: _Foreseen | None = None
        self._released = False
        self.encode_ms: float | None = None

    @property
    def embedding(self) -> Embedding | None:
        """The encoded image, once it is there."""
        return self._embedding

    @property
    def masks(self) -> NDArray[np.bool_]:
        """Candidates, bool (N, H, W), subpart to whole; decodes first if need be."""
        self.predict()
        candidates = self._committed.candidates
        if candidates is None:
            return np.zeros((0, self.image.height, self.image.width), dtype=np.bool_)
        return candidates.masks()

    def attach(self, predictor: Predictor) -> None:
        """Hand over the predictor once it is loaded."""
        self._predictor = predictor

    def encode(self, progress: Progress | None = None) -> None:
        """Encode the image if that has not happened; the slow part, once per image.

        Parameters
        ----------
        progress : callable, optional
            Told the share that is done, in [0, 1]; what it raises ends the work and comes out here.
        """
        with self._predicting:
            if self._embedding is not None:
                return
            start = time.perf_counter()
            encode = encode_with if self._cache is None else self._cache.get_or_encode
            embedding = encode(self._model(), self.image, progress)
            with self.lock:
                if not self._released:
                    self._embedding = embedding
                    self.encode_ms = (time.perf_counter() - start) * 1e3

    def predict(self) -> bool:
        """Answer the current prompts, unless they are answered.

        Decoding holds no lock that a gesture needs; an answer overtaken by newer prompts is kept
        with its entry for undo, and not committed.

        Returns
        -------
        bool
            Whether an answer was committed.

        Raises
        ------
        SamWidgetError
            Whatever the model raised; the prompts stay, and the next gesture starts afresh.
        """
        with self._predicting:
            with self.lock:
                entry = self._entry
                if entry.settled:
                    return False
                feedback, chain = self._history.feedback()
            try:
                self.encode()
                start = time.perf_counter()
                known = 0.0
                refines = "mask" in capabilities(self._model()).accepts
                if not refines:
                    feedback, chain = None, ()
                if entry.steps:
                    followed = follow(self._decode, entry.steps, refines=refines)
                    answer, selected = self._as_it_was(entry.reopened, followed), followed.selected
                    feedback, chain = followed.feedback, entry.steps[:-1]
                else:
                    if feedback is None and chain:  # a click overtook the reopened object
                        feedback = follow(self._decode, chain).logits
                    fed = feedback is not None
                    prompts = entry.prompts.with_mask(feedback) if fed else entry.prompts
                    answer, known = self._foreseen_or_decoded(prompts, entry.multimask)
                    selected = answer.best
                elapsed = (time.perf_counter() - start) * 1e3 + known
            except Exception as error:
                with self.lock:
                    entry.failure = error
                    if entry is self._entry:
                        self._commit()
                raise
            with self.lock:
                entry.answer, entry.feedback, entry.chain = answer, feedback, chain
                entry.selected, entry.decode_ms = selected, elapsed
                if entry is not self._entry:
                    return False
                self._commit()
                return True

    def _as_it_was(self, reopened: str | None, followed: Followed) -> Candidates:
        """Put a reopened object's own mask in the place of what its steps lead to.

        It is another one if the object was edited by hand, or made by another model.
        """
        with self.lock:
            _, annotation = self._place(reopened)
        if annotation is None or annotation.rle == followed.rle:
            return followed.candidates
        return followed.candidates.with_mask(followed.selected, annotation.rle)

    def preview(self, x: float, y: float) -> Candidates | None:
        """Best candidate for a lone point, alone; None once there are prompts.

        It is no step and changes nothing, but :meth:`predict` need not ask the model again for
        that same point.
        """
        if not self.prompts.is_empty or self._embedding is None:
            return None
        prompts = Prompts(points=[(x, y)])
        start = time.perf_counter()
        prediction = self._model().decode(self._embedding, prompts, None)
        decode_ms = (time.perf_counter() - start) * 1e3
        self._foreseen = _Foreseen(prompts, prediction, decode_ms)
        return Candidates.best_of(prediction)

    def wait(self, version: int, timeout: float | None = None) -> bool:
        """Block until some other thread has committed an answer to ``version`` or newer."""
        with self._changed:
            return self._changed.wait_for(lambda: self._committed.version >= version, timeout)

    def fail(self, error: Exception) -> None:
        """Answer the current prompts with a failure: there is no model to ask."""
        with self.lock:
            self._entry.failure = error
            self._commit()

    def release(self) -> None:
        """Let go of the embedding and the history's logits, and of everybody who waits."""
        with self.lock:
            self._released = True
            self._embedding = self._foreseen = None
            self._history = History(Entry(Prompts(), None, self._objects.snapshot()))
            self._advance()

    def _model(self) -> Predictor:
        if self._predictor is None:
            raise ModelError("no model is attached yet. Wait until the widget is ready.")
        return self._predictor

    def _foreseen_or_decoded(
        self, prompts: Prompts, multimask: bool | None
    ) -> tuple[Candidates, float]:
        """Answer, and tell how many milliseconds the model took for it before it was asked."""
        foreseen = self._foreseen
        if foreseen is None or multimask is not None or prompts != foreseen.prompts:
            return self._decode(prompts, multimask), 0.0
        return Candidates.of(foreseen.prediction), foreseen.decode_ms

    def _decode(self, prompts: Prompts, multimask: bool | None) -> Candidates:
        embedding = self._embedding
        if embedding is None:
            raise ModelError("the image is not encoded yet. Wait until the widget is ready.")
        return Candidates.of(self._model().decode(embedding, prompts, multimask))
