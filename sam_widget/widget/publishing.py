"""Traits that several threads set: sent as one message, in order, and observed afterwards."""

from __future__ import annotations

import sys
import traceback
from threading import RLock, get_ident
from typing import TYPE_CHECKING, Any

import anywidget
import traitlets

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = ["PublishingWidget", "bind_to_no_thread"]


class PublishingWidget(anywidget.AnyWidget):
    """A widget whose state is published under a lock that no observer ever sees held.

    traitlets calls observers in the middle of an assignment. One that waits for a thread which has
    something to publish itself would wait for ever, so here they are called when the lock is free.
    """

    # Changes of traits that observers are still to be told of, and the thread that makes them.
    _untold: list[Any] | None = None
    _publisher = 0

    def __init__(self, **traits: Any) -> None:  # noqa: ANN401 - each trait checks its own
        self._publishing = RLock()
        super().__init__(**traits)

    def open(self) -> None:
        """Open the comm to the page; ipywidgets calls it."""
        super().open()
        bind_to_no_thread(self.comm)

    def notify_change(self, change: Any) -> None:  # noqa: ANN401 - traitlets' signature
        """Send a change to the page and call its observers; what is being published waits."""
        if self._untold is not None and self._publisher == get_ident():
            self._untold.append(change)
        else:
            super().notify_change(change)

    def _assign(self, values: Mapping[str, object]) -> list[Any]:
        """Set traits and neither send them nor tell anybody; the publish lock is held.

        Returns
        -------
        list
            What changed, to be sent by :meth:`_send_changes` and then told by :meth:`_tell`.
        """
        changes: list[Any] = []
        self._untold, self._publisher = changes, get_ident()
        try:
            for name, value in values.items():
                self.set_trait(name, value)
        finally:
            self._untold = None
        return changes

    def _send_changes(self, changes: Iterable[Any]) -> None:
        """Send what changed to the page, as one message; the publish lock is held."""
        self.send_state([change.name for change in changes if change.name in self.keys])

    def _tell(self, changes: Iterable[Any]) -> None:
        """Call the observers of what was published; no lock is held, so they may do anything."""
        for change in changes:
            self._tell_one(change)

    def _tell_one(self, change: Any) -> None:  # noqa: ANN401 - traitlets has no type for it
        try:
            traitlets.HasTraits.notify_change(self, change)
        except Exception:  # noqa: BLE001 - an observer's mistake must not stop the widget
            print(f"sam_widget: an observer of {change.name!r} raised:", file=sys.stderr)  # noqa: T201
            traceback.print_exc()


def bind_to_no_thread(comm: object) -> None:
    """Let the page's messages go to the thread that they name.

    ipykernel sends them to the thread from which the comm last spoke. Before the page has said
    anything that is the thread of the cell which made the widget: if it runs on, they would wait.
    What is removed is a private mark of ipykernel 7; other kernels have none.
    """
    getattr(comm, "__dict__", {}).pop("_reply_subshell_id", None)
