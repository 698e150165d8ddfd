"""The history of a session: a list of states and a place in it. Undo is a step back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sam_widget.annotations import Step
from sam_widget.prompts import Prompts

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sam_widget.annotations import Annotation, Candidates
    from sam_widget.store import AnnotationStore, Change

    MaskPrompt = NDArray[np.float32] | NDArray[np.bool_]

__all__ = ["HISTORY_LIMIT", "Entry", "History"]

HISTORY_LIMIT = 256
"""States kept. One holds its logits, four bytes each, so that undo returns to it exactly."""


@dataclass(eq=False)
class Entry:
    """One state of the document, and the candidates that answer it.

    Attributes
    ----------
    prompts, multimask
        What the person made; never changed.
    annotations : tuple of Annotation
        The objects as they are, while this is the present state; as they are to become, when it is
        pushed.
    change : Change, optional
        What became of the objects with this step. The store has it, and may have it undone.
    reopened : str, optional
        Id of the object that accepting replaces.
    steps : tuple of Step
        What led to the object that was reopened: decoded one after the other for the answer.
    candidates : Candidates, optional
        Written once, when the prompts were decoded.
    feedback : float32 (1, S, S) or bool (H, W), optional
        Mask of the earlier choice that went into them: logits, or what was edited by hand.
    chain : tuple of Step
        The steps that led to ``feedback``; none lead to an edited one.
    selected : int
        The chosen candidate, which follows the person's choice.
    decode_ms : float
        What ``candidates`` took.
    failure : Exception, optional
        Why there are none.
    """

    prompts: Prompts
    multimask: bool | None = None
    annotations: tuple[Annotation, ...] = ()
    change: Change | None = None
    reopened: str | None = None
    steps: tuple[Step, ...] = ()
    candidates: Candidates | None = None
    feedback: MaskPrompt | None = None
    chain: tuple[Step, ...] = ()
    selected: int = 0
    decode_ms: float = 0.0
    failure: Exception | None = None

    @classmethod
    def blank(cls, annotations: tuple[Annotation, ...]) -> Entry:
        """Return a state without prompts."""
        return cls(Prompts(), None, annotations)

    @property
    def is_answered(self) -> bool:
        """Whether there is nothing left to decode."""
        return self.candidates is not None or self.failure is not None or self.prompts.is_empty

    @property
    def is_undone(self) -> bool:
        """Whether the change of this step was undone."""
        return self.change is not None and not self.change.done

    def unanswered(self) -> Entry:
        """Return the same document without its answer, to be changed."""
        return Entry(self.prompts, self.multimask, self.annotations, reopened=self.reopened)

    @property
    def chosen(self) -> tuple[Step, ...]:
        """All the steps that led to the candidate chosen here, before it was edited by hand."""
        edited = _is_edited(self.feedback)
        prompts = self.prompts.with_mask(self.feedback) if edited else self.prompts
        return (*self.chain, Step(prompts, self.multimask, self.selected))


class History:
    """Entries, and which of them is the present one. Not locked: its owner is.

    Parameters
    ----------
    first : Entry
        The state to begin with.
    """

    def __init__(self, first: Entry) -> None:
        self._entries = [first]
        self.cursor = 0

    @classmethod
    def of(cls, store: AnnotationStore) -> tuple[History, int]:
        """Begin with the steps that a store remembers.

        Returns
        -------
        History
        int
            Serial number of the newest change that is in it.
        """
        with store.transactions.lock:
            history = cls(Entry(Prompts()))
            for change in store.transactions.changes():
                if change.done:
                    history.push(Entry(Prompts(), change=change))
            undone = store.transactions.undone()[1 - HISTORY_LIMIT :]
            for change in reversed(undone):
                history.push(Entry(Prompts(), change=change))
            history.cursor = len(history) - 1 - len(undone)
            history.present.annotations = store.snapshot()
            return history, store.transactions.log.serial

    def __len__(self) -> int:
        return len(self._entries)

    @property
    def prompts(self) -> tuple[Prompts, ...]:
        """Prompts of every state kept."""
        return tuple(entry.prompts for entry in self._entries)

    @property
    def present(self) -> Entry:
        """The entry at the cursor."""
        return self._entries[self.cursor]

    @property
    def can_undo(self) -> bool:
        """Whether there is an earlier state."""
        return self.cursor > 0

    @property
    def can_redo(self) -> bool:
        """Whether there is a later state."""
        return self.cursor < len(self._entries) - 1

    @property
    def next(self) -> Entry | None:
        """The entry that a redo leads to."""
        return self._entries[self.cursor + 1] if self.can_redo else None

    def push(self, entry: Entry) -> None:
        """Make ``entry`` the present; what was undone is gone, and so is the oldest past."""
        del self._entries[self.cursor + 1 :]
        self._entries.append(entry)
        del self._entries[: max(0, len(self._entries) - HISTORY_LIMIT)]
        self.cursor = len(self._entries) - 1

    def move(self, step: int) -> bool:
        """Step by -1 or +1; return False at the ends."""
        target = self.cursor + step
        if not 0 <= target < len(self._entries):
            return False
        self.cursor = target
        return True

    def feedback(self) -> tuple[MaskPrompt | None, tuple[Step, ...]]:
        """Mask prompt from the candidate chosen before, if the prompts only grew since.

        Returns
        -------
        float32 (1, S, S), bool (H, W) or None
            From the nearest answered state whose prompts are the beginning of the present ones.
        tuple of Step
            What led to them; steps without logits are still to be decoded.
        """
        present = self.present
        for entry in reversed(self._entries[: self.cursor]):
            if entry.prompts == present.prompts:
                if entry.candidates is not None:
                    return entry.feedback, entry.chain
                if entry.steps:
                    return None, entry.steps[:-1]
            elif not present.prompts.extends(entry.prompts):
                break
            elif entry.candidates is not None:
                before = entry.candidates.feedback(entry.selected)
                return before, () if _is_edited(before) else entry.chosen
            elif entry.steps:
                return None, entry.steps
        return None, ()


def _is_edited(feedback: MaskPrompt | None) -> bool:
    """Tell a mask edited by hand from a model's logits."""
    return feedback is not None and feedback.dtype == np.bool_
