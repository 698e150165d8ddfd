"""What a session shows of its state: the attributes that change with gestures and answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from threading import RLock

    import numpy as np
    from numpy.typing import NDArray

    from sam_widget.images import RgbImage
    from sam_widget.predictors import Embedding
    from sam_widget.prompts import Prompts
    from sam_widget.session.document import Answer, Document
    from sam_widget.session.predicting import Predicting
    from sam_widget.store import AnnotationStore

__all__ = ["SessionState"]


class SessionState:
    """Read the state of a session.

    Parameters
    ----------
    document : Document
        Prompts, annotations, labels and the answer on screen.
    predicting : Predicting
        The encoded image.
    """

    def __init__(self, document: Document, predicting: Predicting) -> None:
        self.document = document
        self.predicting = predicting

    @property
    def image(self) -> RgbImage:
        """The image that is worked on."""
        return self.document.image

    @property
    def lock(self) -> RLock:
        """Hold it to read several attributes of one state."""
        return self.document.lock

    @property
    def prompts(self) -> Prompts:
        """Prompts of the annotation being made."""
        return self.document.entry.prompts

    @property
    def multimask(self) -> bool | None:
        """Three candidates (True), one (False), or by the number of prompts (None)."""
        return self.document.entry.multimask

    @property
    def version(self) -> int:
        """Grows by one with every applied gesture."""
        return self.document.version

    @property
    def cursor(self) -> int:
        """Position in the history; 0 is the oldest state kept."""
        return self.document.history.cursor

    @property
    def history(self) -> tuple[Prompts, ...]:
        """Prompts of every state kept; ``prompts == history[cursor]``."""
        with self.lock:
            return self.document.history.prompts

    @property
    def answer(self) -> Answer:
        """The newest candidates, which may lag behind the prompts; see :attr:`pending`."""
        return self.document.answer

    @property
    def pending(self) -> bool:
        """Whether the prompts still wait for an answer."""
        return self.document.pending

    @property
    def failure(self) -> Exception | None:
        """What went wrong when the current prompts were decoded."""
        return self.document.entry.failure

    @property
    def masks(self) -> NDArray[np.bool_]:
        """Candidates, bool (N, H, W), subpart to whole; decodes first if need be."""
        return self.predicting.masks

    @property
    def annotations(self) -> AnnotationStore:
        """The accepted annotations, which may be changed there just as well."""
        return self.document.store

    @property
    def reopened(self) -> str | None:
        """Id of the annotation that accepting replaces; None when it makes a new one."""
        return self.document.entry.reopened

    @property
    def labels(self) -> tuple[str, ...]:
        """Labels used or announced so far, in order of appearance."""
        return self.document.labels.names

    @property
    def label_colors(self) -> dict[str, str]:
        """The colour of each label, ``"#rrggbb"``, in order of appearance."""
        return self.document.label_colors

    @property
    def embedding(self) -> Embedding | None:
        """The encoded image, once it is there."""
        return self.predicting.embedding

    @property
    def encode_ms(self) -> float | None:
        """Milliseconds that encoding took; None before."""
        return self.predicting.encode_ms

    @property
    def decode_ms(self) -> float | None:
        """Milliseconds that the answer on screen took the model; None without one."""
        with self.lock:
            entry = self.document.entry
            decoded = entry.candidates is not None and not entry.prompts.is_empty
            return entry.decode_ms if decoded else None

    @property
    def can_undo(self) -> bool:
        """Whether :meth:`undo` would change anything."""
        return self.document.history.can_undo

    @property
    def can_redo(self) -> bool:
        """Whether :meth:`redo` would change anything."""
        return self.document.history.can_redo
