"""Both output layouts, from rows written by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from cv.detector.decode import decode_output
from cv.detector.model_card import OutputLayout
from cv.errors import InferenceError

FLOORS = (0.1, 0.2)


def raw(*anchors):
    return np.array([np.array(anchors).T], dtype=np.float32)


def test_raw_layout_is_box_class_scores_angle():
    answer = raw([100, 50, 8, 40, 0.7, 0.05, 0.2], [300, 60, 30, 5, 0.05, 0.9, -0.3])
    found = decode_output(answer, OutputLayout.RAW, FLOORS).ranked()
    assert found.classes.tolist() == [0, 1]
    assert found.scores == pytest.approx([0.7, 0.9])
    assert found.boxes.values[0] == pytest.approx([100, 50, 40, 8, 0.2 + math.pi / 2])
    assert found.boxes.values[1] == pytest.approx([300, 60, 30, 5, math.pi - 0.3])


def test_an_anchor_may_be_a_candidate_of_both_classes():
    found = decode_output(raw([10, 10, 8, 4, 0.5, 0.6, 0]), OutputLayout.RAW, FLOORS)
    assert sorted(found.classes) == [0, 1]


def test_end_to_end_layout_is_box_score_class_angle():
    answer = np.array(
        [[[100, 50, 8, 40, 0.7, 0, 0.2], [300, 60, 30, 5, 0.9, 1, -0.3], [0, 0, 0, 0, 0, 0, 0]]],
        dtype=np.float32,
    )
    found = decode_output(answer, OutputLayout.END_TO_END, FLOORS).ranked()
    assert found.classes.tolist() == [0, 1]
    assert found.boxes.values[0] == pytest.approx([100, 50, 40, 8, 0.2 + math.pi / 2])


@pytest.mark.parametrize("layout", list(OutputLayout))
def test_minimum_scores_are_by_class_and_empty_output_gives_empty_detections(layout):
    rows = {
        OutputLayout.RAW: raw([10, 10, 8, 4, 0.09, 0.19, 0]),
        OutputLayout.END_TO_END: np.array([[[10, 10, 8, 4, 0.19, 1, 0], [9, 9, 8, 4, 0.09, 0, 0]]]),
    }
    assert len(decode_output(rows[layout].astype(np.float32), layout, FLOORS)) == 0


@pytest.mark.parametrize("layout", list(OutputLayout))
@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_numbers_that_are_not_finite_are_an_error_and_never_empty(layout, value):
    answer = np.zeros((1, 7, 7), np.float32)
    answer[0, 3, 3] = value
    with pytest.raises(InferenceError, match="not finite"):
        decode_output(answer, layout, FLOORS)


@pytest.mark.parametrize("number", [-1, 2, 7])
def test_a_class_that_the_card_does_not_know_is_an_error(number):
    row = [100, 50, 8, 40, 0.7, number, 0.2]
    answer = np.array([[row, [0, 0, 0, 0, 0.01, 99, 0]]], dtype=np.float32)
    with pytest.raises(InferenceError, match=f"class {number}"):
        decode_output(answer, OutputLayout.END_TO_END, FLOORS)


@pytest.mark.parametrize("layout", list(OutputLayout))
def test_a_box_without_an_area_is_none(layout):
    rows = [[100, 50, -8, 40, 0.7, 0, 0.2], [100, 50, 8, 0, 0.7, 0, 0.2]]
    answer = np.array([rows], dtype=np.float32)
    if layout is OutputLayout.RAW:
        answer = raw([100, 50, -8, 40, 0.7, 0, 0.2], [100, 50, 8, 0, 0.7, 0, 0.2])
    assert len(decode_output(answer, layout, FLOORS)) == 0
