"""The released model on real scenes: counts what labels say, the same way every time."""

from __future__ import annotations

import importlib.util
import re
import socket
import sys
from pathlib import Path

import onnx
import pytest

from cv import Detector, Scene, count
from cv.detector.model_zoo import default_model, model_files, released_models
from cv.evaluation.metrics import CountMetrics
from cv.report.counts_text import counts_json, detections_json

ROOT = Path(__file__).resolve().parents[2]
REAL = ROOT.parent / "shared" / "real"
MOSAIC = REAL / "geotiff" / "euromax_gate_mosaic_rd_0.25m.tif"

needs_real_scenes = pytest.mark.skipif(
    not MOSAIC.exists(), reason="the labelled real scenes are not at hand (not ours to give away)"
)


@pytest.fixture(scope="module")
def measure():
    spec = importlib.util.spec_from_file_location("measure", ROOT / "datasets/real/measure.py")
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["measure"] = module
    spec.loader.exec_module(module)
    return module


def test_the_default_model_has_a_card_and_is_small():
    card = Detector.load().card
    assert card.classes == ("container", "hull")
    assert default_model().stat().st_size < 40e6
    assert default_model().with_suffix(".card.json").exists()


def test_released_models_are_small_together_and_contain_no_local_paths():
    files = [file for name in released_models() for file in model_files(name)]
    assert len(files) >= 2
    assert sum(file.stat().st_size for file in files) < 40e6
    for file in files:
        proto = onnx.load(str(file), load_external_data=False)
        for weight in proto.graph.initializer:
            weight.ClearField("raw_data")  # numbers, whose bytes may equal any two letters
        content = proto.SerializeToString() + file.with_suffix(".card.json").read_bytes()
        paths = (b"/home/", b"/root", b"/work", b"/tmp", b"/Users/", b"site-packages")
        assert not [text for text in paths if text in content]
        assert not re.search(rb"[A-Za-z]:\\\w", content)
        assert socket.gethostname().encode() not in content


def test_a_released_model_is_loaded_by_its_name():
    for name in released_models():
        detector = Detector.load(name, 1)
        assert detector.models[0].card.name == name
        hulls = () if name.endswith("int8") else ("hull",)
        assert detector.card.classes == ("container", *hulls)
        assert detector.card.precision == ("int8" if name.endswith("int8") else "fp32")
        assert detector.digest == Detector.load(model_files(name), 1).digest


@needs_real_scenes
def test_containers_of_real_scenes_are_counted(measure):
    evaluations = measure.evaluate_scenes(REAL, Detector.load(), ("container",))
    metrics = CountMetrics.of(evaluations)
    fine = CountMetrics.of([e for e in evaluations if e.gsd_m <= measure.FINE_M])
    assert metrics.true > 1400
    assert metrics.nmae <= 0.065
    assert abs(metrics.bias) <= 0.03
    assert fine.ap50 >= 0.92
    assert min(fine.recall, fine.precision) >= 0.90


@needs_real_scenes
def test_ships_of_real_scenes_are_counted(measure):
    metrics = CountMetrics.of(measure.evaluate_scenes(REAL, Detector.load(), ("hull",)))
    assert metrics.true > 75
    assert metrics.nmae <= 0.21
    assert metrics.ap50 >= 0.83
    assert metrics.length_error <= 0.05


@needs_real_scenes
def test_threads_do_not_change_a_byte():
    texts = []
    for threads in (1, 2, 3):
        with Scene.open(MOSAIC) as scene:
            counts = count(scene, None, Detector.load(threads=threads))
        texts.append(counts_json(counts) + detections_json(counts.detections))
    assert texts[0] == texts[1] == texts[2]
    assert '"class": "container"' in texts[0]
