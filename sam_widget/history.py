"""The history of a session: a list of states and a place in it. Undo is a step back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from sam_widget.annotations import Annotation
    from sam_widget.candidates import Candidates
    from sam_widget.prompts import Prompts

    MaskPrompt = NDArray[np.float32] | NDArray[np.bool_]

__all__ = ["HISTORY_LIMIT", "Entry", "History"]

HISTORY_LIMIT = 256
"""States kept. One holds its logits, 256 kB a candidate, so that undo returns to it exactly."""


@dataclass(eq=False)
class Entry:
    """One state of the document, and the answer it got.

    Attributes
    ----------
    prompts, multimask, annotations
        What the person made; never changed.
    answer : Candidates, optional
        Written once, when the prompts were decoded.
    feedback : float32 (1, 256, 256) or bool (H, W), optional
        Mask of the earlier choice that went into ``answer``.
    selected : int
        The chosen candidate, which follows the person's choice.
    decode_ms : float
        What ``answer`` took.
    failure : Exception, optional
        Why there is no answer.
    """

    prompts: Prompts
    multimask: bool | None = None
    annotations: tuple[Annotation, ...] = ()
    answer: Candidates | None = None
    feedback: MaskPrompt | None = None
    selected: int = 0
    decode_ms: float = 0.0
    failure: Exception | None = None

    @property
    def settled(self) -> bool:
        """Whether there is nothing left to decode."""
        return self.answer is not None or self.failure is not None or self.prompts.is_empty

    def unanswered(self) -> Entry:
        """Return the same document without its answer, to be changed."""
        return Entry(self.prompts, self.multimask, self.annotations)


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

    def feedback(self) -> MaskPrompt | None:
        """Mask prompt from the candidate chosen before, if the prompts only grew since.

        Returns
        -------
        float32 (1, 256, 256), bool (H, W) or None
            From the nearest answered state whose prompts are the beginning of the present ones.
        """
        present = self.present
        for entry in reversed(self._entries[: self.cursor]):
            if entry.prompts == present.prompts:
                if entry.answer is not None:
                    return entry.feedback
            elif not present.prompts.extends(entry.prompts):
                return None
            elif entry.answer is not None:
                return entry.answer.feedback(entry.selected)
        return None
