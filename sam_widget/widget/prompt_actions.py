"""What a widget does with prompts, and the answers that it gets to them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from sam_widget.widget.mirror import SessionMirror

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sam_widget.annotations import Annotation

__all__ = ["PromptActions"]


class PromptActions(SessionMirror):
    """Prompts, the candidates that answer them, and the object that comes of one."""

    _masks_of: tuple[object, NDArray[np.bool_]] | None = None

    # ---- what there is --------------------------------------------------------------------------

    @property
    def points(self) -> list[tuple[float, float, bool]]:
        """Point prompts (x, y, positive), in pixels of the original image."""
        prompts = self._session.prompts
        labelled = zip(prompts.points, prompts.labels, strict=True)
        return [(x, y, label == 1) for (x, y), label in labelled]

    @property
    def boxes(self) -> list[tuple[float, float, float, float]]:
        """The box prompt (x0, y0, x1, y1) in pixels of the original image, if there is one."""
        return list(self._session.prompts.boxes)

    @property
    def masks(self) -> NDArray[np.bool_]:
        """Candidates on screen, bool (N, H, W), subpart to whole; N is 3, 1 or (no prompts) 0."""
        committed = self._session.committed
        candidates = committed.candidates
        if candidates is None:
            image = self._session.image
            return np.zeros((0, image.height, image.width), dtype=np.bool_)
        known = self._masks_of
        if known is None or known[0] is not candidates:
            masks = candidates.masks()
            masks.flags.writeable = False
            self._masks_of = known = (candidates, masks)
        return known[1]

    @property
    def scores(self) -> NDArray[np.float32]:
        """Predicted IoU of each candidate, float32 (N,)."""
        candidates = self._session.committed.candidates
        return np.zeros(0, np.float32) if candidates is None else candidates.scores.copy()

    @property
    def selected(self) -> int | None:
        """Index of the chosen candidate; None when there are none."""
        committed = self._session.committed
        return None if committed.candidates is None else committed.selected

    @property
    def mask(self) -> NDArray[np.bool_]:
        """The chosen candidate, bool (H, W); all False when there is none."""
        committed = self._session.committed
        if committed.candidates is None:
            image = self._session.image
            return np.zeros((image.height, image.width), dtype=np.bool_)
        masks: NDArray[np.bool_] = self.masks[committed.selected]
        return masks

    # ---- what can be done -----------------------------------------------------------------------

    def add_point(self, x: float, y: float, positive: bool = True) -> None:
        """Include (or exclude) what is at (x, y), in pixels of the original image."""
        self._do(lambda session: session.add_point(x, y, positive))

    def move_point(self, index: int, x: float, y: float) -> None:
        """Move point ``index`` of :attr:`points` to (x, y)."""
        self._do(lambda session: session.move_point(index, x, y))

    def remove_point(self, index: int) -> None:
        """Remove point ``index`` of :attr:`points`."""
        self._do(lambda session: session.remove_point(index))

    def set_box(self, x0: float, y0: float, x1: float, y1: float) -> None:
        """Set the box, in pixels of the original image; it is clipped to the image."""
        self._do(lambda session: session.set_box(x0, y0, x1, y1))

    def remove_box(self) -> None:
        """Remove the box."""
        self._do(lambda session: session.remove_box())

    def set_mask(self, mask: NDArray[Any] | Annotation) -> None:
        """Prompt with a mask: bool (H, W), logits float32 (1, S, S), or an accepted object."""
        self._do(lambda session: session.set_mask(mask))

    def remove_mask(self) -> None:
        """Remove the mask prompt."""
        self._do(lambda session: session.remove_mask())

    def set_multimask(self, value: bool | None) -> None:
        """Force three candidates (True) or one (False); None goes by the number of prompts."""
        self._do(lambda session: session.set_multimask(value))

    def clear(self) -> None:
        """Take all prompts away; accepted objects stay. Nothing happens when there are none."""
        self._do(lambda session: session.clear())

    def undo(self) -> None:
        """Take the last gesture back, whether prompt, accept, edit or delete."""
        self._do(lambda session: session.undo())

    def redo(self) -> None:
        """Do again what was undone."""
        self._do(lambda session: session.redo())

    def choose(self, index: int) -> None:
        """Choose candidate ``index``: 0 is the smallest, the subpart."""
        self._do(lambda session: session.choose(index), computes=True)

    def accept(self, label: str | None = None) -> Annotation:
        """Keep the chosen candidate as an object under ``label``, and start the next object."""
        return self._do(lambda session: session.accept(label), computes=True)
