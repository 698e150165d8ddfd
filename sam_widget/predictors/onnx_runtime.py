"""ONNX Runtime: sessions that live in one process with torch, and their use with NumPy."""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import numpy as np

from sam_widget.errors import ModelError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

__all__ = ["installed", "open_session", "require", "run"]


def installed() -> bool:
    """Tell whether the package ``onnxruntime`` can be imported, without importing it."""
    return find_spec("onnxruntime") is not None


def require() -> None:
    """Refuse to go on without ONNX Runtime.

    Raises
    ------
    ModelError
        If it is not installed.
    """
    if not installed():
        raise _missing()


def open_session(
    model: Path | bytes,
    weights: Mapping[str, NDArray[np.float32]] | None = None,
    *,
    keeps_memory: bool = True,
) -> Any:  # noqa: ANN401 - onnxruntime is optional and has no types
    """Open a graph on the CPU.

    Threads that wait for work sleep instead of spinning: spinning ones double the time of
    whatever torch computes next in the same process.

    Parameters
    ----------
    model : path or bytes
        File or content of an ONNX graph.
    weights : mapping of str to ndarray, optional
        Values of the graph's external initialisers, by name; others are ignored.
    keeps_memory : bool
        Keep what a run needed for the next one, which is faster. A graph that is run once an image
        on images of all sizes would keep ever more.

    Returns
    -------
    onnxruntime.InferenceSession

    Raises
    ------
    ModelError
        If ONNX Runtime is not installed or cannot read the graph.
    """
    try:
        import onnxruntime
    except ImportError as error:
        raise _missing() from error
    options = onnxruntime.SessionOptions()
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.log_severity_level = 3
    options.enable_cpu_mem_arena = options.enable_mem_pattern = keeps_memory
    values = {} if weights is None else weights
    kept = [onnxruntime.OrtValue.ortvalue_from_numpy(value) for value in values.values()]
    if kept:
        options.add_external_initializers(list(values), kept)
    source = model if isinstance(model, bytes) else str(model)
    try:
        session = onnxruntime.InferenceSession(source, options, providers=["CPUExecutionProvider"])
        session.weights = kept  # the session may read them where they are
    except Exception as error:
        raise ModelError(
            f"ONNX Runtime cannot read the graph: {error}. "
            'Delete it so that it is made again, or load the model with runtime="torch".'
        ) from error
    return session


def _missing() -> ModelError:
    return ModelError(
        "expected the package onnxruntime, which is not installed. "
        'Run `pip install "sam-widget[onnx]"`, or load the model with runtime="torch".'
    )


def run(
    session: Any,  # noqa: ANN401 - as above
    outputs: Sequence[str],
    inputs: Mapping[str, NDArray[Any]],
) -> list[NDArray[np.float32]]:
    """Run a graph; read inputs where they are, and leave outputs where they came to be.

    ``session.run`` would copy each output, and megabytes of fresh memory cost more than the copy.

    Parameters
    ----------
    session : onnxruntime.InferenceSession
        From :func:`open_session`.
    outputs : sequence of str
        Names of what is wanted, float32 all.
    inputs : mapping of str to ndarray
        By name; those that are not contiguous are copied.

    Returns
    -------
    list of ndarray
        float32, writable, in the order of ``outputs``.
    """
    import onnxruntime

    values = {
        name: onnxruntime.OrtValue.ortvalue_from_numpy(np.ascontiguousarray(array))
        for name, array in inputs.items()
    }
    found = session.run_with_ort_values(list(outputs), values)
    return [np.asarray(_Output(value)) for value in found]


class _Output:
    """A float32 result of a graph as NumPy's array interface, kept alive by the arrays on it.

    NumPy takes it by way of DLPack, too, but read-only.
    """

    def __init__(self, value: Any) -> None:  # noqa: ANN401 - an OrtValue, which has no types
        if value.data_type() != "tensor(float)":
            raise TypeError(f"expected an output of float32, got {value.data_type()}.")
        self._value = value
        self.__array_interface__ = {
            "version": 3,
            "typestr": "=f4",
            "shape": tuple(value.shape()),
            "data": (value.data_ptr(), False),
        }
