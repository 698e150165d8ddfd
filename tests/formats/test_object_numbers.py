"""Numbers of objects whose ids are texts."""

from __future__ import annotations

import numpy as np
import pytest

from sam_widget import Annotation
from sam_widget.formats.object_numbers import assign_numbers
from sam_widget.masks.rle import Rle

ONE = Rle.encode(np.ones((30, 40), dtype=bool))


@pytest.mark.parametrize(
    ("ids", "numbers"),
    [
        ([], []),
        (["a", "b"], [1, 2]),
        (["7", "a", "1", "b"], [7, 2, 1, 3]),
        (["007", "-1", "1.0", "²", str(2**60)], [1, 2, 3, 4, 5]),
        (["3", "3"], [3, 1]),
    ],
)
def test_numbers_stay_and_the_others_get_what_is_free(ids, numbers):
    assert assign_numbers([Annotation(ONE, id=identity) for identity in ids]) == numbers
