"""Confidences at kinds of ports that their calibration was not fitted to."""

from __future__ import annotations

import sys
from dataclasses import replace

import leave_one_kind_out
import numpy as np
import pytest
from page_sections import marks
from port_kinds_bench.calibration_fit import LEAST_EVENTS, fit_events
from port_kinds_bench.judged_events import JudgedEvent
from port_kinds_bench.left_out_kinds import (
    LeftOutEvent,
    calibrate_left_out,
    left_out_tables,
    stated_only,
)
from port_kinds_bench.records import read_uncalibrated_events
from simulated_ports.kinds import KINDS

from cv.errors import InputError

FIRST, SECOND, THIRD = (kind.name for kind in KINDS[:3])
EVENT = JudgedEvent(
    port_kind=FIRST,
    seed=1,
    port=0,
    pier="pier",
    kind="call",
    stated=0.7,
    true=True,
    strictly_true=True,
    begins_after=None,
    begins_by=None,
    ends_after=None,
    ends_by=None,
    size=None,
    size_low=None,
    size_high=None,
    true_size=None,
)


def events(port_kind: str, true_share: float, number: int = 400, seed: int = 1, kind="halt"):
    """Events that the model gives 0.3 to 0.9; a share of them is true, whatever it gives."""
    rng = np.random.default_rng([seed, len(port_kind)])
    return [
        replace(
            EVENT,
            port_kind=port_kind,
            seed=seed,
            kind=kind,
            stated=float(stated),
            true=i < true_share * number,
        )
        for i, stated in enumerate(rng.uniform(0.3, 0.9, number))
    ]


def mean_stated(found: list[LeftOutEvent], port_kind: str) -> float:
    return float(np.mean([one.event.stated for one in found if one.event.port_kind == port_kind]))


def test_a_kind_is_predicted_from_the_others_alone():
    fitting = [*events(FIRST, 0.2), *events(SECOND, 0.8)]
    testing = [*events(FIRST, 0.2, seed=2), *events(SECOND, 0.8, seed=2)]
    found = calibrate_left_out(fitting, testing)
    assert mean_stated(found, FIRST) == pytest.approx(0.8, abs=0.03)
    assert mean_stated(found, SECOND) == pytest.approx(0.2, abs=0.03)
    assert np.mean([one.fitted for one in found]) == pytest.approx(0.5, abs=0.03)
    assert [one.event.true for one in found] == [one.true for one in testing]


def test_what_happens_at_a_kind_does_not_change_its_own_confidences():
    testing = [*events(FIRST, 0.5, seed=2), *events(SECOND, 0.5, seed=2)]
    low, high = (
        calibrate_left_out([*events(FIRST, share), *events(SECOND, 0.6)], testing)
        for share in (0.1, 0.9)
    )
    assert mean_stated(low, FIRST) == mean_stated(high, FIRST)
    assert mean_stated(low, SECOND) < mean_stated(high, SECOND) - 0.5
    others = fit_events(events(SECOND, 0.6))
    wanted = [others(event.stated) for event in testing if event.port_kind == FIRST]
    assert [one.event.stated for one in low if one.event.port_kind == FIRST] == wanted


def test_a_kind_of_event_with_few_fitting_ones_keeps_the_probability_of_the_model():
    testing = [*events(FIRST, 0.1, seed=2), *events(SECOND, 0.1, seed=2)]
    few = events(SECOND, 0.9, LEAST_EVENTS - 1)
    kept = calibrate_left_out(few, testing)
    wanted = [(event.stated, event.stated) for event in testing]
    assert [(one.event.stated, one.fitted) for one in kept] == wanted
    enough = calibrate_left_out([*few, *events(FIRST, 0.9, 1)], testing)
    assert mean_stated(enough, FIRST) > 0.8


def test_events_that_would_not_be_stated_are_left_out():
    found = [
        LeftOutEvent(event=replace(EVENT, stated=stated, kind=kind), fitted=0.9)
        for kind in ("call", "halt")
        for stated in (0.04, 0.4, 0.8)
    ]
    stated = [(one.event.kind, one.event.stated) for one in stated_only(found)]
    assert stated == [("call", 0.8), ("halt", 0.4), ("halt", 0.8)]


def test_the_tables_have_numbers_and_differences_by_band():
    some = [replace(EVENT, stated=0.75, true=i < 30) for i in range(60)]
    other = [replace(EVENT, stated=1.0, port_kind=THIRD, kind="stockpile")]
    found = [LeftOutEvent(event=one, fitted=0.5) for one in [*other, *some]]
    ports, kinds, scores, farthest = left_out_tables(found)
    assert [line.split()[0] for line in ports] == ["port", FIRST, THIRD, "all"]
    assert [line.split()[0] for line in kinds] == ["kind", "call", "stockpile", "all"]
    assert ports[1].split()[1:] == ["60", "+0.25*", "-", "-", "60", "+0.25*", "-", "-", "-"]
    assert ports[2].split()[1:] == ["1", "+0.00", "-", "-", "-", "-", "-", "1", "+0.00"]
    assert ports[3].split()[1:3] == ["61", "+0.25*"]
    assert scores[1].split() == [FIRST, "60", "0.3125", "0.2500"]
    assert [line.split()[:5] for line in farthest[1:]] == [["call", FIRST, "60", "0.750", "0.500"]]
    assert max(map(len, (*ports, *kinds))) == len(ports[0])


def test_ports_that_were_fitted_to_are_no_test(monkeypatch, tmp_path):
    read = {"a": events(FIRST, 0.5), "b": events(SECOND, 0.5, seed=1)}
    monkeypatch.setattr(
        leave_one_kind_out, "read_uncalibrated_events", lambda path: read[path.name]
    )
    monkeypatch.setattr(sys, "argv", ["leave_one_kind_out.py", "a", "b"])
    with pytest.raises(SystemExit):
        leave_one_kind_out.main()


def test_the_tables_go_into_their_section_of_a_page(monkeypatch, tmp_path, capsys):
    page = tmp_path / "page.md"
    begin, end = marks(leave_one_kind_out.SECTION)
    page.write_text(f"x\n{begin}\nold\n{end}\ny")
    read = {
        seed: [*events(FIRST, 0.5, seed=int(seed)), *events(SECOND, 0.5, seed=int(seed))]
        for seed in ("1", "2")
    }
    monkeypatch.setattr(
        leave_one_kind_out, "read_uncalibrated_events", lambda path: read[path.name]
    )
    monkeypatch.setattr(sys, "argv", ["x", "1", "2", "--write", str(page)])
    leave_one_kind_out.main()
    text, printed = page.read_text(), capsys.readouterr().out
    assert text.startswith(f"x\n{begin}\n\nFitted to 800 events at 2 ports of 2 kinds (seed 1)")
    assert text.endswith(f"\n\n{end}\ny")
    assert "old" not in text
    tables = [line.removeprefix("    ") for line in text.splitlines() if line.startswith("    ")]
    assert len(tables) == 4 + 3
    assert set(tables) <= set(printed.splitlines())


def test_events_without_a_model_probability_are_refused(tmp_path):
    file = tmp_path / "events.jsonl"
    file.write_text('{"record": "event", "true": true}\n')
    with pytest.raises(InputError, match="--uncalibrated"):
        read_uncalibrated_events(file)
