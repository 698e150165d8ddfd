"""What a widget does to accepted objects, one or many at once, to labels, and by hand to masks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sam_widget.session import HandEdits
from sam_widget.widget.mirror import SessionMirror

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import ArrayLike

    from sam_widget.masks import Edit, Islands, Overlap
    from sam_widget.store import AnnotationStore

__all__ = ["ObjectActions"]


class ObjectActions(HandEdits[None], SessionMirror):
    """Actions on accepted objects and edits by hand, each one step for :meth:`undo`; labels."""

    @property
    def annotations(self) -> AnnotationStore:
        """The accepted objects: a sequence that may be changed, with ``.save(path)`` and more.

        Changes show on the page, and are undone like all others.
        """
        return self._session.annotations

    def update_annotation(
        self,
        annotation_id: str,
        *,
        label: str | None = None,
        color: str | None = None,
        visible: bool | None = None,
    ) -> None:
        """Rename, recolour, hide or show an accepted object, by its ``id``."""
        self._do(
            lambda session: session.update_annotation(
                annotation_id, label=label, color=color, visible=visible
            )
        )

    def remove_annotation(self, annotation_id: str) -> None:
        """Delete an accepted object, by its ``id``."""
        self._do(lambda session: session.remove_annotation(annotation_id))

    def reopen(self, annotation_id: str) -> None:
        """Take an accepted object up again: its prompts come back, accepting replaces it."""
        self._do(lambda session: session.reopen(annotation_id))

    @property
    def overlap(self) -> Overlap:
        """What happens where a new object lies on older ones, as for the parameter; assignable."""
        return self._session.overlap

    @overlap.setter
    def overlap(self, policy: Overlap) -> None:
        self._session.overlap = policy

    def edit(self, edit: Edit, annotation_id: str | None = None) -> None:
        """Apply an edit to the chosen candidate, or to an accepted object by its ``id``.

        An edited candidate is what :attr:`mask` returns and what is accepted; the prompts stay. A
        prompt placed after it asks the model again, with the edited mask to start from.
        """
        on_screen = annotation_id is None
        self._do(lambda session: session.edit(edit, annotation_id), computes=on_screen)

    def islands(self, annotation_id: str | None = None) -> Islands:
        """Pixels of each island and hole of the mask on screen, or of an accepted object."""
        return self._session.islands(annotation_id)

    def split(self, annotation_id: str, line: ArrayLike | None = None) -> None:
        """Split an accepted object: one object per island, or along a line of points (x, y)."""
        self._do(lambda session: session.split(annotation_id, line))

    def merge(self, ids: Iterable[str], label: str | None = None) -> None:
        """Merge accepted objects, by their ids, into one; under the first label by default."""
        ids = tuple(ids)
        self._do(lambda session: session.merge(ids, label))

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
