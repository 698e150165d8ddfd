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
from sam_widget.formats.untrusted import read_bounded

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["read_class_names"]

MAX_CLASSES = 2**16
_BLANKS = tuple(" \t\n,")
_MAX_BYTES = 2**24
_QUOTED = r"""(?:"(?:[^"\\]|\\.)*"|'(?:[^']|'')*')"""
_NUMBER = r"""['"]?(\d{1,6})['"]?\s*:\s+"""
_PLAIN = r"""[^\s"'#,\[\]{}&*!|>%@`]"""
_LISTED = re.compile(rf"({_QUOTED}|{_PLAIN}[^,\[\]{{}}\n]*)")
_NUMBERED = re.compile(_NUMBER + _LISTED.pattern)
_IN_BLOCK = re.compile(rf"(?:-\s+|{_NUMBER})({_QUOTED}|{_PLAIN}[^\n]*?)\s*(?:(?<=\s)\#.*)?")


def read_class_names(folder: Path) -> list[str]:
    """Return the names of a folder's classes by number; none if it names none.

    Raises
    ------
    AnnotationError
        If a file of names is malformed.
    """
    path = folder / "data.yaml"
    if path.is_file():
        names = _from_yaml(_text(path), path.name)
        if names is not None:
            return names
    path = folder / "classes.txt"
    if path.is_file():
        lines = _text(path).splitlines()
        while lines and not lines[-1].strip():
            lines.pop()
        return _checked(dict(enumerate(line.strip() for line in lines)), path.name)
    return []


def _text(path: Path) -> str:
    try:
        return read_bounded(path, _MAX_BYTES).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise AnnotationError(f"{path.name}: is not UTF-8 text: {error}") from error


def _from_yaml(text: str, file_name: str) -> list[str] | None:
    lines = text.splitlines()
    at = next((i for i, line in enumerate(lines) if line.startswith("names:")), None)
    if at is None:
        return None
    rest = lines[at][len("names:") :].strip()
    if rest and not rest.startswith("#"):
        body = "\n".join([rest, *lines[at + 1 :]])
        return _checked(_from_brackets(body, file_name), file_name)
    found: dict[int, str] = {}
    for number, line in enumerate(lines[at + 1 :], start=at + 2):
        entry = line.strip()
        if not entry or entry.startswith("#"):
            continue
        if not line.startswith((" ", "\t", "-")):
            break
        match = _IN_BLOCK.fullmatch(entry)
        if entry == "{}":
            continue
        if match is None:
            _refuse(file_name, f"line {number}")
        key = len(found) if match[1] is None else int(match[1])
        if key in found:
            raise AnnotationError(f"{file_name}: line {number}: the class {key} has two names.")
        found[key] = _unquoted(match[2], file_name)
    return _checked(found, file_name)


def _from_brackets(body: str, file_name: str) -> dict[int, str]:
    """Read ``[a, b]`` or ``{0: a, 1: b}``, which may go over several lines."""
    closing = {"[": "]", "{": "}"}.get(body[0])
    if closing is None:
        _refuse(file_name, "names")
    pattern = _LISTED if body[0] == "[" else _NUMBERED
    found: dict[int, str] = {}
    at = 1
    while True:
        while body[at : at + 1] in _BLANKS:
            at += 1
        if body[at : at + 1] == closing:
            return found
        match = pattern.match(body, at)
        if match is None or len(found) > MAX_CLASSES:
            _refuse(file_name, "names")
        key = len(found) if body[0] == "[" else int(match[1])
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


def _checked(found: dict[int, str], file_name: str) -> list[str]:
    most = max(found, default=-1)
    if most >= MAX_CLASSES:
        raise AnnotationError(f"{file_name}: at most {MAX_CLASSES} classes are read, got {most}.")
    for number, name in found.items():
        if len(name) > MAX_LABEL:
            raise AnnotationError(
                f"{file_name}: names[{number}]: a label has at most {MAX_LABEL} characters."
            )
    return [found.get(number, f"class {number}") for number in range(most + 1)]
