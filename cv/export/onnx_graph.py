"""Wiring: what of a network can be done in 8-bit integers, read from its graph alone."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

SHAPING = ("Add", "Concat", "MaxPool", "Resize", "Slice", "Split")
"""Operations that follow what they are given: 8 bits where all their inputs have 8 bits."""
EIGHT_BIT = ("Conv", "Sigmoid", "Mul", *SHAPING)
"""Operations that are ever done in 8 bits."""


@dataclass(frozen=True, eq=False)
class ConvolutionUnit:
    """A convolution with the SiLU that follows it, if one does."""

    name: str
    """Of the convolution's node; its parts, between slashes, are the modules that it lies in."""
    nodes: tuple[str, ...]
    """Names of its nodes."""
    products: int
    """Multiplications for one tile."""


@dataclass(frozen=True, eq=False)
class OnnxGraph:
    """The nodes of a graph in the order of their work, and how they hang together."""

    model: Any
    """onnx.ModelProto with float arithmetic; each of its nodes has a name of its own."""

    @cached_property
    def takers(self) -> dict[str, list[Any]]:
        """Nodes that take each tensor."""
        found: dict[str, list[Any]] = defaultdict(list)
        for node in self.model.graph.node:
            for name in node.input:
                found[name].append(node)
        return found

    @cached_property
    def makers(self) -> dict[str, Any]:
        """The node that makes each tensor."""
        return {name: node for node in self.model.graph.node for name in node.output}

    @cached_property
    def tail(self) -> frozenset[str]:
        """Names of nodes after which no convolution comes: they turn answers into boxes."""
        before: set[str] = set()
        for node in reversed(self.model.graph.node):
            after = [taker for name in node.output for taker in self.takers.get(name, ())]
            if any(one.op_type == "Conv" or one.name in before for one in after):
                before.add(node.name)
        return frozenset(
            node.name
            for node in self.model.graph.node
            if node.name not in before and node.op_type != "Conv"
        )

    def silu(self, tensor: str) -> tuple[Any, Any] | None:
        """The nodes (Sigmoid, Mul) of the SiLU that alone takes `tensor`, if one does."""
        takers = self.takers.get(tensor, [])
        if sorted(one.op_type for one in takers) != ["Mul", "Sigmoid"]:
            return None
        bend, times = sorted(takers, key=lambda one: one.op_type, reverse=True)
        return (bend, times) if set(times.input) == {tensor, bend.output[0]} else None

    @cached_property
    def units(self) -> tuple[ConvolutionUnit, ...]:
        """All units, in the order of their work."""
        sizes = _sizes(self.model)
        weights = {one.name: tuple(one.dims) for one in self.model.graph.initializer}
        units = []
        for node in self.model.graph.node:
            if node.op_type == "Conv":
                bent = self.silu(node.output[0]) or ()
                per_place = int(np.prod(weights[node.input[1]]))
                places = int(np.prod(sizes[node.output[0]][2:]))
                nodes = (node.name, *(one.name for one in bent))
                units.append(ConvolutionUnit(node.name, nodes, per_place * places))
        return tuple(units)

    @property
    def activated(self) -> list[str]:
        """Tensors that a SiLU alone takes."""
        return [name for name in self.makers if self.silu(name)]

    def eight_bit(self, floats: Collection[str]) -> frozenset[str]:
        """Names of the nodes that are done in 8 bits where the units `floats` are not."""
        own = {name for unit in self.units if unit.name not in floats for name in unit.nodes}
        chosen: set[str] = set()
        for node in self.model.graph.node:
            made = [self.makers[name] for name in node.input if name in self.makers]
            follows = node.op_type in SHAPING and made and node.name not in self.tail
            if node.name in own or (follows and all(one.name in chosen for one in made)):
                chosen.add(node.name)
        return frozenset(chosen)

    def tensors(self) -> list[str]:
        """Tensors that may be cut into 8-bit steps, the input of the first convolution included."""
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
    """The units by the next modules below `within`; a unit that is alone goes by its own name."""
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
    """Shapes of all tensors whose shape can be told."""
    import onnx

    inferred = onnx.shape_inference.infer_shapes(model)
    return {
        one.name: [axis.dim_value for axis in one.type.tensor_type.shape.dim]
        for one in (*inferred.graph.value_info, *inferred.graph.output)
    }
