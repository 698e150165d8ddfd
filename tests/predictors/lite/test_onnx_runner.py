import shutil

import numpy as np
import onnx
import pytest

from sam_widget.errors import ModelError
from sam_widget.predictors.lite.network import LiteNetwork
from sam_widget.predictors.lite.onnx_runner import GRAPHS, OnnxRunner, used_by
from sam_widget.predictors.lite.predictor import WEIGHTS_PATH, load_lite
from sam_widget.prompts import Prompts

PROMPTS = [
    Prompts(points=[(330.0, 200.0)]),
    Prompts(points=[(330.0, 200.0), (100.0, 50.0), (20.0, 380.0)], labels=[1, 0, 1]),
    Prompts(boxes=[(170, 18, 432, 275)]),
    Prompts(points=[(200.0, 250.0)], labels=[0], boxes=[(170, 18, 432, 275)]),
    Prompts(mask=np.eye(400, 600, dtype=bool)),
    Prompts(points=[(10.0, 10.0)], labels=[0], mask=np.ones((400, 600), bool)),
]


@pytest.fixture(scope="module")
def reference():
    return load_lite("cpu", runtime="torch")


@pytest.fixture(scope="module")
def model():
    return load_lite("cpu", runtime="onnx")


@pytest.mark.parametrize("portrait", [False, True])
def test_both_runtimes_give_the_same_masks(reference, model, coffee, portrait):
    image = np.ascontiguousarray(coffee.transpose(1, 0, 2)) if portrait else coffee
    expected, found = reference.encode(image), model.encode(image)
    assert found.nbytes == expected.nbytes
    for prompts in PROMPTS:
        if portrait:
            if prompts.mask is not None:
                continue
            points = [(y, x) for x, y in prompts.points]
            boxes = [(y0, x0, y1, x1) for x0, y0, x1, y1 in prompts.boxes]
            prompts = Prompts(points=points, labels=prompts.labels, boxes=boxes)  # noqa: PLW2901
        for multimask in (True, False):
            theirs = reference.decode(expected, prompts, multimask)
            ours = model.decode(found, prompts, multimask)
            np.testing.assert_allclose(ours.scores, theirs.scores, atol=1e-3)
            assert (ours.masks != theirs.masks).mean() <= 1e-4


def test_each_runtime_reads_the_others_embeddings(reference, model, coffee):
    prompts = PROMPTS[0]
    ours = model.decode(reference.encode(coffee), prompts)
    theirs = reference.decode(model.encode(coffee), prompts)
    assert (ours.masks != theirs.masks).mean() <= 1e-4


def test_onnx_runtime_is_taken_where_it_is_installed(reference, model):
    assert load_lite("cpu").runtime == model.runtime == "onnx"
    assert reference.runtime == "torch"
    assert repr(model) == "<Lite on cpu, onnx>"


def test_onnx_runtime_runs_on_the_cpu_only():
    with pytest.raises(ModelError, match='runtime="torch"'):
        load_lite("cuda", runtime="onnx")


def test_the_graphs_hold_no_weights_and_name_them_as_the_network_does():
    parameters = {name for name, _ in LiteNetwork().named_parameters()}
    seen = []
    for name in GRAPHS:
        path = WEIGHTS_PATH.parent / name
        assert path.stat().st_size < 300_000
        graph = onnx.load(path, load_external_data=False).graph
        external = {t.name for t in graph.initializer if t.data_location == t.EXTERNAL}
        assert external == {p for p in parameters if used_by(name, p)}
        seen.extend(external)
    assert set(seen) == parameters


def test_a_damaged_graph_says_what_to_do(tmp_path, reference):
    for name in GRAPHS:
        shutil.copy(WEIGHTS_PATH.parent / name, tmp_path)
    (tmp_path / GRAPHS[1]).write_bytes(b"not a graph")
    weights = {name: value.numpy() for name, value in LiteNetwork().state_dict().items()}
    with pytest.raises(ModelError, match='runtime="torch"'):
        OnnxRunner(tmp_path, weights)
