"""Without a browser its tests fail, and say what to install. No browser is needed here."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from engines.webkit import require_webkit
from engines.with_playwright import firefox_path
from lab import chromium_path

SCRIPT = Path(__file__).parents[2] / "scripts" / "browsers.sh"


@pytest.fixture
def nothing_installed(monkeypatch, tmp_path):
    """Leave no program to be found, and neither apt-get nor sudo."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CHROMIUM", raising=False)
    monkeypatch.delenv("FIREFOX", raising=False)


@pytest.mark.parametrize(
    ("find", "name"),
    [(chromium_path, "Chromium"), (firefox_path, "Firefox"), (require_webkit, "WebKit")],
)
def test_a_missing_browser_says_how_to_install_it(find, name, nothing_installed):
    with pytest.raises(RuntimeError, match=rf"^{name} is missing: run `sh scripts/browsers\.sh"):
        find()


def test_the_script_names_the_packages_that_it_cannot_install(nothing_installed):
    command = ["/bin/sh", SCRIPT, "chromium", "firefox", "webkit"]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert done.returncode == 1
    packages = done.stderr.splitlines()[-1].split(": ")[-1].split()
    assert packages == [
        *("chromium", "firefox-esr", "webkit2gtk-driver"),
        *("xvfb", "xdotool", "matchbox-window-manager"),
    ]


def test_the_script_is_content_with_programs_that_are_named(nothing_installed, monkeypatch):
    monkeypatch.setenv("CHROMIUM", "/bin/sh")
    monkeypatch.setenv("FIREFOX", "/bin/sh")
    command = ["/bin/sh", SCRIPT, "chromium", "firefox"]
    done = subprocess.run(command, check=False, capture_output=True)
    assert (done.returncode, done.stderr) == (0, b"")
