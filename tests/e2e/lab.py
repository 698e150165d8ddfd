"""A real JupyterLab driven in headless Chromium, for end-to-end tests and screenshots."""

from __future__ import annotations

import http.client
import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import nbformat
from page_scripts import (
    ALPHA_AT,
    CLIENT_POSITION,
    EVALUATE_IN_KERNEL,
    IS_READY,
    KERNEL_IS_IDLE,
    RUN_ALL,
    STAND_STILL,
    value_of_reply,
)

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from playwright.sync_api import Browser, BrowserContext, Locator, Page, Playwright

READY_MS = 60_000
BROWSER_ARGS = [
    "--no-sandbox",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def chromium_path() -> str:
    """Find the system's Chromium, as scripts/browsers.sh does."""
    named = os.environ.get("CHROMIUM")
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    found = named or next(filter(None, map(shutil.which, names)), None)
    if found is None:
        raise RuntimeError(
            "Chromium is missing: run `sh scripts/browsers.sh chromium` as root,"
            " or set CHROMIUM=/path/to/chromium."
        )
    return found


def launch_chromium(playwright: Playwright) -> Browser:
    """Start the system's Chromium, headless."""
    return playwright.chromium.launch(executable_path=chromium_path(), args=BROWSER_ARGS)


def free_port() -> int:
    """A port of this machine that nobody uses."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until_served(url: str, process: subprocess.Popen[bytes]) -> None:
    """Return when the address answers; fail when its process ends or takes too long."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=2):
                return
        except (OSError, http.client.HTTPException):
            time.sleep(0.1)
    raise RuntimeError(f"{url} was not served; its process said {process.poll()}.")


def _ask_for_no_news(settings: Path) -> None:
    """Answer JupyterLab's question whether to fetch news: its card would lie over the widget."""
    file = settings / "@jupyterlab" / "apputils-extension" / "notification.jupyterlab-settings"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps({"fetchNews": "false", "checkForUpdates": False}))


@dataclass
class LabServer:
    """A notebook server of its own, that knows nothing of the user's settings."""

    folder: Path
    url: str
    token: str
    process: subprocess.Popen[bytes]

    @classmethod
    def start(cls, folder: Path, app: str = "lab", *, nodelay: bool = False) -> LabServer:
        """Start it and wait until it answers; another port if somebody else was faster.

        ``nodelay`` loads this package's server extension, as an installed wheel does.
        """
        for _ in range(3):
            try:
                return cls._start(folder, app, nodelay=nodelay)
            except RuntimeError as error:
                failure = error
        raise failure

    @classmethod
    def _start(cls, folder: Path, app: str, *, nodelay: bool) -> LabServer:
        token = secrets.token_hex(8)
        port = free_port()
        private = folder / ".private"
        env = dict(os.environ)
        for name in ("CONFIG", "RUNTIME", "DATA"):
            env[f"JUPYTER_{name}_DIR"] = str(private / name.lower())
        env["JUPYTERLAB_SETTINGS_DIR"] = str(private / "settings")
        _ask_for_no_news(private / "settings")
        env["JUPYTERLAB_WORKSPACES_DIR"] = str(private / "workspaces")
        env["IPYTHONDIR"] = str(private / "ipython")
        command = [
            sys.executable, "-m", "jupyter", app, "--no-browser", "--allow-root",
            f"--port={port}", f"--IdentityProvider.token={token}", "--ServerApp.port_retries=0",
            f"--ServerApp.root_dir={folder}", "--LabApp.expose_app_in_browser=True",
            "--JupyterNotebookApp.expose_app_in_browser=True",
            f"--ServerApp.jpserver_extensions={{'sam_widget.server_extension': {nodelay}}}",
        ]  # fmt: skip
        with (folder / "server.log").open("wb") as log:
            process = subprocess.Popen(
                command, stdout=log, stderr=subprocess.STDOUT, env=env, start_new_session=True
            )
        server = cls(folder, f"http://127.0.0.1:{port}", token, process)
        try:
            wait_until_served(f"{server.url}/api?token={token}", process)
        except RuntimeError:
            server.stop()
            raise
        return server

    def stop(self) -> None:
        """Stop the server and its kernels."""
        self.process.send_signal(signal.SIGINT)
        time.sleep(0.2)
        self.process.send_signal(signal.SIGINT)
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait(10)

    def write_notebook(self, name: str, cells: Sequence[str]) -> str:
        """Put a notebook with these code cells into the folder."""
        notebook = nbformat.v4.new_notebook(
            cells=[nbformat.v4.new_code_cell(cell) for cell in cells],
            metadata={
                "kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}
            },
        )
        nbformat.write(notebook, self.folder / name)
        return name


class Notebook:
    """One notebook open in one browser page."""

    def __init__(self, page: Page, server: LabServer) -> None:
        self.page = page
        self.server = server

    @classmethod
    def open(
        cls,
        context: BrowserContext,
        server: LabServer,
        name: str,
        *,
        theme: str | None = None,
        at: str = "doc/tree",
    ) -> Notebook:
        """Open a notebook and wait for its kernel."""
        page = context.new_page()
        notebook = cls(page, server)
        page.goto(f"{server.url}/{at}/{name}?token={server.token}&reset")
        notebook.wait_for_kernel()
        if theme is not None:
            page.evaluate(
                "theme => jupyterapp.commands.execute('apputils:change-theme', {theme})", theme
            )
            page.wait_for_function(
                "theme => document.body.dataset.jpThemeName === theme", arg=theme
            )
        return notebook

    def wait_for_kernel(self) -> None:
        """Wait until the notebook shows and its kernel is idle."""
        self.page.wait_for_selector(".jp-Notebook .jp-Cell", timeout=READY_MS)
        self.page.wait_for_function(KERNEL_IS_IDLE, timeout=READY_MS)

    def run_all(self, *, widgets: int = 1, wait: bool = True) -> None:
        """Run all cells and wait for this many ready widgets."""
        self.page.evaluate(RUN_ALL)
        if wait:
            self.page.wait_for_function(
                "n => document.querySelectorAll('.sam-widget[data-status=ready]').length >= n",
                arg=widgets, timeout=READY_MS,
            )  # fmt: skip

    def python(self, expression: str) -> Any:
        """Evaluate an expression in the kernel; the value must survive JSON."""
        reply = self.page.evaluate(EVALUATE_IN_KERNEL, expression)
        return value_of_reply(expression, reply)

    def execute(self, code: str, *, wait: bool = True) -> None:
        """Run code in the kernel, as a cell elsewhere would; ``cellIsDone`` tells its end."""
        self.page.evaluate(
            """async ([code, wait]) => {
                const kernel = jupyterapp.shell.currentWidget.sessionContext.session.kernel;
                const future = kernel.requestExecute({code, store_history: false});
                globalThis.cellIsDone = false;
                future.done.finally(() => { globalThis.cellIsDone = true; });
                if (wait) {
                    const reply = await future.done;
                    if (reply.content.status !== "ok")
                        throw new Error(reply.content.ename + ": " + reply.content.evalue);
                }
            }""",
            [code, wait],
        )

    def widget(self, index: int = 0) -> WidgetPage:
        """The index-th widget on the page."""
        return WidgetPage(self.page, self.page.locator(".sam-widget").nth(index), self)


class WidgetPage:
    """One rendered widget: clicks at image positions, and what the page says of itself."""

    def __init__(self, page: Page, root: Locator, notebook: Notebook | None = None) -> None:
        self.page = page
        self.notebook = notebook
        self.root = root
        self.stage = root.get_by_test_id("stage")

    def data(self, name: str) -> str | None:
        """A data attribute of the root."""
        return self.root.get_attribute(f"data-{name}")

    @property
    def revision(self) -> int:
        """Revision of the answer on screen."""
        return int(self.data("revision") or 0)

    def wait_ready(self, after: int | None = None) -> None:
        """Wait for the ready state, and for a newer answer than ``after``."""
        handle = self.root.element_handle()
        self.page.wait_for_function(IS_READY, arg=[handle, after], timeout=READY_MS)

    def wait_status(self, *names: str) -> None:
        """Wait until data-status is one of these."""
        handle = self.root.element_handle()
        self.page.wait_for_function(
            "([root, names]) => names.includes(root.dataset.status)",
            arg=[handle, list(names)], timeout=READY_MS,
        )  # fmt: skip

    def client(self, x: float, y: float) -> tuple[float, float]:
        """Where an image position is in the window, by ``data-transform``."""
        point = self.stage.evaluate(CLIENT_POSITION, [x, y])
        return point[0], point[1]

    def show(self) -> None:
        """Scroll the stage into view, and wait until cells above it have stopped growing."""
        self.stage.scroll_into_view_if_needed()
        self.root.evaluate(STAND_STILL)

    def click(self, x: float, y: float, *, exclude: bool = False, settle: bool = True) -> None:
        """Click at an image position and wait for the answer."""
        self.show()
        before = self.revision
        self.page.mouse.click(*self.client(x, y), button="right" if exclude else "left")
        if settle:
            self.wait_ready(before)

    def drag(self, start: tuple[float, float], end: tuple[float, float]) -> None:
        """Drag between image positions and wait for the answer."""
        self.show()
        before = self.revision
        self.page.mouse.move(*self.client(*start))
        self.page.mouse.down()
        middle = ((start[0] + end[0]) / 2, (start[1] + end[1]) / 2)
        self.page.mouse.move(*self.client(*middle))
        self.page.mouse.move(*self.client(*end))
        self.page.mouse.up()
        self.wait_ready(before)

    def alpha_at(self, points: Sequence[tuple[float, float]]) -> list[int]:
        """The overlay's alpha at image positions; -1 where the position is out of view."""
        return self.root.evaluate(ALPHA_AT, points)


def in_python(widget: WidgetPage, expression: str) -> None:
    """Wait until something is true in the kernel."""
    widget.page.wait_for_function(
        """async (expression) => {
            const kernel = jupyterapp.shell.currentWidget.sessionContext.session.kernel;
            const future = kernel.requestExecute({
                code: "", store_history: false, user_expressions: {value: expression},
            });
            const {value} = (await future.done).content.user_expressions;
            return value.data?.["text/plain"] === "True";
        }""",
        arg=expression,
    )
