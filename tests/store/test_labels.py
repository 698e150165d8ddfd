from __future__ import annotations

import numpy as np
import pytest

from sam_widget.annotations.annotation import PALETTE, Annotation
from sam_widget.masks.rle import Rle
from sam_widget.store.labels import Labels
from sam_widget.store.store import AnnotationStore


def one(label, color):
    return Annotation(Rle.encode(np.ones((2, 3), bool)), label, color)


@pytest.fixture
def store():
    return AnnotationStore(width=3, height=2)


def test_the_colour_is_that_of_most_objects_and_of_equally_many_the_first(store):
    labels = Labels(store, ("cup",), {"cup": "#000000"})
    assert labels.colors([]) == {"cup": "#000000"}
    objects = [one("cup", "#111111"), one("cup", "#222222")]
    assert labels.colors(objects) == {"cup": "#111111"}
    assert labels.colors([*objects, one("cup", "#222222")]) == {"cup": "#222222"}


def test_a_new_label_gets_the_colour_that_is_used_least(store):
    labels = Labels(store, (), {})
    store.transactions.apply(lambda: labels.announce("cup", [one("", PALETTE[0])]))
    store.transactions.apply(lambda: labels.announce("cup", []))
    store.transactions.apply(lambda: labels.announce("", []))
    assert labels.names == ("cup",)
    assert labels.colors([]) == {"cup": PALETTE[1]}


def test_the_store_keeps_what_is_on_offer(store):
    labels = Labels(store, (), {})
    store.transactions.apply(lambda: labels.recolor("cup", "#123456"))
    assert (store.labels, store.label_colors) == ((), {})
    store.transactions.apply(lambda: labels.announce("cup", []))
    store.transactions.apply(lambda: labels.announce("plate", []))
    store.transactions.apply(lambda: labels.rename("cup", "mug", "#654321"))
    assert (store.labels, store.label_colors["mug"]) == (("mug", "plate"), "#654321")
    store.transactions.apply(lambda: labels.remove("plate"))
    store.transactions.apply(lambda: labels.recolor("mug", "#abcdef"))
    assert (store.labels, store.label_colors) == (("mug",), {"mug": "#abcdef"})
    again = Labels(store, store.labels, {"mug": "#000000"})
    assert again.colors([]) == {"mug": "#abcdef"}


def test_a_label_from_elsewhere_brings_its_colour(store):
    labels = Labels(store, ("cup",), {"cup": "#111111"})
    for met in (one("", "#222222"), one("cup", "#222222"), one("spoon", "#333333")):
        labels.meet(met)
    assert labels.colors([]) == {"cup": "#111111", "spoon": "#333333"}
