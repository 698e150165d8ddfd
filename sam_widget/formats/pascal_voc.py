"""Pascal VOC: boxes in ``Annotations/NAME.xml``, masks in two PNGs beside that folder.

Read only. ``SegmentationObject/NAME.png`` numbers the objects in the order of the XML file, and
``SegmentationClass/NAME.png`` has their classes; 255 is the border, which belongs to none. An
object of the XML file that has no mask is read as the rectangle of its box.

References
----------
.. [1] Everingham et al., "The Pascal Visual Object Classes (VOC) Challenge", IJCV 2010.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sam_widget.annotations import PALETTE
from sam_widget.errors import AnnotationError
from sam_widget.formats.loss_warnings import warn_once
from sam_widget.formats.reading.budget import Budget
from sam_widget.formats.reading.collector import Collector
from sam_widget.formats.reading.drawing import Outlined, draw_masks
from sam_widget.formats.reading.field import Field
from sam_widget.formats.reading.files import read_bounded
from sam_widget.formats.reading.picture_size import size_of_picture
from sam_widget.formats.reading.pixels import decode_png
from sam_widget.formats.reading.xml_reading import Element, read_xml
from sam_widget.masks import Rle, fill_corners_each

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from sam_widget.annotations import ImageAnnotations

__all__ = ["CLASSES", "load"]

CLASSES = (
    "background", "aeroplane", "bicycle", "bird", "boat", "bottle", "bus", "car", "cat", "chair",
    "cow", "diningtable", "dog", "horse", "motorbike", "person", "pottedplant", "sheep", "sofa",
    "train", "tvmonitor",
)  # fmt: skip
"""Of the numbers in ``SegmentationClass``."""
_BORDER = 255


def load(path: str | os.PathLike[str], *, strict: bool = False) -> ImageAnnotations:
    """Read the objects of one image.

    Parameters
    ----------
    path : path
        The XML file, or an image of ``SegmentationObject`` for which there is none.
    strict : bool
        Refuse the file when an object cannot be used, instead of leaving it out.

    Returns
    -------
    ImageAnnotations
        Boxes are counted as VOC counts them, from 1, both corners included.

    Raises
    ------
    AnnotationError
        If a file as a whole is not as described; with ``strict``, if an object is not, naming its
        line.
    """
    path = Path(path)
    table = path if path.suffix.lower() == ".xml" else _beside(path, "Annotations", ".xml")
    root, file_bytes = read_xml(table) if table.is_file() else (None, 0)
    objects = _numbers(_beside(path, "SegmentationObject", ".png"))
    classes = _numbers(_beside(path, "SegmentationClass", ".png"))
    if root is None and objects is None:
        raise AnnotationError(
            f"{path.name}: has neither Annotations/{path.stem}.xml nor "
            f"SegmentationObject/{path.stem}.png."
        )
    size = _size(root, objects, path)
    if objects is not None and objects.shape != size:
        raise AnnotationError(
            f"{path.stem}.png: has {objects.shape[1]} x {objects.shape[0]} pixels, and the image "
            f"{size[1]} x {size[0]}."
        )
    budget = Budget(file_bytes + (0 if objects is None else 2 * objects.size), size[0] * size[1])
    collector = Collector(budget, strict=strict)
    found = _objects(root, objects, classes, size, collector)
    for outlined, rle in draw_masks(found, size, budget, fill_corners_each):
        budget.keep(outlined.field, rle.counts.nbytes)
        collector.add(outlined.field, rle, outlined.facts)
    name = root.text_of("filename") if root is not None else ""
    return collector.finish(size, name)


def _beside(path: Path, folder: str, ending: str) -> Path:
    return path.parent.parent / folder / f"{path.stem}{ending}"


def _numbers(path: Path) -> NDArray[Any] | None:
    if not path.is_file():
        return None
    most = 2**27
    return decode_png(read_bounded(path), Field(None, "", path.name), most_hw=(most, most))[0]


def _size(root: Element | None, objects: NDArray[Any] | None, path: Path) -> tuple[int, int]:
    """Return height and width: of the XML file, else of the masks, else of the picture."""
    said = root.find("size") if root is not None else None
    if said is not None and said.text_of("width") not in ("", "0"):
        named = {key: said[key].number(said[key].text) for key in ("height", "width")}
        return Field(named, said.field.where, said.file_name).size()
    if objects is not None:
        return objects.shape[0], objects.shape[1]
    name = root.text_of("filename") if root is not None else ""
    for picture in (path.parent.parent / "JPEGImages" / name, path.parent / name):
        if name and picture.is_file():
            width, height = size_of_picture(picture)
            return height, width
    raise AnnotationError(
        f"{path.name}: has no size, and there is no picture {name!r:.80} to tell."
    )


def _objects(
    root: Element | None,
    objects: NDArray[Any] | None,
    classes: NDArray[Any] | None,
    size: tuple[int, int],
    collector: Collector,
) -> Iterator[Outlined[dict[str, Any]]]:
    """Go through the objects of the XML file, then through masks that it does not name."""
    present = [] if objects is None else np.unique(objects).tolist()
    numbers = [number for number in present if number not in (0, _BORDER)]
    boxes = 0
    named = list(root.all("object")) if root is not None else []
    for number, element in enumerate(named, start=1):
        try:
            label = Field(element["name"].text, element.field.where, element.file_name).label()
            facts = {"label": label, "color": PALETTE[(number - 1) % len(PALETTE)]}
            if objects is not None and number in numbers:
                numbers.remove(number)
                yield Outlined(facts, element.field, Rle.encode(objects == number))
                continue
            boxes += 1
            yield Outlined(facts, element.field, [_box(element, size)])
        except AnnotationError as error:
            collector.leave_out(element.field, error)
    for number in numbers if objects is not None else ():
        mask = objects == number
        place = Field(None, f"object {number}", "SegmentationObject")
        facts = {"label": _class_of(mask, classes), "color": PALETTE[number % len(PALETTE)]}
        yield Outlined(facts, place, Rle.encode(mask))
    if boxes:
        warn_once("voc boxes", f"Of {boxes} objects there are only boxes, read as rectangles.")


def _box(element: Element, size: tuple[int, int]) -> NDArray[np.float64]:
    box = element["bndbox"]
    x0, y0, x1, y1 = (
        box[key].number(box[key].text, key) for key in ("xmin", "ymin", "xmax", "ymax")
    )
    left, right = max(x0 - 1, 0), min(x1, size[1])
    top, bottom = max(y0 - 1, 0), min(y1, size[0])
    if not (left < right and top < bottom):
        box.field.fail(f"the box ({x0:g}, {y0:g}) to ({x1:g}, {y1:g}) has no pixel of the image.")
    return np.array([[left, top], [right, top], [right, bottom], [left, bottom]])


def _class_of(mask: NDArray[np.bool_], classes: NDArray[Any] | None) -> str:
    """Return the class that most pixels of a mask have; empty if that is not known."""
    if classes is None or classes.shape != mask.shape:
        return ""
    number = int(np.bincount(classes[mask].astype(np.int64)).argmax())
    return CLASSES[number] if 0 < number < len(CLASSES) else ""
