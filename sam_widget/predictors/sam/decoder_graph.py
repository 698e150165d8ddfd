"""The mask decoder as ONNX graphs: prompts, without or with a mask, to tokens; tokens to masks.

The same steps for one prompt as in :mod:`sam_widget.predictors.sam.decoder_layers` and ``decoder``,
written down node by node: an exporter would trace the buffers of the torch code, and needs packages
and time that this does not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from sam_widget.predictors.sam.decoder_weights import (
    CHANNELS,
    HEAD_WIDTH,
    HEADS,
    IMAGE_TOKENS,
    MASK_FEATURES,
    MASK_TOKENS,
    NORM_EPS,
    PROJECTIONS,
    UPSCALE_EPS,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from sam_widget.predictors.sam.decoder_weights import Weights

__all__ = ["GRAPH_VERSION", "masks_graph", "tokens_graph"]

GRAPH_VERSION = 5
"""Changes whenever the graphs do, so that no stored one of another version is taken."""
_Shapes: TypeAlias = "Mapping[str, Sequence[int | str]]"
_Added: TypeAlias = "Sequence[tuple[str, str]]"
"""What came on top of an image's features: rows (R, 4096) and their gains (256, R)."""
_OPSET = 20  # the first with Gelu
_IR_VERSION = 10  # what ONNX Runtime 1.20 reads


def tokens_graph(weights: Weights, *, with_mask: bool) -> bytes:
    """Return the graph from an image and prompts to scores, as serialized ONNX.

    Inputs, float32: ``features`` (256, 4096), ``mean`` (1, 4096) and each of ``PROJECTIONS``
    (8, 16, 4096) as in :class:`~sam_widget.predictors.sam.decoder_values.PreparedImage`;
    ``prompts`` (N, 256); and, of a graph for prompts with a mask, ``mask`` (17, 4096).

    Outputs, float32: ``scores`` (4,), ``mask_tokens`` (4, 256), ``basis`` (R, 4096) and ``gains``
    (256, R) as in :class:`~sam_widget.predictors.sam.decoder_values.DecodedTokens`.
    """
    graph = _TokensGraph(weights, with_mask=with_mask)
    graph.build()
    per_head = (HEADS, HEAD_WIDTH, IMAGE_TOKENS)
    inputs: _Shapes = {
        "features": (CHANNELS, IMAGE_TOKENS),
        "mean": (1, IMAGE_TOKENS),
        **{f"image.{name}": per_head for name in PROJECTIONS},
        "prompts": ("prompts", CHANNELS),
        **({"mask": (MASK_FEATURES, IMAGE_TOKENS)} if with_mask else {}),
    }
    outputs: _Shapes = {
        "scores": (MASK_TOKENS,),
        "mask_tokens": (MASK_TOKENS, CHANNELS),
        "basis": ("rows", IMAGE_TOKENS),
        "gains": (CHANNELS, "rows"),
    }
    return graph.serialize("mask decoder, tokens", inputs, outputs)


def masks_graph(weights: Weights) -> bytes:
    """Return the graph from tokens to masks of one prompt, as serialized ONNX.

    Inputs: ``upscaled`` (256, 4096), ``basis`` (R, 4096), ``gains`` (256, R), ``mask_tokens``
    (4, 256), float32, and ``kinds`` (K,), int64, which masks are wanted. Output:
    ``parts`` (16, K, 4096), float32: of the 4 x 4 pixels that a token of the image grows to, one
    each by (row, column, finer row, finer column). Putting them in place is quicker elsewhere.
    """
    graph = _Graph(weights)
    pixels = graph.add("Gemm", "gains", "basis", "upscaled")
    pixels = graph.reshape(pixels, 4, CHANNELS // 4, IMAGE_TOKENS)
    last = graph.add("Slice", "basis", graph.ints(-1), graph.ints(2**31 - 1), graph.ints(0))
    eps = graph.add("Mul", graph.add("Mul", last, last), graph.number(UPSCALE_EPS))
    pixels = graph.add("Div", pixels, graph.root_mean_square(pixels, CHANNELS // 4, eps))
    pixels = graph.add("Mul", pixels, graph.weight("up.0.scale"))
    pixels = graph.add("Gelu", graph.add("Add", pixels, graph.weight("up.0.shift")))
    fine = graph.add("MatMul", graph.weight("up.1.weight"), pixels)
    fine = graph.add("Gelu", graph.add("Add", fine, graph.weight("up.1.bias")))
    fine = graph.reshape(fine, 16, 32, IMAGE_TOKENS)

    # For all four, wanted or not: picking weights would copy them.
    masks = graph.reshape("mask_tokens", MASK_TOKENS, 1, CHANNELS)
    for depth in range(3):
        name = f"hyper.{depth}"
        weight = graph.constant(f"{name}.weight", weights[f"{name}.weight"].mT.numpy())
        bias = graph.constant(f"{name}.bias", weights[f"{name}.bias"][:, None].numpy())
        masks = graph.add("Add", graph.add("MatMul", masks, weight), bias)
        masks = graph.add("Relu", masks) if depth < 2 else masks
    masks = graph.add("Gather", graph.reshape(masks, MASK_TOKENS, -1), "kinds", axis=0)
    graph.add("MatMul", masks, fine, name="parts")
    inputs: _Shapes = {
        "upscaled": (CHANNELS, IMAGE_TOKENS),
        "basis": ("rows", IMAGE_TOKENS),
        "gains": (CHANNELS, "rows"),
        "mask_tokens": (MASK_TOKENS, CHANNELS),
        "kinds": ("masks",),
    }
    return graph.serialize("mask decoder, masks", inputs, {"parts": (16, "masks", IMAGE_TOKENS)})


class _Graph:
    """Nodes in the order they are computed; every method returns the name of a value."""

    def __init__(self, weights: Weights) -> None:
        self._weights = weights
        self._nodes: list[Any] = []
        self._constants: dict[str, NDArray[Any]] = {}

    def add(self, operation: str, *inputs: str, name: str | None = None, **attributes: Any) -> str:  # noqa: ANN401 - whatever the operation takes
        """Add a node with one output."""
        from onnx import helper

        output = name or f"{operation}.{len(self._nodes)}"
        self._nodes.append(helper.make_node(operation, inputs, [output], output, **attributes))
        return output

    def constant(self, name: str, values: NDArray[Any]) -> str:
        """Add a constant, once."""
        self._constants.setdefault(name, np.array(values, order="C"))
        return name

    def weight(self, name: str) -> str:
        """Add a weight, once."""
        return self.constant(name, self._weights[name].numpy())

    def ints(self, *values: int) -> str:
        """Add whole numbers, such as a shape."""
        return self.constant(f"ints {values}", np.array(values, np.int64))

    def number(self, value: float) -> str:
        """Add one number."""
        return self.constant(f"number {value}", np.array(value, np.float32))

    def reshape(self, value: str, *shape: int, name: str | None = None) -> str:
        """Reshape; 0 keeps a side, -1 is what remains."""
        return self.add("Reshape", value, self.ints(*shape), name=name)

    def root_mean_square(self, value: str, count: int, eps: str) -> str:
        """Return the root of the mean square plus eps, of (..., count, N) as (..., 1, N).

        The mean is a product, which takes half the time of the operator that is made for it.
        """
        square = self.add("Mul", value, value)
        share = np.full((1, count), 1 / count, np.float32)
        mean = self.add("MatMul", self.constant(f"mean of {count}", share), square)
        return self.add("Sqrt", self.add("Add", mean, eps))

    def serialize(
        self,
        name: str,
        inputs: _Shapes,
        outputs: _Shapes,
    ) -> bytes:
        """Return the model; sides that are words are free."""
        from onnx import TensorProto, helper, numpy_helper

        def describe(values: _Shapes) -> list[Any]:
            return [
                helper.make_tensor_value_info(
                    key, TensorProto.INT64 if key == "kinds" else TensorProto.FLOAT, shape
                )
                for key, shape in values.items()
            ]

        constants = [
            numpy_helper.from_array(values, key) for key, values in self._constants.items()
        ]
        graph = helper.make_graph(self._nodes, name, describe(inputs), describe(outputs), constants)
        model = helper.make_model(
            graph,
            opset_imports=[helper.make_opsetid("", _OPSET)],
            ir_version=_IR_VERSION,
            producer_name="sam_widget",
        )
        serialized: bytes = model.SerializeToString()
        return serialized


class _TokensGraph(_Graph):
    """The two layers and the last reading; see ``decoder_layers.Layers``."""

    def __init__(self, weights: Weights, *, with_mask: bool) -> None:
        super().__init__(weights)
        self._with_mask = with_mask

    def build(self) -> None:
        self._tokens = self.add("Concat", self.weight("tokens"), "prompts", axis=0)
        x = self._norm("0.norm1", self._among_tokens(0, self._tokens, self._tokens))
        x = self._norm("0.norm2", x, self._linear("0.read.out", self._first_reading(x)))
        x = self._norm("0.norm3", x, self._mlp(0, x))
        first, first_gains = self._first_writing(x)
        image = self.add("Gemm", first_gains, first, "features")

        eps = self.number(NORM_EPS)
        size = self.root_mean_square(image, CHANNELS, eps)
        x = self._norm("1.norm1", x, self._among_tokens(1, self.add("Add", x, self._tokens), x))
        added = [(first, first_gains)]
        x = self._norm("1.norm2", x, self._linear("1.read.out", self._reading("1", x, added, size)))
        x = self._norm("1.norm3", x, self._mlp(1, x))
        second, second_gains = self._second_writing(x, image, added, size)
        scaled = self.add("Mul", image, self.weight("1.scale"))
        image = self.add("Gemm", second_gains, second, scaled)

        eps = self.add("Mul", self.add("Mul", size, size), eps)
        size = self.root_mean_square(image, CHANNELS, eps)
        scaled = self.add("Mul", first_gains, self.weight("1.scale"))
        added = [(first, scaled), (second, second_gains)]
        read = self._linear("final.read.out", self._reading("final", x, added, size))
        x = self._norm("final.norm", x, read)
        self._finish(x)
        self.add("Concat", first, second, size, axis=0, name="basis")
        gains = (
            self.add("MatMul", self.weight("up.0.from_first"), first_gains),
            self.add("MatMul", self.weight("up.0.weight"), second_gains),
            self.weight("up.0.bias"),
        )
        self.add("Concat", *gains, axis=1, name="gains")

    def _finish(self, x: str) -> None:
        scores = self.add("Slice", x, self.ints(0), self.ints(1), self.ints(0))
        for depth in range(3):
            scores = self._linear(f"iou.{depth}", scores)
            scores = self.add("Relu", scores) if depth < 2 else scores
        self.reshape(scores, MASK_TOKENS, name="scores")
        self.add(
            "Slice", x, self.ints(1), self.ints(1 + MASK_TOKENS), self.ints(0), name="mask_tokens"
        )

    # -- among tokens ------------------------------------------------------------------------------

    def _linear(self, name: str, x: str) -> str:
        return self.add(
            "Gemm", x, self.weight(f"{name}.weight"), self.weight(f"{name}.bias"), transB=1
        )

    def _norm(self, name: str, x: str, more: str | None = None) -> str:
        x = x if more is None else self.add("Add", x, more)
        return self.add(
            "LayerNormalization",
            x,
            self.weight(f"{name}.weight"),
            self.weight(f"{name}.bias"),
            axis=-1,
            epsilon=NORM_EPS,
        )

    def _mlp(self, layer: int, x: str) -> str:
        hidden = self.add("Relu", self._linear(f"{layer}.mlp.0", x))
        return self._linear(f"{layer}.mlp.1", hidden)

    def _among_tokens(self, layer: int, x: str, values: str) -> str:
        both = self._linear(f"{layer}.self.query_key", x)
        both = self.add("Transpose", self.reshape(both, 0, 2, HEADS, -1), perm=[1, 2, 0, 3])
        query, key = (
            self.add("Gather", both, self.constant(f"index {index}", np.array(index)), axis=0)
            for index in (0, 1)
        )
        value = self._split(self._linear(f"{layer}.self.value", values))
        scores = self.add("MatMul", query, self.add("Transpose", key, perm=[0, 2, 1]))
        mixed = self.add("MatMul", self.add("Softmax", scores, axis=-1), value)
        return self._linear(f"{layer}.self.out", self._join(mixed))

    # -- layer 0 -----------------------------------------------------------------------------------

    def _first_reading(self, x: str) -> str:
        query = self._few("0.read.query", x)
        scores = self._seeing_mask(query, "image.0.read.keys", "mask.read.keys")
        shares = self.add("Softmax", scores, axis=-1)
        read = self._values("0", shares)
        if self._with_mask:
            seen = self.add("Gemm", self.reshape(shares, -1, IMAGE_TOKENS), "mask", transB=1)
            seen = self.reshape(seen, HEADS, -1, MASK_FEATURES)
            more = self.add("MatMul", seen, self.weight("mask.read.values"))
            read = self.add("Add", read, more)
        return self._join(read)

    def _first_writing(self, x: str) -> tuple[str, str]:
        """Return layer 0's rows (2 + M + 8 T, 4096) and their gains."""
        key = self._few("0.write.key", x)
        scores = self._seeing_mask(key, "image.0.write.queries", "mask.write.queries")
        ones = self.constant("ones", np.ones((1, IMAGE_TOKENS), np.float32))
        of_mask = ["mask"] if self._with_mask else []
        rows = self.add("Concat", "mean", ones, *of_mask, self._softmax_of_tokens(scores), axis=0)
        gains = self.add(
            "Concat",
            self._minus_one(),
            self.weight("0.write.offset"),
            *(self.weight("mask.lift") for _ in of_mask),
            self._lift(0, x),
            axis=1,
        )
        return rows, gains

    def _seeing_mask(self, few: str, image: str, mask: str) -> str:
        """(8, T, 16) times keys or queries of the image, and what a mask adds, (8, T, 4096)."""
        scores = self.add("MatMul", few, image)
        if not self._with_mask:
            return scores
        few = self.reshape(self.add("MatMul", few, self.weight(mask)), -1, MASK_FEATURES)
        flat = self.add("Gemm", few, "mask", self.reshape(scores, -1, IMAGE_TOKENS))
        return self.reshape(flat, HEADS, -1, IMAGE_TOKENS)

    # -- later -------------------------------------------------------------------------------------

    def _reading(self, name: str, x: str, added: _Added, size: str) -> str:
        query = self._few(f"{name}.read.query", x)
        scores = self._from_image(query, f"{name}.read.keys", added, size)
        position = self.add("MatMul", query, self.weight(f"{name}.read.position"))
        shares = self.add("Softmax", self.add("Add", scores, position), axis=-1)
        shares = self.add("Div", self.reshape(shares, -1, IMAGE_TOKENS), size)
        read = ""
        for rows, gains in added:
            seen = self.add("Gemm", shares, rows, transB=1)
            read = self.add("Gemm", seen, gains, *[read] * bool(read), transB=1)
        values = self.reshape(read, HEADS, -1, CHANNELS)
        values = self.add("MatMul", values, self.weight(f"{name}.read.values"))
        shares = self.reshape(shares, HEADS, -1, IMAGE_TOKENS)
        values = self.add("Add", values, self._values(name, shares))
        return self.add("Add", self._join(values), self.weight(f"{name}.read.offset"))

    def _values(self, name: str, shares: str) -> str:
        """(8, T, 4096) times the values of the features, (8, T, 16)."""
        values = self.add("Transpose", f"image.{name}.read.values", perm=[0, 2, 1])
        return self.add("MatMul", shares, values)

    def _second_writing(self, x: str, image: str, added: _Added, size: str) -> tuple[str, str]:
        """Return layer 1's rows (2 + 8 T, 4096), over the size before, and their gains."""
        key = self._few("1.write.key", x)
        scores = self._from_image(key, "1.write.queries", added, size)
        position = self.add("MatMul", key, self.weight("1.write.position"))
        written = self._softmax_of_tokens(self.add("Add", scores, position))
        mean = self.add("MatMul", self.weight("1.mean"), image)
        rows = self.add("Concat", mean, size, self.add("Mul", written, size), axis=0)
        offset = self.weight("1.write.offset")
        return rows, self.add("Concat", self._minus_one(), offset, self._lift(1, x), axis=1)

    def _from_image(self, few: str, name: str, added: _Added, size: str) -> str:
        scores = self.reshape(self.add("MatMul", few, f"image.{name}"), -1, IMAGE_TOKENS)
        few = self.reshape(self.add("MatMul", few, self.weight(name)), -1, CHANNELS)
        for rows, gains in added:
            scores = self.add("Gemm", self.add("MatMul", few, gains), rows, scores)
        scores = self.add("Div", scores, size)
        return self.reshape(scores, HEADS, -1, IMAGE_TOKENS)

    def _few(self, name: str, x: str) -> str:
        """Project the tokens, with what they are added, for one side of an attention."""
        return self._split(self._linear(name, self.add("Add", x, self._tokens)))

    def _lift(self, layer: int, x: str) -> str:
        value = self._split(self._linear(f"{layer}.write.value", x))
        value = self.add("MatMul", value, self.weight(f"{layer}.write.lift"))
        return self.add("Transpose", self.reshape(value, -1, CHANNELS), perm=[1, 0])

    def _softmax_of_tokens(self, scores: str) -> str:
        """Softmax over T of (8, T, 4096), as (8 T, 4096).

        By hand: the operator would turn the array round to have T last, and back.
        """
        highest = self.add("ReduceMax", scores, self.ints(1), keepdims=1)
        shares = self.add("Exp", self.add("Sub", scores, highest))
        total = self.add("ReduceSum", shares, self.ints(1), keepdims=1)
        return self.reshape(self.add("Div", shares, total), -1, IMAGE_TOKENS)

    def _minus_one(self) -> str:
        return self.constant("minus one", np.full((CHANNELS, 1), -1, np.float32))

    def _split(self, x: str) -> str:
        """(T, n) to (8, T, n / 8)."""
        return self.add("Transpose", self.reshape(x, 0, HEADS, -1), perm=[1, 0, 2])

    def _join(self, x: str) -> str:
        """(8, T, n) to (T, 8 n)."""
        return self.reshape(self.add("Transpose", x, perm=[1, 0, 2]), 0, -1)
