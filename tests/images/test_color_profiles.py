"""Colours of another profile become sRGB's: profiles are made here, figures computed by hand."""

from __future__ import annotations

import struct

import numpy as np
import pytest
from PIL import Image, ImageCms

from sam_widget.images.image import load_image

RGB = np.random.default_rng(0).integers(0, 256, (7, 5, 3), dtype=np.uint8)
SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
# Linear values of Display P3 and of Adobe RGB to those of sRGB; the white is the same.
P3_TO_SRGB = [[1.2249, -0.2247, 0.0], [-0.0420, 1.0419, 0.0], [-0.0197, -0.0786, 1.0979]]
ADOBE_TO_SRGB = [[1.3984, -0.3984, 0.0], [0.0, 1.0, 0.0], [0.0, -0.0429, 1.0429]]


def profile(primaries):
    """A matrix profile with the gamma of sRGB's middle and these primaries, as XYZ of D50."""

    def fixed(value):
        return struct.pack(">i", round(value * 65536))

    def tag(kind, body):
        return kind + bytes(4) + body

    name = b"Made-up wide gamut"
    tags = {
        b"desc": tag(b"desc", struct.pack(">I", len(name) + 1) + name + bytes(1 + 78)),
        b"wtpt": tag(b"XYZ ", fixed(0.9642) + fixed(1.0) + fixed(0.8249)),
        b"cprt": tag(b"text", b"none\0"),
        **{
            key: tag(b"XYZ ", b"".join(map(fixed, xyz)))
            for key, xyz in zip((b"rXYZ", b"gXYZ", b"bXYZ"), primaries, strict=True)
        },
        **{key: tag(b"curv", struct.pack(">IH", 1, 0x0233)) for key in (b"rTRC", b"gTRC", b"bTRC")},
    }
    table, data, at = b"", b"", 128 + 4 + 12 * len(tags)
    for key, content in tags.items():
        body = content + bytes(-len(content) % 4)
        table += key + struct.pack(">II", at + len(data), len(body))
        data += body
    size = at + len(data)
    header = (
        struct.pack(">I", size) + b"lcms" + bytes([2, 0x10, 0, 0]) + b"mntrRGB XYZ " + bytes(12)
    )
    header += b"acsp" + bytes(28) + fixed(0.9642) + fixed(1.0) + fixed(0.8249)
    return header + bytes(128 - len(header)) + struct.pack(">I", len(tags)) + table + data


P3 = profile([(0.5151, 0.2412, -0.0011), (0.2920, 0.6922, 0.0419), (0.1571, 0.0666, 0.7841)])
ADOBE = profile([(0.6097, 0.3111, 0.0195), (0.2053, 0.6257, 0.0609), (0.1492, 0.0632, 0.7446)])


@pytest.mark.parametrize(("icc", "to_srgb"), [(P3, P3_TO_SRGB), (ADOBE, ADOBE_TO_SRGB)])
@pytest.mark.parametrize("mode", ["RGB", "RGBA", "P"])
def test_colours_of_another_profile_become_srgb(icc, to_srgb, mode, tmp_path):
    colours = np.array(
        [[[200, 100, 50], [60, 160, 90]], [[128, 128, 128], [90, 80, 170]]], np.uint8
    )
    picture = Image.fromarray(colours)
    picture = picture.quantize(4) if mode == "P" else picture.convert(mode)
    picture.save(tmp_path / "a.png", icc_profile=icc)
    found = load_image(tmp_path / "a.png")
    assert found.note == "colours converted from Made-up wide gamut to sRGB"
    linear = (colours / 255) ** (0x0233 / 256) @ np.array(to_srgb).T
    curved = np.where(
        linear <= 0.0031308, 12.92 * linear, 1.055 * np.clip(linear, 1e-9, 1) ** (1 / 2.4) - 0.055
    )
    assert np.abs(found.pixels - 255 * curved.clip(0, 1)).max() < 2.5


@pytest.mark.parametrize("icc", [b"rubbish", SRGB])
def test_damaged_profiles_and_srgbs_own_change_nothing(icc, tmp_path):
    Image.fromarray(RGB).save(tmp_path / "a.png", icc_profile=icc)
    found = load_image(tmp_path / "a.png")
    assert (found.note, np.array_equal(found.pixels, RGB)) == ("", True)
