"""Tiles of the image on screen, encoded on a thread of their own."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import RLock
from typing import TYPE_CHECKING, Any

from sam_widget.errors import ProtocolError
from sam_widget.images import encode_tile
from sam_widget.widget.wire import state

if TYPE_CHECKING:
    from collections.abc import Mapping
    from concurrent.futures import Future

    from sam_widget.images import Encoded, RgbImage

__all__ = ["Tiles"]

TILES_WAITING = 64


class Tiles:
    """Encode the tiles that views ask for, of the image on screen and no other."""

    def __init__(self) -> None:
        self._lock = RLock()
        self._image_id = ""
        self._pool: ThreadPoolExecutor | None = None
        self._waiting = 0

    def show_image(self, image_id: str) -> None:
        """Tell which image tiles may be asked of."""
        self._image_id = image_id

    def encode(self, image: RgbImage, request: Mapping[str, Any]) -> Future[Encoded]:
        """Encode a tile of an image.

        Raises
        ------
        ProtocolError
            If another image is shown by now, or too many tiles wait.
        """
        if request["image_id"] != self._image_id:
            raise ProtocolError("that image is no longer shown.")
        with self._lock:
            if self._waiting >= TILES_WAITING:
                raise ProtocolError("too many tiles are waiting.")
            if self._pool is None:
                self._pool = ThreadPoolExecutor(1, thread_name_prefix="sam_widget_tiles")
            self._waiting += 1
        place = (request["level"], request["column"], request["row"])
        future = self._pool.submit(encode_tile, image, *place, state.TILE_SIZE)
        future.add_done_callback(self._done)
        return future

    def _done(self, _future: Future[Encoded]) -> None:
        with self._lock:
            self._waiting -= 1

    def close(self) -> None:
        """Stop the thread; tiles that wait are not encoded."""
        if self._pool is not None:
            self._pool.shutdown(wait=False, cancel_futures=True)
