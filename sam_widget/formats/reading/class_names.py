"""Read and write the names of classes in a YOLO folder: ``data.yaml`` and ``classes.txt``.

Of ``data.yaml`` only ``names`` is read, a list of texts or a mapping of numbers to texts, from the
events of PyYAML's parser and not from what it would build of them. So no file can make it build
much: aliases are refused, and parts and nesting are counted. Every name stays the text that stands
there, ``no`` and ``1.0`` too.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NoReturn

from sam_widget.annotations import MAX_LABEL
from sam_widget.errors import AnnotationError
from sam_widget.formats.reading.files import read_bounded
from sam_widget.storage import write_atomically

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

__all__ = ["Classes", "classes_above", "read_classes", "write_class_names"]

MAX_CLASSES = 2**15
_OURS = {"path": ".", "train": "images", "val": "images"}
"""With what ``data.yaml`` begins where this package has written it."""
_YAML_NAMES = ("data.yaml", "data.yml")
_MAX_BYTES = 2**24
_MAX_EVENTS = 2**18
_MAX_DEPTH = 32


@dataclass(frozen=True)
class Classes:
    """The classes of a folder.

    Attributes
    ----------
    by_number : mapping of int to str
        Names of classes; a number may have none.
    unlabelled : str or None
        The class of objects without a label, as this package writes it.
    """

    by_number: Mapping[int, str] = field(default_factory=dict)
    unlabelled: str | None = None

    @property
    def names(self) -> list[str]:
        """The names in order of their numbers; those without one are called ``class 3``."""
        count = max(self.by_number, default=-1) + 1
        return [self.by_number.get(number, f"class {number}") for number in range(count)]


def read_classes(folder: Path) -> Classes:
    """Return the classes that a folder names; none if it names none.

    Raises
    ------
    AnnotationError
        If a file of names is malformed.
    """
    for name in _YAML_NAMES:
        path = folder / name
        if path.is_file():
            names, unlabelled = _YamlNames(_text(path), path.name).read()
            if names is not None:
                return Classes(_checked(names, path.name), unlabelled)
    path = folder / "classes.txt"
    if path.is_file():
        text = _text(path).rstrip()
        if text.count("\n") >= MAX_CLASSES:
            raise AnnotationError(f"{path.name}: at most {MAX_CLASSES} classes are read.")
        lines = text.splitlines()
        return Classes(_checked(dict(enumerate(line.strip() for line in lines)), path.name))
    return Classes()


def classes_above(folder: Path) -> Classes:
    """Return the classes that a folder names, or the nearest of three folders above it."""
    for place in (folder, *folder.parents[:3]):
        found = read_classes(place)
        if found.by_number:
            return found
    return Classes()


def write_class_names(folder: Path, names: Sequence[str], unlabelled: str | None = None) -> None:
    """Write ``classes.txt`` and ``data.yaml``, each in one step.

    Parameters
    ----------
    folder : Path
        Must exist.
    names : sequence of str
        By number. Halves of surrogate pairs are replaced by question marks.
    unlabelled : str, optional
        The class of objects without a label.
    """
    lines = [" ".join(name.split()) for name in names]
    text = "".join(f"{line}\n" for line in lines)
    write_atomically(folder / "classes.txt", text.encode(errors="replace"))
    write_atomically(folder / "data.yaml", _yaml(names, unlabelled).encode())


def _yaml(names: Sequence[str], unlabelled: str | None) -> str:
    import yaml  # noqa: PLC0415 - only paid for by those who have such folders

    class Quoted(str):
        __slots__ = ()

    class Dumper(yaml.SafeDumper):  # type: ignore[misc]
        pass

    # In double quotes: of line breaks elsewhere, readers of YAML 1.1 and 1.2 make different texts.
    Dumper.add_representer(
        Quoted,
        lambda dumper, text: dumper.represent_scalar("tag:yaml.org,2002:str", text, style='"'),
    )
    quoted = [Quoted(name.encode(errors="replace").decode()) for name in names]
    content = {
        **_OURS,
        "nc": len(quoted),
        "unlabelled": Quoted(unlabelled or ""),
        "names": dict(enumerate(quoted)),
    }
    options = {"sort_keys": False, "allow_unicode": True, "width": math.inf}
    text: str = yaml.dump(content, Dumper=Dumper, **options)
    return text


def _text(path: Path) -> str:
    try:
        return read_bounded(path, _MAX_BYTES).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise AnnotationError(f"{path.name}: is not UTF-8 text: {error}") from error


class _YamlNames:
    """Read ``names`` from the events of a YAML parser.

    Parameters
    ----------
    text : str
    file_name : str
        For errors.
    """

    def __init__(self, text: str, file_name: str) -> None:
        import yaml  # noqa: PLC0415 - as above

        self._yaml = yaml
        self._file_name = file_name
        self._events = self._parse(text)

    def read(self) -> tuple[dict[int, str] | None, str | None]:
        """Return the names by number, None if there are none, and the class of the unlabelled.

        What comes after the names is not read.
        """
        said: dict[str, str] = {}
        root = next(self._events, None)
        if not isinstance(root, self._yaml.MappingStartEvent):
            return None, None
        while not isinstance(key := next(self._events), self._yaml.MappingEndEvent):
            self._skip(key)
            value = next(self._events)
            name = key.value if isinstance(key, self._yaml.ScalarEvent) else None
            if name == "names":
                # Before this package said it, the class was always called the same.
                ours = [said.get(known) for known in _OURS] == list(_OURS.values())
                return self._names(value), said.get("unlabelled", "object" if ours else "") or None
            if name is not None and isinstance(value, self._yaml.ScalarEvent):
                said[name] = value.value
            else:
                self._skip(value)
        return None, None

    def _parse(self, text: str) -> Iterator[Any]:
        """Yield the events of the content, as many as class names need at most."""
        yaml = self._yaml
        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        frame = (yaml.StreamStartEvent, yaml.DocumentStartEvent)
        try:
            for count, event in enumerate(yaml.parse(text, loader)):
                if isinstance(event, yaml.AliasEvent):
                    self._refuse(event)
                if count > _MAX_EVENTS:
                    self._fail("has more entries than class names need.")
                if not isinstance(event, frame):
                    yield event
        except yaml.YAMLError as error:
            said = " ".join(str(getattr(error, "problem", None) or error).split())
            mark = getattr(error, "problem_mark", None)
            place = "" if mark is None else f"line {mark.line + 1}: "
            self._fail(f"{place}is not YAML: {said:.200}. {_EXPECTED}")

    def _skip(self, event: Any) -> None:
        """Go to the end of the value that begins with an event."""
        depth = 0
        while True:
            if isinstance(event, self._yaml.CollectionStartEvent):
                depth += 1
            elif isinstance(event, self._yaml.CollectionEndEvent):
                depth -= 1
            if depth > _MAX_DEPTH:
                self._fail("is nested too deeply for class names.")
            if depth == 0:
                return
            event = next(self._events)

    def _names(self, start: Any) -> dict[int, str]:
        if isinstance(start, self._yaml.ScalarEvent) and not start.value:
            return {}
        if not isinstance(start, self._yaml.CollectionStartEvent):
            self._refuse(start)
        numbered = isinstance(start, self._yaml.MappingStartEvent)
        found: dict[int, str] = {}
        while not isinstance(event := next(self._events), self._yaml.CollectionEndEvent):
            number = self._number(event) if numbered else len(found)
            if number in found:
                self._fail(f"{_line(event)}: the class {number} has two names.")
            if len(found) > MAX_CLASSES:
                self._fail(f"at most {MAX_CLASSES} classes are read.")
            found[number] = self._scalar(next(self._events) if numbered else event)
        return found

    def _number(self, event: Any) -> int:
        text = self._scalar(event)
        if not (text.isascii() and text.isdecimal() and len(text) <= 6):
            self._refuse(event)
        return int(text)

    def _scalar(self, event: Any) -> str:
        if not isinstance(event, self._yaml.ScalarEvent):
            self._refuse(event)
        text: str = event.value
        return text

    def _refuse(self, event: Any) -> NoReturn:
        self._fail(f"{_line(event)}: {_EXPECTED}")

    def _fail(self, message: str) -> NoReturn:
        raise AnnotationError(f"{self._file_name}: {message}")


_EXPECTED = "names must be a list of texts or a mapping of numbers to texts."


def _line(event: Any) -> str:
    return f"line {event.start_mark.line + 1}"


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
