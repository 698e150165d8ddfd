"""A run of everything mode: how far it is, what it found, and the handle that a cell gets."""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import TYPE_CHECKING, Protocol
from weakref import ref

from sam_widget.errors import StaleGesture

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sam_widget.annotations import Annotation
    from sam_widget.automatic import AutomaticMasks, AutomaticRun
    from sam_widget.session import Session

__all__ = ["EverythingRun", "RunState"]


class RunState:
    """What is known of a run; its thread, the page and :class:`EverythingRun` look at it.

    Attributes
    ----------
    number : int
        Runs of a widget are counted from 1.
    session : weak reference
        To the session whose image it is of.
    objects : dict of int to str
        Rows of the table that were kept, and the ids of the objects that they became.
    run : AutomaticRun or None
        Asks the model; None before that, and if it never came to it.
    latest : AutomaticMasks or None
        What was found so far, under the present thresholds.
    failure : BaseException or None
        What ended the run.
    ended : Event
        Set when the run is over, and the page told.
    cancelling, over : bool
        Whether its end was asked for, and whether it has come.
    """

    def __init__(self, number: int, session: Session) -> None:
        self.number = number
        self.session = ref(session)
        self.objects: dict[int, str] = {}
        self.run: AutomaticRun | None = None
        self.latest: AutomaticMasks | None = None
        self.failure: BaseException | None = None
        self.ended = threading.Event()
        self.cancelling = False
        self.over = False

    @property
    def stage(self) -> str:
        """In the words of :attr:`EverythingRun.stage`."""
        if self.failure is not None:
            return "failed"
        if self.run is None:
            return "cancelled" if self.over else "waiting"
        if not self.over:
            return "decoding" if self.run.finished else self.run.stage
        return "cancelled" if self.run.cancelled else "finished"

    @property
    def share(self) -> float:
        """Share of the points that are done, in [0, 1]."""
        return 0.0 if self.run is None else self.run.share

    @property
    def seconds_left(self) -> float | None:
        """Estimate of what is left; None before the first batch."""
        return None if self.run is None else self.run.seconds_left

    @property
    def result(self) -> AutomaticMasks:
        """What was found so far; raises what ended the run."""
        if self.failure is not None:
            raise self.failure
        if self.latest is None:
            raise StaleGesture("nothing is found yet. wait() returns when the run has ended.")
        return self.latest

    def offer(self, annotations: Sequence[Annotation]) -> bool:
        """Take off the offer what is among the annotations; return whether that changes it.

        A row is if the object that it became is still there, or any object has its mask.
        """
        latest = self.latest
        if latest is None:
            return False
        present = {annotation.id for annotation in annotations}
        masks = {annotation.rle for annotation in annotations}
        taken = {row for row, identity in self.objects.items() if identity in present}
        if masks:
            rows = range(len(latest.table))
            taken |= {row for row in rows if row not in taken and latest.rle_of(row) in masks}
        if taken == latest.taken:
            return False
        self.latest = replace(latest, taken=frozenset(taken))
        return True

    def cancel(self) -> None:
        """End the run after the batch that is being computed."""
        self.cancelling = True
        if self.run is not None:
            self.run.cancel()


class _Owner(Protocol):
    def result(self, current: RunState) -> AutomaticMasks: ...

    def refilter(self, current: RunState, **thresholds: float) -> AutomaticMasks: ...

    def keep(
        self, current: RunState, label: str, rows: Sequence[int] | None
    ) -> list[Annotation]: ...


class EverythingRun:
    """A run of everything mode: its progress, its result, and what can be done with it.

    Returned by :meth:`sam_widget.SamWidget.everything`; returns at once, while the run goes on.

    Parameters
    ----------
    state : RunState
    owner : Everything
        Does what is asked of the run.
    widget : object
        Is kept as long as this.
    """

    def __init__(self, state: RunState, owner: _Owner, widget: object) -> None:
        self._state, self._owner, self._widget = state, owner, widget

    @property
    def number(self) -> int:
        """Runs of a widget are counted from 1."""
        return self._state.number

    @property
    def ended(self) -> threading.Event:
        """Set when the run is over, and the page told."""
        return self._state.ended

    def __repr__(self) -> str:
        latest = self._state.latest
        found = 0 if latest is None else len(latest)
        return f"<EverythingRun {self.stage}, {self.share:.0%}, {found} masks>"

    @property
    def stage(self) -> str:
        """``"waiting"``, ``"encoding"``, ``"decoding"``, ``"finished"``, ``"cancelled"``, or
        ``"failed"``.
        """  # noqa: D205 - a list of words
        return self._state.stage

    @property
    def share(self) -> float:
        """Share of the points that are done, in [0, 1]."""
        return self._state.share

    @property
    def seconds_left(self) -> float | None:
        """Estimate of what is left; None before the first batch."""
        return self._state.seconds_left

    @property
    def result(self) -> AutomaticMasks:
        """What was found so far and is no object yet, under the thresholds of the page's sliders.

        Raises
        ------
        SamWidgetError
            What ended the run, if something did.
        """
        return self._owner.result(self._state)

    def wait(self, timeout: float | None = None) -> AutomaticMasks:
        """Wait for the end of the run, and return what it found; Ctrl-C works.

        Raises
        ------
        TimeoutError
            If it takes longer than ``timeout`` seconds.
        SamWidgetError
            What ended the run, if something did.
        """
        if not self._state.ended.wait(timeout):
            raise TimeoutError(f"the run is at {self.share:.0%} after {timeout} s.")
        return self.result

    def cancel(self) -> None:
        """End the run after the batch that is being computed; what was found stays."""
        self._state.cancel()

    def refilter(self, **thresholds: float) -> AutomaticMasks:
        """Change thresholds, here and on the page; see :meth:`AutomaticMasks.refilter`."""
        return self._owner.refilter(self._state, **thresholds)

    def keep(self, label: str = "", rows: Sequence[int] | None = None) -> list[Annotation]:
        """Accept masks as annotations, as one step of undo, and take them off the offer.

        What is an object already is not kept again; once that is undone or deleted, it is on offer
        again.

        Parameters
        ----------
        label : str
            For all of them.
        rows : sequence of int, optional
            Rows of ``result.table``; all that stay, by default.

        Returns
        -------
        list of Annotation
            Those that are new, the largest first.

        Raises
        ------
        StaleGesture
            If the widget shows another image by now.
        """
        return self._owner.keep(self._state, label, rows)
