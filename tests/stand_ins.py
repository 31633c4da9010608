"""Stand-ins for the trained network: they see painted objects, so that all else can be tested."""

from __future__ import annotations

import json
from dataclasses import dataclass, field

import numpy as np
from onnx import TensorProto, helper
from scipy import ndimage

from cv.detector.card import Card, Layout, Look
from cv.detector.detector import Detector

CONTAINER_RGB = (255, 0, 0)
HULL_RGB = (0, 0, 255)

CARD = Card(
    name="stand-in",
    version="1",
    classes=("container", "hull"),
    layout=Layout.END_TO_END,
    tile_px=640,
    looks=(Look(0.3, 96, ("container",)), Look(1.2, 360, ("hull",))),
    gsd_range_m=(0.15, 0.9),
    thresholds=(0.3, 0.3),
    merge_overlap=0.5,
    training_data="none",
    licence="AGPL-3.0-or-later",
)


@dataclass
class PaintedNetwork:
    """Reports each connected patch of a class colour: its middle, and sides from its moments."""

    card: Card = CARD
    digest: str = "0" * 64
    calls: list[int] = field(default_factory=list)

    def run(self, rgb):
        self.calls.append(1)
        r, g, b = np.moveaxis(rgb / 255, 2, 0)
        rows = [[0.0] * 7]
        for index, mask in enumerate([(r > 0.5) & (b < 0.25), (b > 0.5) & (r < 0.25)]):
            labels, n = ndimage.label(mask & (g < 0.25))
            for label, (rows_at, cols_at) in enumerate(ndimage.find_objects(labels, n), 1):
                y, x = np.nonzero(labels[rows_at, cols_at] == label)
                y, x = y + rows_at.start, x + cols_at.start
                if len(x) < 12:
                    continue
                spread = np.cov(np.stack([x, y])) + np.eye(2) / 12
                (small, large), axes = np.linalg.eigh(spread)
                angle = np.arctan2(axes[1, 1], axes[0, 1])
                sides = np.sqrt(12 * np.array([large, small]))
                rows.append([x.mean() + 0.5, y.mean() + 0.5, *sides, 0.9, index, angle])
        return np.array([rows], dtype=np.float32)


def painted_detector(threads: int = 1, card: Card = CARD) -> Detector:
    """A detector that sees painted objects."""
    return Detector((PaintedNetwork(card),), threads)


def constant_model(path, answer, card=CARD, metadata=None, size=None):
    """An ONNX file at `path` that answers `answer` whatever it sees."""
    size = size or card.tile_px
    answer = np.asarray(answer, np.float32)
    nodes = [
        helper.make_node("Cast", ["images"], ["pixels"], to=TensorProto.FLOAT),
        helper.make_node("ReduceMean", ["pixels"], ["mean"], keepdims=0),
        helper.make_node("Mul", ["mean", "zero"], ["nothing"]),
        helper.make_node("Add", ["answer", "nothing"], ["output0"]),
    ]
    graph = helper.make_graph(
        nodes,
        "constant",
        [helper.make_tensor_value_info("images", TensorProto.UINT8, [1, size, size, 3])],
        [helper.make_tensor_value_info("output0", TensorProto.FLOAT, answer.shape)],
        [
            helper.make_tensor("zero", TensorProto.FLOAT, [], [0.0]),
            helper.make_tensor("answer", TensorProto.FLOAT, answer.shape, answer.ravel()),
        ],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    helper.set_model_props(model, card.to_metadata() if metadata is None else metadata)
    path.write_bytes(model.SerializeToString())
    return path


def card_file(model, sha256):
    """A card beside `model` that states `sha256`."""
    model.with_suffix(".card.json").write_text(json.dumps({"sha256": sha256}))
