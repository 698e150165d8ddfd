import importlib.util
import subprocess
import sys

import pytest

import sam_widget.predictors
from sam_widget.errors import ModelError, UnknownModel, WeightsError
from sam_widget.predictors import (
    FakePredictor,
    Predictor,
    available,
    load,
    onnx_runtime,
    torch_runtime,
)
from sam_widget.prompts import Prompts


@pytest.fixture
def absent(monkeypatch):
    """Take packages away: they are not found, and importing them fails."""

    def take_away(*names):
        def found(name, package=None):
            return None if name in names else importlib.util.find_spec(name, package)

        for module in (torch_runtime, onnx_runtime):
            monkeypatch.setattr(module, "find_spec", found)
        for name in names:
            monkeypatch.setitem(sys.modules, name, None)

    return take_away


def test_the_names():
    assert available() == ("lite", "vit_b", "vit_l", "vit_h", "fake")
    assert sam_widget.predictors.__all__ == [
        "BatchPredictor",
        "Capabilities",
        "ComputingThread",
        "Embedding",
        "FakePredictor",
        "ModelFrame",
        "Prediction",
        "Predictor",
        "Progress",
        "PromptKind",
        "StorablePredictor",
        "TracedMask",
        "available",
        "capabilities",
        "check_accepts",
        "decode_batch",
        "encode_with",
        "end_before_others",
        "load",
    ]


@pytest.mark.parametrize("name", ["vit_t", "", None, "sam_vit_b_01ec64.pth", ["fake"]])
def test_an_unknown_name_lists_the_known_ones(name):
    with pytest.raises(UnknownModel, match=r"lite, vit_b, vit_l, vit_h, fake.*checkpoint="):
        load(name)


@pytest.mark.parametrize("device", ["auto", "cpu", None])
def test_fake(device):
    predictor = load("fake", device=device)
    assert isinstance(predictor, FakePredictor)
    assert isinstance(predictor, Predictor)


def test_fake_runs_on_the_cpu_only():
    with pytest.raises(ModelError, match="'cuda'"):
        load("fake", device="cuda")


@pytest.mark.parametrize("name", ["fake", "lite"])
def test_models_without_a_file_refuse_one(name):
    with pytest.raises(WeightsError, match=r"no checkpoint.*'mine\.pth'.*vit_b"):
        load(name, checkpoint="mine.pth")


def test_official_networks_take_a_local_file(vit_b_checkpoint):
    predictor = load("vit_b", checkpoint=str(vit_b_checkpoint), device="cpu")
    assert (predictor.name, predictor.device) == ("vit_b", "cpu")


@pytest.mark.parametrize("name", ["fake", "lite"])
def test_runtime_and_precision_of_the_other_models(name):
    assert load(name, runtime="torch", precision="bf16").name == name
    with pytest.raises(ModelError, match="fp32, bf16, got 'fp16'"):
        load(name, precision="fp16")


def test_lite_knows_both_runtimes_and_fake_has_none():
    assert load("lite", device="cpu", runtime="onnx").runtime == "onnx"
    with pytest.raises(ModelError, match="'fake', got \"onnx\""):
        load("fake", runtime="onnx")


def test_runtime_and_precision_of_official_networks(vit_b_checkpoint):
    predictor = load(
        "vit_b", checkpoint=vit_b_checkpoint, device="cpu", runtime="onnx", precision="fp32"
    )
    assert (predictor.runtime, predictor.precision) == ("onnx", "fp32")
    assert not predictor.encoder_loaded
    with pytest.raises(ModelError, match="got 'tensorrt'"):
        load("vit_b", checkpoint=vit_b_checkpoint, runtime="tensorrt")


@pytest.mark.parametrize(
    ("arguments", "missing"),
    [
        ({"name": "vit_b"}, ("torch", "torchvision")),
        ({"name": "vit_h", "runtime": "onnx"}, ("torch",)),
        ({"name": "vit_l"}, ("torchvision",)),
        ({"name": "lite", "runtime": "torch"}, ("torch",)),
        ({"name": "lite", "device": "cuda"}, ("torch",)),
        ({"name": "lite"}, ("torch", "onnxruntime")),
    ],
)
def test_what_needs_torch_names_the_command(arguments, missing, absent):
    absent(*missing)
    with pytest.raises(ModelError, match=r'pip install "sam-widget\[torch\]"') as caught:
        load(**arguments)
    assert all(name in str(caught.value) for name in missing if name != "onnxruntime")


def test_lite_needs_no_torch(absent, coffee):
    absent("torch", "torchvision")
    model = load("lite")
    assert (model.device, model.runtime) == ("cpu", "onnx")
    assert len(model.decode(model.encode(coffee), Prompts(points=[(330, 200)]))) == 3


def test_lite_runs_in_torch_where_onnx_runtime_is_missing(absent):
    absent("onnxruntime")
    assert load("lite", device="cpu").runtime == "torch"
    with pytest.raises(ModelError, match=r"sam-widget\[onnx\]"):
        load("lite", runtime="onnx")


@pytest.mark.parametrize(
    ("name", "unneeded"),
    [
        ("fake", {"torch", "segment_anything", "torchvision", "tqdm"}),
        ("lite", {"torch", "segment_anything", "torchvision", "tqdm"}),
    ],
)
def test_what_takes_long_to_import_is_imported_by_those_who_need_it(name, unneeded):
    code = (
        f"import sys, sam_widget.predictors as p; p.load({name!r}, device='cpu'); "
        f"print(sorted({unneeded!r} & set(sys.modules)))"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert result.stdout.strip() == "[]"
