"""Griffe extension: turn the reStructuredText of our docstrings into Markdown for the site.

Roles become links where the target has an entry in the reference, that is, where it is a public
name of ``sam_widget`` or a member of one, and code where it has none. Parameters that share one
description get it each, because griffe would show all of them with the default of the first.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import griffe

if TYPE_CHECKING:
    from collections.abc import Iterator

_ROLE = re.compile(r":(?:attr|class|data|exc|func|meth|mod):`(~?)([\w.]+)`")
_CITATION = re.compile(r"\s\[(\d+)\]_")
_SHARED = re.compile(r"^((?:\*{0,2}\w+, )+\*{0,2}\w+)( : .*)?\n((?: {4}.*\n?)+)", re.MULTILINE)
_FOOTNOTE = re.compile(r"^\.\. \[(\d+)\] ", re.MULTILINE)


class DocstringMarkdown(griffe.Extension):
    """Rewrite every docstring of a package once it is loaded."""

    def on_package(
        self,
        *,
        pkg: griffe.Module,
        **kwargs: Any,  # noqa: ANN401, ARG002 - the hook's signature
    ) -> None:
        """Rewrite docstrings in place; links go to the names in the package's ``__all__``."""
        _copy_gestures(pkg)
        public = {str(name) for name in pkg.exports or ()}
        for owner, item in _documented(pkg, None):
            docstring = item.docstring
            if docstring is not None:
                docstring.value = _as_markdown(docstring.value, pkg, public, owner)


def _copy_gestures(package: griffe.Module) -> None:
    """Document ``name = gesture(Session.name)`` of the widget as the method that it makes."""
    widget, session = package["widget.widget.SamWidget"], package["session.session.Session"]
    for name, member in list(widget.members.items()):
        made = re.match(r"(gesture\w*)\(Session\.(\w+)", str(getattr(member, "value", "")))
        if made is None:
            continue
        source = session.members[made[2]]
        widget.set_member(
            name,
            griffe.Function(
                name,
                lineno=member.lineno,
                parameters=source.parameters,
                returns=source.returns if made[1] == "gesture_with_result" else "None",
                docstring=source.docstring,
            ),
        )


def _documented(
    parent: griffe.Module | griffe.Class, owner: griffe.Class | None
) -> Iterator[tuple[griffe.Class | None, griffe.Object]]:
    """Yield everything that is defined in a module or class, with the class it belongs to."""
    yield owner, parent
    for member in parent.members.values():
        if isinstance(member, griffe.Alias):
            continue
        if isinstance(member, griffe.Class):
            yield from _documented(member, member)
        elif isinstance(member, griffe.Module):
            yield from _documented(member, None)
        else:
            yield owner, member


def _as_markdown(
    text: str, package: griffe.Module, public: set[str], owner: griffe.Class | None
) -> str:
    def linked(match: re.Match[str]) -> str:
        short, target = match.groups()
        entry = _entry(target, package, public, owner)
        last = target.rpartition(".")[2]
        if entry is None:
            return f"`{last if short else target}`"
        return f"[`{last if short else entry.removeprefix(f'{package.name}.')}`][{entry}]"

    text = _ROLE.sub(linked, _SHARED.sub(_one_each, text))
    text = _FOOTNOTE.sub(r"\1. ", text)
    return _CITATION.sub(r" [\1]", text)


def _one_each(match: re.Match[str]) -> str:
    names, kind, description = match.groups()
    described = f"{kind or ''}\n{description.rstrip()}\n"
    return "".join(f"{name}{described}" for name in names.split(", "))


def _entry(
    target: str, package: griffe.Module, public: set[str], owner: griffe.Class | None
) -> str | None:
    """Return the path under which the reference lists a target, if it does."""
    parts = target.split(".")
    for at, part in enumerate(parts):
        if part in public:
            return ".".join([package.name, *parts[at:]])
    if owner is not None and owner.name in public:
        member = owner.all_members.get(target)
        if member is not None and member.has_docstring:
            return f"{package.name}.{owner.name}.{target}"
    return None
