"""Kinds of fields in messages of the page: each with its bounds, its check and its TypeScript."""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass
from typing import Any, Final, Protocol

__all__ = [
    "MAX_COORDINATE",
    "Box",
    "Color",
    "Count",
    "Flag",
    "Kind",
    "ListOf",
    "Number",
    "OneOf",
    "OrNull",
    "Points",
    "Text",
    "shortened",
]

MAX_COORDINATE: Final = 1e7
"""Far beyond any image; keeps 1e308 out of the arithmetic."""


class Kind(Protocol):
    """What a field may hold.

    Attributes
    ----------
    typescript : str
        Its type in the page.
    """

    @property
    def typescript(self) -> str: ...  # noqa: D102 - see above

    def check(self, value: object) -> Any:  # noqa: ANN401 - each kind has its own type
        """Return a value as Python uses it; TypeError or ValueError say what was expected."""


@dataclass(frozen=True)
class Number:
    """A finite number of at most ``most``; above ``above``, or at least ``-most``."""

    above: float | None = None
    most: float = MAX_COORDINATE
    typescript = "number"

    def check(self, value: object) -> float:
        """Return a number as a float."""
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise TypeError("a number")
        if self.above is None:
            if not abs(value) <= self.most:  # NaN is not, either
                raise ValueError(f"a number between -{self.most:g} and {self.most:g}")
        elif not self.above < value <= self.most:
            raise ValueError(f"a number above {self.above:g} and at most {self.most:g}")
        return float(value)


@dataclass(frozen=True)
class Count:
    """A whole number from ``least`` to ``most``."""

    least: int = 0
    most: float = MAX_COORDINATE
    typescript = "number"

    def check(self, value: object) -> int:
        """Return a whole number as an int; 3.0 is one."""
        number = Number(most=max(self.most, MAX_COORDINATE)).check(value)
        if not self.least <= number <= self.most or number != int(number):
            raise ValueError(self._range())
        return int(number)

    def _range(self) -> str:
        if self.most == MAX_COORDINATE:
            return f"a whole number, {self.least} or more"
        if self.least == 0:
            return f"a whole number, at most {self.most:g}"
        return f"a whole number from {self.least} to {self.most:g}"


@dataclass(frozen=True)
class Flag:
    """True or false."""

    typescript = "boolean"

    def check(self, value: object) -> bool:
        """Return a bool as it is."""
        if not isinstance(value, bool):
            raise TypeError("true or false")
        return value


@dataclass(frozen=True)
class Text:
    """A text of at most ``most`` characters."""

    most: int
    typescript = "string"

    def check(self, value: object) -> str:
        """Return a text that can be written to a file: without lone surrogates."""
        if not isinstance(value, str) or len(value) > self.most:
            raise TypeError(f"a text of at most {self.most} characters")
        return value.encode("utf-8", "replace").decode("utf-8")


@dataclass(frozen=True)
class OneOf:
    """One of some texts."""

    choices: tuple[str, ...]

    @property
    def typescript(self) -> str:
        """The texts, each as a type."""
        return " | ".join(f'"{choice}"' for choice in self.choices)

    def check(self, value: object) -> str:
        """Return a text that is one of them."""
        if not isinstance(value, str) or value not in self.choices:
            raise TypeError(f"one of {', '.join(self.choices)}")
        return value


@dataclass(frozen=True)
class Color:
    """A colour ``"#rrggbb"``."""

    typescript = "string"

    def check(self, value: object) -> str:
        """Return a colour in lower case."""
        if not isinstance(value, str) or not re.fullmatch(r"#[0-9a-fA-F]{6}", value):
            raise TypeError("a colour such as '#3b82f6'")
        return value.lower()


@dataclass(frozen=True)
class Box:
    """Four numbers x0, y0, x1, y1 in a list."""

    typescript = "readonly [number, number, number, number]"

    def check(self, value: object) -> tuple[float, ...]:
        """Return a box as a tuple of floats."""
        if not isinstance(value, list) or len(value) != 4:
            raise TypeError("four numbers, x0, y0, x1, y1")
        return tuple(Number().check(number) for number in value)


@dataclass(frozen=True)
class ListOf:
    """A list of ``least`` to ``most`` items; ``called`` is their name in the plural."""

    item: Kind
    called: str
    most: int
    least: int = 0

    @property
    def typescript(self) -> str:
        """A list that the page may not change."""
        return f"readonly {self.item.typescript}[]"

    def check(self, value: object) -> list[Any]:
        """Return a list of checked items."""
        if not isinstance(value, list) or not self.least <= len(value) <= self.most:
            size = f"{self.least} to {self.most}" if self.least else f"at most {self.most}"
            raise TypeError(f"a list of {size} {self.called}")
        return [self.item.check(item) for item in value]


@dataclass(frozen=True)
class OrNull:
    """What another kind may hold, or null."""

    kind: Kind

    @property
    def typescript(self) -> str:
        """The other kind's type, or null."""
        return f"{self.kind.typescript} | null"

    def check(self, value: object) -> Any:  # noqa: ANN401 - see Kind
        """Return None, or what the other kind makes of the value."""
        return None if value is None else self.kind.check(value)


@dataclass(frozen=True)
class Points:
    """Points (x, y) that travel beside the message, as its one buffer: float32, little-endian.

    With ``least=0`` there may be no buffer.
    """

    least: int
    most: int

    @property
    def typescript(self) -> str:
        """The numbers x, y, x, y and so on, or null where there may be no points."""
        return "readonly number[]" if self.least else "readonly number[] | null"

    def check(self, value: object) -> tuple[tuple[float, float], ...] | None:
        """Return the points in the buffers of a message; None where there may be no points."""
        expected = f"one buffer of {max(self.least, 1)} to {self.most} points, pairs of float32"
        buffers = value if isinstance(value, (list, tuple)) else [value]
        if self.least == len(buffers) == 0:
            return None
        if len(buffers) != 1:
            raise ValueError(f"{expected}, got {len(buffers)} buffers")
        try:
            data = memoryview(buffers[0]).cast("B")  # type: ignore[arg-type]
        except TypeError:
            raise ValueError(f"{expected}, got {shortened(buffers[0])}") from None
        count = data.nbytes // 8
        if data.nbytes % 8 or not max(self.least, 1) <= count <= self.most:
            raise ValueError(f"{expected}, got {data.nbytes} bytes")
        numbers = struct.unpack(f"<{2 * count}f", data)
        if not all(abs(number) <= MAX_COORDINATE for number in numbers):
            limit = f"{MAX_COORDINATE:g}"
            raise ValueError(f"{expected}, finite and between -{limit} and {limit}")
        return tuple(zip(numbers[::2], numbers[1::2], strict=True))


def shortened(value: object) -> str:
    """Return a value as text for an error, at most 60 characters of it."""
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
