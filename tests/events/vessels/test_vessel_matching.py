"""Hulls against a fleet."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from cv.counting.pier_count import BerthedHull
from cv.errors import InputError
from cv.events.event import CensoredTime, Event, EventKind, Magnitude
from cv.events.vessels.vessel_matching import (
    UNKNOWN,
    BridgePosition,
    Fleet,
    HullMeasurement,
    Vessel,
    measure_hull,
)
from tests.fixtures.observations import pier_count

FLEET = Fleet(
    (
        Vessel("Short", (), 100.0, 16.0, BridgePosition.AFT),
        Vessel("Long", (), 135.0, 21.0, BridgePosition.AFT),
        Vessel("Fore", (), 120.0, 19.0, BridgePosition.FORE),
    )
)


def test_a_hull_of_known_size_gets_its_name():
    ranked = FLEET.candidates(HullMeasurement(101.0, 16.2, BridgePosition.AFT))
    assert ranked[0].name == "Short"
    assert sum(one.probability for one in ranked) == pytest.approx(1.0)
    assert FLEET.most_probable_name(HullMeasurement(101.0, 16.2, BridgePosition.AFT)) == "Short"


def test_weak_evidence_gives_no_name():
    assert FLEET.most_probable_name(HullMeasurement()) == UNKNOWN
    assert FLEET.candidates(HullMeasurement())[0].name == UNKNOWN
    assert FLEET.most_probable_name(HullMeasurement(127.0)) == UNKNOWN
    assert FLEET.candidates(HullMeasurement(127.0))[0].probability < 0.6


def test_a_ship_outside_of_the_fleet_is_unknown():
    for length in (60.0, 75.0, 180.0, 300.0):
        assert (
            FLEET.most_probable_name(HullMeasurement(length, length / 6.4, BridgePosition.AFT))
            == UNKNOWN
        )
    assert Fleet(()).most_probable_name(HullMeasurement(100.0)) == UNKNOWN


def test_probabilities_are_calibrated_where_errors_are_as_assumed():
    """Hulls of the fleet and others, drawn from the prior."""
    rng = np.random.default_rng(0)
    stated, right = [], []
    for _ in range(2_000):
        if rng.random() < 0.3:
            name, length = UNKNOWN, 110 * np.exp(0.55 * rng.standard_normal())
            usual = length / 6.2
            beam = usual + rng.normal(0, np.hypot(np.hypot(0.17 * usual, 0.075 * usual), 1))
            fore = rng.random() < 0.15
        else:
            vessel = FLEET.vessels[int(rng.integers(3))]
            name, fore = vessel.name, vessel.bridge is BridgePosition.FORE
            gross = np.where(rng.random(2) < 0.1, 4.0, 1.0)
            off = gross * rng.standard_normal(2)
            length = vessel.length_m + off[0] * np.hypot(0.036 * vessel.length_m, 1)
            beam = vessel.beam_m + off[1] * np.hypot(0.075 * vessel.beam_m, 1)
        fore = fore if rng.random() < 0.9 else not fore
        bridge = BridgePosition.FORE if fore else BridgePosition.AFT
        best = FLEET.candidates(HullMeasurement(length, beam, bridge))[0]
        stated.append(best.probability)
        right.append(best.name == name)
    assert np.mean(stated) == pytest.approx(np.mean(right), abs=0.03)
    assert np.mean(right) > 0.8


def test_a_fleet_file_is_read_and_an_invalid_one_refused(tmp_path):
    path = tmp_path / "fleet.csv"
    path.write_text("name,aliases,length_m,beam_m,bridge\nA,B;C,100,,fore\nD,,,,\n")
    first, second = Fleet.read(path).vessels
    assert (first.aliases, first.length_m, first.bridge) == (("B", "C"), 100.0, BridgePosition.FORE)
    assert (second.length_m, second.bridge) == (None, None)
    path.write_text("name,length_m\nA,100\n")
    with pytest.raises(InputError, match="aliases"):
        Fleet.read(path)
    path.write_text("name,aliases,length_m,beam_m,bridge\nA,,long,,\n")
    with pytest.raises(InputError, match="long"):
        Fleet.read(path)


def measured(*lengths):
    """A count for each observation, with the lengths of its hulls."""
    counts = []
    for day, hulls in enumerate(lengths):
        berthed = tuple(BerthedHull(m, m / 6, float("nan"), 0.9, (0.0, 0.0)) for m in hulls)
        counts.append(replace(pier_count(day, 0), berthed=berthed))
    return counts


def test_a_hull_is_the_median_of_the_longest_hulls_of_its_call():
    counts = measured((120.0, 30.0), (126.0,), (), (300.0,), (90.0,))
    call = Event(
        kind=EventKind.CALL,
        pier="Pier 2",
        began=CensoredTime(None, counts[0].acquired),
        ended=CensoredTime(counts[3].acquired, None),
        size=Magnitude(115.0, 110.0, 120.0, "metres"),
        confidence=0.9,
        evidence=tuple(count.scene for count in counts[:4]),
        alternatives=(),
    )
    assert measure_hull(call, counts) == HullMeasurement(126.0, 21.0)
    assert measure_hull(call, counts[2:3]) == HullMeasurement(115.0)  # the call's own size
    assert measure_hull(replace(call, size=None), counts[2:3]) == HullMeasurement()


def test_names_and_aliases_are_unique_and_none_is_unknown(tmp_path):
    path, head = tmp_path / "fleet.csv", "name,aliases,length_m,beam_m,bridge\n"
    for rows in ("A,,,,\nA,,,,\n", "A,B,,,\nB,,,,\n", f"{UNKNOWN},,,,\n"):
        path.write_text(head + rows)
        with pytest.raises(InputError, match="the name"):
            Fleet.read(path)
    for row, message in (
        (",,100,,", "without a name"),
        ("A,,0,,", "0 metres"),
        ("A,,,,mid", "mid"),
    ):
        path.write_text(head + row)
        with pytest.raises(InputError, match=f"line 2: .*{message}"):
            Fleet.read(path)
