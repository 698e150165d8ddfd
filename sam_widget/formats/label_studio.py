"""Label Studio's JSON: brushes, polygons, rectangles and ellipses of many images.

Read only. Coordinates are percentages of the image; a brush is a picture packed bit by bit, of
which the last channel is the mask. Of several people's annotations of an image the newest that was
not cancelled counts. Results that are no areas (choices, key points, relations) are left out, and
counted in a warning.

References
----------
.. [1] Label Studio's documentation of its export format; the packing is that of
   ``@thi.ng/rle-pack``.
"""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

import numpy as np

from sam_widget.annotations import PALETTE
from sam_widget.errors import AnnotationError
from sam_widget.formats.loss_warnings import warn
from sam_widget.formats.reading.budget import Budget
from sam_widget.formats.reading.collector import Collector, warn_of_skipped
from sam_widget.formats.reading.drawing import Outlined, draw_masks
from sam_widget.formats.reading.field import Document, Field, listed
from sam_widget.formats.reading.json_reading import read_json
from sam_widget.formats.reading.outlines import ellipse_outline, turned
from sam_widget.masks import MAX_PIXELS, Rle, fill_corners_each

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from sam_widget.annotations import ImageAnnotations

__all__ = ["load", "load_images", "parse", "parse_images"]

_AREAS = ("brush", "polygon", "rectangle", "ellipse")
_CHANNELS = 4


def load(
    path: str | os.PathLike[str], *, image: str | int | None = None, strict: bool = False
) -> ImageAnnotations:
    """Read the objects of one image.

    Parameters
    ----------
    path : path
    image : str or int, optional
        Its file name, or the id of its task; needed when there are several.
    strict : bool
        Refuse the file when a result cannot be used, instead of leaving it out.

    Returns
    -------
    ImageAnnotations

    Raises
    ------
    AnnotationError
        If the file as a whole is not as described, or ``image`` is needed or unknown; with
        ``strict``, if a result is not, naming it.
    """
    return parse(read_json(path), image=image, strict=strict)


def load_images(
    path: str | os.PathLike[str], *, strict: bool = False
) -> tuple[ImageAnnotations, ...]:
    """Read the objects of all images that have results; errors as :func:`load`."""
    return parse_images(read_json(path), strict=strict)


def parse(
    document: Document, *, image: str | int | None = None, strict: bool = False
) -> ImageAnnotations:
    """Check a parsed file and make objects of it; see :func:`load`."""
    tasks = list(_tasks(document))
    wanted = [
        task for task in tasks if image is None or image in (_name_of(task), task.value.get("id"))
    ]
    if len(wanted) != 1:
        shown = listed([_name_of(task) for task in tasks])
        document.fail(
            f"has {len(tasks)} images, {len(wanted)} of them as asked. Choose one with image=: "
            f"{shown}."
        )
    made = _Task(wanted[0], document.file_bytes, strict=strict).read()
    warn_of_skipped(made.skipped)
    return made


def parse_images(document: Document, *, strict: bool = False) -> tuple[ImageAnnotations, ...]:
    """Check a parsed file and make objects of all its images; see :func:`load_images`."""
    found = tuple(
        _Task(task, document.file_bytes, strict=strict).read() for task in _tasks(document)
    )
    warn_of_skipped([reason for made in found for reason in made.skipped])
    return found


def _tasks(document: Document) -> Iterator[Field]:
    """Yield the tasks that have results."""
    if isinstance(document.value, dict):
        yield document
        return
    for task in document.items():
        if _results(task) is not None:
            yield task


def _results(task: Field) -> Field | None:
    for key in ("annotations", "completions", "predictions"):
        found = task.get(key)
        made = [] if found is None else list(found.items())
        valid = [record for record in made if not record.mapping().get("was_cancelled")]
        for record in reversed(valid):
            result = record.get("result")
            if result is not None and len(result.values()):
                return result
    return None


def _name_of(task: Field) -> str:
    """Return the file's name of the picture: the first text of the task's data that has one."""
    data = task.get("data")
    for text in ({} if data is None else data.mapping()).values():
        if isinstance(text, str) and "." in text:
            return PurePosixPath(unquote(urlsplit(text).query.rpartition("d=")[2] or text)).name
    return ""


class _Task:
    """One image of a file, while it is read."""

    def __init__(self, task: Field, file_bytes: int, *, strict: bool) -> None:
        self._task = task
        results = _results(task)
        if results is None:
            task.fail("has no result.")
        self._results = list(results.items())
        sized = [record for record in self._results if record.get("original_width") is not None]
        if not sized:
            task.fail("does not say how large its image is: 'original_width' is missing.")
        named = {
            key: sized[0][f"original_{key}"].integer(1, MAX_PIXELS) for key in ("height", "width")
        }
        self.size = Field(named, sized[0].where, task.file_name).size()
        self._budget = Budget(file_bytes, self.size[0] * self.size[1])
        self._collector = Collector(self._budget, strict=strict)
        self._colors: dict[str, str] = {}

    def read(self) -> ImageAnnotations:
        """Return its objects."""
        for outlined, rle in draw_masks(self._areas(), self.size, self._budget, fill_corners_each):
            self._budget.keep(outlined.field, rle.counts.nbytes)
            self._collector.add(outlined.field, rle, outlined.facts)
        return self._collector.finish(self.size, _name_of(self._task), announce=False)

    def _areas(self) -> Iterator[Outlined[dict[str, Any]]]:
        left_out = 0
        for record in self._results:
            kind = record.text_of("type").removesuffix("labels")
            if kind not in _AREAS:
                left_out += 1
                continue
            try:
                yield Outlined(self._facts(record, kind), record, self._outline(record, kind))
            except AnnotationError as error:
                self._collector.leave_out(record, error)
        if left_out:
            warn(f"{self._task.file_name}: {left_out} results are no areas and were left out.")

    def _facts(self, record: Field, kind: str) -> dict[str, Any]:
        labels = record["value"].get(f"{kind}labels")
        label = next(labels.items(), None) if labels is not None else None
        text = "" if label is None else label.label()
        color = PALETTE[len(self._colors) % len(PALETTE)]
        known: dict[str, Any] = {"label": text, "color": self._colors.setdefault(text, color)}
        score = record.get("score")
        if score is not None:
            known["predicted_iou"] = score.number(-1000, 1000)
        return known

    def _outline(self, record: Field, kind: str) -> Rle | list[NDArray[np.float64]]:
        value = record["value"]
        if kind == "brush":
            return self._brush(value["rle"])
        scale = np.array([self.size[1], self.size[0]]) / 100
        if kind == "polygon":
            points = value["points"].pairs()
            if len(points) < 3:
                value["points"].fail(f"a polygon must have at least 3 points, got {len(points)}.")
            return [points * scale]
        x, y = np.array([value["x"].number(), value["y"].number()]) * scale
        rotation = value.get("rotation")
        degrees = 0 if rotation is None else rotation.number()
        if kind == "ellipse":
            radii = np.array([value["radiusX"].number(), value["radiusY"].number()]) * scale
            return [turned(ellipse_outline(x, y, *radii.tolist()), degrees, x, y)]
        extent = np.array([value["width"].number(), value["height"].number()]) * scale
        corners = np.array([[0, 0], [1, 0], [1, 1], [0, 1]]) * extent + (x, y)
        return [turned(corners, degrees, x, y)]

    def _brush(self, field: Field) -> Rle:
        height, width = self.size
        self._budget.unpack(field, self.size)
        packed = field.numbers()
        if ((packed < 0) | (packed > 255) | (packed != np.floor(packed))).any():
            field.fail("must be bytes, whole numbers from 0 to 255.")
        values = _unpacked(packed.astype(np.uint8), field, height * width * _CHANNELS)
        return Rle.encode(values.reshape(height, width, _CHANNELS)[..., -1] > 0)


def _unpacked(packed: NDArray[np.uint8], field: Field, expected: int) -> NDArray[np.uint8]:
    """Unpack ``rle-pack``: runs of equal words, and words as they are, bit by bit.

    The head is the number of words (32 bits), the bits of a word less one (5), and four sizes of
    counters, each less one (4 bits each). A chunk is one bit (run or words), two bits (which size
    its counter has), the counter less one, and one word or as many.
    """
    reader = _Bits(packed, field)
    count = reader.take(32)
    if count != expected:
        field.fail(f"has {count:,} values; the image has {expected:,}.")
    word = reader.take(5) + 1
    if word > 8:
        field.fail(f"has words of {word} bits; 8 are expected.")
    sizes = [reader.take(4) + 1 for _ in range(4)]
    values = np.zeros(count, dtype=np.uint8)
    at = 0
    while at < count:
        is_run = reader.take(1)
        end = at + 1 + reader.take(sizes[reader.take(2)])
        if end > count:
            field.fail("has more values than it says.")
        if is_run:
            values[at:end] = reader.take(word)
        else:
            values[at:end] = reader.take_words(word, end - at)
        at = end
    return values


class _Bits:
    """Read whole numbers of any width from bytes, the highest bit first."""

    def __init__(self, packed: NDArray[np.uint8], field: Field) -> None:
        self._bits = np.unpackbits(packed)
        self._field = field
        self._at = 0

    def take(self, width: int) -> int:
        """Return the next number."""
        return int(self.take_words(width, 1)[0])

    def take_words(self, width: int, count: int) -> NDArray[np.int64]:
        """Return the next numbers of one width."""
        end = self._at + width * count
        if end > len(self._bits):
            self._field.fail("is cut short.")
        bits = self._bits[self._at : end].reshape(count, width).astype(np.int64)
        self._at = end
        return bits @ (1 << np.arange(width - 1, -1, -1))
