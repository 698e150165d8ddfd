"""Traits that may be awaited, and observers that run in the event loop that set them.

traitlets calls observers on the thread that makes a change, which here is often the widget's own.
Code that lives in an event loop, a cell of a notebook for example, is called in that loop.
"""

from __future__ import annotations

import asyncio
import inspect
import traceback
from contextvars import copy_context
from threading import get_ident
from typing import TYPE_CHECKING, Any

import traitlets

from sam_widget.errors import WidgetClosed

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Observable"]


class Observable(traitlets.HasTraits):
    """Await traits, and observe them from event loops."""

    def changed(self, name: str) -> asyncio.Future[Any]:
        """Return the next value of a trait, to be awaited: ``await w.changed("revision")``.

        It counts from the call on. ``asyncio.wait_for`` limits the time; who cancels it waits no
        longer.

        Parameters
        ----------
        name : str
            Of the trait, such as ``"revision"`` or ``"status"``.

        Returns
        -------
        asyncio.Future
            Done when the trait has changed, with its new value; fails with WidgetClosed when the
            widget is closed.

        Raises
        ------
        AttributeError
            If there is no such trait.
        RuntimeError
            If no event loop is running: use ``observe`` there.
        """
        if not self.has_trait(name):
            public = sorted(trait for trait in self.trait_names() if not trait.startswith("_"))
            raise AttributeError(
                f"expected the name of a trait, got {name!r:.60}. Traits: {', '.join(public)}."
            )
        if getattr(self, "comm", None) is None:
            raise WidgetClosed("this widget is closed. Make a new one.")
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()

        def tell(change: Any) -> None:  # noqa: ANN401 - traitlets has no type for it
            if future.done():
                return
            if change["name"] == name:
                future.set_result(change["new"])
            elif change["new"] is None:
                future.set_exception(WidgetClosed("this widget was closed while it was awaited."))

        names = list({name, "comm"})
        self.observe(tell, names)
        future.add_done_callback(lambda _: self.unobserve(tell, names))
        return future

    def observe(
        self,
        handler: Callable[..., Any],
        names: Any = traitlets.All,  # noqa: ANN401 - as traitlets has it
        type: Any = "change",  # noqa: A002, ANN401
    ) -> None:
        """Call ``handler`` with every change; see :meth:`traitlets.HasTraits.observe`.

        Set in a running event loop, as a cell of a notebook is, it is called in that loop: at once
        if the change is made there, and as soon as the loop is free if another thread makes it. It
        may be an ``async def`` then. Elsewhere it is called on the thread that makes the change.

        Raises
        ------
        TypeError
            If it is an ``async def`` and no event loop is running.
        """
        if isinstance(handler, traitlets.EventHandler):  # of a class, called with the object
            super().observe(handler, names, type)
            return
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            if inspect.iscoroutinefunction(handler):
                raise TypeError(
                    "an async observer needs a running event loop. Set it from a coroutine or a "
                    "cell, or observe with a plain function."
                ) from None
            super().observe(handler, names, type)
        else:
            super().observe(_InLoop(handler, loop), names, type)

    def unobserve(
        self,
        handler: Callable[..., Any],
        names: Any = traitlets.All,  # noqa: ANN401 - as traitlets has it
        type: Any = "change",  # noqa: A002, ANN401
    ) -> None:
        """Call ``handler`` no longer; see :meth:`traitlets.HasTraits.unobserve`."""
        super().unobserve(handler, names, type)


class _InLoop:
    """A handler that is called in an event loop, in the context in which it was set.

    Equal to the handler itself, so that ``unobserve`` finds it.
    """

    def __init__(self, handler: Callable[..., Any], loop: asyncio.AbstractEventLoop) -> None:
        self._handler, self._loop = handler, loop
        self._thread = get_ident()
        self._context = copy_context()  # what it prints goes to the cell that set it

    def __eq__(self, other: object) -> bool:
        return self is other or self._handler == other

    def __hash__(self) -> int:
        return hash(self._handler)

    def __call__(self, change: Any) -> None:  # noqa: ANN401 - traitlets has no type for it
        here = get_ident() == self._thread
        if here and not inspect.iscoroutinefunction(self._handler):
            self._context.copy().run(self._handler, change)
        elif not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._begin, change, context=self._context.copy())

    def _begin(self, change: Any) -> None:  # noqa: ANN401
        try:
            result = self._handler(change)
            if inspect.isawaitable(result):
                task = asyncio.ensure_future(result)
                _tasks.add(task)
                task.add_done_callback(_end)
        except Exception:  # noqa: BLE001 - an observer's mistake is told, and stops nothing
            traceback.print_exc()


_tasks: set[asyncio.Future[Any]] = set()
"""What async observers are at: the loop itself holds its tasks weakly."""


def _end(task: asyncio.Future[Any]) -> None:
    _tasks.discard(task)
    if not task.cancelled() and task.exception() is not None:
        traceback.print_exception(task.exception())
