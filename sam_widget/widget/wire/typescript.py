"""Write the page's side of the table: types of all messages, and a function for each gesture.

``python -m sam_widget.widget.wire.typescript`` writes ``js/src/protocol.generated.ts``; with
``--check`` it fails if that file is not what it would write.
"""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from sam_widget.widget.wire.fields import Points
from sam_widget.widget.wire.table import (
    ENVELOPE,
    EVERYTHING,
    GESTURES,
    MESSAGES,
    NAVIGATION,
    OPTIONAL_ENVELOPE,
    QUERIES,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from sam_widget.widget.wire.table import Message, Shape

__all__ = ["FILE", "generated", "main"]

FILE: Final = Path(__file__).parents[3] / "js" / "src" / "protocol.generated.ts"
_WIDTH: Final = 100

_HEAD = """\
// Written by `make protocol` from sam_widget/widget/wire/table.py. Change that, not this.
"""

_PACKED = """\
/** Points beside a message; every machine with a browser is little-endian, as the wire is. */
function packed(points: readonly number[]) {
  return { points: Float32Array.from(points) };
}
"""


def generated() -> str:
    """Return the text of the file."""
    parts = [
        _HEAD,
        *(_interface(shape.name, shape.doc, _typed(shape)) for shape in _shapes()),
        _union("Gesture", "What a person did; each is a method of Python's session.", GESTURES),
        _union("Query", "Questions that change nothing.", QUERIES),
        _union("Navigation", "What is done to the series; answered when it is done.", NAVIGATION),
        _union("EverythingRequest", "Everything mode.", EVERYTHING),
        _envelope(),
        _actions_interface(),
        _actions(),
        _PACKED,
    ]
    return "\n".join(parts)


# ---- types --------------------------------------------------------------------------------------


def _shapes() -> Iterable[Shape]:
    named = [shape for message in MESSAGES.values() for shape in (message.shape, message.changes)]
    return {shape.name: shape for shape in named if shape is not None}.values()


def _typed(shape: Shape) -> list[str]:
    absent = "?" if any(message.changes is shape for message in MESSAGES.values()) else ""
    return [f"{name}{absent}: {kind.typescript}" for name, kind in shape.fields.items()]


def _interface(name: str, doc: str, members: Sequence[str]) -> str:
    lines = [f"/** {doc} */", f"export interface {name} {{"]
    return "\n".join([*lines, *(f"  {member};" for member in members), "}", ""])


def _union(name: str, doc: str, messages: Mapping[str, Message]) -> str:
    lines = [f"/** {doc} */", f"export type {name} ="]
    for message in messages.values():
        if message.type not in GESTURES:  # theirs is at their functions
            lines.append(f"  /** {message.doc} */")
        lines += _member(message)
    lines[-1] += ";"
    return "\n".join([*lines, ""])


def _member(message: Message) -> list[str]:
    """Lay out the type of a message, as one member of a union."""
    shaped = {} if message.shape is None else message.shape.fields
    members = [f'type: "{message.type}"']
    for name, kind in message.required.items():
        if isinstance(kind, Points):
            absent = "" if kind.least else "?"
            members.append(f"points{absent}: Float32Array<ArrayBuffer>")
        elif name not in shaped:
            members.append(f"{name}: {kind.typescript}")
    named = [shape.name for shape in (message.shape, message.changes) if shape is not None]
    head, tail = ("  | ({", f"}} & {' & '.join(named)})") if named else ("  | {", "}")
    line = f"{head} {'; '.join(members)} {tail}"
    if len(line) < _WIDTH:
        return [line]
    return [head, *(f"      {member};" for member in members), f"    {tail}"]


def _envelope() -> str:
    members = [f"{name}: {kind.typescript}" for name, kind in ENVELOPE.items()]
    members += [f"{name}?: {kind.typescript}" for name, kind in OPTIONAL_ENVELOPE.items()]
    doc = "What every message has: `version` is the document's on screen when it was sent."
    request = "export type Request = (Gesture | Query | Navigation | EverythingRequest) & Envelope;"
    return f"{_interface('Envelope', doc, members)}\n{request}\n"


# ---- functions ----------------------------------------------------------------------------------


def _actions_interface() -> str:
    lines = [
        "/** What a person did, each as one gesture. Points are x, y, x, y ... in image pixels. */",
        "export interface GestureActions {",
    ]
    for message in GESTURES.values():
        arguments = [f"{name}: {type_}" for name, type_ in _arguments(message)]
        lines.append(f"  /** {message.doc} */")
        lines += _wrapped(f"  {_camel(message.type)}(", arguments, "): void;")
    return "\n".join([*lines, "}", ""])


def _actions() -> str:
    lines = [
        "/** `revision` is that of the answer on screen; null while another one is awaited. */",
        "export function gestureActions(",
        "  send: (gesture: Gesture) => void,",
        "  revision: () => number | null,",
        "): GestureActions {",
        "  return {",
    ]
    for message in GESTURES.values():
        names = ", ".join(name.removesuffix("?") for name, _ in _arguments(message))
        head = f"    {_camel(message.type)}: ({names}) =>"
        values = list(_values(message))
        call = f"send({{ {', '.join(values)} }}),"
        if len(f"{head} {call}") <= _WIDTH:
            lines.append(f"{head} {call}")
        elif len(call) + 6 <= _WIDTH:
            lines += [head, f"      {call}"]
        else:
            lines += [head, "      send({", *(f"        {value}," for value in values), "      }),"]
    return "\n".join([*lines, "  };", "}", ""])


def _arguments(message: Message) -> Iterator[tuple[str, str]]:
    """Iterate over the arguments of a gesture's function: names and types."""
    for name, kind in message.fields.items():
        yield _camel(name), kind.typescript
    if message.shape is not None:
        yield _argument(message.shape), message.shape.name
    if message.changes is not None:
        yield "change?", message.changes.name


def _values(message: Message) -> Iterator[str]:
    """Iterate over the properties of a gesture's message, of the function's arguments."""
    yield f'type: "{message.type}"'
    for name, kind in message.fields.items():
        argument = _camel(name)
        if isinstance(kind, Points):
            packed = f"packed({argument})"
            yield f"...{packed}" if kind.least else f"...({argument} && {packed})"
        else:
            yield argument if argument == name else f"{name}: {argument}"
    if message.as_of == "revision":
        yield "revision: revision()"
    if message.shape is not None:
        yield f"...{_argument(message.shape)}"
    if message.changes is not None:
        yield "...change"


def _argument(shape: Shape) -> str:
    """Return the name of the argument that is a shape: ``box`` of a ``WireBox``."""
    name = shape.name.removeprefix("Wire")
    return name[0].lower() + name[1:]


def _camel(name: str) -> str:
    return re.sub(r"_(\w)", lambda found: found[1].upper(), name)


def _wrapped(head: str, parts: Sequence[str], tail: str) -> list[str]:
    """Lay out a list in parentheses on one line, or else with a line for each part."""
    line = f"{head}{', '.join(parts)}{tail}"
    if len(line) <= _WIDTH:
        return [line]
    return [head, *(f"    {part}," for part in parts), f"  {tail}"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the file, or check it; return 1 if it is not as it should be."""
    parser = argparse.ArgumentParser(prog="python -m sam_widget.widget.wire.typescript")
    parser.add_argument("--check", action="store_true", help="write nothing, fail if it is stale")
    if not parser.parse_args(arguments).check:
        FILE.write_text(generated(), encoding="utf-8")
    elif not FILE.is_file() or FILE.read_text(encoding="utf-8") != generated():
        sys.stderr.write(
            "js/src/protocol.generated.ts is not what sam_widget/widget/wire/table.py says. "
            "Run `make protocol` and commit the file.\n"
        )
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
