"""Every kind of input to RGB, what is refused and how, and what the page is sent."""

import hashlib
import io
import subprocess
import sys
import textwrap
import warnings

import numpy as np
import pytest
from PIL import Image, ImageOps

from sam_widget.errors import ImageError
from sam_widget.images.encoding import encode_preview, encode_tile
from sam_widget.images.image import MAX_PIXELS, RgbImage, load_image

RNG = np.random.default_rng(0)
RGB = RNG.integers(0, 256, (7, 5, 3), dtype=np.uint8)
GREY = RGB[..., 0]
ORIENTATION = 0x0112


def file_of(image, kind="PNG", **options):
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def gradient(height, width):
    y, x = np.mgrid[:height, :width]
    return np.stack([x * 255 // width, y * 255 // height, (x + y) % 256], axis=-1).astype(np.uint8)


# What an image is, once loaded


def test_an_image_is_read_only_rgb():
    image = load_image(RGB)
    assert (image.height, image.width, image.note, image.path) == (7, 5, "", None)
    assert image.pixels.dtype == np.uint8
    assert image.pixels.flags.c_contiguous
    with pytest.raises(ValueError, match="read-only"):
        image.pixels[0, 0, 0] = 1
    np.testing.assert_array_equal(image.pixels, RGB)


def test_an_image_passes_through():
    image = load_image(RGB)
    assert load_image(image) is image


def test_the_array_given_is_neither_modified_nor_shared():
    for array in (RGB.copy(), GREY.copy(), RNG.random((4, 4, 4)), GREY.astype(np.uint16)):
        before = array.copy()
        image = load_image(array)
        pixels = image.pixels.copy()
        np.testing.assert_array_equal(array, before)
        assert array.flags.writeable
        array[...] = 0
        np.testing.assert_array_equal(image.pixels, pixels)


def test_a_read_only_view_of_a_writable_array_is_copied():
    array = RGB.copy()
    view = array.view()
    view.setflags(write=False)
    image = load_image(view)
    array[...] = 0
    np.testing.assert_array_equal(image.pixels, RGB)


def test_pixels_nobody_can_write_to_are_shared():
    pixels = np.frombuffer(RGB.tobytes(), dtype=np.uint8).reshape(RGB.shape)
    assert load_image(pixels).pixels is pixels


def test_the_digest_is_of_size_and_pixels():
    image = load_image(RGB)
    assert image.digest == hashlib.sha256(b"7x5" + RGB.tobytes()).hexdigest()
    assert image.digest == load_image(file_of(Image.fromarray(RGB))).digest
    assert image.digest != load_image(RGB.reshape(5, 7, 3)).digest


@pytest.mark.parametrize("pixels", [GREY, RGB.astype(float), RGB[:0], RGB[..., :2]])
def test_an_image_of_other_pixels(pixels):
    with pytest.raises(ImageError):
        RgbImage(pixels)


# Arrays


@pytest.mark.parametrize("array", [GREY, GREY[..., None], GREY[::-1, ::-1]])
def test_grey_arrays(array):
    expected = np.repeat(array.reshape(7, 5, 1), 3, axis=2)
    image = load_image(array)
    np.testing.assert_array_equal(image.pixels, expected)
    assert image.note == ""


@pytest.mark.parametrize("array", [RGB[::-1], RGB[:, ::2], np.asfortranarray(RGB)])
def test_strided_arrays(array):
    np.testing.assert_array_equal(load_image(array).pixels, array)


def test_alpha_is_composited_on_white():
    array = np.zeros((1, 3, 4), dtype=np.uint8)
    array[..., 0] = 200
    array[0, :, 3] = [0, 128, 255]
    image = load_image(array)
    assert image.pixels.tolist() == [[[255, 255, 255], [227, 127, 127], [200, 0, 0]]]
    assert image.note == "alpha composited on white"
    opaque = np.dstack([RGB, np.full((7, 5), 255, dtype=np.uint8)])
    assert load_image(opaque).note == ""
    np.testing.assert_array_equal(load_image(opaque).pixels, RGB)


def test_alpha_of_other_dtypes():
    white = [[[255, 255, 255]]]
    assert load_image(np.zeros((1, 1, 4))).pixels.tolist() == white
    half = np.array([[[0, 0, 0, 0.5]]])
    assert load_image(half).pixels.tolist() == [[[128, 128, 128]]]
    assert load_image(half * 200, value_range=(0, 200)).pixels.tolist() == [[[128, 128, 128]]]
    deep = np.array([[[0, 500, 1000, 65535], [0, 500, 1000, 0]]], dtype=np.uint16)
    image = load_image(deep)
    assert image.pixels.tolist() == [[[0, 128, 255], [255, 255, 255]]]
    assert image.note == "16-bit: scaled by its own range 0-1000; alpha composited on white"


@pytest.mark.parametrize("dtype", [np.uint16, ">u2"])
def test_16_bit_is_scaled_by_its_own_range(dtype):
    array = np.array([[300, 41200, 20750]], dtype=dtype)
    image = load_image(array)
    assert image.pixels[..., 0].tolist() == [[0, 255, 128]]
    assert image.note == "16-bit: scaled by its own range 300-41200"


def test_16_bit_with_a_value_range():
    array = np.array([[0, 100, 150, 200, 65535]], dtype=np.uint16)
    image = load_image(array, value_range=(100, 200))
    assert image.pixels[..., 0].tolist() == [[0, 0, 128, 255, 255]]
    assert image.note == "value range 100-200 scaled to 0-255"


@pytest.mark.parametrize("value", [0, 500, 65535])
def test_16_bit_of_one_value(value):
    image = load_image(np.full((2, 2), value, dtype=np.uint16))
    assert not image.pixels.any()
    assert image.note == f"16-bit: constant value {value}, shown as black"


def test_8_bit_with_a_value_range():
    image = load_image(np.array([[0, 50, 100, 255]], dtype=np.uint8), value_range=(0, 100))
    assert image.pixels[..., 1].tolist() == [[0, 128, 255, 255]]


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, ">f4"])
def test_floats_from_0_to_1(dtype):
    image = load_image(np.array([[0, 0.25, 1]], dtype=dtype))
    assert image.pixels[..., 2].tolist() == [[0, 64, 255]]
    assert image.note == ""


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_floats_with_a_value_range(dtype):
    image = load_image(np.array([[-9, -1, 0, 1, 9]], dtype=dtype), value_range=(-1, 1))
    assert image.pixels[..., 0].tolist() == [[0, 0, 128, 255, 255]]
    assert image.note == "value range -1-1 scaled to 0-255"


def test_extreme_floats():
    array = np.array([[-1.7e308, 0, 1.7e308]])
    assert load_image(array, value_range=(-1, 1)).pixels[..., 0].tolist() == [[0, 128, 255]]
    assert load_image(array, value_range=(-8e307, 8e307)).pixels[..., 0].tolist() == [[0, 128, 255]]
    image = load_image(np.array([[0, 1.0]]), value_range=(0, 5e-324))
    assert image.pixels[..., 0].tolist() == [[0, 255]]


@pytest.mark.parametrize("value_range", [None, (0, 1)])
def test_nan_is_refused_with_its_count(value_range):
    array = np.zeros((4, 4), dtype=np.float32)
    array[0, :3] = np.nan, np.inf, -np.inf
    with pytest.raises(ImageError, match="got 3 that are NaN or infinite"):
        load_image(array, value_range=value_range)


@pytest.mark.parametrize("values", [[0, 255], [-0.01, 1], [0.5, 1.001]])
def test_floats_beyond_0_to_1_are_refused(values):
    with pytest.raises(ImageError, match=r"in \[0, 1\], got .* to .*value_range=\(lo, hi\)"):
        load_image(np.array([values], dtype=np.float32))


@pytest.mark.parametrize(
    "value_range", [(1, 0), (1, 1), (0, np.nan), (0, np.inf), (0,), (0, 1, 2), 5, ("a", "b")]
)
@pytest.mark.parametrize("array", [RGB, RGB.astype(np.uint16), RGB / 255])
def test_malformed_value_ranges(array, value_range):
    with pytest.raises(ImageError, match="value_range must be two finite numbers"):
        load_image(array, value_range=value_range)


def test_bool_arrays_are_black_and_white():
    image = load_image(np.array([[True, False]]))
    assert image.pixels[..., 0].tolist() == [[255, 0]]
    assert image.note == "bool: shown as black and white"


@pytest.mark.parametrize("dtype", [np.int8, np.int16, np.int64, np.uint32, complex, object, "U1"])
def test_other_dtypes_are_refused_with_advice(dtype):
    with pytest.raises(ImageError, match=r"dtype uint8, .*astype\(np.uint8\)"):
        load_image(np.ones((4, 4)).astype(dtype))


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_channels_first_is_refused_with_advice(channels):
    with pytest.raises(ImageError, match=r"image\.transpose\(1, 2, 0\)"):
        load_image(np.zeros((channels, 20, 30), dtype=np.uint8))


def test_tensors_are_arrays():
    import torch

    image = load_image(torch.from_numpy(RGB.copy()))
    np.testing.assert_array_equal(image.pixels, RGB)
    with pytest.raises(ImageError, match="transpose"):
        load_image(torch.zeros(3, 20, 30))
    with pytest.raises(ImageError, match="cannot be turned into a NumPy array"):
        load_image(torch.zeros(20, 30, requires_grad=True))


@pytest.mark.parametrize(
    ("shape", "message"),
    [
        ((20, 30, 2), "expected 1, 3 or 4 channels"),
        ((20, 30, 7), "expected 1, 3 or 4 channels"),
        ((2, 20, 30, 3), r"stack of images.*image\[0\]"),
        ((30,), "expected an image of shape"),
        ((), "expected an image of shape"),
        ((0, 5, 3), "at least one pixel"),
        ((5, 5, 0), "at least one pixel"),
    ],
)
def test_other_shapes(shape, message):
    with pytest.raises(ImageError, match=message):
        load_image(np.zeros(shape, dtype=np.uint8))


def test_one_pixel_is_an_image():
    assert load_image(np.zeros((1, 1), dtype=np.uint8)).pixels.shape == (1, 1, 3)


def test_too_many_pixels():
    huge = np.broadcast_to(np.uint8(0), (2**14, 2**13 + 1, 3))
    with pytest.raises(ImageError, match=f"1 to {MAX_PIXELS} pixels"):
        load_image(huge)


# Files, bytes and Pillow images


@pytest.mark.parametrize("suffix", ["png", "tif", "bmp", "webp", "ppm"])
def test_paths(tmp_path, suffix):
    path = tmp_path / f"photo.{suffix}"
    Image.fromarray(RGB).save(path, **({"lossless": True} if suffix == "webp" else {}))
    for source in (path, str(path)):
        image = load_image(source)
        np.testing.assert_array_equal(image.pixels, RGB)
        assert image.path == path
        assert image.note == ""


def test_home_in_paths(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    Image.fromarray(RGB).save(tmp_path / "photo.png")
    assert load_image("~/photo.png").path == tmp_path / "photo.png"


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
def test_bytes(kind):
    image = load_image(kind(file_of(Image.fromarray(RGB))))
    np.testing.assert_array_equal(image.pixels, RGB)
    assert image.path is None


def test_jpeg():
    pixels = gradient(64, 96)
    data = file_of(Image.fromarray(pixels), "JPEG", quality=95)
    np.testing.assert_array_equal(load_image(data).pixels, np.asarray(Image.open(io.BytesIO(data))))


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB", "CMYK", "YCbCr", "HSV", "LAB", "RGBX"])
def test_opaque_pillow_modes(mode):
    source = Image.fromarray(gradient(60, 40)).convert(mode)
    image = load_image(source)
    np.testing.assert_array_equal(image.pixels, np.asarray(source.convert("RGB")))
    assert image.note == ""
    assert source.mode == mode


@pytest.mark.parametrize("mode", ["LA", "La", "PA", "RGBA", "RGBa"])
def test_pillow_modes_with_alpha(mode):
    colours = Image.fromarray(gradient(60, 40)).convert("RGBA")
    colours.putalpha(Image.linear_gradient("L").resize((40, 60)))
    source = {"La": colours.convert("LA"), "PA": colours.convert("P")}.get(mode, colours)
    source = source.convert(mode)
    straight = (source.convert("LA") if mode == "La" else source).convert("RGBA")
    white = Image.new("RGBA", straight.size, "white")
    expected = np.asarray(Image.alpha_composite(white, straight).convert("RGB")).astype(int)
    image = load_image(source)
    assert np.abs(image.pixels - expected).max() <= 1
    assert image.note == "alpha composited on white"


@pytest.mark.parametrize("transparency", [0, bytes([0, 128])])
def test_palette_with_transparency(transparency):
    source = Image.new("P", (3, 2), 0)
    source.putpalette([10, 20, 30, 40, 50, 60])
    source.putpixel((0, 0), 1)
    image = load_image(file_of(source, transparency=transparency))
    expected = [40, 50, 60] if transparency == 0 else [147, 152, 157]
    assert image.pixels[0, 0].tolist() == expected
    assert image.pixels[1, 1].tolist() == [255, 255, 255]
    assert image.note == "alpha composited on white"


def test_transparent_colour_of_grey_and_rgb():
    grey = load_image(file_of(Image.new("L", (2, 2), 7), transparency=7))
    assert (grey.pixels == 255).all()
    colour = load_image(file_of(Image.new("RGB", (2, 2), (7, 8, 9)), transparency=(7, 8, 9)))
    assert (colour.pixels == 255).all()


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_16_bit_grey_files(kind):
    values = np.array([[300, 41200, 20750]], dtype=np.uint16)
    image = load_image(file_of(Image.fromarray(values), kind))
    assert image.pixels[..., 0].tolist() == [[0, 255, 128]]
    assert image.note == "16-bit: scaled by its own range 300-41200"


def test_16_bit_big_endian_pillow_image():
    image = Image.frombytes("I;16B", (3, 1), np.array([300, 41200, 20750], dtype=">u2").tobytes())
    assert load_image(image).pixels[..., 0].tolist() == [[0, 255, 128]]


def test_16_bit_rgb_file_declares_its_rule():
    import cv2

    values = np.array([[[0x1234, 0xABCD, 0xFF00]]], dtype=np.uint16)
    image = load_image(cv2.imencode(".png", values)[1].tobytes())
    assert image.pixels.tolist() == [[[0xFF, 0xAB, 0x12]]]
    assert image.note == "16-bit: high bytes shown"


def test_32_bit_integer_pillow_images():
    values = np.array([[300, 41200]], dtype=np.int32)
    image = load_image(Image.fromarray(values))
    assert image.pixels[..., 0].tolist() == [[0, 255]]
    assert image.note == "16-bit: scaled by its own range 300-41200"
    with pytest.raises(ImageError, match="32-bit values from -1 to 5"):
        load_image(Image.fromarray(np.array([[-1, 5]], dtype=np.int32)))


def test_float_pillow_images():
    source = Image.fromarray(np.array([[0, 0.5, 1]], dtype=np.float32))
    assert load_image(file_of(source, "TIFF")).pixels[..., 0].tolist() == [[0, 128, 255]]
    bright = Image.fromarray(np.array([[0, 300]], dtype=np.float32))
    with pytest.raises(ImageError, match="got 0 to 300"):
        load_image(bright)
    assert load_image(bright, value_range=(0, 300)).pixels[..., 0].tolist() == [[0, 255]]


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["PNG", "JPEG", "TIFF", "WEBP", "memory"])
def test_exif_orientation(orientation, kind, monkeypatch):
    # Several bands, so that each is put in its place.
    monkeypatch.setattr("sam_widget.images.conversion._BAND_PIXELS", 400)
    source = Image.fromarray(gradient(60, 40))
    source.getexif()[ORIENTATION] = orientation
    if kind == "memory":
        given = source
        expected = ImageOps.exif_transpose(source)
    else:
        given = file_of(source, kind, exif=source.getexif())
        expected = ImageOps.exif_transpose(Image.open(io.BytesIO(given)))
    image = load_image(given)
    np.testing.assert_array_equal(image.pixels, np.asarray(expected))
    assert image.pixels.shape == ((40, 60, 3) if orientation >= 5 else (60, 40, 3))
    assert image.pixels.flags.c_contiguous
    if orientation > 1 and kind != "TIFF":  # Pillow turns a TIFF itself
        assert image.note == f"EXIF orientation {orientation} applied"
    else:
        assert image.note == ""


@pytest.mark.parametrize("value", [0, 9, 77, "6"])
def test_nonsense_orientation_is_ignored(value):
    source = Image.fromarray(RGB)
    source.getexif()[ORIENTATION] = value
    np.testing.assert_array_equal(load_image(source).pixels, RGB)


def test_damaged_exif_is_ignored():
    data = file_of(Image.fromarray(gradient(16, 16)), "JPEG", exif=b"Exif\0\0II*\0\xff\xff\xff\xff")
    assert load_image(data).pixels.shape == (16, 16, 3)


@pytest.mark.parametrize("kind", ["TIFF", "GIF", "PNG"])
def test_first_frame(kind):
    frames = [Image.new("RGB", (6, 4), colour) for colour in ("red", "lime", "blue")]
    data = file_of(frames[0], kind, save_all=True, append_images=frames[1:])
    image = load_image(data)
    assert image.pixels[0, 0].tolist() == [255, 0, 0]
    assert image.note == "frame 1 of 3"


def test_the_frame_a_pillow_image_is_at():
    frames = [Image.new("L", (6, 4), value) for value in (10, 20, 30)]
    data = file_of(frames[0], "TIFF", save_all=True, append_images=frames[1:])
    with Image.open(io.BytesIO(data)) as source:
        source.seek(2)
        image = load_image(source)
        assert image.note == "frame 3 of 3"
        assert image.pixels[0, 0, 0] == 30
        assert source.tell() == 2


def test_bands_make_no_difference(monkeypatch):
    sources = [
        RNG.integers(0, 65536, (50, 30, 4), dtype=np.uint16),
        RNG.random((50, 30, 4)),
        Image.fromarray(gradient(50, 30)).convert("P"),
    ]
    whole = [load_image(source) for source in sources]
    monkeypatch.setattr("sam_widget.images.conversion._BAND_PIXELS", 100)
    for source, expected in zip(sources, whole, strict=True):
        image = load_image(source)
        np.testing.assert_array_equal(image.pixels, expected.pixels)
        assert image.note == expected.note


# Refused, with advice


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:9/cat.jpg",
        "HTTPS://127.0.0.1:9/cat.jpg",
        "s3://bucket/cat.jpg",
        "gs://bucket/cat.jpg",
        "file:///no/cat.jpg",
        "memory://no/cat.jpg",
        "nonsense://cat.jpg",
    ],
)
def test_urls_that_cannot_be_fetched(url, monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    with pytest.raises(ImageError, match=r"cat\.jpg' cannot be opened|fsspec cannot open '.*pip"):
        load_image(url)
    monkeypatch.setitem(sys.modules, "fsspec", None)
    with pytest.raises(ImageError, match=r"URL .*Download it first.*pip install fsspec"):
        load_image(url)


def test_data_urls():
    with pytest.raises(ImageError, match=r"a data: URL is no file\. Pass the decoded bytes"):
        load_image("data:image/png;base64,AAAA")


@pytest.mark.parametrize("source", [[RGB], [RGB, RGB], (RGB,), ["a.png"], [], [[0, 1], [2, 3]]])
def test_lists(source):
    with pytest.raises(ImageError, match="expected one image, got a"):
        load_image(source)


@pytest.mark.parametrize("source", [None, 5, {"a": 1}, object(), open])
def test_other_objects(source):
    with pytest.raises(ImageError, match="expected a path, bytes, a PIL image or a NumPy array"):
        load_image(source)


def test_missing_file(tmp_path):
    with pytest.raises(ImageError, match=r"no file .*none\.png"):
        load_image(tmp_path / "none.png")


def test_folder(tmp_path):
    with pytest.raises(ImageError, match="got the folder"):
        load_image(tmp_path)


@pytest.mark.parametrize("name", ["", "a\0b.png", "x" * 5000, "~nobody-of-this-name/a.png"])
def test_impossible_paths(name):
    with pytest.raises(ImageError):
        load_image(name)


def test_numpy_file(tmp_path):
    np.save(tmp_path / "a.npy", RGB)
    with pytest.raises(ImageError, match=r"np\.load"):
        load_image(tmp_path / "a.npy")


@pytest.mark.parametrize("content", [b"%PDF-1.7", bytes(99)])
def test_not_an_image(tmp_path, content):
    path = tmp_path / "photo.jpg"
    path.write_bytes(content)
    with pytest.raises(ImageError, match=r"photo\.jpg is not an image"):
        load_image(path)
    with pytest.raises(ImageError, match=f"{len(content)} bytes is not an image"):
        load_image(content)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "TIFF", "WEBP", "BMP", "GIF"])
@pytest.mark.parametrize("share", [0.5, 0.9])
def test_truncated_files(tmp_path, kind, share):
    noise = Image.fromarray(RNG.integers(0, 256, (64, 64, 3), dtype=np.uint8))
    data = file_of(noise, kind)
    path = tmp_path / "photo"
    path.write_bytes(data[: int(len(data) * share)])
    with pytest.raises(ImageError, match="photo is"):
        load_image(path)


def test_a_closed_pillow_image(tmp_path):
    Image.fromarray(RGB).save(tmp_path / "photo.png")
    with Image.open(tmp_path / "photo.png") as source:
        pass
    with pytest.raises(ImageError, match="the PIL image is damaged or cut short"):
        load_image(source)


@pytest.mark.parametrize("side", [12_000, 14_000, 60_000])
def test_the_header_is_checked_before_decoding(side):
    data = bytearray(file_of(Image.new("L", (8, 8)), "BMP"))
    data[18:26] = np.array([side, side], dtype="<i4").tobytes()
    with pytest.raises(ImageError, match=f"{MAX_PIXELS} pixels"):
        load_image(bytes(data))


def test_large_images_do_not_warn():
    # Above the size at which Pillow warns; warnings are errors here.
    data = file_of(Image.new("1", (10_000, 9_000)), "PNG")
    filters = list(warnings.filters)
    assert load_image(data).pixels.shape == (9_000, 10_000, 3)
    assert warnings.filters == filters


# What the page is sent


def decoded(encoded):
    image = Image.open(io.BytesIO(encoded.data))
    assert Image.MIME[image.format] == encoded.mime
    assert image.size == (encoded.width, encoded.height)
    return np.asarray(image)


def test_small_previews_are_lossless():
    preview = encode_preview(load_image(gradient(512, 512)))
    assert preview.mime == "image/png"
    np.testing.assert_array_equal(decoded(preview), gradient(512, 512))


def test_large_previews_are_jpeg():
    pixels = gradient(513, 512)
    preview = encode_preview(load_image(pixels))
    assert preview.mime == "image/jpeg"
    assert np.abs(decoded(preview).astype(int) - pixels)[..., :2].mean() < 2


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        ((3000, 4500), (1365, 2048)),
        ((2048, 100), (2048, 100)),
        ((2049, 100), (2048, 100)),
        ((1, 9000), (1, 2048)),
        ((8192, 4096), (2048, 1024)),
    ],
)
def test_preview_size(size, expected):
    preview = encode_preview(load_image(gradient(*size)))
    assert (preview.height, preview.width) == expected
    decoded(preview)


@pytest.mark.parametrize("max_side", [50, 64, 77, 200, 333, 400])
def test_previews_keep_positions(max_side):
    y, x = np.mgrid[:300, :400]
    pixels = np.stack([x * 255 / 400, y * 255 / 300, 0 * x], axis=-1).astype(np.uint8)
    preview = decoded(encode_preview(load_image(pixels), max_side))
    height, width = preview.shape[:2]
    centre_x = (np.arange(width) + 0.5) / width * 255
    centre_y = (np.arange(height) + 0.5) / height * 255
    assert np.abs(preview[..., 0] - centre_x).max() < 4
    assert np.abs(preview[..., 1] - centre_y[:, None]).max() < 4


@pytest.mark.parametrize("level", [0, 1, 2])
def test_tiles_cover_the_image(level):
    pixels = gradient(300, 500)
    image = load_image(pixels)
    span = 64 << level
    for row in range(-(-300 // span)):
        for column in range(-(-500 // span)):
            tile = encode_tile(image, level, column, row, size=64)
            part = pixels[row * span : (row + 1) * span, column * span : (column + 1) * span]
            height, width = (-(-side // 2**level) for side in part.shape[:2])
            assert (tile.height, tile.width) == (height, width)
            assert tile.mime == "image/jpeg"
            expected = np.asarray(Image.fromarray(part.copy()).reduce(2**level)).astype(int)
            assert np.abs(decoded(tile) - expected)[..., :2].mean() < 3


def test_reducing_in_bands_makes_no_difference():
    pixels = RNG.integers(0, 256, (4100, 2050, 3), dtype=np.uint8)
    tile = encode_tile(load_image(pixels), 5, 0, 0)
    expected = file_of(Image.fromarray(pixels).reduce(32), "JPEG", quality=90, subsampling=0)
    assert tile.data == expected


@pytest.mark.parametrize(
    ("level", "column", "row", "size", "message"),
    [
        (0, 8, 0, 64, r"8 column\(s\) and 5 row\(s\) of tiles, got column 8"),
        (0, 0, 5, 64, "got column 0, row 5"),
        (0, -1, 0, 64, "got column -1"),
        (1, 4, 0, 64, r"4 column\(s\)"),
        (9, 0, 0, 64, "level must be 0 to 8"),
        (-1, 0, 0, 64, "level must be 0 to 8"),
        (10**6, 0, 0, 64, "level must be 0 to 8"),
        (0, 0, 0, 0, "tile size must be 1 to 4096"),
        (0, 0, 0, 5000, "tile size must be 1 to 4096"),
    ],
)
def test_tiles_that_do_not_exist(level, column, row, size, message):
    with pytest.raises(ImageError, match=message):
        encode_tile(load_image(gradient(300, 500)), level, column, row, size)


# A hundred megapixels

SETUP = """
import io, resource, sys, tempfile
import numpy as np
from PIL import Image
from sam_widget.images import encode_preview, encode_tile, load_image

def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024

side = 10_000
path = sys.argv[1]
"""

WORK = """
before = peak()
image = load_image(source)
loaded = peak() - before
assert image.pixels.shape == (side, side, 3), image.pixels.shape
preview = encode_preview(image)
assert max(preview.width, preview.height) == 2048
encode_tile(image, 0, 19, 19)
encode_tile(image, 4, 0, 0)
image.digest
print(loaded, peak() - before)
"""

LARGE = {
    "array uint8": "source = np.zeros((side, side, 3), dtype=np.uint8)",
    "array uint16": "source = np.ones((side, side), dtype=np.uint16); source[0] = 9",
    "array float32": "source = np.ones((side, side), dtype=np.float32)",
    "JPEG, EXIF 6": "source = path",
}


@pytest.mark.parametrize("kind", LARGE)
def test_memory_of_a_hundred_megapixels(kind, tmp_path):
    path = tmp_path / "large.jpg"
    if kind == "JPEG, EXIF 6":
        picture = Image.new("RGB", (10_000, 10_000), "teal")
        picture.getexif()[ORIENTATION] = 6
        picture.save(path, exif=picture.getexif())
        del picture
    # The array given is the user's; writing to all of it makes it count as memory held before.
    script = SETUP + LARGE[kind] + "\nif isinstance(source, np.ndarray): source[...] += 1\n"
    if kind == "array float32":
        script += "source /= 2\n"
    # Through a shell: a process's peak starts at that of the process it was started from.
    command = ["sh", "-c", '"$0" -c "$1" "$2"; exit $?', sys.executable]
    output = subprocess.run(
        [*command, textwrap.dedent(script + WORK), str(path)],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    loaded, total = map(float, output.split())
    print(f"100 megapixels, {kind}: {loaded:.0f} MB extra to load, {total:.0f} MB with the preview")
    assert 250 < loaded <= total < 1500
