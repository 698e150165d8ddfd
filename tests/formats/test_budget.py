"""What a file costs is added up, and refused where it is too much."""

from __future__ import annotations

import numpy as np
import pytest

from sam_widget import AnnotationError
from sam_widget.formats.budget import Budget
from sam_widget.formats.untrusted import Field
from sam_widget.polygon_filling import filling_costs


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
