"""Replies to the page, with bytes behind them where a server holds small messages back.

Where a notebook server does not set ``TCP_NODELAY`` (the server extension of this package does, but
is not always where the server is), a small message waits up to 40 ms for the one before it to be
acknowledged. Bytes behind it make it leave at once. The page measures whether they help on its link
(``js/src/wire/padding.ts``) and asks for them with ``push`` in its requests; nothing else here
or there knows of it.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sam_widget.widget.page.send import Send
    from sam_widget.widget.wire.requests import Request

__all__ = ["PADDING", "PaddedReplies"]

PADDING: Final = os.urandom(66_000)
"""More than one full packet of a loopback interface (65,483 bytes). Random, so that no compression
shrinks it."""


class PaddedReplies:
    """Send replies, each padded if its request asks for it.

    Parameters
    ----------
    send : callable
        Takes a message and its buffers.
    """

    def __init__(self, send: Send) -> None:
        self._send = send
        self._waiting_for: int | None = None  # the version whose answer is to be padded

    def reply(
        self, request: Request, fields: dict[str, Any], buffers: Sequence[bytes] = ()
    ) -> None:
        """Reply to a request, with what it asked for."""
        padding = [PADDING] if request.push else []
        self._send({"type": "reply", "to": request.id, **fields}, [*buffers, *padding])

    def acknowledge(self, gesture: Request, version: int, revision: int) -> None:
        """Reply to a gesture; its answer is a trait, so the padding comes behind that."""
        fields = {"of": "gesture", "version": version, "revision": revision}
        self._send({"type": "reply", "to": gesture.id, **fields}, [])
        if gesture.push:
            self._waiting_for = version

    def answered(self, version: int) -> None:
        """Send the padding that waits for the answer to this version, or to an older one."""
        if self._waiting_for is not None and self._waiting_for <= version:
            self._waiting_for = None
            self._send({"type": "push"}, [PADDING])
