"""Pictures whose colours are not sRGB's: the profile inside them says what their numbers mean."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, cast

from PIL import Image, ImageCms

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["profile_name", "to_srgb"]

_STORED = {
    "L": "L", "LA": "L", "La": "L", "P": "RGB", "PA": "RGB", "RGB": "RGB", "RGBA": "RGB",
    "RGBX": "RGB", "CMYK": "CMYK",
}  # fmt: skip
"""Modes of pictures that a profile may be of, and of the bands that are converted."""


def profile_name(image: Image.Image) -> str:
    """Return what the colour profile of a picture is called; empty where sRGB is meant."""
    profile = _profile_of(image)
    if profile is None:
        return ""
    name = " ".join(ImageCms.getProfileDescription(profile).split())
    return "" if name.casefold().startswith(("srgb", "c2")) else name[:60] or "a profile"


def to_srgb(image: Image.Image) -> Callable[[Image.Image], Image.Image] | None:
    """Return what turns bands of a picture into RGB, or grey ones into grey, of sRGB.

    A band is of the picture's own mode, or RGB where that is a palette. None where nothing is to be
    done: no profile, a damaged one, sRGB's own, or one of another kind of picture.
    """
    stored = _STORED.get(image.mode)
    if stored is None or not profile_name(image):
        return None
    try:
        transform = ImageCms.buildTransform(
            cast("ImageCms.ImageCmsProfile", _profile_of(image)),
            ImageCms.createProfile("sRGB"),
            stored,
            "RGB",
            renderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC,
            flags=ImageCms.Flags.BLACKPOINTCOMPENSATION,
        )
    except (ImageCms.PyCMSError, ValueError, KeyError):
        return None

    def convert(band: Image.Image) -> Image.Image:
        made = ImageCms.applyTransform(band.convert(stored), transform)
        return cast("Image.Image", made)

    return convert


def _profile_of(image: Image.Image) -> ImageCms.ImageCmsProfile | None:
    content = image.info.get("icc_profile")
    if not isinstance(content, bytes) or not content:
        return None
    try:
        return ImageCms.ImageCmsProfile(io.BytesIO(content))
    except (OSError, ImageCms.PyCMSError):
        return None
