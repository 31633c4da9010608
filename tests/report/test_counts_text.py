"""Counts as text and JSON: unknown stays unknown, and every pier has a line."""

from __future__ import annotations

import json
import math
from dataclasses import replace

import pytest

from cv.counting.pier_count import CountStatus
from cv.report.counts_text import HEADINGS, counts_json, counts_table
from tests.fixtures.sample_counts import a_count, a_scene

PIERS = (
    a_count("s", "East", containers=7.0),
    a_count("s", "A much longer name", status=CountStatus.NOT_VISIBLE, visible=0.0),
    a_count("s", "Out", status=CountStatus.OUT_OF_RANGE),
)


def test_columns_are_aligned_and_unknown_is_not_zero():
    _, heading, rule, *rows = counts_table(a_scene(PIERS)).splitlines()[:6]
    assert heading.split("  ")[0] == "pier"
    assert all(name in heading for name in HEADINGS)
    start = heading.index("containers")
    assert rule[start - 1] == " "
    cells = [row[start:].split("  ")[0] for row in rows]
    assert cells[0].startswith("7 (")
    assert cells[1:] == ["unknown", "unknown"]


def test_intervals_and_clouds_are_mentioned_only_where_there_is_a_number():
    known, unknown = (replace(one, visibility="mask") for one in (PIERS[0], PIERS[2]))
    for counts, expected in (([known, unknown], True), ([unknown], False)):
        text = counts_table(a_scene(counts))
        assert ("90% intervals" in text) is ("clouds would count" in text) is expected


def test_numbers_that_are_unknown_or_not_finite_are_null_in_json():
    nowhere = replace(PIERS[2], gsd_m=(math.nan, math.inf))
    text = counts_json(a_scene([PIERS[0], nowhere]))
    known, unknown = json.loads(text, parse_constant=pytest.fail)["piers"]
    assert known["containers"]["value"] == 7
    assert unknown["containers"] == {"value": None, "low": None, "high": None}
    assert unknown["gsd_m"] == [None, None]


def test_only_a_count_with_a_number_says_whether_its_interval_is_calibrated():
    counts = a_scene([replace(one, interval_calibrated=True) for one in PIERS])
    in_json = [one["interval_calibrated"] for one in json.loads(counts_json(counts))["piers"]]
    assert in_json == [True, None, None]
    column = counts.to_dataframe()["interval_calibrated"]
    assert column.isna().tolist() == [False, True, True]
    assert column[0]
    assert "intervals, calibrated" in counts_table(counts)


def test_a_scene_without_a_time_says_so():
    timeless = replace(PIERS[0], acquired=None)
    assert "time unknown" in counts_table(a_scene([timeless]))
    assert json.loads(counts_json(a_scene([timeless])))["piers"][0]["acquired"] is None
