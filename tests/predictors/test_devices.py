import pytest
import torch

from sam_widget.errors import ModelError
from sam_widget.predictors.devices import resolve_device


def test_devices(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
    assert resolve_device("auto") == resolve_device(None) == "cuda"
    assert resolve_device("cuda:1") == "cuda:1"
    with pytest.raises(ModelError, match=r"\(cuda:0, cuda:1, mps, cpu\), got 'cuda:2'"):
        resolve_device("cuda:2")

    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert resolve_device("auto") == "mps"
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    assert resolve_device("auto") == resolve_device("cpu") == "cpu"
    with pytest.raises(ModelError, match=r"\(cpu\), got 'cuda'"):
        resolve_device("cuda")
    with pytest.raises(ModelError, match="got 'meta'"):
        resolve_device("meta")
    with pytest.raises(ModelError, match="got 'gpu'"):
        resolve_device("gpu")
