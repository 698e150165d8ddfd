from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from sam_widget.errors import ImageError
from sam_widget.images.thumbnails import THUMBNAIL_SIDE, encode_thumbnail


def decoded(thumbnail):
    image = Image.open(io.BytesIO(thumbnail.data))
    assert (image.width, image.height) == (thumbnail.width, thumbnail.height)
    assert thumbnail.mime == "image/jpeg"
    return np.asarray(image.convert("RGB")).astype(int)


@pytest.fixture
def halves():
    """Left half red, right half blue; uint8 (300, 900, 3)."""
    pixels = np.zeros((300, 900, 3), np.uint8)
    pixels[:, :450, 0] = 255
    pixels[:, 450:, 2] = 255
    return pixels


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".webp"])
def test_files_keep_their_proportions_and_stay_small(tmp_path, halves, suffix):
    path = tmp_path / f"a{suffix}"
    Image.fromarray(halves).save(path)
    thumbnail = encode_thumbnail(path)
    pixels = decoded(thumbnail)
    assert pixels.shape[1] == THUMBNAIL_SIDE
    assert pixels.shape[0] == pytest.approx(THUMBNAIL_SIDE / 3, abs=1)
    assert pixels[20, 20, 0] > 200
    assert pixels[20, 20, 2] < 60
    assert pixels[20, -20, 2] > 200
    assert pixels[20, -20, 0] < 60
    assert len(thumbnail.data) < 20_000


def test_exif_turns_them(tmp_path, halves):
    exif = Image.Exif()
    exif[0x0112] = 6  # a quarter turn clockwise
    Image.fromarray(halves).save(tmp_path / "a.jpg", exif=exif)
    pixels = decoded(encode_thumbnail(tmp_path / "a.jpg"))
    assert pixels.shape[0] == THUMBNAIL_SIDE > pixels.shape[1]
    assert pixels[10, 20, 0] > 200  # the left half is above
    assert pixels[-10, 20, 2] > 200


def test_deep_and_transparent_ones_look_as_in_the_widget(tmp_path):
    deep = np.linspace(1000, 3000, 64 * 64).reshape(64, 64).astype(np.uint16)
    Image.fromarray(deep).save(tmp_path / "deep.png")
    pixels = decoded(encode_thumbnail(tmp_path / "deep.png"))
    assert pixels[0].mean() < 40
    assert pixels[-1].mean() > 215
    clear = np.zeros((50, 50, 4), np.uint8)
    Image.fromarray(clear).save(tmp_path / "clear.png")
    assert decoded(encode_thumbnail(tmp_path / "clear.png")).min() > 250


def test_values_in_memory_work_as_files_do(halves):
    for source in (halves, Image.fromarray(halves), halves > 0):
        assert decoded(encode_thumbnail(source)).shape[1] == THUMBNAIL_SIDE


def test_what_cannot_be_read_says_why(tmp_path):
    (tmp_path / "a.png").write_bytes(b"no image")
    with pytest.raises(ImageError, match="is not an image"):
        encode_thumbnail(tmp_path / "a.png")
    with pytest.raises(ImageError, match="there is no file"):
        encode_thumbnail(tmp_path / "b.png")
