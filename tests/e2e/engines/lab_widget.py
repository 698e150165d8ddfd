"""A widget in JupyterLab, used with mouse and keyboard in any engine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from page_scripts import (
    ALPHA_AT,
    CLIENT_POSITION,
    EVALUATE_IN_KERNEL,
    IS_READY,
    KERNEL_IS_IDLE,
    RUN_ALL,
    SHUT_DOWN,
    STAND_STILL,
    value_of_reply,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from engines.engine import Engine
    from lab import LabServer

ROOT = "document.querySelector('.sam-widget')"
STAGE = "document.querySelector('.sam-widget [data-testid=stage]')"


class LabWidget:
    """The one widget of a notebook that is open in one engine. Positions are image pixels."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    @classmethod
    def open(cls, engine: Engine, server: LabServer, name: str, cell: str) -> LabWidget:
        """Write a notebook with this cell, open it, run it and wait for its widget."""
        server.write_notebook(name, [cell])
        engine.open(f"{server.url}/lab/tree/{name}?token={server.token}&reset")
        engine.wait_for("() => document.querySelector('.jp-Notebook .jp-Cell') !== null")
        engine.wait_for(KERNEL_IS_IDLE)
        engine.evaluate(RUN_ALL)
        engine.wait_for(f"() => {ROOT}?.dataset.status === 'ready' && {STAGE}?.dataset.transform")
        return cls(engine)

    def close(self) -> None:
        """Shut the kernel down."""
        self.engine.evaluate(SHUT_DOWN)

    # ---- what the page and the kernel say ---------------------------------------------------

    def python(self, expression: str) -> Any:
        """Evaluate an expression in the kernel."""
        return value_of_reply(expression, self.engine.evaluate(EVALUATE_IN_KERNEL, expression))

    def data(self, name: str) -> str:
        """A data attribute of the root, by its name in JavaScript."""
        return self.engine.evaluate(f"(name) => {ROOT}.dataset[name]", name)

    @property
    def revision(self) -> int:
        """Revision of the answer on screen."""
        return int(self.data("revision"))

    def transform(self) -> str:
        """Where the image is on the stage."""
        return self.engine.evaluate(f"() => {STAGE}.dataset.transform")

    def count(self, test_id: str) -> int:
        """How many elements have a test id that begins with this."""
        selector = f"[data-testid^={test_id}]"
        return self.engine.evaluate(f"(s) => {ROOT}.querySelectorAll(s).length", selector)

    def alpha_at(self, points: Sequence[tuple[float, float]]) -> list[int]:
        """The overlay's alpha at these positions; -1 where they are out of view."""
        return self.engine.evaluate(f"(points) => ({ALPHA_AT})({ROOT}, points)", points)

    def wait_ready(self, after: int | None = None) -> None:
        """Wait for the ready state, and for a newer answer than ``after``."""
        self.engine.wait_for(f"(after) => ({IS_READY})([{ROOT}, after])", after)

    def wait_for_part(self, test_id: str, condition: str) -> None:
        """Wait until a JavaScript function of that element is true."""
        selector = f"[data-testid={test_id}]"
        self.engine.wait_for(
            f"""(selector) => {{
                const part = {ROOT}.querySelector(selector);
                return part && ({condition})(part);
            }}""",
            selector,
        )

    # ---- what a person does -----------------------------------------------------------------

    def client(self, x: float, y: float) -> tuple[int, int]:
        """Where an image position is in the window, in whole pixels."""
        at = self.engine.evaluate(f"(at) => ({CLIENT_POSITION})({STAGE}, at)", [x, y])
        return round(at[0]), round(at[1])

    def show(self) -> None:
        """Bring the stage into view."""
        self.engine.evaluate(f"() => {STAGE}.scrollIntoView({{block: 'nearest'}})")
        self.engine.evaluate(f"() => ({STAND_STILL})({ROOT})")

    def click(self, x: float, y: float, button: str = "left") -> None:
        """Click at an image position, and wait for the answer."""
        self.show()
        before = self.revision
        self.engine.click(*self.client(x, y), button)
        self.wait_ready(before)

    def drag(self, *path: tuple[float, float]) -> None:
        """Drag along image positions."""
        self.show()
        self.engine.drag(*(self.client(*place) for place in path))

    def key(self, keys: str) -> None:
        """Type a key that brings another answer, and wait for it."""
        before = self.revision
        self.engine.key(keys)
        self.wait_ready(before)

    def press(self, test_id: str) -> None:
        """Click the middle of the element with that test id, once it is there to be clicked."""
        selector = f"[data-testid={test_id}]"
        self.wait_for_part(
            test_id, "(part) => { part.scrollIntoView({block: 'nearest'}); return true; }"
        )
        x, y = self.engine.wait_for(
            f"""(selector) => {{
                const part = {ROOT}.querySelector(selector);
                const box = part.getBoundingClientRect();
                const at = [box.left + box.width / 2, box.top + box.height / 2].map(Math.round);
                return !part.disabled && part.contains(document.elementFromPoint(...at)) && at;
            }}""",
            selector,
        )
        self.engine.click(x, y)

    def select(self, test_id: str, value: str) -> None:
        """Choose an option of a menu; the list that opens is the system's, not the page's."""
        self.engine.evaluate(
            f"""(selector, value) => {{
                const menu = {ROOT}.querySelector(selector);
                menu.value = value;
                menu.dispatchEvent(new Event("input", {{bubbles: true}}));
                menu.dispatchEvent(new Event("change", {{bubbles: true}}));
            }}""",
            f"[data-testid={test_id}]",
            value,
        )
