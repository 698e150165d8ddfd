"""What a file costs is added up, and refused where it is too much."""

from __future__ import annotations

import numpy as np
import pytest

from sam_widget import AnnotationError
from sam_widget.formats.reading.budget import Budget, memory_of
from sam_widget.formats.reading.field import Field
from sam_widget.masks.polygon_fill import filling_costs


def field(value):
    return Field(value, "a[3].b", "x.json")


def test_what_a_file_costs_is_added_up():
    budget = Budget()
    polygon = np.array([[0.0, 0], [2**20, 1], [0, 2]])
    budget.unpack(field(None), (2**13, 2**13))
    budget.unpack(field(None), (2**13, 2**13))
    with pytest.raises(AnnotationError, match=r"x.json: a\[3\].b: the masks that would"):
        budget.unpack(field(None), (1, 1))
    with pytest.raises(AnnotationError, match="pixels along its outline"):
        budget.draw(lambda _: field(None), filling_costs([polygon], 5, 2**20))


def test_objects_may_take_so_much_of_their_file():
    small = Budget(0)
    with pytest.raises(AnnotationError, match=r"Divide it into files of at most \d,\d+ objects"):
        small.hold(field(None), 10_000, 0)
    Budget(10_000 * 60).hold(field(None), 10_000, 0)
    Budget().hold(field(None), 10**9, 10**12)
    with pytest.raises(AnnotationError, match="the masks of this file"):
        Budget(0, 10**6).hold(field(None), 1, 10**8)
    with pytest.raises(AnnotationError, match="far more memory"):
        small.keep(field(None), further={"x": [[]] * 10**5})
    with pytest.raises(AnnotationError, match="far more memory"):
        Budget(0).point(field(None), 10**5)


def test_memory_is_that_of_all_within():
    assert memory_of([]) < memory_of([[], []]) < memory_of({"a": [[], "text"], "b": {}})
