"""What is changed in a graph before OpenVINO compiles it.

A network in 8 bits is made for onnxruntime, which needs every step of it rounded. OpenVINO computes
a convolution and the SiLU behind it in one go, in registers: only where nothing is rounded between
them, and about a third faster then. Rounding less, it is a little nearer to the network in float.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

_KINDS = ("Multiply", "Subtract", "Convert", "Convert", "FakeQuantize")
"""QuantizeLinear and DequantizeLinear of ONNX as OpenVINO reads them, from their end."""
_NONE = 1 / 64
"""So much of a sigmoid, which lies from 0 to 1, may be cut off."""


def fuse_silus(model: Any) -> int:
    """Takes the rounding out of each SiLU, x * sigmoid(x), of `model`; returns how many had any.

    `model` is an openvino.Model, changed in place; one without such roundings stays as it is.
    """
    sigmoids = [node for node in model.get_ordered_ops() if node.get_type_name() == "Sigmoid"]
    joined = sum(_join(sigmoid) for sigmoid in sigmoids)
    if joined:
        model.validate_nodes_and_infer_types()
    return joined


def _join(sigmoid: Any) -> bool:
    """Whether there was a rounding before `sigmoid` and behind it, in a SiLU: both are gone now."""
    rounded = sigmoid.input_value(0)
    before = _Rounding.behind(rounded)
    if before is None or not before.low < 0 < before.high:  # it would be a ReLU too
        return False
    for user in rounded.get_target_inputs():
        product = user.get_node()
        if product.get_type_name() != "Multiply":
            continue
        other = product.input(1 - user.get_index())
        after = _Rounding.behind(other.get_source_output())
        if after is None or after.low > _NONE or after.high < 1 - _NONE:
            continue
        if after.exact.get_node().get_friendly_name() == sigmoid.get_friendly_name():
            user.replace_source_output(before.exact)
            other.replace_source_output(sigmoid.output(0))
            sigmoid.input(0).replace_source_output(before.exact)
            return True
    return False


@dataclass(frozen=True)
class _Rounding:
    """QuantizeLinear and DequantizeLinear that undoes it."""

    exact: Any
    """The openvino.Output that is rounded."""
    low: float
    high: float
    """What is beyond them is cut off."""

    @classmethod
    def behind(cls, output: Any) -> Self | None:
        """The rounding that ends in `output`; None where that is not rounded, or not only."""
        nodes, before = [], output
        for kind in _KINDS:
            node = before.get_node()
            if node.get_type_name() != kind:
                return None
            nodes.append(node)
            before = node.input_value(0)
        scale, zero = (_number(node.input_value(1)) for node in nodes[:2])
        low, high, first, last = (_number(nodes[-1].input_value(i)) for i in range(1, 5))
        undone = np.multiply(np.subtract((first, last), zero), scale)
        return cls(before, low, high) if np.allclose(undone, (low, high), rtol=1e-3) else None


def _number(output: Any) -> float:
    """The constant number that `output` is, NaN for what is none."""
    node = output.get_node()
    if node.get_type_name() == "Convert":
        node = node.input_value(0).get_node()
    if node.get_type_name() != "Constant" or node.get_data().size != 1:
        return math.nan
    return float(node.get_data().item())
