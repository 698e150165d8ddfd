"""Chromium, and Firefox over WebDriver BiDi: both are Debian's, and Playwright drives both."""

from __future__ import annotations

import io
import os
import shutil
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
from engines.engine import LIMIT_MS, Engine
from lab import launch_chromium
from PIL import Image

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Page, Playwright


def firefox_path() -> str:
    """Find the system's Firefox."""
    found = os.environ.get("FIREFOX") or shutil.which("firefox-esr") or shutil.which("firefox")
    if found is None:
        raise RuntimeError(
            "Firefox is missing: run `sh scripts/browsers.sh firefox` as root,"
            " or set FIREFOX=/path/to/firefox."
        )
    return found


def launch_firefox(playwright: Playwright) -> Browser:
    """Start the system's Firefox, headless."""
    return playwright.firefox.launch(channel="moz-firefox", executable_path=firefox_path())


class PlaywrightEngine(Engine):
    """A page that Playwright drives."""

    def __init__(self, name: str, page: Page) -> None:
        self.name = name
        self.page = page
        page.set_default_timeout(LIMIT_MS)

    def open(self, url: str) -> None:
        self.page.goto(url)

    def evaluate(self, function: str, *args: Any) -> Any:
        return self.page.evaluate(f"(args) => ({function})(...args)", list(args))

    def move(self, x: int, y: int) -> None:
        self.page.mouse.move(x, y)

    def press(self, button: str = "left") -> None:
        self.page.mouse.down(button=button)

    def release(self, button: str = "left") -> None:
        self.page.mouse.up(button=button)

    def key(self, keys: str) -> None:
        self.page.keyboard.press(keys)

    def zoom_wheel(self, delta: int) -> None:
        self.page.keyboard.down("Control")
        self.page.mouse.wheel(0, delta)
        self.page.keyboard.up("Control")

    def screenshot(self) -> np.ndarray:
        picture = Image.open(io.BytesIO(self.page.screenshot()))
        return np.asarray(picture.convert("RGB"))


@contextmanager
def open_playwright(playwright: Playwright, name: str) -> Iterator[Engine]:
    """Open a page in ``"chromium"`` or ``"firefox"``."""
    launch = {"chromium": launch_chromium, "firefox": launch_firefox}[name]
    width, height = Engine.size_wh
    browser = launch(playwright)
    try:
        context = browser.new_context(viewport={"width": width, "height": height})
        yield PlaywrightEngine(name, context.new_page())
    finally:
        browser.close()
