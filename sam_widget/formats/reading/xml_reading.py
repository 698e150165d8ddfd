"""Parse XML of others: without a document type, so without entities, and within bounded memory."""

from __future__ import annotations

import math
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn
from xml.parsers import expat

from sam_widget.errors import AnnotationError
from sam_widget.formats.reading.field import Field
from sam_widget.formats.reading.files import read_bounded

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator

__all__ = ["Element", "read_xml"]

_MAX_DEPTH = 32
_FREE = 3 << 20
_WORTH = 8
_SHORT = 16
"""Texts that are often the same are held once; those of so many characters are not looked at."""
_ELEMENT = 300
"""Bytes of memory that an element takes, about, but for its text; in all so many, and so many times
the file."""


class Element:
    """An element of an XML file, and where it stands.

    Parameters
    ----------
    tag : str
    attributes : dict of str
    line : int
    file_name : str

    Attributes
    ----------
    text : str
        Directly in it, without blanks around.
    children : list of Element
    """

    __slots__ = ("attributes", "children", "file_name", "line", "tag", "text")

    def __init__(self, tag: str, attributes: dict[str, str], line: int, file_name: str) -> None:
        self.tag = tag
        self.attributes = attributes
        self.line = line
        self.file_name = file_name
        self.text = ""
        self.children: list[Element] = []

    @property
    def field(self) -> Field:
        """Its place, for errors, and what it says of itself."""
        said = {"tag": self.tag, **self.attributes}
        return Field(said, f"line {self.line}: <{self.tag}>", self.file_name)

    def all(self, tag: str) -> Iterator[Element]:
        """Yield the children of a name."""
        return (child for child in self.children if child.tag == tag)

    def find(self, tag: str) -> Element | None:
        """Return the first child of a name."""
        return next(self.all(tag), None)

    def __getitem__(self, tag: str) -> Element:
        """Return the first child of a name, which must be there."""
        found = self.find(tag)
        if found is None:
            self.field.fail(f"<{tag}> is missing in it.")
        return found

    def text_of(self, tag: str) -> str:
        """Return the text of the first child of a name; empty if there is none."""
        found = self.find(tag)
        return "" if found is None else found.text

    def attribute(self, name: str) -> str:
        """Return an attribute, which must be there."""
        if name not in self.attributes:
            self.field.fail(f"the attribute {name!r} is missing.")
        return self.attributes[name]

    def number(self, text: str, what: str = "it") -> float:
        """Return the finite number that a text of this element is."""
        try:
            found = float(text)
        except ValueError:
            found = math.nan
        if not math.isfinite(found):
            self.field.fail(f"{what} must be a number, got {text!r:.60}.")
        return found


def read_xml(path: str | os.PathLike[str]) -> tuple[Element, int]:
    """Read a bounded XML file.

    Returns
    -------
    root : Element
    file_bytes : int

    Raises
    ------
    AnnotationError
        If it is no XML, declares a document type, is nested too deeply, or would take far more
        memory than it is large.
    """
    content = read_bounded(path)
    return _Builder(Path(path).name, len(content)).parse(content), len(content)


class _Builder:
    """Build the elements of one file."""

    def __init__(self, file_name: str, file_bytes: int) -> None:
        self._file_name = file_name
        self._room = _FREE + _WORTH * file_bytes
        self._open: list[Element] = []
        self._texts: list[list[str]] = []
        self._root: Element | None = None
        self._parser = expat.ParserCreate()
        self._parser.buffer_text = True
        self._parser.StartDoctypeDeclHandler = self._refuse_type
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._text

    def parse(self, content: bytes) -> Element:
        try:
            self._parser.Parse(content, True)
        except expat.ExpatError as error:
            self._fail(f"is not XML: {error}")
        if self._root is None:
            self._fail("has no element.")
        return self._root

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        self._room -= _ELEMENT + sum(len(text) + 60 for text in attributes.values())
        if self._room < 0:
            self._fail("has more elements than annotations of its size need.")
        if len(self._open) >= _MAX_DEPTH:
            self._fail(f"line {self._parser.CurrentLineNumber}: is nested too deeply.")
        said = {
            name: sys.intern(text) if len(text) < _SHORT else text
            for name, text in attributes.items()
        }
        made = Element(tag, said, self._parser.CurrentLineNumber, self._file_name)
        if self._open:
            self._open[-1].children.append(made)
        elif self._root is None:
            self._root = made
        self._open.append(made)
        self._texts.append([])

    def _text(self, text: str) -> None:
        if self._texts:
            self._texts[-1].append(text)

    def _end(self, _tag: str) -> None:
        self._open.pop().text = "".join(self._texts.pop()).strip()

    def _refuse_type(self, *_declaration: object) -> None:
        self._fail("declares a document type, which annotation files have no use for.")

    def _fail(self, message: str) -> NoReturn:
        raise AnnotationError(f"{self._file_name}: {message}")
