"""A Jupyter server extension that sends small answers at once.

The operating system holds a small packet back while an earlier one is unacknowledged (Nagle's
algorithm), and the browser's end takes its time to acknowledge (delayed acknowledgements): together
about 40 ms for every answer of a kernel that follows another message, such as "busy". This sets
``TCP_NODELAY`` on the kernels' websockets. It is loaded where the package is installed in the
server's environment; the widget works without it, see docs/performance.md.

Switch it off with ``c.SamWidgetServer.nodelay = False`` in ``jupyter_server_config.py``, or with
``jupyter server extension disable sam_widget.server_extension``.

References
----------
.. [1] RFC 896 and RFC 1122, section 4.2.3: small packets, and delayed acknowledgements.
"""

from __future__ import annotations

import functools
import importlib
from typing import TYPE_CHECKING, Any

from traitlets import Bool
from traitlets.config import Configurable

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["SamWidgetServer"]

_HANDLERS = (
    ("jupyter_server.services.kernels.websocket", "KernelWebsocketHandler"),
    ("jupyter_server.services.kernels.handlers", "ZMQChannelsHandler"),  # before version 2
    ("jupyter_server.gateway.handlers", "WebSocketChannelsHandler"),  # kernels elsewhere
)
_MARK = "_sam_widget_nodelay"


class SamWidgetServer(Configurable):
    """Settings of the server extension."""

    nodelay = Bool(
        default_value=True, help="Send small messages of kernels at once (TCP_NODELAY)."
    ).tag(config=True)


def _jupyter_server_extension_points() -> list[dict[str, str]]:
    return [{"module": "sam_widget.server_extension"}]


def _load_jupyter_server_extension(server: Any) -> None:  # noqa: ANN401 - any version's ServerApp
    """Start, when the server does; whatever goes wrong, it goes on without this."""
    try:
        if SamWidgetServer(config=server.config).nodelay:
            names = [name for module, name in _HANDLERS if _open_without_delay(module, name)]
            server.log.info("sam_widget: TCP_NODELAY for %s", ", ".join(names) or "no handler")
    except Exception as error:  # noqa: BLE001 - see above
        server.log.warning("sam_widget: small messages may be delayed: %s", error)


def _open_without_delay(module: str, name: str) -> bool:
    """Make a websocket handler set ``TCP_NODELAY`` when it opens; False if there is no such one."""
    try:
        handler = getattr(importlib.import_module(module), name)
    except (ImportError, AttributeError):
        return False
    opened: Callable[..., Any] = handler.open
    if getattr(opened, _MARK, False):
        return True

    @functools.wraps(opened)
    def open_(self: Any, *args: Any, **options: Any) -> Any:  # noqa: ANN401 - tornado's signature
        try:
            self.set_nodelay(True)
        except Exception as error:  # noqa: BLE001 - slower, not broken
            self.log.debug("sam_widget: no TCP_NODELAY here: %s", error)
        return opened(self, *args, **options)

    setattr(open_, _MARK, True)
    handler.open = open_
    return True
