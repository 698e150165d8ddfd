from __future__ import annotations

import json
import shutil

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sam_widget.session.series_state import FILE_NAME, SeriesState, StateFile


def test_what_is_written_is_read_again(tmp_path):
    state = SeriesState("b/ü \udcff.png", {"a.png": "done", "b/ü \udcff.png": "skipped"})
    file = StateFile(tmp_path)
    assert file.read() == SeriesState()
    file.write(state)
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
    file.write(SeriesState("a"))
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
        file.write(SeriesState(place))
    assert "in memory only" in file.problem
    assert len(caplog.records) == 1


def test_a_file_that_cannot_be_read_is_left_alone(tmp_path, caplog):
    (tmp_path / FILE_NAME).mkdir()
    file = StateFile(tmp_path)
    assert file.read() == SeriesState()
    file.write(SeriesState("a"))
    assert "cannot be read" in file.problem
    assert (tmp_path / FILE_NAME).is_dir()
    assert len(caplog.records) == 1


def test_the_old_file_stays_when_the_new_one_fails(tmp_path, monkeypatch, caplog):
    file = StateFile(tmp_path)
    file.write(SeriesState("a"))
    before = (tmp_path / FILE_NAME).read_bytes()
    assert json.loads(before)["place"] == "a"

    def full(_descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    file.write(SeriesState("b"))
    assert (tmp_path / FILE_NAME).read_bytes() == before
    assert [one.name for one in tmp_path.iterdir()] == [FILE_NAME]
    assert "No space left" in file.problem
    assert "No space left" in caplog.text
