"""How long a widget lives: as long as a variable or a cell's output shows it.

ipywidgets keeps every widget for ever. Here it is told of a widget without keeping it; what keeps
it is the output of the cell that displayed it. When that cell is run again, its old output is gone,
and the widget with it, unless it is displayed anew or something of the user's still leads to it.
"""

from __future__ import annotations

import atexit
import gc
import sys
from threading import RLock
from typing import TYPE_CHECKING, Any
from weakref import ProxyTypes, WeakMethod, WeakSet, proxy

from ipywidgets.widgets import widget as widget_module

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from ipywidgets import DOMWidget, Widget

    from sam_widget.widget.page.page import Page
    from sam_widget.widget.worker.worker import Worker

__all__ = ["Screen", "ending", "screen", "weakly"]


def weakly(method: Callable[..., Any]) -> Callable[..., Any]:
    """Return a call of a method that does not keep its object, and does nothing without it."""
    known = WeakMethod(method)

    def call(*arguments: Any, **named: Any) -> Any:  # noqa: ANN401 - as the method
        found = known()
        return None if found is None else found(*arguments, **named)

    return call


def ending(page: Page, worker: Worker, comm: Any) -> Callable[[], None]:  # noqa: ANN401
    """Return what ends the threads of a widget that nobody can reach any more."""

    def end() -> None:
        worker.finish_gestures()  # a person may have pressed a key just before
        page.close()
        worker.close()
        worker.join()
        comm.close()
        gc.collect()  # what the threads held

    return end


class Screen:
    """Keep the widgets that cells show, and let ipywidgets keep none."""

    def __init__(self) -> None:
        self._lock = RLock()
        self._shown: dict[str | None, dict[int, Widget]] = {}
        self._leaving: list[Widget] = []
        self._watched: object = None

    def meet(self, widget: DOMWidget, receive: Callable[..., Any]) -> None:
        """Have a new widget kept by what shows it, and by nothing else.

        Parameters
        ----------
        widget : Widget
            Its comm is open.
        receive : callable
            The widget's method that takes the page's messages.
        """
        if _is_elsewhere():
            return
        layout: Any = widget.layout
        _let_go(widget, receive)
        if layout is not None:
            _let_go(layout, layout._handle_msg)  # noqa: SLF001 - as ipywidgets itself does

    def show(self, widget: Widget) -> None:
        """Keep a widget as long as the output of the present cell is there."""
        shell = _shell()
        if shell is None:
            return
        with self._lock:
            if self._watched is not shell:
                self._watched = shell
                shell.events.register("pre_run_cell", self._before_cell)
                shell.events.register("post_run_cell", self._after_cell)
            self._shown.setdefault(_cell(shell), {})[id(widget)] = widget

    def forget(self, widget: Widget) -> None:
        """Keep a widget no longer: it was closed."""
        with self._lock:
            for widgets in self._shown.values():
                widgets.pop(id(widget), None)

    def _before_cell(self, info: Any) -> None:  # noqa: ANN401 - IPython has no type for it
        """Note what the output held that this run replaces, and those of cells that are deleted."""
        again = getattr(info, "cell_id", None)
        gone = [again, *_deleted_cells(self._watched)]
        with self._lock:
            for cell in gone:
                if cell is not None:
                    self._leaving += self._shown.pop(cell, {}).values()

    def _after_cell(self, _result: object) -> None:
        """Let go of what the cell has not displayed anew."""
        with self._lock:
            leaving, self._leaving = self._leaving, []
            still = {key for widgets in self._shown.values() for key in widgets}
        gone = [widget for widget in leaving if id(widget) not in still]
        del leaving
        if gone:
            _forget_outputs(self._watched, gone)
            gone.clear()
            gc.collect()  # widgets are made of cycles, and each holds megabytes


screen = Screen()


def _is_elsewhere() -> bool:
    """Whether the host is a notebook that is no IPython kernel: it keeps widgets in its own way."""
    marimo = sys.modules.get("marimo")
    return marimo is not None and bool(marimo.running_in_notebook())


def _let_go(widget: Any, receive: Callable[..., Any]) -> None:  # noqa: ANN401
    """Have ipywidgets and the comm know a widget without keeping it alive."""
    instances = _instances()
    if widget.comm is None or widget.model_id not in instances:
        return
    model = widget.model_id

    def gone(_proxy: object) -> None:
        instances.pop(model, None)

    widget.comm.on_msg(weakly(receive))
    instances[model] = proxy(widget, gone)
    _living.add(widget)


_living: WeakSet[Widget] = WeakSet()


def _close_living() -> None:
    """Close what is there at the end of a script: later, ipywidgets could not any more."""
    if _shell() is None:
        for widget in tuple(_living):
            widget.close()


atexit.register(_close_living)


def _instances() -> dict[str, Any]:
    known: dict[str, Any] = getattr(widget_module, "_instances", {})
    return known


def _shell() -> Any:  # noqa: ANN401 - IPython's, if this is a kernel
    ipython = sys.modules.get("IPython")
    shell = None if ipython is None else ipython.get_ipython()
    return shell if getattr(shell, "kernel", None) is not None else None


def _cell(shell: Any) -> str | None:  # noqa: ANN401
    """Return the cell whose output shows what is displayed now; None where nobody tells.

    What an Output widget captures is shown wherever that is.
    """
    parent = shell.kernel.get_parent() or {}
    request = parent.get("header", {}).get("msg_id")
    kept = [found for found in tuple(_instances().values()) if type(found) not in ProxyTypes]
    if any(getattr(found, "msg_id", None) == request for found in kept):
        return None
    cell = parent.get("metadata", {}).get("cellId")
    return cell if isinstance(cell, str) else None


def _deleted_cells(shell: Any) -> list[str]:  # noqa: ANN401
    deleted = (shell.kernel.get_parent() or {}).get("metadata", {}).get("deletedCells")
    return [cell for cell in deleted if isinstance(cell, str)] if isinstance(deleted, list) else []


def _forget_outputs(shell: Any, gone: Iterable[Widget]) -> None:  # noqa: ANN401
    """Take widgets out of ``Out`` and ``_``, where IPython keeps what a cell ended with."""
    known = {id(widget) for widget in gone}
    outputs = shell.user_ns.get("_oh", {})
    numbers = [number for number, value in outputs.items() if id(value) in known]
    for number in numbers:
        del outputs[number]
    newest = ("_", "__", "___")
    for names in (shell.user_ns, shell.user_ns_hidden, vars(shell.displayhook)):
        for name in [*newest, *(f"_{number}" for number in numbers)]:
            if id(names.get(name)) in known:
                names[name] = ""
                if name not in newest:
                    del names[name]
