"""Load images of any kind as RGB uint8 (H, W, 3), and encode what the page shows of them."""

from sam_widget.images.encoding import Encoded, encode_preview, encode_tile
from sam_widget.images.folders import image_files
from sam_widget.images.image import RgbImage, load_image
from sam_widget.images.sources import is_url
from sam_widget.images.thumbnails import encode_thumbnail

__all__ = [
    "Encoded",
    "RgbImage",
    "encode_preview",
    "encode_thumbnail",
    "encode_tile",
    "image_files",
    "is_url",
    "load_image",
]
