"""How quickly a model answers, as far as previews and answers have shown."""

from __future__ import annotations

import statistics
from collections import deque

__all__ = ["Pace"]

SOON_MS = 60.0
"""An answer that comes within this time is waited for before anything else is shown."""
PREVIEWS_MEASURED = 7
PREVIEW_DRIFT = 0.25
"""By this share the time of a preview has to change before it is told again."""


class Pace:
    """Time previews and answers. Its owner locks it.

    Attributes
    ----------
    preview_ms : float or None
        Median of the last few previews, and of answers that were quicker. It follows changes of
        more than a quarter, so that it need not be told with every preview.
    answer_ms : float or None
        What the newest answer took; None before the first, and after one that failed.
    """

    def __init__(self) -> None:
        self._previews: deque[float] = deque(maxlen=PREVIEWS_MEASURED)
        self.preview_ms: float | None = None
        self.answer_ms: float | None = None

    @property
    def is_quick(self) -> bool:
        """Whether an answer will, as far as is known, come at once."""
        return self.answer_ms is not None and self.answer_ms < SOON_MS

    def add_preview(self, milliseconds: float) -> None:
        """Note what a preview took."""
        self._previews.append(milliseconds)
        median = statistics.median(self._previews)
        known = self.preview_ms
        if known is None or abs(median - known) > PREVIEW_DRIFT * known:
            self.preview_ms = median

    def add_answer(self, milliseconds: float | None) -> None:
        """Note what an answer took; None for one that failed.

        A page shows no previews while they are slow, so none is measured. A quicker answer shows
        that they would be quicker, too.
        """
        self.answer_ms = milliseconds
        known = self.preview_ms
        if milliseconds is not None and known is not None and milliseconds < known:
            self.add_preview(milliseconds)

    def forget(self) -> None:
        """Begin anew, with another image."""
        self._previews.clear()
        self.preview_ms = self.answer_ms = None
