"""Make 8-bit models of a float model, with any of its convolutions kept in float.

Weights get 7 bits: x86 processors without VNNI add two products in 16 bits, which 8-bit weights
overflow.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cv.detector.model_card import ModelCard
from cv.detector.onnx_model import OnnxModel
from cv.errors import ModelError
from cv.geometry.arrays import Float32Array
from cv.model_export.model_release import write_model
from cv.model_export.onnx_export import PIXEL_SCALE, accept_uint8_input
from quantization.activation_ranges import ActivationHistogram, activation_histograms
from quantization.onnx_graph import EIGHT_BIT, OnnxGraph
from quantization.reference_outputs import ReferenceOutputs


@dataclass(frozen=True, eq=False)
class QdqQuantizer:
    """A float model and the ranges of its tensors."""

    graph: OnnxGraph
    ranges: Mapping[str, tuple[float, float]]
    """Lowest and highest value of each tensor."""
    card: ModelCard

    def model(self, floats: Collection[str]) -> Any:
        """Return the onnx.ModelProto in 8 bits, except for the units named `floats`."""
        import onnx
        from onnxruntime.quantization import QuantType
        from onnxruntime.quantization.calibrate import TensorData
        from onnxruntime.quantization.qdq_quantizer import QDQQuantizer

        copy = onnx.ModelProto()
        copy.CopyFrom(self.graph.model)
        chosen = self.graph.eight_bit(floats)
        if not chosen:
            return copy
        ranges = {
            name: TensorData(lowest=np.float32(low), highest=np.float32(high))
            for name, (low, high) in {**self.ranges, **known_ranges(self.graph)}.items()
        }
        quantizer = QDQQuantizer(
            copy,
            per_channel=True,
            reduce_range=True,
            weight_qType=QuantType.QInt8,
            activation_qType=QuantType.QUInt8,
            tensors_range=ranges,
            nodes_to_quantize=sorted(chosen),
            nodes_to_exclude=[],
            op_types_to_quantize=list(EIGHT_BIT),
            extra_options={},
        )
        quantizer.quantize_model()
        quantizer.model.topological_sort()
        quantized = quantizer.model.model
        drop_input_quantization(quantized)
        return quantized

    def outputs(
        self, floats: Collection[str], reference: ReferenceOutputs, folder: Path
    ) -> list[Float32Array]:
        """Run that model, written into `folder`, on the chips of `reference`."""
        path = folder / "trial.onnx"
        write_model(self.model(floats), path, self.card)
        network = OnnxModel.load(path)
        return [network.run(chip.image) for chip in reference.chips]


def drop_input_quantization(model: Any) -> None:
    """Remove the scaling of pixels to 0..1 and back to 255 steps: pixels are such steps already."""
    by_input = {node.input[0]: node for node in model.graph.node}
    producers = {node.output[0]: node for node in model.graph.node}
    divide = next((one for one in model.graph.node if one.input[1:] == [PIXEL_SCALE]), None)
    step = by_input.get(divide.output[0]) if divide else None
    if divide is None or step is None or step.op_type != "QuantizeLinear":
        return
    cast = producers[divide.input[0]]
    for node in model.graph.node:
        node.input[:] = [cast.input[0] if n == step.output[0] else n for n in node.input]
    for node in (cast, divide, step):
        model.graph.node.remove(node)


def load_float_graph(path: Path) -> OnnxGraph:
    """Read the graph of the float model in `path`, with a uint8 input; raises ModelError."""
    import onnx

    model = onnx.load(str(path), load_external_data=False)
    if model.graph.input[0].type.tensor_type.elem_type == onnx.TensorProto.FLOAT:
        accept_uint8_input(model)
    for i, node in enumerate(model.graph.node):
        node.name = node.name or f"/{node.op_type}_{i}"
    if len({node.name for node in model.graph.node}) < len(model.graph.node):
        raise ModelError(path, "names of nodes repeat", "each needs its own", "Export it again.")
    return OnnxGraph(model)


def collect_histograms(
    graph: OnnxGraph, images: Sequence[NDArray[np.uint8]]
) -> dict[str, ActivationHistogram]:
    """Return the histograms of all tensors to quantize, over `images` (rows, columns, 3)."""
    import onnx
    import onnxruntime as ort

    names = graph.tensors()
    model = onnx.ModelProto()
    model.CopyFrom(graph.model)
    for name in names:
        model.graph.output.append(onnx.helper.make_empty_tensor_value_info(name))
    options = ort.SessionOptions()
    options.intra_op_num_threads, options.log_severity_level = 1, 4
    session = ort.InferenceSession(
        model.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
    (entry,) = session.get_inputs()

    def run(image: NDArray[np.uint8]) -> dict[str, Float32Array]:
        return dict(zip(names, session.run(names, {entry.name: image[None]}), strict=True))

    return activation_histograms(run, images)


def known_ranges(graph: OnnxGraph) -> dict[str, tuple[float, float]]:
    """Return the ranges known without measuring: 0 to 1, of pixels and of logistic functions."""
    nodes = graph.model.graph.node
    known = [node for node in nodes if node.op_type == "Sigmoid" or PIXEL_SCALE in node.input]
    return {node.output[0]: (0.0, 1.0) for node in known}
