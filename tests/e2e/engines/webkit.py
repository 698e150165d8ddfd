"""WebKit, the engine of Safari, as WebKitGTK's MiniBrowser on a screen of its own.

WebDriver opens pages and runs scripts. Mouse and keys are X's, by xdotool: WebKitWebDriver never
releases the right button.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
from engines.engine import LIMIT_MS, Engine
from engines.webdriver import WebDriver
from lab import free_port, wait_until_served
from PIL import ImageGrab

if TYPE_CHECKING:
    from collections.abc import Iterator

PACKAGES = {
    "WebKitWebDriver": "webkit2gtk-driver",
    "Xvfb": "xvfb",
    "xdotool": "xdotool",
    "matchbox-window-manager": "matchbox-window-manager",
}
"""Programs that are needed, and Debian's packages of them."""
BUTTONS = {"left": "1", "middle": "2", "right": "3"}
KEYS = {"Enter": "Return", "Control": "ctrl", "Shift": "shift", "Alt": "alt", "Digit1": "1"}
"""X's names, where they differ from the DOM's."""


def require_webkit() -> None:
    """Raise what to install if any program is missing."""
    missing = [package for program, package in PACKAGES.items() if not shutil.which(program)]
    if missing:
        raise RuntimeError(
            "WebKit is missing: run `sh scripts/browsers.sh webkit` as root,"
            f" or install the packages {', '.join(missing)}."
        )


@contextmanager
def virtual_screen(width: int, height: int) -> Iterator[dict[str, str]]:
    """Start an X server and a window manager that gives a window all of it; their environment."""
    reading, writing = os.pipe()
    with ExitStack() as stack:
        screen = ["-screen", "0", f"{width}x{height}x24", "-nolisten", "tcp"]
        with os.fdopen(reading) as ready:
            stack.enter_context(
                running(["Xvfb", "-displayfd", str(writing), *screen], pass_fds=[writing])
            )
            os.close(writing)
            number = ready.readline().strip()  # empty if it has died
        if not number:
            raise RuntimeError("Xvfb did not start; run it by hand to see why.")
        environment = {**os.environ, "DISPLAY": f":{number}"}
        stack.enter_context(running(["matchbox-window-manager"], env=environment))
        yield environment


@contextmanager
def running(command: list[str], **options: Any) -> Iterator[subprocess.Popen[bytes]]:
    """Run a program in the background as long as the context lasts."""
    process = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **options
    )
    try:
        yield process
    finally:
        process.terminate()
        process.wait(20)


class WebKitEngine(Engine):
    """A window of MiniBrowser."""

    name = "webkit"

    def __init__(self, driver: WebDriver, environment: dict[str, str]) -> None:
        self.driver = driver
        self.environment = environment
        self.corner: tuple[int, int] | None = None

    def open(self, url: str) -> None:
        self.driver.open(url)

    def evaluate(self, function: str, *args: Any) -> Any:
        reply = self.driver.call(
            f"""const [args, done] = arguments;
            (async () => ({function})(...args))().then(
                (value) => done({{value: value ?? null}}),
                (error) => done({{error: String(error)}}));""",
            list(args),
        )
        if "error" in reply:
            raise AssertionError(f"{reply['error']}, in {function}")
        return reply["value"]

    def move(self, x: int, y: int) -> None:
        left, top = self.corner or self.find_corner()
        self.xdotool("mousemove", str(left + x), str(top + y))

    def press(self, button: str = "left") -> None:
        self.xdotool("mousedown", BUTTONS[button])

    def release(self, button: str = "left") -> None:
        self.xdotool("mouseup", BUTTONS[button])

    def key(self, keys: str) -> None:
        names = [KEYS.get(name, name) for name in keys.split("+")]
        self.xdotool("key", "+".join(names))

    def zoom_wheel(self, delta: int) -> None:
        # MiniBrowser zooms the whole page by Ctrl and the wheel, and the page is not asked.
        self.evaluate(
            """(deltaY) => {
                const {x: clientX, y: clientY, target} = globalThis.lastMouse;
                target.dispatchEvent(new WheelEvent("wheel", {
                    deltaY, ctrlKey: true, clientX, clientY, bubbles: true, cancelable: true,
                }));
            }""",
            delta,
        )

    def screenshot(self) -> np.ndarray:
        # What X shows. WebDriver's own screenshot has the page drawn once more, and hides what is
        # missing on screen.
        left, top = self.corner or self.find_corner()
        screen = ImageGrab.grab(xdisplay=self.environment["DISPLAY"])
        return np.asarray(screen.convert("RGB"))[top:, left:]

    def xdotool(self, *arguments: str) -> None:
        """Do something with mouse or keys."""
        subprocess.run(["xdotool", *arguments], env=self.environment, check=True, timeout=60)

    def find_corner(self) -> tuple[int, int]:
        """Find where on the screen the page begins: below the bars of the browser."""
        self.evaluate(
            """() => addEventListener("mousemove", (event) => {
                const {clientX: x, clientY: y, target} = event;
                globalThis.lastMouse = {x, y, target};
            }, true)"""
        )
        x, y = self.size_wh[0] // 3, self.size_wh[1] // 3
        self.xdotool("mousemove", str(x), str(y))
        at = self.wait_for(
            "() => globalThis.lastMouse && [globalThis.lastMouse.x, globalThis.lastMouse.y]"
        )
        self.corner = x - int(at[0]), y - int(at[1])
        return self.corner


@contextmanager
def open_webkit() -> Iterator[Engine]:
    """Open a window of MiniBrowser."""
    require_webkit()
    port = free_port()
    with (
        virtual_screen(*Engine.size_wh) as environment,
        running(["WebKitWebDriver", f"--port={port}"], env=environment) as process,
    ):
        wait_until_served(f"http://127.0.0.1:{port}/status", process)
        driver = WebDriver(f"http://127.0.0.1:{port}", {}, LIMIT_MS / 1000 + 10)
        try:
            yield WebKitEngine(driver, environment)
        finally:
            driver.close()
