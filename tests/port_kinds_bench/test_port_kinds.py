"""Scores at ports of many kinds, and the tables of tools/port_kinds.py."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from datetime import timedelta
from math import inf
from pathlib import Path

import leave_one_kind_out
import port_kinds
import pytest
from page_sections import marks
from port_kinds import Measurement, sections, tables
from port_kinds_bench.call_score import MatchedCalls, ShownStays, score_calls
from port_kinds_bench.judged_events import PortId
from port_kinds_bench.pier_score import score_pier
from port_kinds_bench.port_score import PortScore, score_events, score_port
from port_kinds_bench.records import read_uncalibrated_events, write_records
from port_kinds_bench.reliability import Reliability, reliabilities
from port_kinds_bench.skill_tables import sizes_table
from port_kinds_bench.skill_targets import targets
from port_kinds_bench.warning_score import score_warnings
from simulated_ports.event_metrics import Proportion
from simulated_ports.kinds import KIND_BY_NAME, KINDS
from simulated_ports.naive_calls import naive_calls
from simulated_ports.pier_observation import ObservedPier
from simulated_ports.port import START
from warning_baselines import RawCounts, rise_alarms

from cv.counting.pier_count import Estimate
from cv.errors import InputError
from cv.events.event import CensoredTime, Event, EventKind, Magnitude
from tests.fixtures.sample_counts import a_count

ROOT = Path(__file__).resolve().parents[2]
PORT = PortId(kind="weekly_liner", seed=5, number=0)


@pytest.fixture(scope="module")
def pier() -> ObservedPier:
    (pier,) = KIND_BY_NAME["weekly_liner"].simulate(5, 0)
    return pier


def event(pier: ObservedPier, kind: EventKind, began: float, ended: float, **changes) -> Event:
    """An event whose begin and end are known to a tenth of a day."""
    ends = [
        CensoredTime(*(START + timedelta(days=day + d) for d in (-0.05, 0.05)))
        for day in (began, ended)
    ]
    one = Event(
        kind=kind,
        pier=pier.name,
        began=ends[0],
        ended=ends[1],
        size=None,
        confidence=0.9,
        evidence=(),
        alternatives=(),
    )
    return replace(one, **changes)


def true_calls(pier: ObservedPier) -> list[Event]:
    return [
        event(pier, EventKind.CALL, stay.arrival_d, stay.departure_d)
        for stay in pier.history.stays
        if stay.arrival_d > 1 and stay.departure_d < 364
    ]


def score(pier: ObservedPier, events: list[Event]):
    return score_pier(PORT, pier, {pier.name: pier}, events)


def test_the_truth_itself_gets_full_marks(pier):
    calls = true_calls(pier)
    taken = [
        replace(call, kind=EventKind.LOADING, size=Magnitude(-5.0, -8.0, -2.0, "containers"))
        for call in calls
    ]
    scored = score(pier, [*calls, *taken])
    assert scored.calls.likely.total > 10
    assert scored.calls.likely.rate > 0.95  # those at both ends of the year are left out
    for share in (scored.calls.precision, scored.calls.arrivals, scored.calls.departures):
        assert share == Proportion(len(calls), len(calls))
    loadings = [one for one in scored.events if one.kind == "loading"]
    fetched = {round(s.arrival_d, 2): s.loaded for s in pier.history.stays}
    assert [one.true for one in loadings] == [one.true_size < 0 for one in loadings]
    true_sizes = [-one.true_size for one in loadings]
    assert true_sizes == [fetched[round(one.begins_after + 0.05, 2)] for one in loadings]
    assert scored.loaded.at_least == 2.0 * len(calls) <= scored.loaded.true
    assert sum(one.found_as == "call" for one in scored.stays) == len(calls)


def test_false_events_get_none(pier):
    gap = next(
        (a.departure_d, b.arrival_d)
        for a, b in zip(pier.history.stays, pier.history.stays[1:], strict=False)
        if a.departure_d > 5 and b.arrival_d - a.departure_d > 3
    )
    middle = sum(gap) / 2
    kinds = (EventKind.CALL, EventKind.UNSEEN_CALL, EventKind.LOADING, EventKind.UNLOADING)
    scored = score(pier, [event(pier, kind, middle - 0.3, middle + 0.3) for kind in kinds])
    assert [one.true for one in scored.events] == [False] * 4
    assert (scored.calls.precision, scored.calls.unseen) == (Proportion(0, 1), Proportion(0, 1))
    assert scored.calls.clear.hits == 0


def test_a_stay_is_shown_by_the_images_that_find_its_ship(pier):
    shown = ShownStays.of(pier)
    for clear, likely, certain in zip(shown.clear, shown.likely, shown.certain, strict=True):
        assert clear >= likely >= certain
    assert sum(shown.clear) == sum(one.clear for one in pier.shown)
    assert 0 < sum(shown.likely) < sum(shown.clear)


def test_warnings_are_scored_by_gatherings_and_arrivals(pier):
    gathers = [s for s in pier.history.stays if s.gathered >= 10 and 0 < s.arrival_d < 365]
    right = [(s.gathering_d, s.arrival_d) for s in gathers]
    scored = score_warnings(pier, right)
    assert scored.warned.rate == scored.evident.rate == 1.0
    assert scored.warned.total >= scored.evident.total > 20
    assert scored.false == scored.baseless == 0
    assert scored.late == sum(
        any(s.arrival_d <= first < s.departure_d for s in pier.history.stays) for first, _ in right
    )
    assert min(b - a for a, b in right) <= scored.lead_d <= max(b - a for a, b in right)
    assert scored.active_share == pytest.approx(sum(b - a for a, b in right) / 365, rel=0.02)
    there = [(s.arrival_d + 0.01, s.arrival_d + 0.02) for s in gathers]
    late = score_warnings(pier, there)
    assert (late.warned.hits, late.late) == (0, len(there))
    assert (scored + late).given == 2 * len(gathers)
    assert (scored + late).years == pytest.approx(2.0)


def test_a_naive_call_is_a_run_of_images_with_a_hull():
    hulls = [0, 1, 1, 0, None, 1, 0]
    counts = [
        replace(
            a_count(f"s{day}", days=day),
            acquired=START + timedelta(days=day),
            hulls=Estimate(None, None, None) if n is None else Estimate(n, min(n, day % 2), 2.0),
        )
        for day, n in enumerate(hulls)
    ]
    first, second = naive_calls(counts, certain=False)
    assert (first.begins_after, first.begins_by, first.ends_after, first.ends_by) == (0, 1, 2, 3)
    assert (second.begins_after, second.begins_by, second.ends_by) == (3, 5, 6)
    certain = naive_calls(counts, certain=True)
    assert [(one.begins_by, one.ends_by) for one in certain] == [(1, 2), (5, 6)]
    last = naive_calls(counts[:2], certain=False)[0]
    assert (last.ends_after, last.ends_by) == (1, inf)


def test_naive_calls_have_no_unseen_ones(pier):
    calls = MatchedCalls.of(pier, naive_calls(pier.series, certain=False))
    scored = score_calls(pier, ShownStays.of(pier), calls)
    assert scored.likely.rate > 0.85
    assert scored.unseen == Proportion(0, 0)


def test_a_rise_is_measured_over_seven_days():
    days, containers = [0, 3, 6, 9, 12], [5.0, 20.0, 30.0, 31.0, 32.0]
    counts = [
        replace(a_count(f"s{d}", containers=n), acquired=START + timedelta(days=d))
        for d, n in zip(days, containers, strict=True)
    ]
    raw = RawCounts.of(counts, clouds_as_zero=False)
    assert rise_alarms(raw, 14.0) == [(3.0, 9.0)]
    assert rise_alarms(raw, 20.0) == [(6.0, 9.0)]


@pytest.fixture(scope="module")
def scores() -> dict[str, PortScore]:
    """Of the engine at a small port of two kinds."""
    return {
        name: score_port(PortId(kind=name, seed=3, number=0), 90, [("level", 30.0)])
        for name in ("rajin_like", "yard_lorries")
    }


def test_the_records_are_what_the_tables_count(scores, tmp_path):
    write_records(tmp_path / "events.jsonl", scores)
    lines = (tmp_path / "events.jsonl").read_text().splitlines()
    rows = [json.loads(line) for line in lines]
    events = [row for row in rows if row["record"] == "event"]
    assert len(events) == sum(len(score.events) for score in scores.values())
    assert {row["port_kind"] for row in events} <= set(scores)
    assert all(0 <= row["stated"] <= 1 and row["true"] in (True, False, None) for row in events)
    calls = [row for row in events if row["kind"] == "call"]
    precision = scores["rajin_like"].calls.precision + scores["yard_lorries"].calls.precision
    assert (sum(row["true"] for row in calls), len(calls)) == (precision.hits, precision.total)
    assert [row["record"] for row in rows].count("amounts") == sum(
        len(score.piers) for score in scores.values()
    )


def test_a_fit_reads_probabilities_of_the_model_alone(scores, tmp_path):
    file = tmp_path / "events.jsonl"
    write_records(file, scores, calibrated=False)
    judged = [one for score in scores.values() for one in score.events if one.true is not None]
    assert read_uncalibrated_events(file) == judged
    assert judged
    write_records(file, scores)
    with pytest.raises(InputError, match="probability of the model itself"):
        read_uncalibrated_events(file)


def test_a_page_gets_the_tables_that_are_printed(scores):
    wanted = Measurement(kinds=KINDS, ports=1, days=90, seed=3)
    printed = tables(scores, [("level", 30.0)]).split("\n\n")
    title, *parts = sections(wanted, scores).values()
    assert "--ports 1 --days 90 --seed 3" in title
    for part in parts:
        lines = [line.removeprefix("    ") for line in part.strip("\n").splitlines()]
        found = [one.splitlines() for one in printed if one.startswith(lines[0])]
        assert [[line[: len(lines[0])].rstrip() for line in one] for one in found] == [
            [line[: len(lines[0])].rstrip() for line in lines]
        ]
    warnings = sections(wanted, scores)["port kinds, warnings"].splitlines()[1]
    assert warnings.endswith("late/y")


def test_the_page_of_events_has_the_marks(scores):
    wanted = Measurement(kinds=KINDS, ports=1, days=90, seed=3)
    page = (ROOT / "docs" / "events.md").read_text(encoding="utf-8")
    for name in (*sections(wanted, scores), leave_one_kind_out.SECTION):
        assert [page.count(mark) for mark in marks(name)] == [1, 1], name


def test_every_table_has_a_line_for_each_kind(scores):
    text = tables(scores, [("level", 30.0)])
    for part in ("calls", "naive calls", "warnings ", "amounts", "and time active"):
        own = text.split(f"\n{part}" if part != "calls" else part, 1)[1].split("\n\n")[0]
        assert [line.split()[0] for line in own.splitlines()[1:]] == [*scores, "all"], part
    assert "\nhalts " in text
    assert "\nsizes of true events" in text
    assert len(targets(scores)) == len(text.split("\n\n")[-1].splitlines())


def test_a_port_without_ships_must_have_few_warnings(pier):
    yard = replace(pier, history=replace(pier.history, stays=()), shown=())
    alarms = [event(pier, EventKind.WARNING, 50.0, 60.0)]
    kind = PortId(kind="yard_lorries", seed=1, number=0)
    for events, met in ((alarms, False), ([], True)):
        scored = score_events(kind, {yard.name: yard}, events, [])
        found = [
            t for t in targets({"yard_lorries": scored}) if t.wanted.startswith("false warnings")
        ]
        assert [t.met for t in found] == [met]


def test_reliability_is_flagged_from_fifty_events_on(pier):
    calls = score(pier, [*true_calls(pier)] * 2).events
    half = Reliability.of("call", "all", calls)
    assert half.number >= 50
    assert half.stated == pytest.approx(0.9)
    assert half.true == 0.5
    assert half.off
    assert not replace(half, number=49).off
    assert not replace(half, true=0.86).off
    assert [one.where for one in reliabilities(calls)] == ["all", "0.9 to 0.95"]


def test_the_size_of_a_loading_is_compared_with_what_the_ship_took(pier):
    first = next(s for s in pier.history.stays if s.arrival_d > 20 and s.loaded > 20)
    call = event(pier, EventKind.CALL, first.arrival_d, first.departure_d)
    took = float(first.loaded)
    for low, high, line in (
        (-1.1, -0.9, "1.000 1.000"),
        (-1.4, -1.2, "0.000 0.000"),
        (-0.8, -0.6, "0.000 1.000"),
    ):
        size = Magnitude((low + high) / 2 * took, low * took, high * took, "containers")
        scored = score(pier, [call, replace(call, kind=EventKind.LOADING, size=size)])
        port = PortScore(piers=(scored,), naive=(), naive_certain=(), rules=())
        (row,) = [row for row in sizes_table({PORT.kind: port}) if row.startswith("loading")]
        assert " ".join(row.split()[2:4]) == line


@pytest.mark.slow
def test_the_tool_prints_its_tables_and_writes_its_records(tmp_path):
    done = subprocess.run(
        [
            sys.executable, port_kinds.__file__, "--ports", "1", "--days", "60", "--kinds",
            "yard_lorries,no_halts", "--workers", "1", "--json", str(tmp_path / "events.jsonl"),
        ],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert "false warnings <= 2 a year" in done.stdout
    assert "amounts" in (tmp_path / "events.jsonl").read_text()
