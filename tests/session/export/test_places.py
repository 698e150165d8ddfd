from __future__ import annotations

import json

import pytest

from sam_widget.session.export.places import RECORD, WrittenFiles


def choose(folder):
    return WrittenFiles(folder).choose(lambda addition: [folder / f"a{addition}.txt"])


def test_names_are_free_or_ours(tmp_path):
    assert choose(tmp_path) == ""
    (tmp_path / "a.txt").write_text("x")
    assert choose(tmp_path) == "-2"
    WrittenFiles(tmp_path).remember([tmp_path / "a.txt"])
    assert choose(tmp_path) == ""
    (tmp_path / "a.txt").write_text("changed")
    (tmp_path / "a-2.txt").write_text("x")
    assert choose(tmp_path) == "-3"
    (tmp_path / "a.txt").unlink()
    assert choose(tmp_path) == ""


def test_a_folder_or_a_dangling_link_of_that_name_is_not_ours(tmp_path):
    (tmp_path / "a.txt").mkdir()
    (tmp_path / "a-2.txt").symlink_to(tmp_path / "nowhere")
    assert choose(tmp_path) == "-3"


@pytest.mark.parametrize(
    "content", [b"", b"[]", b"{}", b"\xff", b'{"version": 2}', b'{"version": 1, "files": []}']
)
def test_a_damaged_record_knows_nothing(tmp_path, content):
    (tmp_path / "a.txt").write_text("x")
    WrittenFiles(tmp_path).remember([tmp_path / "a.txt"])
    (tmp_path / RECORD).write_bytes(content)
    assert choose(tmp_path) == "-2"


def test_where_the_record_cannot_be_kept_nothing_fails(tmp_path):
    (tmp_path / "a.txt").write_text("x")
    (tmp_path / RECORD).mkdir()
    written = WrittenFiles(tmp_path)
    written.remember([tmp_path / "a.txt", tmp_path / "gone.txt"])
    assert choose(tmp_path) == "-2"


def test_names_of_files_below_are_kept(tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "a.txt").write_text("x")
    WrittenFiles(tmp_path).remember([tmp_path / "out" / "a.txt"])
    assert list(json.loads((tmp_path / RECORD).read_text())["files"]) == ["out/a.txt"]
