"""The graph of an ONNX model: which of its operations can be done in 8-bit integers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

PASSIVE = ("Add", "Concat", "MaxPool", "Resize", "Slice", "Split")
"""Operations that are done in 8 bits exactly where all of their inputs have 8 bits."""
EIGHT_BIT = ("Conv", "Sigmoid", "Mul", *PASSIVE)
"""Operations that can be done in 8 bits."""


@dataclass(frozen=True, eq=False)
class ConvolutionUnit:
    """A convolution together with the SiLU that follows it, if any."""

    name: str
    """Name of the convolution's node: the modules that contain it, between slashes."""
    nodes: tuple[str, ...]
    """Names of its nodes."""
    products: int
    """Multiplications per tile."""


@dataclass(frozen=True, eq=False)
class OnnxGraph:
    """The nodes of a graph in execution order, and their connections."""

    model: Any
    """onnx.ModelProto with float arithmetic, whose nodes have unique names."""

    @cached_property
    def consumers(self) -> dict[str, list[Any]]:
        """Nodes that read each tensor."""
        found: dict[str, list[Any]] = defaultdict(list)
        for node in self.model.graph.node:
            for name in node.input:
                found[name].append(node)
        return found

    @cached_property
    def producers(self) -> dict[str, Any]:
        """The node that computes each tensor."""
        return {name: node for node in self.model.graph.node for name in node.output}

    @cached_property
    def tail(self) -> frozenset[str]:
        """Names of the nodes that no convolution follows: they decode the output into boxes."""
        before: set[str] = set()
        for node in reversed(self.model.graph.node):
            after = [reader for name in node.output for reader in self.consumers.get(name, ())]
            if any(one.op_type == "Conv" or one.name in before for one in after):
                before.add(node.name)
        return frozenset(
            node.name
            for node in self.model.graph.node
            if node.name not in before and node.op_type != "Conv"
        )

    def silu(self, tensor: str) -> tuple[Any, Any] | None:
        """Return the nodes (Sigmoid, Mul) of the SiLU that alone consumes `tensor`, if any."""
        readers = self.consumers.get(tensor, [])
        if sorted(one.op_type for one in readers) != ["Mul", "Sigmoid"]:
            return None
        bend, times = sorted(readers, key=lambda one: one.op_type, reverse=True)
        return (bend, times) if set(times.input) == {tensor, bend.output[0]} else None

    @cached_property
    def units(self) -> tuple[ConvolutionUnit, ...]:
        """All convolution units, in execution order."""
        sizes = _sizes(self.model)
        weights = {one.name: tuple(one.dims) for one in self.model.graph.initializer}
        units = []
        for node in self.model.graph.node:
            if node.op_type == "Conv":
                activation = self.silu(node.output[0]) or ()
                per_pixel = int(np.prod(weights[node.input[1]]))
                pixels = int(np.prod(sizes[node.output[0]][2:]))
                nodes = (node.name, *(one.name for one in activation))
                units.append(ConvolutionUnit(node.name, nodes, per_pixel * pixels))
        return tuple(units)

    @property
    def before_silu(self) -> list[str]:
        """Tensors that only a SiLU consumes."""
        return [name for name in self.producers if self.silu(name)]

    def eight_bit(self, floats: Collection[str]) -> frozenset[str]:
        """Return the names of the nodes done in 8 bits if the units `floats` stay in float."""
        own = {name for unit in self.units if unit.name not in floats for name in unit.nodes}
        chosen: set[str] = set()
        for node in self.model.graph.node:
            inputs = [self.producers[name] for name in node.input if name in self.producers]
            follows = node.op_type in PASSIVE and inputs and node.name not in self.tail
            if node.name in own or (follows and all(one.name in chosen for one in inputs)):
                chosen.add(node.name)
        return frozenset(chosen)

    def tensors(self) -> list[str]:
        """Return the tensors that can be quantized, including the first convolution's input."""
        weights = {one.name for one in self.model.graph.initializer}
        chosen = self.eight_bit(())
        names = {
            name
            for node in self.model.graph.node
            if node.name in chosen
            for name in (*node.input, *node.output)
        }
        return sorted(names - weights - {""})


def units_by_module(
    units: Collection[ConvolutionUnit], within: str = ""
) -> dict[str, list[ConvolutionUnit]]:
    """Group units by the modules directly below the module `within`; a lone unit keeps its name."""
    depth = len(_parts(within)) + 1
    found: dict[str, list[ConvolutionUnit]] = defaultdict(list)
    for unit in units:
        found["/" + "/".join(_parts(unit.name)[:depth])].append(unit)
    if len(found) == 1 < len(units):
        return units_by_module(units, next(iter(found)))
    return {one[0].name if len(one) == 1 else name: one for name, one in found.items()}


def _parts(name: str) -> list[str]:
    return [part for part in name.split("/") if part]


def _sizes(model: Any) -> dict[str, list[int]]:
    """Return the shapes of all tensors whose shape can be inferred."""
    import onnx

    inferred = onnx.shape_inference.infer_shapes(model)
    return {
        one.name: [axis.dim_value for axis in one.type.tensor_type.shape.dim]
        for one in (*inferred.graph.value_info, *inferred.graph.output)
    }
