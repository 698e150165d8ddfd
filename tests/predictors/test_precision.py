import pytest
import torch

from sam_widget.errors import ModelError
from sam_widget.predictors import precision
from sam_widget.predictors.precision import resolve_precision


def test_float32_is_kept_where_bfloat16_is_not_native(monkeypatch):
    monkeypatch.setattr(precision, "_cpu_has_bfloat16", lambda: True)
    assert resolve_precision("bf16", "cpu") == "bf16"
    assert resolve_precision("fp32", "cpu") == "fp32"
    assert resolve_precision("bf16", "mps") == "fp32"
    monkeypatch.setattr(precision, "_cpu_has_bfloat16", lambda: False)
    assert resolve_precision("bf16", "cpu") == "fp32"
    for there, expected in ((True, "bf16"), (False, "fp32")):
        monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda there=there: there)
        assert resolve_precision("bf16", "cuda:0") == expected
    with pytest.raises(ModelError, match='"fp32" or "bf16", got \'half\''):
        resolve_precision("half", "cpu")


@pytest.mark.parametrize(
    ("found", "native"),
    [
        ({"avx512_bf16": True}, True),
        ({"avx512_bf16": False, "amx_bf16": True}, True),
        ({"avx512_f": True}, False),
        ({}, False),
    ],
)
def test_what_torch_says_of_the_cpu(monkeypatch, found, native):
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: found, raising=False)
    assert precision._cpu_has_bfloat16() is native


@pytest.mark.parametrize(
    ("flags", "native"),
    [
        ("fpu avx512f avx512_bf16 vaes", True),
        ("fpu amx_bf16", True),
        ("fpu avx512f avx512_bf16_or_not", False),
    ],
)
def test_what_linux_says_of_the_cpu(monkeypatch, tmp_path, flags, native):
    monkeypatch.delattr(torch.cpu, "get_capabilities", raising=False)
    info = tmp_path / "cpuinfo"
    monkeypatch.setattr(precision, "_CPU_INFO", info)
    assert precision._cpu_has_bfloat16() is False
    info.write_text(f"processor\t: 0\nflags\t\t: {flags}\n\nprocessor\t: 1\n")
    assert precision._cpu_has_bfloat16() is native
