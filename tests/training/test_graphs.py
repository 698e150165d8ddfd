import numpy as np
import torch

from sam_widget.predictors.lite.network import LiteNetwork
from sam_widget.predictors.lite.onnx_runner import OnnxRunner
from sam_widget.predictors.lite.prompts import PromptArrays
from sam_widget.predictors.lite.torch_runner import TorchRunner
from training.graphs import export_graphs


def test_exported_graphs_compute_what_the_network_does(tmp_path):
    torch.manual_seed(0)
    torch.set_flush_denormal(True)  # a random backbone is slow otherwise
    network = LiteNetwork().eval().requires_grad_(requires_grad=False)
    export_graphs(tmp_path)
    weights = {name: value.numpy() for name, value in network.state_dict().items()}
    graphs, reference = OnnxRunner(tmp_path, weights), TorchRunner(network, "cpu")
    picture = torch.randn(1, 3, 96, 64).numpy()  # neither the sides nor the prompts of the trace
    prompts = PromptArrays(
        np.array([[[0.05, 0.1], [0.1, 0.02], [0.02, 0.15]]], np.float32),
        np.array([[1, 0, 1]]),
        np.array([[0.0, 0.0, 1.0, 1.0]], np.float32),
        np.array([False]),
        None,
        np.array([False]),
    )
    expected, found = reference.encode(picture), graphs.encode(picture)
    for ours, theirs in zip(found.features, expected.features, strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-3, rtol=1e-3)
    logits, tokens = graphs.decode(found, prompts, [0, 2])
    wanted, wanted_tokens = reference.decode(expected, prompts, [0, 2])
    np.testing.assert_allclose(logits, wanted, atol=1e-2)
    few = np.ascontiguousarray(wanted[:, ::2, ::2])
    np.testing.assert_allclose(
        graphs.rate(found, tokens, few), reference.rate(expected, wanted_tokens, few), atol=1e-3
    )
    torch.set_flush_denormal(False)
