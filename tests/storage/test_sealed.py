from sam_widget.storage.sealed import read_sealed, write_sealed


def test_what_is_written_is_read(tmp_path):
    path = tmp_path / "new" / "file"
    assert read_sealed(path) is None
    for content in (b"some content", b""):
        assert write_sealed(path, content)
        assert read_sealed(path) == content
    assert [file.name for file in path.parent.iterdir()] == ["file"]


def test_damage_is_noticed(tmp_path):
    path = tmp_path / "file"
    write_sealed(path, b"some content")
    whole = path.read_bytes()
    for index in range(len(whole)):
        path.write_bytes(whole[:index] + bytes([whole[index] ^ 4]) + whole[index + 1 :])
        assert read_sealed(path) is None
        path.write_bytes(whole[:index])
        assert read_sealed(path) is None


def test_a_folder_that_cannot_be_written(tmp_path):
    (tmp_path / "folder").write_text("not a folder")
    assert not write_sealed(tmp_path / "folder" / "file", b"content")
    (tmp_path / "taken").mkdir()
    (tmp_path / "taken" / "inside").touch()
    assert not write_sealed(tmp_path / "taken", b"content")
    assert sorted(file.name for file in tmp_path.iterdir()) == ["folder", "taken"]
    assert read_sealed(tmp_path / "taken") is None
