"""Parse JSON of others within bounded memory: Python's objects take many times their text.

The long lists of a document, its records, are found by their brackets and commas and parsed a few
at a time when they are gone through. Long lists of numbers become arrays as they are parsed. What
is left, and kept whole, is weighed before it is parsed.
"""

from __future__ import annotations

import json
import re
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np

from sam_widget.errors import AnnotationError
from sam_widget.formats.reading.budget import memory_of
from sam_widget.formats.reading.field import MAX_OBJECTS, Document, Records
from sam_widget.formats.reading.files import read_bounded

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator

    from numpy.typing import NDArray

__all__ = ["parse_json", "parse_value", "read_json"]

_RECORDS = frozenset({"annotations", "categories", "images", "instances", "shapes"})
"""Lists of a document that readers go through, and do not keep."""
_SMALL = 1 << 13
"""Bytes of text that are parsed at once, whatever they are."""
_CHUNK = 1 << 17
"""Bytes that are searched for brackets and commas at a time."""
_MAX_DEPTH = 8
"""How deep long values may stand in one another; each level is searched again."""
_MAX_WIDE = 1 << 20
"""Longest text with letters beyond ASCII, in bytes: Python may need four times as much."""
_MAX_GBK = 1 << 24
"""Largest file that is looked at for another encoding, in bytes."""
_MAX_NESTING = 1 << 10
_MAX_KEYS = 1 << 12
_FREE = 1 << 20
_WORTH = 5
"""Bytes of memory that what is kept whole may take: so many, and so many times its text."""
_MEMBER = 100
"""Bytes of memory that an entry of a long object takes beside its key and its value."""
_KEY = re.compile(rb'\s*("(?:[^"\\]|\\.)*")\s*:', re.DOTALL)
_BLANK = b" \t\n\r"
_BLANKS = re.compile(rb"[ \t\n\r]*")
_BACKSLASHES = re.compile(rb"\\*")


def read_json(path: str | os.PathLike[str]) -> Document:
    """Read a bounded JSON file; see :func:`parse_json`.

    It is UTF-8, or GBK, which Labelme once wrote on Chinese systems.
    """
    document = parse_json(_as_utf8(read_bounded(path)), Path(path).name)
    document.folder = Path(path).parent
    return document


def _as_utf8(content: bytes) -> bytes:
    """Return the text of a small file in UTF-8; what is neither of the two stays as it is."""
    if not content.isascii() and len(content) <= _MAX_GBK:
        try:
            content.decode()
        except UnicodeDecodeError:
            with suppress(UnicodeDecodeError):
                return content.decode("gb18030").encode()
    return content


def parse_json(content: bytes, name: str) -> Document:
    """Parse JSON without NaN and infinity; numbers too large for a float become infinite.

    Parameters
    ----------
    content : bytes
        UTF-8, with or without byte order mark.
    name : str
        The file's name, for errors.

    Returns
    -------
    Document
        Long lists of records directly in it are :class:`Records`, and errors in them are raised
        when they are gone through; long lists of numbers are arrays.

    Raises
    ------
    AnnotationError
        If it is no JSON, nested too deeply, or of so many lists and objects for its size that it
        would swell in memory.
    """
    start = 3 if content.startswith(b"\xef\xbb\xbf") else 0
    value = _Parser(content, name).document(start, len(content))
    return Document(value, "", name, len(content))


def parse_value(content: bytes, name: str) -> Any:
    """Parse JSON as :func:`parse_json` does, but all of it at once, and return it as it is."""
    return _Parser(content, name).value(0, len(content), "")


@dataclass(frozen=True, eq=False)
class _Outline:
    """The parts of a long list or object.

    Attributes
    ----------
    opening : str
        ``"["`` or ``"{"``.
    borders : uint32 (N + 1,)
        The opening bracket, the commas and the closing bracket.
    """

    opening: str
    borders: NDArray[np.uint32]

    def __len__(self) -> int:
        return len(self.borders) - 1


class _Parser:
    """Parse parts of one document."""

    def __init__(self, content: bytes, name: str) -> None:
        self.content = content
        self.name = name

    def document(self, start: int, stop: int) -> Any:
        """Parse all of it; long lists directly in an object become records."""
        start, stop = self._stripped(start, stop)
        if stop - start <= _SMALL or self.content[start] != ord("{"):
            return self.value(start, stop, "")
        outline = self._outline(start, stop, "")
        if len(outline) > _MAX_KEYS:
            self._fail("has more keys than annotations need.")
        room = [_FREE + _WORTH * (stop - start)]
        found: dict[str, Any] = {}
        for key, begin, end in self._members(outline, ""):
            if key in _RECORDS and end - begin > _SMALL and self.content[begin] == ord("["):
                parts = self._outline(begin, end, key)
                if len(parts) > MAX_OBJECTS:
                    self._fail(
                        f"{key}: has {len(parts):,} elements; at most {MAX_OBJECTS:,} are read."
                    )
                found[key] = _LongList(self, parts, key)
            else:
                found[key] = self._kept(begin, end, key, room, 1)
        return found

    def value(self, start: int, stop: int, where: str) -> Any:
        """Parse a value that is kept whole."""
        return self._kept(start, stop, where, [_FREE + _WORTH * (stop - start)], 0)

    def _kept(self, start: int, stop: int, where: str, room: list[int], depth: int) -> Any:
        start, stop = self._stripped(start, stop)
        if stop - start <= _SMALL:
            found = self._loads(start, stop, where)
            self._weigh(found, where, room)
            return found
        first = self.content[start]
        if first not in b"[{":
            if stop - start > _MAX_WIDE and not self.content[start:stop].isascii():
                self._fail(f"{where}: is a text of {stop - start:,} bytes, which is too long.")
            return self._loads(start, stop, where)
        if depth > _MAX_DEPTH:
            self._fail(f"{where}: is nested too deeply for an annotation file.")
        outline = self._outline(start, stop, where)
        if outline.opening == "[":
            return self._elements(outline, where, room, depth)
        members: dict[str, Any] = {}
        for key, begin, end in self._members(outline, where):
            self._weigh(key, where, room, _MEMBER)
            members[key] = self._kept(begin, end, f"{where}.{key}"[:200], room, depth + 1)
        return members

    def _elements(self, outline: _Outline, where: str, room: list[int], depth: int) -> Any:
        """Parse a long list: as an array if all of it are numbers, or lists of equally many."""
        values: list[Any] = []
        arrays: list[NDArray[Any]] = []
        for first, last in self._groups(outline):
            if last - first == 1:
                begin, end = self._part(outline, first)
                part = [self._kept(begin, end, f"{where}[{first}]"[:200], room, depth + 1)]
            else:
                part = self._group(outline, first, last, where)
            array = None if values else _as_array(part)
            if array is not None and (not arrays or array.shape[1:] == arrays[0].shape[1:]):
                arrays.append(array)
                continue
            for former in arrays:
                values += former.tolist()
                self._weigh(values[-len(former) :], where, room)
            arrays.clear()
            if last - first > 1:
                self._weigh(part, where, room)
            values += part
        return np.concatenate(arrays) if arrays else values

    def _weigh(self, value: object, where: str, room: list[int], more: int = 0) -> None:
        """Take a value into account that is kept as Python has it."""
        room[0] -= memory_of(value) + more
        if room[0] < 0:
            place = f" in {where}" if where else ""
            self._fail(f"has more lists and objects than annotations need{place}.")

    def records(self, outline: _Outline, where: str) -> Iterator[Any]:
        """Parse the elements of a list, a few at a time."""
        for first, last in self._groups(outline):
            if last - first == 1:
                begin, end = self._part(outline, first)
                yield self.value(begin, end, f"{where}[{first}]")
            else:
                yield from self._group(outline, first, last, where)

    def _groups(self, outline: _Outline) -> Iterator[tuple[int, int]]:
        """Divide a list into runs of elements of at most ``_SMALL`` bytes, or of one element."""
        first = 0
        while first < len(outline):
            limit = int(outline.borders[first]) + _SMALL
            last = int(np.searchsorted(outline.borders, np.uint32(limit), side="right")) - 1
            last = min(max(last, first + 1), len(outline))
            yield first, last
            first = last

    def _group(self, outline: _Outline, first: int, last: int, where: str) -> list[Any]:
        begin, end = int(outline.borders[first]) + 1, int(outline.borders[last])
        try:
            text = self.content[begin:end].decode()
            found = json.loads(f"[{text}]", parse_constant=_refuse_constant)
        except (RecursionError, ValueError):
            # Once more, to name the element that is wrong.
            found = []
            for index in range(first, last):
                start, stop = self._stripped(*self._part(outline, index))
                found.append(self._loads(start, stop, f"{where}[{index}]"))
        if not isinstance(found, list) or len(found) != last - first:
            self._unfit(where)
        return found

    def _outline(self, start: int, stop: int, where: str) -> _Outline:
        """Find the parts of the list or object that begins and ends there."""
        borders = [np.array([start], dtype=np.uint32)]
        depth = 1
        for at, kinds in self._marks(start + 1, stop):
            depths = depth + np.cumsum(_STEP[kinds])
            top = (depths == 1) & (kinds == _COMMA)
            ended = np.flatnonzero(depths == 0)
            if len(ended):
                if int(at[ended[0]]) != stop - 1:
                    self._unfit(where)
                top[ended[0]] = True
            borders.append(at[top].astype(np.uint32))
            depth = int(depths[-1])
            if depth > _MAX_NESTING:
                self._fail(f"{where or 'it'} is nested too deeply for an annotation file.")
        whole = np.concatenate(borders)
        opening = chr(self.content[start])
        if depth != 0 or whole[-1] != stop - 1 or self.content[stop - 1] != _CLOSED_BY[opening]:
            self._unfit(where)
        if len(whole) == 2 and self._stripped(start + 1, stop - 1) == (stop - 1, stop - 1):
            whole = whole[:1]
        return _Outline(opening, whole)

    def _marks(
        self, start: int, stop: int
    ) -> Iterator[tuple[NDArray[np.int64], NDArray[np.uint8]]]:
        """Find brackets, commas and ends of texts: where they stand, and which they are."""
        within = False
        while start < stop:
            end = min(start + _CHUNK, stop)
            if self.content[end - 1] == ord("\\"):
                # What is escaped belongs to its backslash.
                run = _BACKSLASHES.match(self.content, end, stop)
                end = min((end if run is None else run.end()) + 1, stop)
            text = self.content[start:end]
            if b"\\" in text:
                text = text.replace(b"\\\\", b"  ").replace(b'\\"', b"  ")
            kinds = _KINDS[np.frombuffer(text, dtype=np.uint8)]
            inside = np.logical_xor.accumulate(kinds == _QUOTE)
            if within:
                np.logical_not(inside, out=inside)
            within = bool(inside[-1])
            # Of a text's two quotes the first counts as inside, the second as outside.
            kinds[inside] = 0
            at = np.flatnonzero(kinds)
            if len(at):
                yield at + start, kinds[at]
            start = end

    def _unfit(self, where: str) -> NoReturn:
        place = f"{where}: " if where else ""
        self._fail(f"{place}is not JSON as annotation files have it: its brackets do not match.")

    def _part(self, outline: _Outline, index: int) -> tuple[int, int]:
        return int(outline.borders[index]) + 1, int(outline.borders[index + 1])

    def _members(self, outline: _Outline, where: str) -> Iterator[tuple[str, int, int]]:
        """Go through the members of an object: key, and where the value begins and ends."""
        for index in range(len(outline)):
            begin, end = self._part(outline, index)
            match = _KEY.match(self.content, begin, end)
            if match is None:
                self._fail(f"{where or 'the file'}: is not JSON: a key and a colon are missing.")
            key = self._loads(match.start(1), match.end(1), where)
            yield (key, *self._stripped(match.end(), end))

    def _stripped(self, start: int, stop: int) -> tuple[int, int]:
        match = _BLANKS.match(self.content, start, stop)
        start = start if match is None else match.end()
        while start < stop and self.content[stop - 1] in _BLANK:
            begin = max(start, stop - _SMALL)
            stop = begin + len(self.content[begin:stop].rstrip(_BLANK))
        return start, stop

    def _loads(self, start: int, stop: int, where: str) -> Any:
        place = f"{where}: " if where else ""
        try:
            return json.loads(self.content[start:stop].decode(), parse_constant=_refuse_constant)
        except RecursionError as error:
            raise AnnotationError(
                f"{self.name}: {place}is nested too deeply for an annotation file."
            ) from error
        except ValueError as error:
            raise AnnotationError(
                f"{self.name}: {place}is not JSON as annotation files have it: {error}"
            ) from error

    def _fail(self, message: str) -> NoReturn:
        raise AnnotationError(f"{self.name}: {message}")


class _LongList(Records):
    """A list whose elements are parsed whenever they are gone through."""

    def __init__(self, parser: _Parser, outline: _Outline, where: str) -> None:
        self._parser = parser
        self._outline = outline
        self._where = where

    def __len__(self) -> int:
        return len(self._outline)

    def __iter__(self) -> Iterator[Any]:
        return self._parser.records(self._outline, self._where)


_OPENING, _CLOSING, _COMMA, _QUOTE = range(1, 5)
_CLOSED_BY = {"[": ord("]"), "{": ord("}")}
_KINDS = np.zeros(256, dtype=np.uint8)
for _letters, _kind in ((b"[{", _OPENING), (b"]}", _CLOSING), (b",", _COMMA), (b'"', _QUOTE)):
    for _letter in _letters:
        _KINDS[_letter] = _kind
_STEP = np.array([0, 1, -1, 0, 0])


def _as_array(part: list[Any]) -> NDArray[Any] | None:
    """Return numbers, or lists of equally many numbers, as an array; None for anything else."""
    kinds = {type(element) for element in part}
    if kinds == {list}:
        if len({len(row) for row in part}) != 1 or not part[0]:
            return None
        kinds = {type(number) for row in part for number in row}
    if not kinds <= {int, float}:
        return None
    array = np.array(part)
    # Beyond these, whole numbers would not stay what they are beside others with a point.
    if array.dtype.kind == "i" and array.min() >= -(2**31) and array.max() < 2**31:
        return array.astype(np.int32)
    if array.dtype.kind == "f" and (int not in kinds or np.abs(array).max() < 2**53):
        return array
    return None


def _refuse_constant(text: str) -> NoReturn:
    raise ValueError(f"{text} is no number of JSON")
