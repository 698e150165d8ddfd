from __future__ import annotations

import pytest
from PIL import Image

from sam_widget.errors import ImageError
from sam_widget.images.folders import image_files, natural_key


@pytest.mark.parametrize(
    "names",
    [
        ["a1", "a2", "a10", "b1"],
        ["frame 9.png", "frame 10.png", "Frame 11.png"],
        ["1", "1a", "02", "3"],
        ["IMG", "img", "img1"],
        ["a", "b3", "b²"],
    ],
)
def test_names_are_ordered_as_people_count(names):
    assert sorted(names, key=natural_key) == names


def test_images_of_a_folder_in_natural_order(tmp_path):
    for name in ("10.png", "9.png", ".hidden.png", "notes.txt", "sub/1.jpg", ".thumbs/2.png"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        Image.new("RGB", (2, 2)).save(tmp_path / name, "PNG")

    def names(*pattern):
        return [one.relative_to(tmp_path).as_posix() for one in image_files(tmp_path, *pattern)]

    assert names() == ["9.png", "10.png"]
    assert names("1*") == ["10.png"]
    assert names("**/*") == ["9.png", "10.png", "sub/1.jpg"]


@pytest.mark.parametrize("pattern", ["", "/abs/*", "*.tiff", "../**"])
def test_patterns_that_find_nothing_say_so(tmp_path, pattern):
    Image.new("RGB", (2, 2)).save(tmp_path / "a.png")
    with pytest.raises(ImageError, match=r"pattern|no image"):
        image_files(tmp_path, pattern)


def test_what_is_no_folder_says_so(tmp_path):
    with pytest.raises(ImageError, match="no folder"):
        image_files(tmp_path / "missing")
