"""Graphs are made once, kept, and made again when what was kept is damaged."""

import importlib.util
import threading

import pytest
import torch

from sam_widget.errors import ModelError
from sam_widget.predictors import onnx_runtime
from sam_widget.predictors.sam import decoder_onnx
from sam_widget.predictors.sam.decoder import MaskDecoder
from sam_widget.predictors.sam.decoder_weights import fold

DIGEST = "ab" * 32


@pytest.fixture(scope="module")
def weights(tiny_network):
    return fold(tiny_network.state_dict())


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("SAM_WIDGET_CACHE", str(tmp_path))
    return tmp_path


def test_graphs_are_kept(weights, folder, monkeypatch):
    assert not decoder_onnx.graphs_path(DIGEST).exists()
    decoder_onnx.open_decoder(weights, DIGEST)
    path = decoder_onnx.graphs_path(DIGEST)
    assert path.is_relative_to(folder)
    assert DIGEST in path.name
    assert [file.name for file in path.parent.iterdir()] == [path.name]

    made = []
    monkeypatch.setattr(decoder_onnx, "masks_graph", made.append)
    decoder = decoder_onnx.open_decoder(weights, DIGEST)
    assert not made
    image = MaskDecoder(weights).prepare(torch.randn(256, 4096))
    decoded = decoder.decode_tokens(image, torch.randn(1, 2, 256))
    assert decoder.logits(decoded, [(0, 2)]).shape == (1, 256, 256)


@pytest.mark.parametrize("damage", ["a byte", "the end", "everything"])
def test_a_damaged_graph_is_made_again(weights, folder, damage):
    decoder_onnx.open_decoder(weights, DIGEST)
    path = decoder_onnx.graphs_path(DIGEST)
    whole = path.read_bytes()
    at = len(whole) // 2
    path.write_bytes(
        {
            "a byte": whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :],
            "the end": whole[:-1],
            "everything": b"",
        }[damage]
    )
    decoder_onnx.open_decoder(weights, DIGEST)
    assert path.read_bytes() == whole


def test_a_folder_that_cannot_be_written_is_no_trouble(weights, folder):
    (folder / "graphs").write_text("a file where the folder should be")
    decoder_onnx.open_decoder(weights, DIGEST)


def test_in_the_background(weights, folder, monkeypatch):
    threads = []
    original = decoder_onnx.masks_graph

    def observed(weights):
        threads.append(threading.current_thread())
        return original(weights)

    monkeypatch.setattr(decoder_onnx, "masks_graph", observed)
    future = decoder_onnx.open_in_background(weights, DIGEST)
    assert isinstance(future.result(), decoder_onnx.OnnxDecoder)
    assert len(threads) == 1
    assert threads[0] is not threading.current_thread()


def test_packages_that_are_missing_are_named(weights, folder, monkeypatch):
    found = importlib.util.find_spec

    def without(missing):
        monkeypatch.setattr(
            onnx_runtime, "find_spec", lambda name: None if name == missing else found(name)
        )

    without("onnxruntime")
    assert not onnx_runtime.installed()
    with pytest.raises(ModelError, match=r'onnxruntime.*pip install "sam-widget\[onnx\]"'):
        onnx_runtime.require()
    monkeypatch.undo()

    monkeypatch.setenv("SAM_WIDGET_CACHE", str(folder))
    monkeypatch.setitem(__import__("sys").modules, "onnx", None)
    with pytest.raises(ModelError, match=r'package onnx,.*pip install "sam-widget\[onnx\]"'):
        decoder_onnx.open_decoder(weights, DIGEST)
