"""Engines: the same model run by another library."""

from __future__ import annotations

import subprocess
import sys
import threading

import numpy as np
import pytest
import shapely
from affine import Affine

from cv.detector.detector import Detector
from cv.detector.runtimes import openvino_runner
from cv.errors import ModelError
from cv.geometry.patch import Patch
from cv.synthetic.chip_renderer import render_chip
from tests.fixtures.fake_detectors import constant_model

ROWS = np.array([[[320, 320, 40, 8, 0.9, 0, 0.0]]])


class Chip:
    """A rendered chip as a raster of the working GSD; it keeps what was asked of it."""

    def __init__(self, seed=2):
        self.image = render_chip(seed, False).image
        self.asked = []

    def read(self, to_pixel, shape):
        self.asked.append(to_pixel)
        x, y = round(to_pixel.c), round(to_pixel.f)
        rgb = np.zeros((*shape, 3), np.uint8)
        part = self.image[max(0, y) : y + shape[0], max(0, x) : x + shape[1]]
        rows, columns = part.shape[:2]
        rgb[max(0, -y) : max(0, -y) + rows, max(0, -x) : max(0, -x) + columns] = part
        return Patch(rgb, np.ones(shape, bool))


def seen(detector, chip, gsd_m=0.25):
    look = detector.card.passes[0]
    region = shapely.box(0, 0, 640 * gsd_m, 640 * gsd_m)
    found = detector.detect(look, chip, Affine.scale(1 / gsd_m), region)
    return found[found.scores >= detector.card.thresholds[0]]


def test_an_unknown_engine_is_refused():
    with pytest.raises(ModelError, match="'tensorrt'"):
        Detector.load(engine="tensorrt")


def test_an_engine_that_is_not_installed_says_how_to_get_it(tmp_path, monkeypatch):
    path = constant_model(tmp_path / "m.onnx", ROWS)
    monkeypatch.setitem(sys.modules, "openvino", None)
    with pytest.raises(ModelError, match=r"pierwatch\[openvino\]"):
        Detector.load(path, engine="openvino")


@pytest.mark.parametrize("model", ["pierwatch-n", "pierwatch-n-int8"])
def test_openvino_sees_what_onnxruntime_sees(model):
    pytest.importorskip("openvino")
    chips = [Chip(seed) for seed in (2, 4, 11)]
    usual, other = (
        Detector.load(model, 1, engine).only("container") for engine in ("onnxruntime", "openvino")
    )
    one = [len(seen(usual, chip)) for chip in chips]
    two = [len(seen(other, chip)) for chip in chips]
    assert sum(one) > 100
    assert np.abs(np.subtract(one, two)).sum() <= 0.03 * sum(one)


def test_openvino_answers_the_same_whatever_the_threads():
    pytest.importorskip("openvino")
    chip = Chip()
    one, two = (
        seen(Detector.load(None, threads, "openvino").only("container"), chip) for threads in (1, 2)
    )
    assert np.array_equal(one.boxes.values, two.boxes.values)
    assert np.array_equal(one.scores, two.scores)


def test_openvino_has_answered_before_threads_ask_it(monkeypatch):
    pytest.importorskip("openvino")
    asked = []
    usual = openvino_runner._Runner.__call__

    def noted(self, tensor):
        asked.append(threading.current_thread())
        return usual(self, tensor)

    monkeypatch.setattr(openvino_runner._Runner, "__call__", noted)
    Detector.load("pierwatch-n", 2, "openvino")
    assert asked == [threading.current_thread()] * 2  # containers, hulls


def test_first_answers_of_openvino_to_many_threads_come():
    pytest.importorskip("openvino")
    code = (
        "import sys, numpy as np; from concurrent.futures import ThreadPoolExecutor;"
        "from cv import Detector; sys.setswitchinterval(1e-6);"
        "network = Detector.load('pierwatch-n', 2, 'openvino').models[0];"
        "tiles = [np.zeros((640, 640, 3), np.uint8)] * 8;"
        "print(len(list(ThreadPoolExecutor(4).map(network.run, tiles))))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.strip() == "8"


def test_openvino_comes_without_what_reports_to_a_server():
    pytest.importorskip("openvino")
    code = (
        "import sys; from cv import Detector; Detector.load(None, 1, 'openvino');"
        "print([name for name in sys.modules if 'telemetry' in name])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize(("gsd_m", "as_it_is"), [(0.25, True), (0.252, True), (0.27, False)])
def test_a_scene_of_the_working_gsd_is_taken_pixel_for_pixel(gsd_m, as_it_is):
    chip = Chip()
    found = seen(Detector.load(None, 1).only("container"), chip, gsd_m)
    scales = {round(asked.a, 9) for asked in chip.asked}
    assert (scales == {1.0}) is as_it_is
    if as_it_is:
        inner = found.boxes.centers / gsd_m
        assert len(found) > 10
        assert (inner > 0).all()
        assert (inner < 640).all()
