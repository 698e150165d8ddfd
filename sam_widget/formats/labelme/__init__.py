"""Labelme: shapes on one image, each with a label."""

from sam_widget.formats.labelme.layout import SUFFIX, UNLABELLED
from sam_widget.formats.labelme.reading import load, parse
from sam_widget.formats.labelme.writing import save, to_dict

__all__ = ["SUFFIX", "UNLABELLED", "load", "parse", "save", "to_dict"]
