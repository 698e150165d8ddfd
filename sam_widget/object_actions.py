"""What a widget does to many objects at once, and to labels; mixed into SamWidget."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from sam_widget.session import Session

__all__ = ["ObjectActions"]

T = TypeVar("T")


class ObjectActions:
    """Actions on several accepted objects, each one step for :meth:`undo`, and on labels."""

    if TYPE_CHECKING:

        def _do(self, gesture: Callable[[Session], T], *, computes: bool = False) -> T: ...

    def update_annotations(
        self,
        ids: Iterable[str],
        *,
        label: str | None = None,
        color: str | None = None,
        visible: bool | None = None,
    ) -> None:
        """Rename, recolour, hide or show several accepted objects, by their ``id``, in one step.

        Objects that are given another label take its colour, unless ``color`` says otherwise.
        """
        wanted = ids if isinstance(ids, str) else tuple(ids)
        self._do(
            lambda session: session.update_annotations(
                wanted, label=label, color=color, visible=visible
            )
        )

    def remove_annotations(self, ids: Iterable[str]) -> None:
        """Delete several accepted objects, by their ``id``, in one step."""
        wanted = ids if isinstance(ids, str) else tuple(ids)
        self._do(lambda session: session.remove_annotations(wanted))

    def show_only(self, ids: Iterable[str]) -> None:
        """Show these accepted objects, by their ``id``, and hide all others, in one step."""
        wanted = ids if isinstance(ids, str) else tuple(ids)
        self._do(lambda session: session.show_only(wanted))

    def add_label(self, label: str, color: str | None = None) -> None:
        """Offer a label, in a colour such as ``"#3b82f6"``; by default one that is not in use."""
        self._do(lambda session: session.add_label(label, color))

    def rename_label(self, label: str, to: str) -> None:
        """Rename a label and all its objects, in one step; an existing name takes them in."""
        self._do(lambda session: session.rename_label(label, to))

    def recolor_label(self, label: str, color: str) -> None:
        """Give a label and all its objects another colour, in one step."""
        self._do(lambda session: session.recolor_label(label, color))

    def remove_label(self, label: str) -> None:
        """Offer a label no longer; objects must not bear it."""
        self._do(lambda session: session.remove_label(label))
