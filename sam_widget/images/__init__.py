"""Anything a person has, as RGB uint8 (H, W, 3), and what the page is sent of it."""

from sam_widget.images.encoding import Encoded, encode_preview, encode_tile
from sam_widget.images.folders import image_files
from sam_widget.images.image import RgbImage, load_image
from sam_widget.images.thumbnails import encode_thumbnail

__all__ = [
    "Encoded",
    "RgbImage",
    "encode_preview",
    "encode_thumbnail",
    "encode_tile",
    "image_files",
    "load_image",
]
