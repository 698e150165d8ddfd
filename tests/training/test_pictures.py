import numpy as np

from sam_widget.predictors import FakePredictor
from sam_widget.prompts import Prompts
from training.pictures import CASES, Case, photograph, sheet


def test_a_sheet_has_a_row_for_each_case_and_a_panel_for_each_candidate():
    cases = (
        Case("coffee", Prompts(points=[(280, 230)])),
        Case("coins", Prompts(boxes=[(20, 100, 80, 150)])),
    )
    image = sheet(FakePredictor(), cases)
    assert image.width == 3 * (300 + 4)
    assert image.height == 2 * (200 + 4)
    corner = np.asarray(image)[250:, 700:]
    assert (corner == 255).all()  # one candidate for a box


def test_prompts_lie_on_the_photographs():
    for group in CASES.values():
        for case in group:
            height, width = photograph(case.photo).shape[:2]
            case.prompts.fitted(width, height)
