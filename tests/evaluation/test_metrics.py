"""Marks by hand, and an evaluation through the whole product."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import shapely
from affine import Affine
from pyproj import CRS, Transformer

from cv.detector.detections import Detections
from cv.evaluation.box_matching import DetectionMatches
from cv.evaluation.image_evaluation import (
    EvaluationSample,
    ImageEvaluation,
    evaluate_image,
    scored_mask,
)
from cv.evaluation.metrics import (
    CountMetrics,
    balanced_threshold,
    matches_by_gsd,
    matches_by_width,
    nmae_at,
)
from cv.evaluation.metrics_table import bands_table, images_table, metrics_table
from cv.geometry.oriented_boxes import OrientedBoxes
from tests.fixtures.fake_detectors import CARD, painted_detector
from tests.fixtures.painted_pier import CONTAINERS, paint, projection

STEP = 12.6
"""Boxes end to end, closer than what makes a stack."""


def row(count, start=0, wide=2.4):
    return OrientedBoxes.from_values([[start + STEP * i, 0, 12.19, wide, 0] for i in range(count)])


def evaluation(truth, found, score=0.9, gsd=0.3, name="made up"):
    scores = np.full(len(found), score)
    sample = EvaluationSample(
        name=name, path=Path("none"), gsd_m=None, kind="container", truth=truth
    )
    detections = Detections(found, scores, np.zeros(len(found), np.int64))
    matches = DetectionMatches.of(found, scores, truth)
    return ImageEvaluation(
        sample=sample,
        gsd_m=gsd,
        truth=truth,
        found=detections,
        matches=matches,
        card=CARD,
        outline=shapely.box(0, 0, 100, 100),
    )


def test_metrics_by_hand():
    evaluations = [
        evaluation(row(10), row(8)),
        evaluation(row(4), row(6)),
        evaluation(row(0), row(0)),
    ]
    metrics = CountMetrics.of(evaluations)
    assert (metrics.images, metrics.true, metrics.counted) == (3, 14, 14)
    assert metrics.nmae == pytest.approx(4 / 14)
    assert metrics.bias == 0
    assert metrics.recall == pytest.approx(12 / 14)
    assert metrics.precision == pytest.approx(12 / 14)
    assert metrics.stack_error == pytest.approx(
        (2 / 10 + 0 / 4) / 2
    )  # what lies beyond is no stack


def test_bands_contain_their_images_and_objects():
    evaluations = [evaluation(row(4), row(4), gsd=0.3), evaluation(row(6), row(3), gsd=0.8)]
    assert [(name, len(one), one.recall(0.3)) for name, one in matches_by_gsd(evaluations)] == [
        ("GSD 0.2 to 0.4 m", 4, 1.0),
        ("GSD 0.6 to 0.9 m", 6, 0.5),
    ]
    assert [(name, len(one), one.recall(0.3)) for name, one in matches_by_width(evaluations)] == [
        ("width 0 to 4 px", 6, 0.5),
        ("width 6 to 9 px", 4, 1.0),
    ]


def test_the_even_threshold_counts_as_many_as_there_are():
    scores = np.array([0.9, 0.8, 0.7, 0.2, 0.1])
    one = evaluation(row(3), row(5))
    found = replace(one.found, scores=scores)
    one = replace(one, found=found, matches=DetectionMatches.of(found.boxes, scores, one.truth))
    assert one.counted == 3  # at the card's threshold of 0.3
    both = [one, evaluation(row(4), row(3), score=0.75)]
    threshold = balanced_threshold(both)
    assert threshold == 0.2  # seven objects: 0.9, 0.8, three of 0.75, 0.7, 0.2
    assert sum(e.at(threshold).counted for e in both) == 7
    assert one.at(0.85).counted == 1
    assert one.at(0.85).sample is one.sample
    assert balanced_threshold([evaluation(row(3), row(0))]) == 1.0


def test_the_length_error_is_that_of_what_was_found():
    longer = OrientedBoxes.from_values(row(3).values * [1, 1, 1.1, 1, 1])
    assert CountMetrics.of([evaluation(row(5), longer)]).length_error == pytest.approx(0.1)
    assert math.isnan(CountMetrics.of([evaluation(row(5), row(0))]).length_error)


def test_looks_for_other_classes_are_left_out():
    detector = painted_detector()
    only = detector.only("hull")
    assert [one.classes for one in only.card.passes] == [("hull",)]
    assert only.card.classes == ("hull",)


def test_a_detection_of_an_object_of_the_minimum_size_is_scored_whatever_its_own_length():
    """As in COCO: objects that are not asked for, and what is found of them, do not count."""
    sizes = np.array([[50, 50, 52.0, 9, 0], [50, 150, 45.0, 9, 0], [50, 250, 30.0, 9, 0]])
    truth = OrientedBoxes.from_values(sizes)
    seen = sizes * [1, 1, 0.9, 1, 1]  # the first seems shorter than 48, the second than it is
    more = np.array([[50, 350, 60.0, 9, 0], [50, 450, 40.0, 9, 0]])  # nothing: one is long enough
    found = OrientedBoxes.from_values(np.concatenate([seen, more]))
    asked, alone = truth.lengths >= 48, found.lengths >= 48
    assert scored_mask(found, alone, truth, asked).tolist() == [True, False, False, True, False]
    longer = OrientedBoxes.from_values(sizes * [1, 1, 1.1, 1, 1])
    assert scored_mask(longer, longer.lengths >= 48, truth, asked).tolist() == [True, False, False]


def test_no_evaluations_give_empty_metrics():
    metrics = CountMetrics.of([evaluation(row(0), row(0))])
    assert math.isnan(metrics.nmae)
    assert math.isnan(metrics.ap50)
    assert metrics.coverage == 1
    assert " - " in metrics_table([("none", metrics)])


def test_an_image_is_evaluated_from_file_to_metrics(tmp_path):
    utm, size, gsd = CRS.from_epsg(32652), 700, 0.45
    place = Affine.translation(5e5 - size * gsd / 2, 4.68e6 + size * gsd / 2) @ Affine.scale(
        gsd, -gsd
    )
    lon, lat = 129.0, 42.27238
    path = paint(tmp_path / "scene.tif", utm, place, (lon, lat), size)

    back = Transformer.from_crs(projection((lon, lat)), utm, always_xy=True)
    corners = CONTAINERS.corners()
    x, y = back.transform(corners[..., 0], corners[..., 1])
    pixels = np.stack([(x - place.c) / gsd, (place.f - y) / gsd], axis=-1)
    truth = OrientedBoxes.from_corners(pixels)
    sample = EvaluationSample(name="painted", path=path, gsd_m=None, kind="container", truth=truth)
    whole = evaluate_image(sample, painted_detector())
    assert (whole.true, whole.counted, whole.holds_truth) == (24, 24, True)
    assert whole.matches.average_precision() == 1
    half = EvaluationSample(
        name="half",
        path=path,
        gsd_m=None,
        kind="container",
        truth=truth,
        region=shapely.box(0, 0, size / 2, size),
    )
    seen = evaluate_image(half, painted_detector())
    assert seen.true == seen.counted == int((truth.centers[:, 0] <= size / 2).sum())
    assert seen.area_km2 == pytest.approx(whole.area_km2 / 2, rel=1e-3)
    assert "painted" in images_table([whole])
    assert "GSD 0.4 to 0.6 m" in bands_table([whole])


def test_windows_partition_the_scored_region():
    whole = evaluation(row(10), row(8))
    parts = whole.windows(50.0)
    assert len(parts) == 4
    middles = STEP * np.arange(10)
    assert sum(part.true for part in parts) == (middles <= 100).sum()
    assert sum(part.area_km2 for part in parts) == pytest.approx(whole.area_km2)
    assert len(whole.windows(80.0)) == 1  # slivers are left out


def test_the_error_of_counts_at_another_threshold():
    evaluations = [evaluation(row(10), row(8)), evaluation(row(4), row(6), score=0.6)]
    assert nmae_at(evaluations, 0.5) == (2 + 2) / 14
    assert nmae_at(evaluations, 0.7) == (2 + 4) / 14
    assert math.isnan(nmae_at([evaluation(row(0), row(2))], 0.5))
