"""Rules as a site file states them."""

from __future__ import annotations

import json

import pytest

from cv.alerts.alert_rule import read_alert_rules
from cv.errors import SiteError
from cv.events.event import EventKind
from cv.site import Site

SQUARE = [[[130.0, 42.0], [130.001, 42.0], [130.001, 42.001], [130.0, 42.001], [130.0, 42.0]]]
FAR = [[[130.1, 42.0], [130.101, 42.0], [130.101, 42.001], [130.1, 42.001], [130.1, 42.0]]]


def rules(folder, **members):
    features = [
        {
            "type": "Feature",
            "properties": {"name": name, "role": "export", "aliases": [f"old {name}"]},
            "geometry": {"type": "Polygon", "coordinates": ring},
        }
        for name, ring in (("Pier 1", SQUARE), ("Pier 2", FAR))
    ]
    path = folder / "port.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features, **members}))
    return read_alert_rules(path, Site.read(path))


def test_without_rules_there_is_a_default_one(tmp_path):
    (usual,) = rules(tmp_path)
    assert usual.piers == {"Pier 1", "Pier 2"}
    assert {EventKind.STOCKPILE, EventKind.WARNING} <= usual.kinds
    assert EventKind.DWELL not in usual.kinds


def test_an_empty_list_has_no_rules(tmp_path):
    assert rules(tmp_path, alerts=[]) == ()


def test_a_rule_is_read(tmp_path):
    raw = {
        "name": "ship due",
        "kinds": ["stockpile_before_loading"],
        "piers": ["old Pier 2"],
        "least_confidence": 0.5,
        "least_size": 30,
    }
    (rule,) = rules(tmp_path, alerts=[raw])
    assert (rule.name, rule.kinds, rule.piers) == ("ship due", {EventKind.WARNING}, {"Pier 2"})
    assert (rule.min_confidence, rule.min_size) == (0.5, 30.0)
    (plain,) = rules(tmp_path, alerts=[{"kinds": ["call", "halt"]}])
    assert (plain.name, plain.piers) == ("call, halt", {"Pier 1", "Pier 2"})


@pytest.mark.parametrize(
    ("listed", "message"),
    [
        ({}, "must be a list"),
        (["call"], "must be an object"),
        ([{"kinds": ["call"], "confidence": 0.5}], "'confidence'"),
        (
            [{"kinds": ["calls"]}],
            "the 1st rule has the kind 'calls'; a kind is one of call, unseen_call",
        ),
        ([{"kinds": []}], "no kinds"),
        ([{}], "no kinds"),
        ([{"kinds": "call"}], "list of texts"),
        ([{"kinds": [1]}], "list of texts"),
        ([{"kinds": ["call"], "piers": ["Pier 9"]}], "Pier 9"),
        ([{"kinds": ["call"], "name": 5}], "name is 5"),
        ([{"kinds": ["call"], "least_confidence": 50}], "0 to 1"),
        ([{"kinds": ["call"], "least_confidence": True}], "0 to 1"),
        ([{"kinds": ["call"], "least_size": -1}], "least_size is -1"),
        ([{"kinds": ["call"], "least_size": "30"}], "least_size is 30"),
    ],
)
def test_an_invalid_rule_is_refused(tmp_path, listed, message):
    with pytest.raises(SiteError, match=message):
        rules(tmp_path, alerts=listed)


def test_a_kind_may_have_its_printed_name(tmp_path):
    (rule,) = rules(tmp_path, alerts=[{"kinds": ["ship due", "berth shift"]}])
    assert rule.kinds == {EventKind.WARNING, EventKind.BERTH_SHIFT}


def test_nan_is_refused(tmp_path):
    with pytest.raises(SiteError, match="NaN is not a JSON number"):
        rules(tmp_path, alerts=[{"kinds": ["call"], "least_size": float("nan")}])


def test_a_misspelt_kind_is_answered_with_all_kinds_and_the_number_of_its_rule(tmp_path):
    listed = [{"kinds": ["call"]}, {"kinds": ["halt", "stockpiles"]}]
    with pytest.raises(SiteError) as caught:
        rules(tmp_path, alerts=listed)
    assert caught.value.found == "the 2nd rule has the kind 'stockpiles'"
    assert all(kind in caught.value.limit for kind in EventKind)
