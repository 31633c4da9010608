"""Detections whose centre lies in invalid pixels are dropped."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import shapely
from affine import Affine

from cv.detector.detector import Detector
from cv.geometry.image_patch import Patch
from tests.fixtures.fake_detectors import CARD, constant_model


class HalfHidden:
    """Grey everywhere; only the part left of `edge` (metres) is valid."""

    def __init__(self, edge):
        self.edge = edge

    def read(self, to_pixel, shape):
        x = np.arange(shape[1]) + 0.5
        valid = np.tile(to_pixel.a * x + to_pixel.c < self.edge, (shape[0], 1))
        return Patch(np.full((*shape, 3), 128, np.uint8), valid)


@pytest.mark.parametrize(("edge", "found"), [(3.0, 0), (6.0, 1)])
def test_a_detection_is_kept_if_its_centre_is_valid(tmp_path, edge, found):
    passes = (replace(CARD.passes[0], overlap_px=0, classes=("container", "hull")),)
    card = replace(CARD, tile_px=64, passes=passes)
    rows = np.array([[[16.0, 30.0, 12.0, 8.0, 0.9, 0, 0.0]]])
    detector = Detector.load(constant_model(tmp_path / "m.onnx", rows, card), 1)
    region = shapely.box(1, 1, 19, 19)
    detections = detector.detect(passes[0], HalfHidden(edge), Affine.identity(), region)
    assert len(detections) == found
    if found:
        assert detections.boxes.centers[0] == pytest.approx([16 * 0.3, 30 * 0.3])
