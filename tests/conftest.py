"""Shared by all tests: photographs, and the rule that nothing is skipped."""

from __future__ import annotations

import os

import numpy as np
import pytest
import skimage.data
from hypothesis import settings

# No deadlines: the machine may be busy. In CI the same examples every time, elsewhere new ones.
settings.register_profile("here", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "here")


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


def pytest_sessionfinish(session):
    # A skipped test proves nothing, and an environment that skips is not the one to trust.
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if reporter is not None and reporter.stats.get("skipped"):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
