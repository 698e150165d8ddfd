"""COCO instances: objects with classes, as run-length codes or polygons, of one image or many."""

from sam_widget.formats.coco.layout import SUFFIX, UNLABELLED
from sam_widget.formats.coco.reading import load, load_categories, load_images, parse, parse_images
from sam_widget.formats.coco.writing import save, save_images, to_dict

__all__ = [
    "SUFFIX",
    "UNLABELLED",
    "load",
    "load_categories",
    "load_images",
    "parse",
    "parse_images",
    "save",
    "save_images",
    "to_dict",
]
