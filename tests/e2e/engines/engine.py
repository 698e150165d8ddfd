"""A browser's window as a person and a script have it: the same few verbs for every engine."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

LIMIT_MS = 120_000
"""A condition that has not come true after this time never will. Machines may be slow."""

WAIT = """async (condition, args, limit) => {
    for (const end = performance.now() + limit; performance.now() < end;) {
        const value = await condition(...args);
        if (value) return value;
        await new Promise((resolve) => setTimeout(resolve, 40));
    }
    throw new Error("It never came true: " + condition);
}"""


class Engine(ABC):
    """One page in one browser. Positions are whole CSS pixels of the window."""

    name: str
    size_wh = (1200, 860)

    @abstractmethod
    def open(self, url: str) -> None:
        """Open an address."""

    @abstractmethod
    def evaluate(self, function: str, *args: Any) -> Any:
        """Call a JavaScript function with these arguments; a promise is waited for."""

    @abstractmethod
    def move(self, x: int, y: int) -> None:
        """Move the mouse."""

    @abstractmethod
    def press(self, button: str = "left") -> None:
        """Press a button of the mouse where it is."""

    @abstractmethod
    def release(self, button: str = "left") -> None:
        """Release it."""

    @abstractmethod
    def key(self, keys: str) -> None:
        """Type one key, with its modifiers: ``"Enter"``, ``"Control+z"``."""

    @abstractmethod
    def zoom_wheel(self, delta: int) -> None:
        """Turn the wheel with Ctrl held; below 0 is away from the person."""

    @abstractmethod
    def screenshot(self) -> np.ndarray:
        """What is on screen in the page, uint8 (H, W, 3)."""

    def wait_for(self, condition: str, *args: Any) -> Any:
        """Wait until a JavaScript function returns something true, and return that."""
        return self.evaluate(f"(...args) => ({WAIT})({condition}, args, {LIMIT_MS})", *args)

    def click(self, x: int, y: int, button: str = "left") -> None:
        """Click there."""
        self.move(x, y)
        self.press(button)
        self.release(button)

    def drag(self, *path: tuple[int, int]) -> None:
        """Press at the first place and release at the last."""
        self.move(*path[0])
        self.press()
        for place in path[1:]:
            self.move(*place)
        self.release()
