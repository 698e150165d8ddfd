"""One JupyterLab and one Chromium for all end-to-end tests."""

from __future__ import annotations

import re

import pytest
from lab import READY_MS, LabServer, Notebook, launch_chromium
from page_scripts import SHUT_DOWN
from playwright.sync_api import expect, sync_playwright

# Panels follow the answer, and machines may be slow.
expect.set_options(timeout=READY_MS)

VIEWPORT = {"width": 1200, "height": 900}


@pytest.fixture(scope="session")
def server(tmp_path_factory):
    started = LabServer.start(tmp_path_factory.mktemp("lab"))
    yield started
    started.stop()


@pytest.fixture(scope="session")
def playwright():
    """The one driver of a process: Playwright starts no second one beside it."""
    with sync_playwright() as started:
        yield started


@pytest.fixture(scope="session")
def browser(playwright):
    browser = launch_chromium(playwright)
    yield browser
    browser.close()


@pytest.fixture
def open_notebook(server, browser, request):
    """Return a function that opens a notebook with the given cells in a fresh browser context."""
    contexts = []

    def open_(*cells, scale=1.0, viewport=None, theme=None, at="doc/tree", **options):
        context = browser.new_context(
            viewport=viewport or VIEWPORT, device_scale_factor=scale, **options
        )
        contexts.append(context)
        name = re.sub(r"\W+", "_", request.node.name) + f"_{len(contexts)}.ipynb"
        server.write_notebook(name, cells)
        return Notebook.open(context, server, name, theme=theme, at=at)

    yield open_
    for context in contexts:
        for page in context.pages:
            page.evaluate(SHUT_DOWN)
        context.close()
