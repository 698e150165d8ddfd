"""Answering the prompts of a document: the image encoded once, every question decoded.

:meth:`Predicting.predict` computes outside the lock that gestures take, so that any thread may
gesture meanwhile.
"""

from __future__ import annotations

import time
from threading import RLock
from typing import TYPE_CHECKING, NamedTuple, TypeVar

import numpy as np

from sam_widget.annotations import Candidates, follow
from sam_widget.errors import ModelError
from sam_widget.predictors import capabilities, encode_with
from sam_widget.prompts import Prompts

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from sam_widget.annotations import Followed
    from sam_widget.embeddings import EmbeddingCache
    from sam_widget.predictors import Embedding, Prediction, Predictor, Progress
    from sam_widget.session.document import Document

__all__ = ["Predicting"]

T = TypeVar("T")


class _Previewed(NamedTuple):
    """What the model said of the newest previewed point: a click there asks the same."""

    prompts: Prompts
    prediction: Prediction
    decode_ms: float


class Predicting:
    """Encode the image of a document once, and decode what its prompts ask.

    Parameters
    ----------
    document : Document
    predictor : Predictor, optional
        May come later by :meth:`attach`.
    cache : EmbeddingCache, optional
        Asked before the predictor is, and given what it encodes.
    """

    def __init__(
        self,
        document: Document,
        predictor: Predictor | None = None,
        cache: EmbeddingCache | None = None,
    ) -> None:
        self._document = document
        self._cache = cache
        self._computing = RLock()
        self._predictor = predictor
        self._embedding: Embedding | None = None
        self._previewed: _Previewed | None = None
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
        candidates = self._document.answer.candidates
        if candidates is None:
            return np.zeros(
                (0, self._document.image.height, self._document.image.width), dtype=np.bool_
            )
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
        with self._computing:
            if self._embedding is not None:
                return
            start = time.perf_counter()
            encode = encode_with if self._cache is None else self._cache.get_or_encode
            embedding = encode(self.model(), self._document.image, progress)
            with self._document.lock:
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
        with self._computing:
            with self._document.lock:
                entry = self._document.entry
                if entry.is_answered:
                    return False
                feedback, chain = self._document.history.feedback()
            try:
                self.encode()
                start = time.perf_counter()
                known = 0.0
                refines = "mask" in capabilities(self.model()).accepts
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
                    answer, known = self._previewed_or_decoded(prompts, entry.multimask)
                    selected = answer.best
                elapsed = (time.perf_counter() - start) * 1e3 + known
            except Exception as error:
                with self._document.lock:
                    entry.failure = error
                    if entry is self._document.entry:
                        self._document.commit_answer()
                raise
            with self._document.lock:
                entry.candidates, entry.feedback, entry.chain = answer, feedback, chain
                entry.selected, entry.decode_ms = selected, elapsed
                if entry is not self._document.entry:
                    return False
                self._document.commit_answer()
                return True

    def _as_it_was(self, reopened: str | None, followed: Followed) -> Candidates:
        """Put a reopened object's own mask in the place of what its steps lead to.

        It is another one if the object was edited by hand, or made by another model.
        """
        with self._document.lock:
            _, annotation = self._document.place(reopened)
        if annotation is None or annotation.rle == followed.rle:
            return followed.candidates
        return followed.candidates.with_mask(followed.selected, annotation.rle)

    def when_answered(self, change: Callable[[], T]) -> T:
        """Answer the prompts, then apply a change that is about the answer.

        The change is made under the lock, on an answer to the present prompts: if another thread
        prompts between the answer and the lock, they are answered first.
        """
        document = self._document

        def attempt() -> tuple[T] | None:
            return (change(),) if document.entry.is_answered else None

        while True:
            self.predict()
            made = document.apply(attempt)
            if made is not None:
                return made[0]

    def preview(self, x: float, y: float) -> Candidates | None:
        """Best candidate for a lone point, alone; None once there are prompts.

        It is no step and changes nothing, but :meth:`predict` need not ask the model again for
        that same point.
        """
        if not self._document.entry.prompts.is_empty or self._embedding is None:
            return None
        prompts = Prompts(points=[(x, y)])
        start = time.perf_counter()
        prediction = self.model().decode(self._embedding, prompts, None)
        decode_ms = (time.perf_counter() - start) * 1e3
        self._previewed = _Previewed(prompts, prediction, decode_ms)
        return Candidates.best_of(prediction)

    def wait(self, version: int, timeout: float | None = None) -> bool:
        """Block until some other thread has committed an answer to ``version`` or newer."""
        with self._document.answered:
            return self._document.answered.wait_for(
                lambda: self._document.answer.version >= version, timeout
            )

    def fail(self, error: Exception) -> None:
        """Answer the current prompts with a failure: there is no model to ask."""
        with self._document.lock:
            self._document.entry.failure = error
            self._document.commit_answer()

    def release(self) -> None:
        """Free the embedding."""
        with self._document.lock:
            self._released = True
            self._embedding = self._previewed = None

    def model(self) -> Predictor:
        """Return the predictor; ModelError while there is none."""
        if self._predictor is None:
            raise ModelError("no model is attached yet. Wait until the widget is ready.")
        return self._predictor

    def _previewed_or_decoded(
        self, prompts: Prompts, multimask: bool | None
    ) -> tuple[Candidates, float]:
        """Answer, and tell how many milliseconds the model took for it before it was asked."""
        previewed = self._previewed
        if previewed is None or multimask is not None or prompts != previewed.prompts:
            return self._decode(prompts, multimask), 0.0
        return Candidates.of(previewed.prediction), previewed.decode_ms

    def _decode(self, prompts: Prompts, multimask: bool | None) -> Candidates:
        embedding = self._embedding
        if embedding is None:
            raise ModelError("the image is not encoded yet. Wait until the widget is ready.")
        return Candidates.of(self.model().decode(embedding, prompts, multimask))
