import gc

import numpy as np
import pytest
from onnx import TensorProto, helper

from sam_widget.predictors.onnx_runtime import open_session, run


def graph(kind):
    """Return a graph that doubles a row of numbers."""
    row = [helper.make_tensor_value_info(name, kind, [None]) for name in ("x", "y")]
    nodes = [helper.make_node("Add", ["x", "x"], ["y"])]
    model = helper.make_model(
        helper.make_graph(nodes, "double", row[:1], row[1:]),
        opset_imports=[helper.make_opsetid("", 18)],
        ir_version=8,
    )
    return model.SerializeToString()


def test_results_are_arrays_that_own_their_memory_and_may_be_written_to():
    session = open_session(graph(TensorProto.FLOAT))
    x = np.arange(1000, dtype=np.float32)
    results = [run(session, ["y"], {"x": x + i})[0] for i in range(20)]
    del session
    gc.collect()
    for i, y in enumerate(results):
        assert y.dtype == np.float32
        np.testing.assert_array_equal(y, 2 * (x + i))
        y[0] = -1
    assert results[3][0] == -1


def test_inputs_need_not_be_contiguous():
    x = np.arange(10, dtype=np.float32)[::2]
    (y,) = run(open_session(graph(TensorProto.FLOAT)), ["y"], {"x": x})
    np.testing.assert_array_equal(y, 2 * x)


def test_other_outputs_than_float32_are_refused():
    session = open_session(graph(TensorProto.INT64))
    with pytest.raises(TypeError, match="int64"):
        run(session, ["y"], {"x": np.arange(3)})
