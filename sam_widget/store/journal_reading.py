"""Reading a journal: its records are checked and applied in order.

A last line that was cut short is what a killed process leaves; it is passed over, with the lines
before it that belong to the same change. Anything else that is wrong is reported, and what the
other lines say is kept.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sam_widget.errors import AnnotationError, JournalError, StaleGesture
from sam_widget.store.changes import Change, ChangeLog
from sam_widget.store.journal_records import annotation_of, seal, unseal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sam_widget.annotations import Annotation
    from sam_widget.images import RgbImage

__all__ = ["FORMAT", "VERSION", "Reading", "header_of", "is_of", "read"]

FORMAT = "sam_widget journal"
VERSION = 1
_MOST_REPORTED = 5


@dataclass
class Reading:
    """What a file held.

    Attributes
    ----------
    log : ChangeLog
        Objects, changes and properties as of the last good line.
    records : int
        How many records there are up to there: the number of the next one.
    good_size : int
        Bytes up to the end of the last good line.
    damage : list of str
        What was wrong, and lost; empty for a file that was only cut short.
    untidy : bool
        Whether the file has to be written anew before anything can be added to it.
    """

    log: ChangeLog = field(default_factory=ChangeLog)
    records: int = 0
    good_size: int = 0
    damage: list[str] = field(default_factory=list)
    untidy: bool = False

    @property
    def report(self) -> str:
        """The damage in a sentence or two; empty if there is none."""
        if not self.damage:
            return ""
        shown = "; ".join(self.damage[:_MOST_REPORTED])
        more = len(self.damage) - _MOST_REPORTED
        return f"{shown}; and {more} more" if more > 0 else shown


def header_of(image: RgbImage) -> dict[str, Any]:
    """Lay out a journal's first record."""
    return {
        "type": "header",
        "format": FORMAT,
        "version": VERSION,
        "image": {
            "digest": image.digest,
            "file_digest": _file_digest(image),
            "width": image.width,
            "height": image.height,
            "file_name": "" if image.path is None else image.path.name,
        },
    }


def is_of(header: dict[str, Any], image: RgbImage) -> bool:
    """Whether a header names this image: its pixels, or the very file that it was read from.

    Decoders of later versions may give a JPEG other pixels, and so does another ``value_range``:
    the masks are those of the file all the same.
    """
    named = header["image"]
    if named["digest"] == image.digest:
        return True
    same_size = (named["width"], named["height"]) == (image.width, image.height)
    known = named.get("file_digest")
    return bool(known) and same_size and known == _file_digest(image)


def _file_digest(image: RgbImage) -> str:
    if image.path is None:
        return ""
    try:
        return hashlib.sha256(image.path.read_bytes()).hexdigest()
    except OSError:
        return ""


def read(content: bytes, image: RgbImage | None, name: str) -> Reading:
    """Read a journal of an image.

    Parameters
    ----------
    content : bytes
        The whole file, trusted in nothing.
    image : RgbImage or None
        Whose objects are wanted; None believes what the journal says of its image.
    name : str
        The file, for messages.

    Raises
    ------
    JournalError
        If it is no journal, one of another image, or of a later version of this package.
    """
    reader = _Reader(image, name)
    reading = reader.reading
    start = number = 0
    group: list[tuple[dict[str, Any], int]] = []  # records that count together or not at all
    while start < len(content):
        number += 1
        end = content.find(b"\n", start)
        line = content[start:] if end < 0 else content[start:end]
        record = unseal(line)
        start = len(content) if end < 0 else end + 1
        if record is not None:
            group.append((record, number))
            if record.get("more") is True:
                continue  # nothing of it counts before the last is there
            reading.untidy |= end < 0  # complete but for its end
        elif end >= 0:
            reading.damage.append(f"line {number} is damaged")
        elif not (group or reader.has_header or _begins_header(line)):
            break
        else:
            return reading  # cut short
        for complete in group:
            reader.take(*complete)
        group.clear()
        reading.good_size = start
    if not reader.has_header and content:
        if not reading.records:
            raise JournalError(
                f"{name} is not a journal of sam_widget, or nothing of it can be read. Pass "
                "another path as journal=, or move that file away."
            )
        reading.damage.insert(0, "the first line, which names the image, is damaged")
    reading.untidy |= bool(reading.damage)
    return reading


def _begins_header(line: bytes) -> bool:
    whole = seal({"n": 0, "type": "header", "format": FORMAT, "version": VERSION, "image": {}})
    common = whole[: whole.index(b'"image"')]
    return line.startswith(common[: len(line)])


class _Reader:
    def __init__(self, image: RgbImage | None, name: str) -> None:
        self.reading = Reading()
        self.has_header = False
        self._image = image
        self._size = (1, 1) if image is None else (image.height, image.width)
        self._name = name
        self._versions: dict[int, Annotation] = {}

    def take(self, record: dict[str, Any], number: int) -> None:
        reading = self.reading
        count = record.get("n")
        if type(count) is not int or count < 0:
            reading.damage.append(f"line {number} has no number")
            return
        if count < reading.records:
            reading.damage.append(f"line {number} repeats record {count}")
            return
        if count > reading.records and (count > 1 or self.has_header):
            reading.damage.append(f"records {reading.records} to {count - 1} are missing")
        reading.records = count + 1
        try:
            self._apply(record)
        except (AnnotationError, StaleGesture) as error:
            reading.damage.append(f"line {number} cannot be applied: {error}")
        except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
            reading.damage.append(f"line {number} is malformed: {error!r:.80}")

    def _apply(self, record: dict[str, Any]) -> None:
        log = self.reading.log
        kind = record.get("type")
        if kind == "header":
            self._header(record)
        elif kind == "object":
            base = self._versions[record["base"]] if "base" in record else None
            annotation = self._annotation(record["object"], base)
            self._versions[int(record["key"])] = annotation
            if record["at"] is not None:
                log.items = (*log.items, annotation)
        elif kind == "log":
            self._log(record)
        elif kind == "change":
            self._change(record)
        elif kind in ("undo", "redo"):
            change = log.find(record["serial"])
            if change is None or change.done != (kind == "undo"):
                raise AnnotationError(f"there is no step {record['serial']!r:.20} to {kind}.")
            (log.undo if kind == "undo" else log.redo)(change)
        elif kind == "property":
            log.properties[str(record["name"])] = record["value"]
        else:
            raise AnnotationError(f"its type {kind!r:.40} is unknown.")

    def _header(self, record: dict[str, Any]) -> None:
        if record.get("format") != FORMAT or type(record.get("version")) is not int:
            raise JournalError(f"{self._name} is not a journal of sam_widget.")
        if record["version"] > VERSION:
            raise JournalError(
                f"{self._name} was written by a later version of sam_widget (format "
                f"{record['version']}, this one reads {VERSION}). Install that version, or pass "
                "another path as journal=."
            )
        named = record["image"]
        if self._image is None:
            self._size = (int(named["height"]), int(named["width"]))
        elif not is_of(record, self._image):
            raise JournalError(
                f"{self._name} is the journal of another image: "
                f"{named['file_name'] or 'one'!r:.80} of {named['width']} x {named['height']} "
                f"pixels. This one is {self._image.width} x {self._image.height}, with other "
                "pixels. Move that file away, or pass another path as journal=, or journal=False."
            )
        self.has_header = True

    def _annotation(self, fields: object, before: Annotation | None) -> Annotation:
        return annotation_of(fields, *self._size, before)

    def _change(self, record: dict[str, Any]) -> None:
        log = self.reading.log
        present = {annotation.id: annotation for annotation in log.items}
        put = [
            (_index(at), self._annotation(fields, present.get(fields["id"])))
            for at, fields in record.get("put", ())
        ]
        drop = [str(identity) for identity in record.get("drop", ())]
        order = record.get("order")
        ids = None if order is None else [str(identity) for identity in order]
        change = log.change(drop, put, ids)
        serial = record["serial"]
        if type(serial) is not int or serial <= log.serial:
            raise AnnotationError(f"its serial number {serial!r:.20} is not a new one.")
        log.serial = serial - 1
        log.commit(change)

    def _log(self, record: dict[str, Any]) -> None:
        log = self.reading.log
        lost = 0
        for fields in record["log"]:
            keys = {key for _, key in (*fields["before"], *fields["after"])}
            if keys <= self._versions.keys():
                log.changes.append(Change(*self._parts(fields)))
            else:
                lost += 1
        by_serial = {change.serial: change for change in log.changes}
        log.undone = [by_serial[serial] for serial in record["undone"] if serial in by_serial]
        log.properties = dict(record["properties"])
        log.serial = int(record["serial"])
        if lost:
            self.reading.damage.append(f"{lost} steps can no longer be undone")

    def _parts(self, fields: dict[str, Any]) -> Iterator[Any]:
        for side in ("before", "after"):
            yield tuple((_index(at), self._versions[key]) for at, key in fields[side])
        order = fields["order"]
        yield None if order is None else (tuple(order[0]), tuple(order[1]))
        yield int(fields["serial"])
        yield None
        yield bool(fields["done"])


def _index(value: object) -> int:
    if type(value) is not int or value < 0:
        raise AnnotationError(f"a place in the list must be a whole number, got {value!r:.20}.")
    return value
