"""The few requests of WebDriver that are needed: https://www.w3.org/TR/webdriver2/."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from typing import Any


class WebDriver:
    """One session of a driver that listens at ``url``."""

    def __init__(self, url: str, capabilities: dict[str, Any], limit_s: float) -> None:
        self.limit_s = limit_s
        self.session = f"{url}/session"
        started = self.ask("", {"capabilities": {"alwaysMatch": capabilities}})
        self.session += f"/{started['sessionId']}"
        self.ask("/timeouts", {"script": int(limit_s * 1000)})

    def open(self, url: str) -> None:
        """Open an address."""
        self.ask("/url", {"url": url})

    def call(self, script: str, *args: Any) -> Any:
        """Run a script, which calls its last argument with what is to be returned."""
        return self.ask("/execute/async", {"script": script, "args": list(args)})

    def close(self) -> None:
        """End the session, and with it the browser."""
        self.ask("", method="DELETE")

    def ask(self, path: str, content: object = None, method: str | None = None) -> Any:
        """Send a request, and return its value."""
        request = urllib.request.Request(
            self.session + path,
            data=None if content is None else json.dumps(content).encode(),
            method=method,
        )
        try:
            with urllib.request.urlopen(request, timeout=self.limit_s + 30) as reply:
                return json.load(reply)["value"]
        except urllib.error.HTTPError as error:
            with error:
                raise RuntimeError(json.load(error)["value"]["message"]) from None
