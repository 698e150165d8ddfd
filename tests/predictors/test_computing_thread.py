"""Scripts that end in the middle of a computation; the interpreter must end as they meant it to."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
import threading

import pytest
from PIL import Image

from sam_widget.predictors import ComputingThread, computing_thread

SCRIPTS = {
    "encoding": "w._worker.start()",
    "the next image is encoded ahead": """
        w.wait()
        while not w._worker._ahead.wish: time.sleep(0.01)
        time.sleep(0.6)
        """,
    "everything mode": "run = w.everything(points_per_side=64)",
    "everything mode decodes": """
        run = w.everything(points_per_side=64)
        while run.stage != "decoding": time.sleep(0.01)
        """,
    "a prediction": "w.wait(); w._worker.submit(lambda s: s.add_point(300, 200), computes=False)",
    "an error": "w._worker.start(); sys.excepthook = lambda *error: None; raise SystemExit(0)",
    "nothing": "w.wait()",
}


@pytest.fixture
def photos(tmp_path, coffee, cat):
    for name, pixels in (("a", coffee), ("b", cat), ("c", coffee[::-1])):
        Image.fromarray(pixels).save(tmp_path / f"{name}.png")
    return tmp_path


def end_of(script, model, photos, waited):
    """Run a script that waits a little before its end."""
    text = "import sys, time\nfrom sam_widget import SamWidget\n"
    text += f"w = SamWidget.from_folder({str(photos)!r}, model={model!r})\n"
    text += textwrap.dedent(script) + f"\ntime.sleep({waited})\n"
    return subprocess.run(
        [sys.executable, "-c", text], capture_output=True, text=True, timeout=300, check=False
    )


@pytest.mark.parametrize("doing", SCRIPTS)
@pytest.mark.parametrize("model", ["fake", "lite"])
def test_a_script_that_closes_nothing_ends_well(photos, model, doing):
    times = 3 if doing != "the next image is encoded ahead" or model == "fake" else 20
    for number in range(times):
        ended = end_of(SCRIPTS[doing], model, photos, 0.03 * number)
        assert (ended.returncode, ended.stderr) == (0, "")


def test_what_computes_is_stopped_and_waited_for_and_no_longer_than_patience(monkeypatch, caplog):
    going, asked, ended = threading.Event(), threading.Event(), threading.Event()

    def work():
        asked.wait(30)
        ended.set()

    thread = ComputingThread(work, asked.set, "test")
    thread.start()
    computing_thread._end_all()
    assert ended.is_set()
    assert not thread.is_alive()
    assert thread not in computing_thread._running

    monkeypatch.setattr(computing_thread, "PATIENCE", 0.01)
    stubborn = ComputingThread(lambda: going.wait(30), lambda: None, "test")
    stubborn.start()
    computing_thread._end_all()
    assert "still computes" in caplog.text
    going.set()
    stubborn.join(30)


def test_a_forked_child_waits_for_no_thread_of_its_parent():
    going = threading.Event()
    thread = ComputingThread(lambda: going.wait(60), going.set, "test")
    thread.start()
    child = os.fork()
    if child == 0:
        os._exit(len(computing_thread._running))
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    going.set()
    thread.join(30)
