"""8-bit models: what stays in float, how well they agree, the same model every time."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest
import quantize as command
from quantization.activation_ranges import (
    ActivationHistogram,
    activation_histograms,
    activation_ranges,
    silu,
)
from quantization.qdq_quantizer import QdqQuantizer, collect_histograms, load_float_graph
from quantization.reference_outputs import ReferenceOutputs
from quantize import choose_precision, quantization_costs, quantize_model

from cv.detector.model_card import INT8
from cv.detector.onnx_model import OnnxModel
from cv.errors import ModelError
from cv.model_export.model_release import write_model
from tests.fixtures.fake_detectors import constant_model
from tests.fixtures.small_network import CELLS, SMALL, small_chip, small_network

CHIPS = [small_chip(seed, bool(seed % 2)) for seed in range(12)]


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small_network(tmp_path_factory.mktemp("small") / "small.onnx")


@pytest.fixture(scope="module")
def quantizer(source: Path) -> QdqQuantizer:
    graph = load_float_graph(source)
    histograms = collect_histograms(graph, [chip.image for chip in CHIPS])
    return QdqQuantizer(graph, activation_ranges(histograms, graph.before_silu), SMALL)


def kinds(model: onnx.ModelProto) -> list[str]:
    return [node.op_type for node in model.graph.node]


def test_units_are_convolutions_with_their_activation_and_the_tail_is_what_follows(
    quantizer: QdqQuantizer,
) -> None:
    graph = quantizer.graph
    assert [unit.name for unit in graph.units] == ["/a/Conv", "/b/Conv", "/head/Conv"]
    assert graph.units[0].nodes == ("/a/Conv", "/a/act/Sigmoid", "/a/act/Mul")
    assert graph.units[2].nodes == ("/head/Conv",)
    assert graph.units[0].products == 8 * 3 * 4 * 4 * CELLS * CELLS
    assert graph.tail == {"/tail/Reshape", "/tail/Sigmoid", "/tail/C"}
    assert sorted(graph.before_silu) == ["a", "b"]
    assert "/b/Concat" in graph.eight_bit(())
    assert "/b/Concat" not in graph.eight_bit({"/a/Conv"})


def test_pixels_go_into_the_first_convolution_as_they_are(quantizer: QdqQuantizer) -> None:
    whole, first_in_float = quantizer.model(()), quantizer.model({"/a/Conv"})
    assert "Cast" not in kinds(whole)
    assert "Div" not in kinds(whole)
    assert {"Cast", "Div"} <= set(kinds(first_in_float))
    for node in whole.graph.node:
        assert not node.name.startswith("/tail") or "Quantize" not in node.op_type


def test_in_8_bits_as_much_is_found_as_in_float(
    source: Path, quantizer: QdqQuantizer, tmp_path: Path
) -> None:
    reference = ReferenceOutputs.of(OnnxModel.load(source), CHIPS)
    fresh = ReferenceOutputs.of(
        OnnxModel.load(source), [small_chip(seed) for seed in range(100, 110)]
    )
    outputs = quantizer.outputs((), reference, tmp_path)
    assert 0 < reference.error(outputs) < 0.5
    assert reference.error(reference.outputs) == 0
    thresholds = reference.thresholds(outputs)
    assert max(reference.disagreement(outputs, thresholds)) < 0.05
    other = quantizer.outputs((), fresh, tmp_path)
    assert fresh.disagreement(other, thresholds)[0] < 0.05
    everything = [unit.name for unit in quantizer.graph.units]
    assert reference.error(quantizer.outputs(everything, reference, tmp_path)) < 1e-4


def test_a_part_that_8_bits_ruin_stays_in_float(
    source: Path, quantizer: QdqQuantizer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(command, "MAX_FLOAT_SHARE", 0.5)
    ranges = {**quantizer.ranges, "logits": (-4000.0, 4000.0)}
    spoilt = replace(quantizer, ranges=ranges)
    reference = ReferenceOutputs.of(OnnxModel.load(source), CHIPS)
    parts = quantization_costs(spoilt, reference, tmp_path)
    assert max(parts, key=lambda one: one.error).name == "/head/Conv"
    chosen = choose_precision(spoilt, parts, reference, tmp_path)
    assert "/head/Conv" in chosen.floats
    assert max(chosen.disagreement) < 0.05


def test_the_command_writes_the_same_model_from_the_same_seed(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(command, "render_chip", small_chip)
    made = []
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        made.append(tmp_path / name / "small-int8.onnx")
        quantize_model(source, made[-1], chips=6, checks=6, seed=3)
    assert made[0].read_bytes() == made[1].read_bytes()
    card = OnnxModel.load(made[0]).card
    assert card.precision == INT8
    assert card == replace(
        SMALL, name="small-int8", precision=INT8, thresholds=card.thresholds, calibrations=()
    )
    assert str(tmp_path).encode() not in made[0].read_bytes()
    assert made[0].stat().st_size < 20_000
    with pytest.raises(ModelError, match="precision int8"):
        quantize_model(made[0], tmp_path / "again.onnx", 2, 2, 0)


def test_the_order_of_hashes_changes_nothing(source: Path, tmp_path: Path) -> None:
    code = (
        "import sys, hashlib; from pathlib import Path;"
        "from tests.fixtures.small_network import *; from quantization.qdq_quantizer import *;"
        "from quantization.activation_ranges import activation_ranges;"
        "g = load_float_graph(Path(sys.argv[1]));"
        "h = collect_histograms(g, [small_chip(i).image for i in range(2)]);"
        "m = QdqQuantizer(g, activation_ranges(h, ()), SMALL).model(());"
        "print(hashlib.sha256(m.SerializeToString(deterministic=True)).hexdigest())"
    )
    root = str(Path(__file__).parents[2])
    digests = {
        subprocess.run(
            [sys.executable, "-c", code, str(source)],
            capture_output=True,
            text=True,
            check=True,
            env={"PYTHONPATH": os.pathsep.join((root, f"{root}/tools")), "PYTHONHASHSEED": seed},
        ).stdout
        for seed in ("1", "2")
    }
    assert len(digests) == 1


def test_what_cannot_be_quantized_is_refused(tmp_path: Path, source: Path) -> None:
    ranked = constant_model(tmp_path / "ranked.onnx", np.zeros((1, 5, 7)))
    with pytest.raises(ModelError, match="its layout is end2end"):
        quantize_model(ranked, tmp_path / "m.onnx", 2, 2, 0)
    with pytest.raises(ModelError, match="precision is 'int4'"):
        write_model(onnx.load(str(source)), tmp_path / "m.onnx", replace(SMALL, precision="int4"))
    assert not (tmp_path / "m.onnx").exists()


def test_ranges_hold_zero_and_what_counts() -> None:
    values = np.concatenate([np.random.default_rng(0).normal(0, 1, 100_000), [60.0, -90.0]])
    histograms = activation_histograms(
        lambda _: {"t": values.astype(np.float32)}, [np.zeros(1, np.uint8)]
    )
    assert histograms["t"].counts.sum() == len(values)
    low, high = activation_ranges(histograms, ())["t"]
    assert -90 < low <= 0 <= high < 60


def test_far_below_zero_a_silu_leaves_nothing_that_is_worth_steps() -> None:
    flat = {"t": ActivationHistogram(-20.0, 5.0, np.ones(2048))}
    plain, activated = (activation_ranges(flat, names)["t"] for names in ((), ("t",)))
    assert plain[0] == pytest.approx(-20)
    assert -12 < activated[0] < -4
    assert activated[1] == pytest.approx(5)
    assert silu(np.array([0.0, 30.0, -30.0])) == pytest.approx([0.0, 30.0, 0.0], abs=1e-9)
