"""What the engine concludes from the published observations of Rajin."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from cv.cli import main
from cv.evaluation.events.rajin import answer_all
from cv.evaluation.events.reported_counts import PublishedCase
from cv.events.event import EventKind
from cv.events.site_events import find_events


@pytest.fixture(scope="module")
def found():
    return find_events(PublishedCase.read("rajin").counts)


def at(month, day, hour=2, minute=0, year=2024):
    return datetime(year, month, day, hour, minute, tzinfo=UTC)


def of(found, kind, pier):
    return [event for event in found if event.kind is kind and event.pier == pier]


def test_the_case_has_its_piers_and_hidden_numbers_are_unknown():
    case = PublishedCase.read("rajin")
    assert set(case.counts) == {"Pier 1", "Pier 2", "Pier 3", "Rail siding"}
    cloud = next(c for c in case.counts["Pier 2"] if c.acquired == at(10, 18, year=2023))
    assert not cloud.containers.known
    assert not cloud.hulls.known


def test_a_ship_unloads_at_pier_1_and_is_at_pier_2_two_days_later(found):
    """Finding 2."""
    shift = next(e for e in of(found, EventKind.BERTH_SHIFT, "Pier 1") if e.to_pier == "Pier 2")
    assert shift.ended.latest == at(3, 12)


def test_the_stack_of_february_stood_untouched_until_march(found):
    """Finding 7."""
    (dwell,) = of(found, EventKind.DWELL, "Pier 1")
    assert dwell.began.latest == at(2, 12)
    assert dwell.ended.latest == at(3, 10)
    assert len(dwell.evidence) >= 20


def test_nothing_came_by_rail(found):
    """Finding 8."""
    (stopped,) = of(found, EventKind.INFLOW_STOPPED, "Rail siding")
    assert stopped.size.value > 20


def test_cargo_gathers_before_the_ship_of_march(found):
    """Finding 1."""
    due = of(found, EventKind.WARNING, "Pier 2")
    assert any(at(3, 9) <= e.began.latest <= at(3, 10) for e in due)
    assert any(
        timedelta(days=0) < e.began.latest - at(3, 9) <= timedelta(days=2)
        for e in of(found, EventKind.CALL, "Pier 1")
    )


@pytest.fixture(scope="module")
def thirteen():
    return answer_all()


def test_every_published_finding_is_reproduced_or_declined_with_a_reason(thirteen):
    assert [answer.number for answer in thirteen] == list(range(1, 14))
    declined = {answer.number: answer.declined for answer in thirteen if answer.declined}
    assert set(declined) == {6, 9, 12}
    assert all(len(why) > 40 for why in declined.values())


@pytest.mark.parametrize(
    ("number", "fact"),
    [
        (1, "from 08 Mar to 09 Mar 2024"),
        (2, "there by 12 Mar 2024"),
        (3, "named: unknown"),
        (4, "between 20 Oct 02:01 and 06:43 UTC"),
        (5, "in 20 observations"),
        (10, "09 Mar to 10 Mar 2024"),
        (11, "1.3 to 3.0 million"),
    ],
)
def test_conclusions_contain_the_published_facts(thirteen, number, fact):
    assert fact in thirteen[number - 1].concluded


def test_the_command_prints_a_line_for_each(capsys):
    assert main(["benchmark", "rajin"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 13
    assert all(line.endswith("; reproduced") or "; declined: " in line for line in lines)
