"""How the parts of a page send messages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Send"]


class Send(Protocol):
    """Send one message with its binary buffers to every view; safe from any thread."""

    def __call__(  # noqa: D102 - see the class
        self, content: dict[str, Any], buffers: Sequence[bytes] | None = None
    ) -> None: ...
