"""A small network of the released ones' kind, and chips that it tells bright squares in."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from stand_ins import CARD

from cv.detector.card import Card, Layout
from cv.training.export import take_bytes
from cv.training.release import keep
from cv.training.render import Chip

SIDE = 64
CELLS = 16  # of 4 pixels, along each side
SMALL: Card = replace(
    CARD,
    name="small",
    layout=Layout.RAW,
    tile_px=SIDE,
    looks=tuple(replace(look, overlap_px=8) for look in CARD.looks),
    thresholds=(0.5, 0.5),
)


def small_network(path: Path, wide: int = 8) -> Path:
    """Writes it: convolutions with SiLU and a branch, then boxes of 4 pixels around each cell."""
    rng = np.random.default_rng(5)
    weights = {
        "mean": np.full((wide, 3, 4, 4), 1 / 48) * rng.uniform(2, 6, (wide, 1, 1, 1)),
        "mean_bias": rng.uniform(-1, 0.2, wide),
        "mix": rng.uniform(0.05, 0.4, (wide, wide, 3, 3)) * (np.arange(9) == 4).reshape(3, 3),
        "mix_bias": rng.uniform(-0.2, 0.2, wide),
        "score": np.stack([rng.uniform(1.0, 2.0, 2 * wide), rng.uniform(0.6, 1.4, 2 * wide)]),
        "score_bias": np.array([-14.0, -14.0]),
    }
    weights["score"] = weights["score"].reshape(2, 2 * wide, 1, 1)
    spots = (np.arange(CELLS) + 0.5) * 4
    x, y = np.meshgrid(spots, spots)
    boxes = np.stack([x.ravel(), y.ravel(), *np.full((2, CELLS**2), 4.0)])[None]
    weights |= {"boxes": boxes, "angles": np.zeros((1, 1, CELLS**2))}
    nodes = [
        _conv("/a", "images", "mean", "a", kernel_shape=[4, 4], strides=[4, 4]),
        *_silu("/a", "a", "fine"),
        _conv("/b", "fine", "mix", "b", kernel_shape=[3, 3], pads=[1, 1, 1, 1]),
        *_silu("/b", "b", "wide"),
        helper.make_node("Concat", ["fine", "wide"], ["both"], "/b/Concat", axis=1),
        _conv("/head", "both", "score", "logits", kernel_shape=[1, 1]),
        helper.make_node("Reshape", ["logits", "rows"], ["flat"], "/tail/Reshape"),
        helper.make_node("Sigmoid", ["flat"], ["scores"], "/tail/Sigmoid"),
        helper.make_node("Concat", ["boxes", "scores", "angles"], ["output0"], "/tail/C", axis=1),
    ]
    tensors = [numpy_helper.from_array(v.astype(np.float32), k) for k, v in weights.items()]
    tensors.append(numpy_helper.from_array(np.array([1, 2, -1]), "rows"))
    shape = [1, 3, SIDE, SIDE]
    graph = helper.make_graph(
        nodes,
        "small",
        [helper.make_tensor_value_info("images", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("output0", TensorProto.FLOAT, [1, 7, CELLS**2])],
        tensors,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    take_bytes(model)
    keep(model, path, SMALL)
    return path


def small_chip(seed: int, coarse: bool = False) -> Chip:
    """Dark noise with bright squares on some of its cells."""
    rng = np.random.default_rng(seed)
    cells = np.where(rng.random((CELLS, CELLS)) < 0.2, rng.integers(90, 240, (CELLS, CELLS)), 20)
    bright = np.kron(cells, np.ones((4, 4)))[..., None] + rng.normal(0, 6, (SIDE, SIDE, 3))
    image: NDArray[np.uint8] = np.clip(bright, 0, 255).astype(np.uint8)
    return Chip(seed, 1.2 if coarse else 0.3, image, ())


def _conv(scope: str, taken: str, weight: str, made: str, **settings: list[int]) -> onnx.NodeProto:
    bias = f"{weight}_bias"
    return helper.make_node("Conv", [taken, weight, bias], [made], f"{scope}/Conv", **settings)


def _silu(scope: str, taken: str, made: str) -> list[onnx.NodeProto]:
    bent = f"{taken}_bent"
    return [
        helper.make_node("Sigmoid", [taken], [bent], f"{scope}/act/Sigmoid"),
        helper.make_node("Mul", [taken, bent], [made], f"{scope}/act/Mul"),
    ]
