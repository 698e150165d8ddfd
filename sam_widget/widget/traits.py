"""The traits that every view is built from, without any computation."""

from __future__ import annotations

from typing import Any

import anywidget
import traitlets

__all__ = ["SessionTraits"]


class SessionTraits(anywidget.AnyWidget):
    """The state of a session as traits; Python alone writes them."""

    _esm = traitlets.Unicode().tag(sync=True)
    _css = traitlets.Unicode().tag(sync=True)

    image_state = traitlets.Dict().tag(sync=True)
    document = traitlets.Dict().tag(sync=True)
    series_state: Any = traitlets.Dict(allow_none=True).tag(sync=True)
    answer = traitlets.Dict().tag(sync=True)
    problem: Any = traitlets.Dict(allow_none=True).tag(sync=True)
    model_info = traitlets.Dict().tag(sync=True)
    labels = traitlets.List(traitlets.Unicode(), read_only=True).tag(sync=True)
    offered_labels = traitlets.List(
        traitlets.Unicode(), help="As they were given: a new view begins with the first."
    ).tag(sync=True)
    label_colors = traitlets.Dict(read_only=True, help="Label to '#rrggbb'.").tag(sync=True)
    status = traitlets.Unicode("loading", read_only=True).tag(sync=True)
    accept_on_label = traitlets.Bool(
        False, help="Whether a label chosen on the page accepts the mask on screen under it."
    ).tag(sync=True)
    revision = traitlets.Int(0, read_only=True, help="Grows with every new answer or choice.")
