"""What the writer and the reader of Labelme files agree on.

Written is a polygon for every part of a mask, through the outermost pixels, because Labelme counts
the outline as inside; the parts of one object share a ``group_id``. So drawn, nothing differs but
holes of one pixel across the bridge that joins a hole to the outline. ``masks=True`` writes
Labelme's mask shapes instead, which lose nothing. Each object's first shape also keeps what this
package knows of it, under the key ``sam_widget``, which Labelme leaves alone.

Read are polygons, rectangles, oriented rectangles, circles and masks, as Labelme itself draws them,
and what X-AnyLabeling adds; shapes with the same label and ``group_id`` are one object. Points and
lines have no area: they are left out. What is left out, whatever the reason, is written back, and
so are flags, descriptions and all other keys of an object's first shape.

References
----------
.. [1] wkentaro/labelme, the JSON files that its window saves.
.. [2] CVHub520/X-AnyLabeling, the same with rotated rectangles, scores and attributes.
"""

from __future__ import annotations

from pathlib import PureWindowsPath
from typing import Any

__all__ = ["NAME", "SUFFIX", "UNLABELLED", "label_text", "name_of"]

SUFFIX = ".labelme.json"
UNLABELLED = "object"
"""Label of objects without one: Labelme wants one."""
NAME = "labelme"
"""Under which annotations keep what only these files say."""


def label_text(value: Any) -> str:
    """Return a label, which may be a number or null, as a text."""
    return "" if value is None else str(value)


def name_of(path: str) -> str:
    """Return the file's name of a path of this system or of Windows."""
    return PureWindowsPath(path).name
