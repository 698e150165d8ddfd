from __future__ import annotations

import errno
import json
import os
import shutil
import sys
import threading
from unittest.mock import Mock

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sam_widget.session.series_state import FILE_NAME, SeriesState, StateFile
from sam_widget.storage import LockedFile, locks


def test_what_is_written_is_read_again(tmp_path):
    state = SeriesState("b/ü \udcff.png", {"a.png": "done", "b/ü \udcff.png": "skipped"})
    file = StateFile(tmp_path)
    assert file.read() == SeriesState()
    assert file.change(state.place, state.statuses) == state
    assert StateFile(tmp_path).read() == state
    assert [one.name for one in tmp_path.iterdir()] == [FILE_NAME]
    assert file.problem == ""


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b"\xff\xfe",
        b'{"version": 2}',
        b'{"version": 1, "place": 3}',
        b'{"version": 1, "statuses": []}',
        b'{"version": 1, "statuses": {"a": "maybe"}}',
        b'{"version": 1, "statuses": {"a": ["done"]}}',
        b"[" * 100_000,
        b"1" * 10_000,
    ],
    ids=lambda content: content[:30].decode("latin-1"),
)
def test_a_damaged_file_is_put_aside_and_said(tmp_path, caplog, content):
    for number in (1, 2):
        (tmp_path / FILE_NAME).write_bytes(content)
        file = StateFile(tmp_path)
        assert file.read() == SeriesState()
        assert (tmp_path / f"{FILE_NAME}.damaged-{number}").read_bytes() == content
    assert "is damaged" in caplog.text
    file.change("a", {})
    assert StateFile(tmp_path).read().place == "a"


@given(st.binary(max_size=60) | st.text(max_size=60).map(str.encode))
def test_any_bytes_are_read_or_put_aside(tmp_path_factory, content):
    folder = tmp_path_factory.mktemp("state")
    (folder / FILE_NAME).write_bytes(content)
    assert isinstance(StateFile(folder).read(), SeriesState)
    shutil.rmtree(folder)


def test_where_nothing_can_be_written_it_is_said_once(tmp_path, caplog):
    folder = tmp_path / "gone"
    file = StateFile(folder)
    assert file.read() == SeriesState()
    for place in ("a", "b"):
        file.change(place, {})
    assert "in memory only" in file.problem
    assert len(caplog.records) == 1


def test_a_file_that_cannot_be_read_is_left_alone(tmp_path, caplog):
    (tmp_path / FILE_NAME).mkdir()
    file = StateFile(tmp_path)
    assert file.read() == SeriesState()
    file.change("a", {})
    assert "cannot be read" in file.problem
    assert (tmp_path / FILE_NAME).is_dir()
    assert len(caplog.records) == 1


def test_the_old_file_stays_when_the_new_one_fails(tmp_path, monkeypatch, caplog):
    file = StateFile(tmp_path)
    file.change("a", {})
    before = (tmp_path / FILE_NAME).read_bytes()
    assert json.loads(before)["place"] == "a"

    def full(_descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    file.change("b", {})
    assert (tmp_path / FILE_NAME).read_bytes() == before
    assert [one.name for one in tmp_path.iterdir()] == [FILE_NAME]
    assert "No space left" in file.problem
    assert "No space left" in caplog.text


def test_series_on_one_folder_keep_each_others_statuses(tmp_path):
    one, other = StateFile(tmp_path), StateFile(tmp_path)
    one.change("a", {"a": "done", "b": "skipped"})
    assert other.change(None, {"c": "done", "b": "todo"}).place == "a"
    one.change("b", {"a": "todo"})
    assert StateFile(tmp_path).read() == SeriesState("b", {"c": "done"})


def test_what_could_not_be_written_is_written_later(tmp_path, monkeypatch, caplog):
    file = StateFile(tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr("os.fsync", Mock(side_effect=OSError(errno.EIO, "Input/output error")))
        assert file.change("a", {"a": "done"}).statuses == {"a": "done"}
        assert file.change(None, {"b": "done", "c": "done"}).statuses.keys() == {"a", "b", "c"}
        assert "in memory only" in file.problem
    # What others did meanwhile is newer.
    StateFile(tmp_path).change(None, {"b": "skipped"})
    now = SeriesState("a", {"a": "done", "b": "skipped", "c": "todo"})
    assert file.change(None, {"c": "todo"}) == now
    assert file.problem == ""
    del now.statuses["c"]
    assert StateFile(tmp_path).read() == now
    assert "in memory only" in caplog.text


def test_a_file_that_cannot_be_read_for_a_moment_is_not_written_over(tmp_path, monkeypatch):
    file = StateFile(tmp_path)
    file.change("a", {"a": "done"})
    before = (tmp_path / FILE_NAME).read_bytes()
    with monkeypatch.context() as patch:
        patch.setattr(
            "pathlib.Path.open", Mock(side_effect=OSError(errno.EIO, "Input/output error"))
        )
        file.change("b", {"b": "done"})
        assert "Input/output error" in file.problem
    assert (tmp_path / FILE_NAME).read_bytes() == before
    assert file.change(None, {}) == SeriesState("b", {"a": "done", "b": "done"})


def test_whoever_writes_waits_for_another_that_does(tmp_path, monkeypatch):
    file = StateFile(tmp_path)
    lock = LockedFile(tmp_path / f"{FILE_NAME}.lock")
    monkeypatch.setattr(locks, "PATIENCE_SECONDS", 0.0)
    file.change("a", {"a": "done"})
    assert f"is locked by process {os.getpid()}" in file.problem or sys.platform != "linux"
    monkeypatch.setattr(locks, "PATIENCE_SECONDS", 60.0)
    waiting = threading.Thread(target=file.change, args=("a", {"a": "done"}))
    waiting.start()
    lock.close()
    waiting.join(60)
    assert file.read() == SeriesState("a", {"a": "done"})
    assert [one.name for one in tmp_path.iterdir()] == [FILE_NAME]


def test_without_a_lock_nothing_is_written_over(tmp_path, monkeypatch):
    file = StateFile(tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr("os.open", Mock(side_effect=OSError(errno.EROFS, "Read-only file system")))
        file.change("a", {"a": "done"})
    assert "Read-only file system" in file.problem
    StateFile(tmp_path).change(None, {"a": "skipped"})
    assert file.change(None, {}).statuses == {"a": "skipped"}
