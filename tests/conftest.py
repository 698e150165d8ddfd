"""Shared by all tests: photographs, what is done with them, the rule that nothing is skipped."""

from __future__ import annotations

import asyncio
import os

if "PYTEST_XDIST_WORKER" in os.environ:
    # As many processes as cores: threads of torch and NumPy would only stand in each other's way.
    os.environ.setdefault("OMP_NUM_THREADS", "1")

import comm
import numpy as np
import pytest
import skimage.data
from hypothesis import settings
from model_frames import FRAMES
from recording_comm import RecordingComm

from sam_widget import FakePredictor, Prediction, SamWidget, Session, load_image
from sam_widget.embeddings.cache import choose_cache

# No deadlines: the machine may be busy. In CI the same examples every time, elsewhere new ones.
settings.register_profile("here", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "here")


def pytest_collection_modifyitems(items):
    """Begin with the tests in a browser: they wait most, and others fill the pauses."""
    items.sort(key=lambda item: item.get_closest_marker("e2e") is None)


@pytest.fixture(autouse=True)
def no_loop_of_a_browser(request):
    """Hide Playwright's event loop from tests without a browser that come after others with one.

    It counts as running between its calls, and stands still: what is scheduled in it never comes.
    """
    loop = asyncio._get_running_loop()
    if loop is None or request.node.get_closest_marker("e2e") is not None:
        yield
        return
    asyncio._set_running_loop(None)
    yield
    asyncio._set_running_loop(loop)


@pytest.fixture(scope="session", autouse=True)
def cache_folder(tmp_path_factory):
    """Keep downloads, digests and graphs of the tests out of the user's cache folder."""
    folder = tmp_path_factory.mktemp("cache")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SAM_WIDGET_CACHE", str(folder))
        yield folder


@pytest.fixture(scope="session")
def coffee():
    """A photograph, uint8 (400, 600, 3)."""
    photo = skimage.data.coffee()
    photo.flags.writeable = False
    return photo


@pytest.fixture(scope="session")
def cat():
    """A photograph, uint8 (300, 451, 3)."""
    photo = np.ascontiguousarray(skimage.data.chelsea())
    photo.flags.writeable = False
    return photo


@pytest.fixture(autouse=True)
def nothing_cached(monkeypatch):
    """Each test encodes its own images: what the process shares is empty, and has no folder."""
    monkeypatch.delenv("SAM_WIDGET_EMBEDDINGS", raising=False)
    choose_cache().clear()


@pytest.fixture(scope="module", params=FRAMES)
def any_frame(request):
    """Give every fake predictor made in this module another frame, each in turn; its arguments."""
    init = FakePredictor.__init__
    with pytest.MonkeyPatch.context() as patch:
        changed = {**init.__kwdefaults__, **FRAMES[request.param]}
        patch.setattr(init, "__kwdefaults__", changed)
        yield FRAMES[request.param]


class Recorder:
    """A predictor that remembers what it was asked, and answers as the fake one."""

    def __init__(self):
        self.inner = FakePredictor()
        self.asked = []
        self.before_answer = lambda: None

    name = property(lambda self: self.inner.name)
    device = property(lambda self: self.inner.device)
    model_digest = property(lambda self: self.inner.model_digest)

    def encode(self, image):
        return self.inner.encode(image)

    def decode(self, embedding, prompts, multimask=None) -> Prediction:
        self.asked.append((prompts, multimask))
        self.before_answer()
        return self.inner.decode(embedding, prompts, multimask)


@pytest.fixture
def predictor():
    """A predictor that remembers what it was asked."""
    return Recorder()


@pytest.fixture
def session(coffee, predictor):
    """A session on a photograph, with a predictor that remembers."""
    return Session(load_image(coffee), predictor)


@pytest.fixture
def recording_comm(monkeypatch):
    """Widgets made from here on talk to a list."""
    monkeypatch.setattr(comm, "create_comm", RecordingComm)


@pytest.fixture
def widget(coffee, recording_comm):
    """A widget on a photograph."""
    with SamWidget(coffee, model="fake", labels=["cup"]) as made:
        yield made


def pytest_sessionfinish(session):
    # A skipped test proves nothing, and an environment that skips is not the one to trust.
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if reporter is not None and reporter.stats.get("skipped"):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
