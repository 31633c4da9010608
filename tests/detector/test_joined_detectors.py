"""A detector of several models, each of which detects its own classes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import shapely
from affine import Affine

from cv.counting.uncertainty import LEVEL
from cv.detector.detector import Detector
from cv.detector.model_card import Calibration, ModelCard
from cv.detector.model_zoo import HULL_MODEL, model_files
from cv.errors import ModelError
from cv.geometry.image_patch import Patch
from tests.fixtures.fake_detectors import CARD, constant_model

AT = np.array([[[30.0, 30, 20, 8, 0.9, 0, 0.0], [30.0, 30, 40, 9, 0.8, 1, 0.0]]])
PASSES = tuple(replace(one, overlap_px=8) for one in CARD.passes)
BOXES = replace(CARD, name="boxes", tile_px=64, passes=PASSES[:1], thresholds=(0.35, 0.9))
SHIPS = replace(
    BOXES,
    name="ships",
    passes=PASSES[1:],
    thresholds=(0.9, 0.45),
    gsd_range_m=(0.3, 1.2),
    calibrations=(Calibration(kind="hull", scores=(0.0, 1.0), probabilities=(0.0, LEVEL)),),
)


class Grey:
    def read(self, to_pixel, shape):
        return Patch(np.full((*shape, 3), 128, np.uint8), np.ones(shape, bool))


@pytest.fixture
def files(tmp_path):
    return [constant_model(tmp_path / f"{card.name}.onnx", AT, card) for card in (BOXES, SHIPS)]


def detections(detector, name):
    inference_pass = detector.card.pass_for(name)
    area = shapely.box(0, 0, 50 * inference_pass.gsd_m, 50 * inference_pass.gsd_m)
    return detector.detect(inference_pass, Grey(), Affine.scale(1 / inference_pass.gsd_m), area)


def test_each_model_finds_its_own_class_under_the_joined_number(files):
    both = Detector.load(files, 1)
    turned = Detector.load(files[::-1], 1)
    for detector, numbers in ((both, (0, 1)), (turned, (1, 0))):
        for name, number, score in zip(("container", "hull"), numbers, (0.9, 0.8), strict=True):
            found = detections(detector, name)
            assert detector.card.classes[number] == name
            assert found.classes.tolist() == [number]
            assert found.scores == pytest.approx([score])


def test_the_joined_card_takes_thresholds_and_calibrations_from_each_card(files):
    card = Detector.load(files).card
    assert (card.classes, card.thresholds) == (("container", "hull"), (0.35, 0.45))
    assert card.gsd_range_m == (0.3, 0.9)
    assert card.name == "boxes + ships"
    assert card.calibration("hull") == SHIPS.calibrations[0]
    assert card.calibration("container") is None
    alone = Detector.load(files[1]).card
    assert (alone.classes, alone.thresholds) == (("hull",), (0.45,))


def test_the_digest_depends_on_all_files_and_their_order(files):
    digests = {Detector.load(f).digest for f in (files, files[::-1], files[0], files[1])}
    assert len(digests) == 4


def test_two_models_for_the_same_class_are_refused(files):
    with pytest.raises(ModelError, match="classes repeat"):
        Detector.load([files[0], files[0]])


def test_models_without_a_common_gsd_are_refused(tmp_path, files):
    far = replace(SHIPS, gsd_range_m=(0.95, 1.2))
    with pytest.raises(ModelError, match="GSD range"):
        Detector.load([files[0], constant_model(tmp_path / "far.onnx", AT, far)])


def test_a_detector_for_one_class_leaves_the_other_models_out(files):
    both = Detector.load(files, 1)
    only = both.only("hull")
    assert [model.card.name for model in only.models] == ["ships"]
    assert detections(only, "hull").scores == pytest.approx(detections(both, "hull").scores)


def test_a_card_may_detect_fewer_classes_than_its_network_has():
    metadata = BOXES.to_metadata()
    assert ModelCard.from_metadata("m", metadata) == BOXES
    with pytest.raises(ModelError, match="passes detect"):
        replace(BOXES, passes=()).checked("m")


def test_a_released_name_stands_for_its_hull_model_too(tmp_path, monkeypatch):
    monkeypatch.setattr("cv.detector.model_zoo._folder", lambda: tmp_path)
    for name in ("pierwatch-n", "other"):
        (tmp_path / f"{name}.onnx").touch()
    (tmp_path / f"pierwatch-n{HULL_MODEL}.onnx").touch()
    boxes, ships = (tmp_path / f"pierwatch-n{end}.onnx" for end in ("", HULL_MODEL))
    other = tmp_path / "other.onnx"
    assert model_files("pierwatch-n") == (boxes, ships)
    assert model_files("other") == (other,)
    assert model_files(ships.stem) == (ships,)
    assert model_files("pierwatch-n", "mine.onnx") == (boxes, Path("mine.onnx"))
    assert model_files("mine.onnx", ships.stem) == (Path("mine.onnx"), ships)
    assert model_files("elsewhere/pierwatch-n") == (Path("elsewhere/pierwatch-n"),)


def test_a_class_that_no_model_detects_is_refused(files):
    with pytest.raises(ModelError, match="it detects hull"):
        Detector.load(files[1]).only("container")
