"""Everything that can be done to annotations: in a cell, on a store, on the page, in a series.

A move is a function of a widget (at the desk: of several) and a generator of random numbers, which
chooses what the move is about; the same numbers make the same move.
"""

from __future__ import annotations

import numpy as np
from page_gestures import gesture

from sam_widget import Annotation, Rle, SamWidget, open_annotations
from sam_widget.errors import SamWidgetError
from sam_widget.widget.wire.fields import (
    Color,
    Count,
    Flag,
    ListOf,
    Number,
    OrNull,
    Points,
    Text,
)
from sam_widget.widget.wire.table import EVERYTHING, GESTURES, NAVIGATION

LABELS = ("cup", "plate", "spoon")
COLORS = ("#123456", "#654321", "#abcdef")
STATUSES = ("todo", "done", "skipped")
ALL_MASKS = {"points_per_side": 2, "pred_iou_thresh": 0.0, "stability_score_thresh": 0.0}


# ---- what moves are made of ---------------------------------------------------------------------


def place(widget, rng):
    """A point of the image."""
    height, width = widget.image.shape[:2]
    return rng.uniform(0, width - 1), rng.uniform(0, height - 1)


def path(widget, rng, count=3):
    return [place(widget, rng) for _ in range(count)]


def box(widget, rng):
    height, width = widget.image.shape[:2]
    x0, y0 = rng.uniform(0, width / 2), rng.uniform(0, height / 2)
    return x0, y0, rng.uniform(x0 + 2, width), rng.uniform(y0 + 2, height)


def mask(widget, rng):
    """Two rectangles, one perhaps with a hole: there is something to fill, to drop, to split."""
    drawn = np.zeros(widget.image.shape[:2], np.bool_)
    height, width = drawn.shape
    top, left = rng.randrange(max(1, height // 2)), rng.randrange(max(1, width // 2))
    drawn[top : top + height // 3, left : left + width // 3] = True
    drawn[top + 2 : top + 4, left + 2 : left + 4] = rng.random() < 0.5
    drawn[height - 3 :, width - 3 :] = True
    return drawn


def drawn(widget, rng):
    return Annotation(Rle.encode(mask(widget, rng)), rng.choice(LABELS))


def accepted(widget, rng):
    """Click and accept, whatever was on screen."""
    widget.clear()
    widget.add_point(*place(widget, rng))
    return widget.accept(rng.choice(LABELS))


def some(widget, rng, count=1):
    """Ids of annotations; more are made if there are too few."""
    while len(found := [item.id for item in widget.annotations]) < count:
        widget.annotations.add(drawn(widget, rng))
    return rng.sample(found, count)


def any_of(widget, rng):
    return some(widget, rng)[0]


def on_screen_or_not(widget, rng):
    """The id of an annotation, or None for the mask on screen."""
    return None if rng.random() < 0.5 else any_of(widget, rng)


def all_masks(widget):
    run = widget.everything(**ALL_MASKS)
    run.wait(60)
    return run


def changed(rng):
    """New properties of an annotation; at least one."""
    every = {
        "label": rng.choice(LABELS),
        "color": rng.choice(COLORS),
        "visible": rng.random() < 0.5,
    }
    return {name: every[name] for name in rng.sample(sorted(every), rng.randint(1, 3))}


# ---- in a cell ----------------------------------------------------------------------------------

PROMPTS = {
    "add_point": lambda w, rng: w.add_point(*place(w, rng), positive=rng.random() < 0.7),
    "move_point": lambda w, rng: w.move_point(0, *place(w, rng)),
    "remove_point": lambda w, rng: w.remove_point(0),
    "set_box": lambda w, rng: w.set_box(*box(w, rng)),
    "remove_box": lambda w, rng: w.remove_box(),
    "set_mask": lambda w, rng: w.set_mask(mask(w, rng)),
    "remove_mask": lambda w, rng: w.remove_mask(),
    "set_multimask": lambda w, rng: w.set_multimask(rng.choice((None, True, False))),
    "clear": lambda w, rng: w.clear(),
    "choose": lambda w, rng: w.choose(rng.randrange(3)),
    "reopen": lambda w, rng: w.reopen(any_of(w, rng)),
}
"""Moves that change no annotation, but what the next ones mean."""

IN_A_CELL = {
    "accept": accepted,
    "accept what is there": lambda w, rng: w.accept(rng.choice((None, *LABELS))),
    "accept what was reopened": lambda w, rng: (
        w.reopen(any_of(w, rng)),
        w.add_point(*place(w, rng)),
        w.accept(),
    ),
    "brush": lambda w, rng: w.brush(path(w, rng), rng.uniform(1, 9), on_screen_or_not(w, rng)),
    "erase": lambda w, rng: w.erase(path(w, rng), rng.uniform(1, 4), on_screen_or_not(w, rng)),
    "add_polygon": lambda w, rng: w.add_polygon(path(w, rng, 4), on_screen_or_not(w, rng)),
    "subtract_polygon": lambda w, rng: w.subtract_polygon(path(w, rng), on_screen_or_not(w, rng)),
    "fill_holes": lambda w, rng: w.fill_holes(None, on_screen_or_not(w, rng)),
    "drop_islands": lambda w, rng: w.drop_islands(20, on_screen_or_not(w, rng)),
    "smooth": lambda w, rng: w.smooth(rng.randint(1, 4), on_screen_or_not(w, rng)),
    "split": lambda w, rng: w.split(any_of(w, rng), rng.choice((None, path(w, rng, 2)))),
    "merge": lambda w, rng: w.merge(some(w, rng, 2), rng.choice((None, *LABELS))),
    "update_annotation": lambda w, rng: w.update_annotation(any_of(w, rng), **changed(rng)),
    "update_annotations": lambda w, rng: w.update_annotations(some(w, rng, 2), **changed(rng)),
    "remove_annotation": lambda w, rng: w.remove_annotation(any_of(w, rng)),
    "remove_annotations": lambda w, rng: w.remove_annotations(some(w, rng, 2)),
    "duplicate_annotation": lambda w, rng: w.duplicate_annotation(any_of(w, rng)),
    "show_only": lambda w, rng: w.show_only(some(w, rng, rng.randint(0, 2))),
    "add_label": lambda w, rng: w.add_label(rng.choice(LABELS), rng.choice((None, *COLORS))),
    "rename_label": lambda w, rng: w.rename_label(*rng.sample(LABELS, 2)),
    "recolor_label": lambda w, rng: w.recolor_label(rng.choice(LABELS), rng.choice(COLORS)),
    "remove_label": lambda w, rng: w.remove_label(rng.choice(LABELS)),
    "undo": lambda w, rng: w.undo(),
    "redo": lambda w, rng: w.redo(),
    "segment_boxes": lambda w, rng: w.segment_boxes(
        [box(w, rng), box(w, rng)], rng.choice((None, *LABELS))
    ),
    "everything.keep": lambda w, rng: all_masks(w).keep(rng.choice(LABELS)),
    "everything.refilter": lambda w, rng: _refiltered(w, rng).keep(""),
    "perform": lambda w, rng: w.perform(
        lambda session: session.add_annotations([drawn(w, rng), drawn(w, rng)])
    ),
    "session": lambda w, rng: (w.session.add_point(*place(w, rng)), w.session.accept("cup")),
}

ON_A_STORE = {
    "add": lambda w, rng: w.annotations.add(drawn(w, rng), rng.choice((None, 0))),
    "replace": lambda w, rng: w.annotations.replace(_redrawn(w, rng)),
    "update": lambda w, rng: w.annotations.update(any_of(w, rng), **changed(rng)),
    "remove": lambda w, rng: w.annotations.remove(any_of(w, rng)),
    "edit": lambda w, rng: w.annotations.edit(remove=some(w, rng), put=[drawn(w, rng)]),
    "reorder": lambda w, rng: (
        some(w, rng, 2),
        w.annotations.reorder(some(w, rng, len(w.annotations))),
    ),
    "undo": lambda w, rng: w.annotations.undo(),
    "redo": lambda w, rng: w.annotations.redo(),
    "set_property": lambda w, rng: w.annotations.set_property(
        rng.choice(("note", "labels")), rng.sample(LABELS, 2)
    ),
}


def _refiltered(widget, rng):
    run = all_masks(widget)
    run.refilter(min_mask_region_area=rng.randint(0, 30), box_nms_thresh=rng.uniform(0.5, 1))
    return run


def _redrawn(widget, rng):
    known = widget.annotations.get(any_of(widget, rng))
    return Annotation(Rle.encode(mask(widget, rng)), "cup", known.color, id=known.id)


# ---- on the page --------------------------------------------------------------------------------


def from_the_page(widget, rng, message):
    """Send a message of the table with fields that fit it, and return the answer."""
    fields, buffers = {}, []
    for name, kind in message.required.items():
        if isinstance(kind, Points):
            count = max(kind.least, rng.choice((0, 2, 4)))
            points = np.array(path(widget, rng, count), "<f4")
            buffers = [points.tobytes()] if count else []
        else:
            fields[name] = _field(widget, rng, name, kind)
    for name in rng.sample(sorted(message.optional), min(1, len(message.optional))):
        fields[name] = _field(widget, rng, name, message.optional[name])
    if {"x0", "y0", "x1", "y1"} <= fields.keys():
        fields |= zip(("x0", "y0", "x1", "y1"), box(widget, rng), strict=True)
    return gesture(widget, message.type, buffers, **fields)


def _field(widget, rng, name, kind):
    """A value for one field of a message, as a person might come to send it."""
    own = {
        "x": lambda: place(widget, rng)[0],
        "y": lambda: place(widget, rng)[1],
        "label": lambda: rng.choice(LABELS),
        "to": lambda: rng.choice(LABELS),
        "status": lambda: rng.choice(STATUSES),
        "radius": lambda: rng.randint(1, 4),
        "min_area": lambda: 20,
        "points_per_side": lambda: 2,
        "crop_n_layers": lambda: 0,
        "pred_iou_thresh": lambda: 0.0,
        "stability_score_thresh": lambda: 0.0,
        "rows": lambda: rng.choice((None, [0])),
        "revision": lambda: None,
        "region": lambda: None,
    }
    by_kind = {
        ListOf: lambda: some(widget, rng, max(kind.least, rng.randint(1, 2))),
        Count: lambda: rng.randrange(3) + kind.least,
        Number: lambda: rng.randrange(3),
        Flag: lambda: rng.random() < 0.5,
        Color: lambda: rng.choice(COLORS),
        Text: lambda: any_of(widget, rng),
        OrNull: lambda: None if rng.random() < 0.5 else _field(widget, rng, name, kind.kind),
    }
    return own[name]() if name in own else by_kind[type(kind)]()


def _kept_on_the_page(widget, rng):
    all_masks(widget)
    return from_the_page(widget, rng, EVERYTHING["everything_keep"])


FROM_THE_PAGE = {
    **{
        message.type: lambda w, rng, message=message: from_the_page(w, rng, message)
        for message in (*GESTURES.values(), *EVERYTHING.values())
    },
    "everything_keep": _kept_on_the_page,
}

IN_A_SERIES = {
    "next": lambda w, rng: w.next(),
    "previous": lambda w, rng: w.previous(),
    "go_to": lambda w, rng: w.go_to(rng.randrange(len(w.series))),
    "mark": lambda w, rng: w.mark(rng.choice(STATUSES), rng.randrange(len(w.series))),
    **{
        f"{message.type} on the page": lambda w, rng, message=message: from_the_page(
            w, rng, message
        )
        for message in NAVIGATION.values()
    },
}


# ---- at the desk --------------------------------------------------------------------------------


class Desk:
    """What one person has open: widgets on the photos of a folder, all with one model.

    Parameters
    ----------
    folder : Path
        Has the photos.
    model : Predictor
    """

    def __init__(self, folder, model):
        self.folder, self.model = folder, model
        self.photos = sorted(folder.glob("*.png"))
        self.widgets = []

    def open_series(self):
        self.widgets.append(SamWidget.from_folder(self.folder, model=self.model, labels=LABELS[:1]))

    def open_one(self, photo):
        self.widgets.append(SamWidget(photo, model=self.model))

    def choose(self, rng, kind):
        """A widget for a move of this kind, more often a new one than an old one."""
        fit = [w for w in self.widgets if kind != "series" or w.series is not None]
        return fit[-1] if rng.random() < 0.6 else rng.choice(fit)

    def close(self, widget):
        self.widgets.remove(widget)
        widget.close()


def _run_again(desk, rng):
    """Run the cell again: a second widget is on the same photos, and the first is still there."""
    desk.open_series()
    if len(desk.widgets) > 3:
        desk.close(desk.widgets[0])


def _second_widget(desk, rng):
    image = desk.choose(rng, "any").session.image
    if image.path is not None:
        desk.open_one(image.path)
    if len(desk.widgets) > 3:
        desk.close(next(widget for widget in desk.widgets if widget is not _last_series(desk)))


def _last_series(desk):
    return next(widget for widget in reversed(desk.widgets) if widget.series is not None)


def _another_image(desk, rng):
    for widget in desk.widgets:
        if widget.series is None:
            widget.image = rng.choice(desk.photos)


def _closed(desk, rng):
    spare = [widget for widget in desk.widgets if widget is not _last_series(desk)]
    if spare:
        desk.close(rng.choice(spare))


def _without_a_widget(desk, rng):
    with open_annotations(rng.choice(desk.photos)) as store:
        drawn = np.zeros((store.height, store.width), np.bool_)
        drawn[: rng.randint(1, 9), :7] = True
        store.add(Annotation(Rle.encode(drawn), rng.choice(LABELS)))


AT_THE_DESK = {
    "run the cell again": _run_again,
    "second widget": _second_widget,
    "another image": _another_image,
    "close": _closed,
    "without a widget": _without_a_widget,
}

MOVES = {
    "prompt": PROMPTS,
    "cell": IN_A_CELL,
    "store": ON_A_STORE,
    "page": FROM_THE_PAGE,
    "series": IN_A_SERIES,
    "desk": AT_THE_DESK,
}
"""By kind, then by name."""


def play(desk, kind, name, rng):
    """Make one move.

    Returns
    -------
    str
        What was raised on purpose, or the page's error; empty if all went well.
    list of str
        Ids of the annotations that came back.
    """
    try:
        if kind == "desk":
            MOVES[kind][name](desk, rng)
            return "", []
        widget = desk.choose(rng, kind)
        if widget.session.image.path is None and kind != "series":
            return "another process has this image", []
        answer = MOVES[kind][name](widget, rng)
    except SamWidgetError as error:
        return f"{type(error).__name__}: {error}", []
    if isinstance(answer, dict) and answer.get("type") == "error":
        return f"{answer['code']}: {answer['message']}", []
    answers = answer if isinstance(answer, (list, tuple)) else [answer]
    return "", [found.id for found in answers if isinstance(found, Annotation)]
