"""Cards in metadata: round trip, Deepness, and every refusal."""

from __future__ import annotations

import json
from dataclasses import asdict, replace

import pytest

from cv.detector.model_card import Calibration, InferencePass, ModelCard, OutputLayout
from cv.errors import ModelError
from tests.fixtures.fake_detectors import CARD


@pytest.mark.parametrize(
    "card",
    [
        CARD,
        replace(
            CARD,
            calibrations=(
                Calibration(
                    kind="hull",
                    scores=(0.0, 0.4, 1.0),
                    probabilities=(0.0, 0.5, 0.98),
                    missed=0.1,
                    missed_per_km2=2.5,
                    dispersion=1.7,
                    shared=0.05,
                ),
            ),
        ),
    ],
)
def test_a_card_round_trips_through_metadata(card):
    assert ModelCard.from_metadata("m.onnx", card.to_metadata()) == card


def test_the_keys_of_deepness_are_written():
    keys = {key: json.loads(text) for key, text in CARD.to_metadata().items()}
    assert keys["model_type"] == "Detector"
    assert keys["det_type"] == "YOLO_Ultralytics_obb"
    assert keys["class_names"] == {"0": "container", "1": "hull"}
    assert keys["resolution"] == pytest.approx(30.0)
    assert keys["tile_size"] == 640
    assert keys["tiles_overlap"] == 15
    assert keys["det_conf"] == pytest.approx(0.3)
    assert keys["det_iou_thresh"] == pytest.approx(0.5)


def test_a_model_with_the_keys_of_deepness_alone_is_accepted():
    metadata = CARD.to_metadata()
    del metadata["pierwatch"]
    metadata |= {"resolution": "50", "det_conf": "0.42", "tiles_overlap": "20"}
    card = ModelCard.from_metadata("foreign.onnx", metadata)
    assert card.passes == (InferencePass(0.5, 128, ("container", "hull")),)
    assert card.layout is OutputLayout.RAW
    assert card.thresholds == (0.42, 0.42)
    assert card.gsd_range_m == (0.25, 1.5)


def record(**changes):
    metadata = CARD.to_metadata()
    return metadata | {"pierwatch": json.dumps(json.loads(metadata["pierwatch"]) | changes)}


def calibration(**changes):
    return asdict(Calibration(kind="hull", scores=(0.0, 1.0), probabilities=(0.0, 1.0))) | changes


@pytest.mark.parametrize(
    ("metadata", "words"),
    [
        ({}, "lacks"),
        ({"pierwatch": "{"}, "not JSON"),
        ({"pierwatch": "[" * 100_000}, "not JSON"),
        ({"pierwatch": "{}"}, "incomplete"),
        (record(layout="yolo99"), "incomplete"),
        (record(classes=["plane"]), "none of them"),
        (record(classes=["container", "container"]), "repeat"),
        (record(thresholds=[0.3]), "thresholds"),
        (record(thresholds=[0.3, 1.3]), "thresholds"),
        (record(merge_overlap=0), "merge_overlap"),
        (record(tile_px=5), "tile"),
        (record(tile_px=float("inf")), "incomplete"),
        (record(gsd_range_m=[0.1, float("inf")]), "GSD range"),
        (record(calibrations=[calibration(dispersion=-1)]), "not negative"),
        (record(calibrations=[calibration(shared=float("nan"))]), "not negative"),
        (record(calibrations=[calibration(kind="plane")]), "calibrated for"),
        (record(calibrations=[calibration(), calibration()]), "calibrated for"),
        (record(name=None), "texts are .None"),
        (record(licence=" "), "texts are"),
        (record(training_data=7), "texts are .*7"),
        (record(gsd_range_m=[0.9, 0.15]), "GSD range"),
        (record(gsd_range_m=[float("nan"), 1]), "GSD range"),
        (record(passes=[{"gsd_m": 0.3, "overlap_px": 96, "classes": ["plane"]}]), "passes"),
        (
            record(passes=[{"gsd_m": 0.3, "overlap_px": 640, "classes": ["container", "hull"]}]),
            "overlaps",
        ),
        (
            record(passes=[{"gsd_m": -1, "overlap_px": 96, "classes": ["container", "hull"]}]),
            "working GSD",
        ),
        (record(calibrations=[calibration(scores=[1, 0])]), "incom"),
        (record(calibrations=[calibration(probabilities=[0, 7])]), "incom"),
    ],
)
def test_wrong_metadata_is_refused_with_file_found_limit_and_remedy(metadata, words):
    with pytest.raises(ModelError, match=words) as caught:
        ModelCard.from_metadata("some/model.onnx", metadata)
    assert "some/model.onnx" in str(caught.value)
    assert "Make it again" in caught.value.remedy


def test_foreign_models_of_another_kind_are_refused():
    metadata = CARD.to_metadata() | {"det_type": '"YOLO_v6"'}
    del metadata["pierwatch"]
    with pytest.raises(ModelError, match="det_type"):
        ModelCard.from_metadata("m.onnx", metadata)
    metadata |= {"det_type": '"YOLO_Ultralytics_obb"', "resolution": '"wide"'}
    with pytest.raises(ModelError, match="Deepness metadata is wrong"):
        ModelCard.from_metadata("m.onnx", metadata)
