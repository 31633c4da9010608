"""The released model where there are no containers: it must not invent any."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from cv import Detector
from cv.evaluation.image_evaluation import evaluate_image

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "datasets" / "real"))

import false_containers
import labelled_scenes
import synthetic_evaluation

REAL = Path(__file__).resolve().parents[3] / "shared" / "real"
CHIPS = 2
"""Number of rendered piers; datasets/real/false_containers.py uses fifty."""

needs_real_scenes = pytest.mark.skipif(
    not (REAL / "geotiff").is_dir(),
    reason="the labelled real scenes are not available (their licence forbids copies)",
)


def per_hectare(samples):
    evaluations = [evaluate_image(sample, Detector.load()) for sample in samples]
    assert evaluations
    assert all(evaluation.true == 0 for evaluation in evaluations)
    return false_containers.result_row(evaluations, "empty", "").per_hectare


def test_rendered_piers_without_containers_stay_empty(tmp_path):
    assert (
        per_hectare(list(synthetic_evaluation.without_containers(tmp_path, CHIPS)))
        <= false_containers.LIMIT
    )


@needs_real_scenes
def test_real_piers_without_containers_stay_empty():
    samples = [
        sample
        for sample in labelled_scenes.labelled_samples(REAL)
        if sample.kind == "container" and not len(sample.truth)
    ]
    assert per_hectare(samples) <= false_containers.LIMIT
