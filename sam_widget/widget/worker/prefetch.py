"""Encoding one image ahead, in the pauses that a worker has."""

from __future__ import annotations

import logging
import math
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from sam_widget.images import RgbImage
    from sam_widget.predictors import Predictor, Progress

__all__ = ["QUIET_SECONDS", "Ahead", "Cancelled", "Wish"]

QUIET_SECONDS = 0.5
"""Nothing is encoded ahead before nobody has asked for anything this long."""

_log = logging.getLogger(__name__)


class Cancelled(BaseException):
    """The image being encoded is not wanted, or not now.

    No ``Exception``, so that no predictor takes it for a failure of its own.
    """


@dataclass(frozen=True, eq=False)
class Wish:
    """An image, and what encodes it and keeps the embedding where it is looked for."""

    image: RgbImage
    encode: Callable[[Predictor, Progress], object]


class Ahead:
    """The image that is to be encoded when there is nothing else to do. Its owner locks it."""

    def __init__(self) -> None:
        self.wish: Wish | None = None
        self._asked_at = time.monotonic()

    def asked(self) -> None:
        """Note that somebody wants something: the pause, if there was one, is over."""
        self._asked_at = time.monotonic()

    def due_in(self) -> float:
        """Seconds until the pause is long enough; infinite when nothing is wished for."""
        if self.wish is None:
            return math.inf
        return self._asked_at + QUIET_SECONDS - time.monotonic()

    def encode(self, wish: Wish, predictor: Predictor, progress: Progress) -> None:
        """Fulfil the wish; when ``progress`` raises :class:`Cancelled` it stays for later."""
        try:
            wish.encode(predictor, progress)
        except Cancelled:
            return
        except Exception:  # noqa: BLE001 - whoever opens that image is told what is wrong with it
            _log.debug("an image could not be encoded ahead", exc_info=True)
        if self.wish is wish:
            self.wish = None
