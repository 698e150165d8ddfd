"""Names of classes in a YOLO folder: ``names`` of ``data.yaml``, or lines of ``classes.txt``.

Of YAML, only what such files have is read: a list or a mapping of plain or quoted texts, in a
block or in brackets. So no YAML library is needed, and no file can make one misbehave.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, NoReturn

from sam_widget.annotations import MAX_LABEL
from sam_widget.errors import AnnotationError
from sam_widget.formats.reading.untrusted import read_bounded

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["names_by_number", "read_class_names"]

MAX_CLASSES = 2**15
_MAX_BYTES = 2**24
_QUOTED = r"""(?:"(?:[^"\\]|\\.)*"|'(?:[^']|'')*')"""
_NUMBER = r"""['"]?(\d{1,6})['"]?\s*:\s+"""
_PLAIN = r"""[^\s"'#,\[\]{}&*!|>%@`]"""
_BLANKS = re.compile(r"[ \t\r\n,]*")
_LISTED = re.compile(rf"({_QUOTED}|{_PLAIN}[^,\[\]{{}}\n]*)")
_NUMBERED = re.compile(_NUMBER + _LISTED.pattern)
_NAMES = re.compile(r"^names:[ \t]*(?=([^\r\n]?))", re.MULTILINE)
_LINE = re.compile(r"\n([^\n]*)")
_BEFORE = re.compile(rf"-\s+|{_NUMBER}")
_QUOTED_NAME = re.compile(_QUOTED)
_PLAIN_NAME = re.compile(_PLAIN)
_COMMENT = re.compile(r"\s#")


def read_class_names(folder: Path) -> list[str]:
    """Return the names of a folder's classes by number; none if it names none.

    Numbers without a name are called ``class 3``.

    Raises
    ------
    AnnotationError
        If a file of names is malformed.
    """
    found = names_by_number(folder)
    return [found.get(number, f"class {number}") for number in range(max(found, default=-1) + 1)]


def names_by_number(folder: Path) -> dict[int, str]:
    """Return the names that a folder gives to classes; errors as :func:`read_class_names`."""
    path = folder / "data.yaml"
    if path.is_file():
        names = _from_yaml(_text(path), path.name)
        if names is not None:
            return names
    path = folder / "classes.txt"
    if path.is_file():
        text = _text(path).rstrip()
        if text.count("\n") >= MAX_CLASSES:
            raise AnnotationError(f"{path.name}: at most {MAX_CLASSES} classes are read.")
        lines = text.splitlines()
        return _checked(dict(enumerate(line.strip() for line in lines)), path.name)
    return {}


def _text(path: Path) -> str:
    try:
        return read_bounded(path, _MAX_BYTES).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise AnnotationError(f"{path.name}: is not UTF-8 text: {error}") from error


def _from_yaml(text: str, file_name: str) -> dict[int, str] | None:
    start = _NAMES.search(text)
    if start is None:
        return None
    if start[1] not in ("", "#"):
        return _checked(_from_brackets(text, start.end(), file_name), file_name)
    found: dict[int, str] = {}
    first = text.count("\n", 0, start.end()) + 2
    for number, match in enumerate(_LINE.finditer(text, start.end()), start=first):
        line = match[1]
        entry = line.strip()
        if not entry or entry.startswith("#") or entry == "{}":
            continue
        if not line.startswith((" ", "\t", "-")):
            break
        place = f"line {number}"
        key, name = _entry(entry, file_name, place)
        key = len(found) if key is None else key
        if key in found:
            raise AnnotationError(f"{file_name}: {place}: the class {key} has two names.")
        if len(found) > MAX_CLASSES:
            raise AnnotationError(f"{file_name}: at most {MAX_CLASSES} classes are read.")
        found[key] = _unquoted(name, file_name)
    return _checked(found, file_name)


def _entry(entry: str, file_name: str, place: str) -> tuple[int | None, str]:
    """Divide a line of a block into its number, if it has one, and its name."""
    before = _BEFORE.match(entry)
    if before is None:
        _refuse(file_name, place)
    at = before.end()
    key = None if before[1] is None else int(before[1])
    quoted = _QUOTED_NAME.match(entry, at)
    if quoted is not None:
        rest = entry[quoted.end() :]
        if rest.strip() and not (rest[0].isspace() and rest.lstrip().startswith("#")):
            _refuse(file_name, place)
        return key, quoted[0]
    if _PLAIN_NAME.match(entry, at) is None:
        _refuse(file_name, place)
    comment = _COMMENT.search(entry, at)
    return key, entry[at : None if comment is None else comment.start()].strip()


def _from_brackets(text: str, start: int, file_name: str) -> dict[int, str]:
    """Read ``[a, b]`` or ``{0: a, 1: b}``, which may go over several lines."""
    opening = text[start]
    closing = {"[": "]", "{": "}"}.get(opening)
    if closing is None:
        _refuse(file_name, "names")
    pattern = _LISTED if opening == "[" else _NUMBERED
    found: dict[int, str] = {}
    at = start + 1
    while True:
        blanks = _BLANKS.match(text, at)
        at = at if blanks is None else blanks.end()
        if text[at : at + 1] == closing:
            return found
        match = pattern.match(text, at)
        if match is None or len(found) > MAX_CLASSES:
            _refuse(file_name, "names")
        key = len(found) if opening == "[" else int(match[1])
        found[key] = _unquoted(match[match.lastindex or 1].strip(), file_name)
        at = match.end()


def _refuse(file_name: str, where: str) -> NoReturn:
    raise AnnotationError(
        f"{file_name}: {where}: names must be a list of texts or a mapping of numbers to texts."
    )


def _unquoted(text: str, file_name: str) -> str:
    if text.startswith('"'):
        try:
            return str(json.loads(text, strict=False))
        except ValueError as error:
            raise AnnotationError(f"{file_name}: names: {text:.60} is no text: {error}") from error
    if text.startswith("'") and text.endswith("'") and len(text) > 1:
        return text[1:-1].replace("''", "'")
    return text


def _checked(found: dict[int, str], file_name: str) -> dict[int, str]:
    most = max(found, default=-1)
    if most >= MAX_CLASSES:
        raise AnnotationError(f"{file_name}: at most {MAX_CLASSES} classes are read, got {most}.")
    for number, name in found.items():
        if len(name) > MAX_LABEL:
            raise AnnotationError(
                f"{file_name}: names[{number}]: a label has at most {MAX_LABEL} characters."
            )
    return found
