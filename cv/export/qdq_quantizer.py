"""A quantizer: makes 8-bit models of a float one, with any of its convolutions left in float.

Weights get 7 bits: x86 processors without VNNI add two products in 16 bits, which weights of 8 bits
overflow.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cv.detector.model_card import ModelCard
from cv.detector.onnx_model import OnnxModel
from cv.errors import ModelError
from cv.export.activation_ranges import ActivationHistogram, activation_histograms
from cv.export.onnx_export import FULL, accept_uint8_input
from cv.export.onnx_graph import EIGHT_BIT, OnnxGraph
from cv.export.output_agreement import Answer, OutputAgreement
from cv.export.release import write_model

UNIT_RANGE = (0.0, 1.0)


@dataclass(frozen=True, eq=False)
class QdqQuantizer:
    """A float model, and what is known about its tensors."""

    wiring: OnnxGraph
    ranges: Mapping[str, tuple[float, float]]
    """Lowest and highest value of each tensor."""
    card: ModelCard

    def model(self, floats: Collection[str]) -> Any:
        """The onnx.ModelProto in 8 bits, but for the units named `floats`."""
        import onnx
        from onnxruntime.quantization import QuantType
        from onnxruntime.quantization.calibrate import TensorData
        from onnxruntime.quantization.qdq_quantizer import QDQQuantizer

        logging.getLogger().setLevel(logging.ERROR)  # it advises to run what has been run
        copy = onnx.ModelProto()
        copy.CopyFrom(self.wiring.model)
        chosen = self.wiring.eight_bit(floats)
        if not chosen:
            return copy
        told = {
            name: TensorData(lowest=np.float32(low), highest=np.float32(high))
            for name, (low, high) in {**self.ranges, **known_ranges(self.wiring)}.items()
        }
        work = QDQQuantizer(
            copy,
            per_channel=True,
            reduce_range=True,
            weight_qType=QuantType.QInt8,
            activation_qType=QuantType.QUInt8,
            tensors_range=told,
            nodes_to_quantize=sorted(chosen),
            nodes_to_exclude=[],
            op_types_to_quantize=list(EIGHT_BIT),
            extra_options={},
        )
        work.quantize_model()
        work.model.topological_sort()
        made = work.model.model
        drop_input_quantization(made)
        return made

    def answers(
        self, floats: Collection[str], likeness: OutputAgreement, folder: Path
    ) -> list[Answer]:
        """What that model says of the chips of `likeness`."""
        path = folder / "trial.onnx"
        write_model(self.model(floats), path, self.card)
        network = OnnxModel.load(path)
        return [network.run(chip.image) for chip in likeness.chips]


def drop_input_quantization(model: Any) -> None:
    """Leaves out that pixels become 0 to 1 and are cut into 255 steps again: they are those."""
    by_input = {node.input[0]: node for node in model.graph.node}
    makers = {node.output[0]: node for node in model.graph.node}
    divide = next((one for one in model.graph.node if one.input[1:] == [FULL]), None)
    step = by_input.get(divide.output[0]) if divide else None
    if divide is None or step is None or step.op_type != "QuantizeLinear":
        return
    cast = makers[divide.input[0]]
    for node in model.graph.node:
        node.input[:] = [cast.input[0] if n == step.output[0] else n for n in node.input]
    for node in (cast, divide, step):
        model.graph.node.remove(node)


def load_float_graph(path: Path) -> OnnxGraph:
    """The wiring of a float model in `path`, which takes bytes from now on; raises ModelError."""
    import onnx

    model = onnx.load(str(path), load_external_data=False)
    if model.graph.input[0].type.tensor_type.elem_type == onnx.TensorProto.FLOAT:
        accept_uint8_input(model)
    for i, node in enumerate(model.graph.node):
        node.name = node.name or f"/{node.op_type}_{i}"
    if len({node.name for node in model.graph.node}) < len(model.graph.node):
        raise ModelError(path, "names of its nodes repeat", "each has its own", "Export it again.")
    return OnnxGraph(model)


def collect_histograms(
    wiring: OnnxGraph, images: Sequence[NDArray[np.uint8]]
) -> dict[str, ActivationHistogram]:
    """Histograms of all tensors that may be cut into steps, over `images` (rows, columns, 3)."""
    import onnx
    import onnxruntime as ort

    names = wiring.tensors()
    model = onnx.ModelProto()
    model.CopyFrom(wiring.model)
    for name in names:
        model.graph.output.append(onnx.helper.make_empty_tensor_value_info(name))
    options = ort.SessionOptions()
    options.intra_op_num_threads, options.log_severity_level = 1, 4
    session = ort.InferenceSession(
        model.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
    (taken,) = session.get_inputs()

    def run(image: NDArray[np.uint8]) -> dict[str, NDArray[np.float32]]:
        return dict(zip(names, session.run(names, {taken.name: image[None]}), strict=True))

    return activation_histograms(run, images)


def known_ranges(wiring: OnnxGraph) -> dict[str, tuple[float, float]]:
    """Ranges that need no measuring: of pixels, and of what a logistic function answers."""
    known = {}
    for node in wiring.model.graph.node:
        if node.op_type == "Sigmoid" or FULL in node.input:
            known[node.output[0]] = UNIT_RANGE
    return known
