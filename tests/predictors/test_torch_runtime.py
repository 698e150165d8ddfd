import pytest

from sam_widget.errors import ModelError
from sam_widget.predictors import torch_runtime


def test_nothing_is_said_where_torch_is():
    torch_runtime.require("training", "torchvision")


def test_what_is_missing_is_named_with_the_command(monkeypatch):
    monkeypatch.setattr(torch_runtime, "find_spec", lambda name: None)
    with pytest.raises(ModelError) as caught:
        torch_runtime.require("training", "torchvision")
    assert str(caught.value) == (
        "training needs torch and torchvision, not installed here. "
        'Run `pip install "sam-widget[torch]"`; the model "lite" works without.'
    )
