"""Files that appear whole, or not at all."""

from __future__ import annotations

import errno
import os
import re
import stat

import pytest

from sam_widget.storage.atomic import TEMPORARY, replacing, write_atomically, write_new_file


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_nobody_sees_half_of_it(tmp_path):
    path = tmp_path / "a.json"
    write_atomically(path, b"old")
    with replacing(path) as file:
        file.write(b"ne")
        file.flush()
        assert path.read_bytes() == b"old"
        (temporary,) = set(names(tmp_path)) - {"a.json"}
        assert re.fullmatch(TEMPORARY, temporary)
        file.write(b"w")
    assert path.read_bytes() == b"new"
    assert names(tmp_path) == ["a.json"]


@pytest.mark.parametrize("durable", [True, False])
def test_what_was_there_stays_when_writing_fails(tmp_path, monkeypatch, durable):
    path = tmp_path / "a.json"
    write_atomically(path, b"old", durable=durable)

    def interrupted():
        with replacing(path, durable=durable) as file:
            file.write(b"new")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    synced = []

    def full(descriptor):
        synced.append(descriptor)
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    if durable:
        with pytest.raises(OSError, match="No space left"):
            write_atomically(path, b"new")
    else:
        write_atomically(path, b"old", durable=False)
    assert bool(synced) == durable
    assert path.read_bytes() == b"old"
    assert names(tmp_path) == ["a.json"]


def test_links_are_followed_and_permissions_stay(tmp_path):
    path, link = tmp_path / "a.json", tmp_path / "link.json"
    write_atomically(path, b"old")
    path.chmod(0o640)
    link.symlink_to(path)
    write_atomically(link, b"n", b"ew")
    assert link.is_symlink()
    assert path.read_bytes() == b"new"
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


def test_long_names_have_room(tmp_path):
    path = tmp_path / ("x" * 250)
    write_atomically(path, b"new")
    assert path.read_bytes() == b"new"
    with pytest.raises(FileNotFoundError):
        write_atomically(tmp_path / "none" / "a", b"new")


def test_a_new_file_replaces_none(tmp_path, monkeypatch):
    path = tmp_path / "copy"
    write_new_file(path, b"content")
    assert path.read_bytes() == b"content"
    with pytest.raises(FileExistsError):
        write_new_file(path, b"other")
    assert path.read_bytes() == b"content"

    def full(descriptor):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        write_new_file(tmp_path / "second", b"content")
    assert names(tmp_path) == ["copy"]
