"""Claims: read with their sources, kept side by side, matched with events."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from cv.errors import InputError
from cv.events.event import EventKind
from cv.events.site_events import find_events
from cv.events.vessels.published_claims import read_claims
from tests.fixtures.observations import pier_count

HEAD = "pier,from,to,kind,text,source\n"


def claims(folder, *lines, head=HEAD):
    path = folder / "claims.csv"
    path.write_text(head + "\n".join(lines), encoding="utf-8")
    return read_claims(path)


def test_a_day_lasts_until_the_next_begins(tmp_path):
    day, days, moment = claims(
        tmp_path,
        "Pier 2,2024-01-05,,call,a ship,A",
        "Pier 2,2024-01-07,2024-01-09,,quiet,B",
        "Pier 2,2024-02-01T10:00:00+09:00,,,seen,C",
    )
    assert (day.began, day.ended) == (utc(2024, 1, 5), utc(2024, 1, 6))
    assert (days.began, days.ended) == (utc(2024, 1, 7), utc(2024, 1, 10))
    assert moment.began == datetime(2024, 2, 1, 1, tzinfo=UTC)
    assert (day.kind, days.kind) == (EventKind.CALL, None)


def utc(year, month, day):
    return datetime(year, month, day, tzinfo=UTC)


def test_claims_that_contradict_each_other_are_all_kept(tmp_path):
    both = claims(
        tmp_path,
        "Pier 1,2024-02-12,,call,it unloads here,A",
        "Pier 1,2024-02-12,,,it arrives elsewhere,B",
    )
    assert [claim.source for claim in both] == ["A", "B"]


def test_matching_events_are_of_the_same_kind_pier_and_time(tmp_path):
    sizes = [0, 0, 40, 80, 80, 10, 5, 5, 5, 5]
    counts = [pier_count(i, n, 110 if i in (4, 5) else None) for i, n in enumerate(sizes)]
    events = find_events({"Pier 2": counts})
    (call,) = (event for event in events if event.kind is EventKind.CALL)
    day = f"{call.began.latest:%Y-%m-%d}"
    later = f"{call.ended.latest + timedelta(days=2):%Y-%m-%d}"
    right, late, other, elsewhere = (
        claims(tmp_path, line)[0]
        for line in (
            f"Pier 2,{day},,call,a ship,A",
            f"Pier 2,{later},,call,a ship,A",
            f"Pier 2,{day},,halt,a ship,A",
            f"Pier 1,{day},,call,a ship,A",
        )
    )
    assert right.matching_events(events) == (call,)
    assert (
        late.matching_events(events)
        == other.matching_events(events)
        == elsewhere.matching_events(events)
        == ()
    )


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("Pier 2,2024-13-01,,,a,b", "line 2: "),
        ("Pier 2,2024-01-05T10:00:00,,,a,b", "no zone"),
        ("Pier 2,2024-01-05,2024-01-03,,a,b", "before it began"),
        ("Pier 2,2024-01-05,,calls,a,b", "the kind 'calls' is none of call, unseen_call"),
        (",2024-01-05,,,a,b", "is empty"),
        ("Pier 2,2024-01-05,,,,b", "is empty"),
        ("Pier 2,2024-01-05,,,a,", "is empty"),
        ("Pier 2,2024-01-05", "is empty"),
        ("Pier 2,,,,a,b", "line 2: "),
    ],
)
def test_an_invalid_claim_is_refused(tmp_path, line, message):
    with pytest.raises(InputError, match=message):
        claims(tmp_path, line)


def test_an_invalid_file_of_claims_is_refused(tmp_path):
    with pytest.raises(InputError, match="no column from"):
        claims(tmp_path, "x", head="pier,to,kind,text,source\n")
    (tmp_path / "claims.csv").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputError, match="UTF-8"):
        read_claims(tmp_path / "claims.csv")
    with pytest.raises(InputError, match="No such file"):
        read_claims(tmp_path / "none.csv")
    assert claims(tmp_path, "", head=f"\ufeff{HEAD}") == ()
