"""What a widget shows, as numbers and arrays."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sam_widget.masks import Islands
    from sam_widget.session import Session

__all__ = ["Shown"]


class Shown:
    """Read the prompts and the candidates on screen."""

    @property
    def session(self) -> Session:
        """The session that is shown; it is another one when another image is."""
        raise NotImplementedError

    @property
    def _shape_hw(self) -> tuple[int, int]:
        return self.session.image.height, self.session.image.width

    @property
    def points(self) -> list[tuple[float, float, bool]]:
        """Point prompts (x, y, positive), in pixels of the original image."""
        prompts = self.session.prompts
        labelled = zip(prompts.points, prompts.labels, strict=True)
        return [(x, y, label == 1) for (x, y), label in labelled]

    @property
    def boxes(self) -> list[tuple[float, float, float, float]]:
        """The box prompt (x0, y0, x1, y1) in pixels of the original image, if there is one."""
        return list(self.session.prompts.boxes)

    @property
    def masks(self) -> NDArray[np.bool_]:
        """Candidates on screen, bool (N, H, W), subpart to whole; N is 3, 1 or (no prompts) 0."""
        masks = self.session.answer.masks()
        return np.zeros((0, *self._shape_hw), dtype=np.bool_) if masks is None else masks

    @property
    def scores(self) -> NDArray[np.float32]:
        """Predicted IoU of each candidate, float32 (N,)."""
        candidates = self.session.answer.candidates
        return np.zeros(0, np.float32) if candidates is None else candidates.scores.copy()

    @property
    def selected(self) -> int | None:
        """Index of the chosen candidate; None when there are none."""
        answer = self.session.answer
        return None if answer.candidates is None else answer.selected

    @property
    def mask(self) -> NDArray[np.bool_]:
        """The chosen candidate, bool (H, W); all False when there is none."""
        answer = self.session.answer
        masks = answer.masks()
        if masks is None:
            return np.zeros(self._shape_hw, dtype=np.bool_)
        chosen: NDArray[np.bool_] = masks[answer.selected]
        return chosen

    def islands(self, annotation_id: str | None = None) -> Islands:
        """Return the pixels of each island and hole of the mask on screen, or of an annotation."""
        return self.session.islands(annotation_id)
