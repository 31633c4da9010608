"""Gaps stay gaps, unknown is never zero, and mixed methods of counting are flagged."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import cast

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cv.counting.pier_count import UNKNOWN, CountStatus, PierCount
from cv.ledger import Ledger
from cv.timeseries.series import Series
from tests.fixtures.sample_counts import NO_VIEW, OTHER_MODEL, START, a_count, a_scene, by


def numbers(table: pd.DataFrame, name: str = "containers") -> list[float | None]:
    return [None if pd.isna(value) else float(value) for value in table[name]]


def test_observations_are_the_counts() -> None:
    counts = [a_count("b", containers=7.0, days=1.0), a_count("a", containers=5.0)]
    table = Series.of("East", counts).observations
    assert list(table["scene"]) == ["a", "b"]
    assert numbers(table) == [5.0, 7.0]
    assert numbers(table, "containers_low") == [3.0, 5.0]
    assert numbers(table, "teu_high") == [9.5, 12.5]
    assert table["acquired"].iloc[0] == pd.Timestamp(START)
    assert str(table["acquired"].dt.tz) == "UTC"


@pytest.mark.parametrize("status", NO_VIEW)
def test_unknown_is_missing(status: CountStatus) -> None:
    series = Series.of("East", [a_count(status=status, visible=0.0)])
    for table in (series.observations, series.daily()):
        for name in ("containers", "containers_low", "teu", "hulls", "aboard", "stacks"):
            assert numbers(table, name) == [None]
    (line,) = [line for line in series.to_text().splitlines() if line.startswith("2026")]
    assert " 0 " not in line
    assert "#" not in line


def test_a_failed_count_has_no_visibility() -> None:
    series = Series.of("East", [a_count(status=CountStatus.FAILED, visible=0.0)])
    assert numbers(series.observations, "visible_fraction") == [None]
    assert "0%" not in series.to_text().splitlines()[2]


def test_days_without_an_image_are_missing_and_never_filled() -> None:
    series = Series.of("East", [a_count("a", containers=5.0), a_count("b", days=3.0)])
    daily = series.daily()
    assert [f"{day:%d}" for day in daily.index] == ["05", "06", "07", "08"]
    assert list(daily["images"]) == [1, 0, 0, 1]
    assert numbers(daily) == [5.0, None, None, 12.0]
    assert daily["status"].isna().tolist() == [False, True, True, False]


def test_the_day_takes_the_clearest_observation_then_the_latest() -> None:
    counts = [
        a_count("dawn", containers=1.0, visible=0.4, status=CountStatus.PARTIAL),
        a_count("noon", containers=2.0, visible=0.9, status=CountStatus.PARTIAL, days=0.1),
        a_count("later", containers=3.0, visible=0.9, status=CountStatus.PARTIAL, days=0.2),
        a_count("dusk", containers=4.0, visible=0.5, status=CountStatus.PARTIAL, days=0.3),
        a_count("coarse", status=CountStatus.OUT_OF_RANGE, visible=1.0, days=0.4),
    ]
    daily = Series.of("East", counts).daily()
    assert list(daily["scene"]) == ["later"]
    assert list(daily["images"]) == [5]


def test_days_are_those_of_utc() -> None:
    late = replace(a_count("late"), acquired=START.replace(hour=23, minute=59))
    early = replace(a_count("early"), acquired=START.replace(hour=0, minute=0) + timedelta(days=1))
    assert list(Series.of("East", [late, early]).daily()["scene"]) == ["late", "early"]


def test_the_latest_count_of_a_scene_is_taken_with_its_method(tmp_path: Path) -> None:
    with Ledger(tmp_path / "l") as ledger:
        ledger.record(a_scene([a_count("a", containers=5.0)]))
        ledger.record(a_scene([a_count("b", containers=6.0, days=1.0)]))
        ledger.record(a_scene([by(a_count("a", containers=9.0), OTHER_MODEL)]))
        ledger.record(a_scene([by(a_count("b", status=CountStatus.FAILED, days=1.0), OTHER_MODEL)]))
        all_rows, newest = ledger.counts(pier="East"), ledger.counts(pier="East", latest=True)
    series = Series.of("East", all_rows)
    assert numbers(series.observations) == [9.0, 6.0]
    assert list(series.observations["model"]) == [OTHER_MODEL, by(a_count()).model]
    pd.testing.assert_frame_equal(series.observations, Series.of("East", newest).observations)
    assert len(series.methods) == 2
    text = series.to_text()
    assert "MIXED" in text
    assert "counted A" in text
    assert "counted B" in text
    assert "MIXED" not in Series.of("East", all_rows[:1]).to_text()


def test_counts_of_another_pier_are_refused() -> None:
    with pytest.raises(ValueError, match="'West'"):
        Series.of("East", [a_count(pier="West")])
    with pytest.raises(ValueError, match="no time"):
        Series.of("East", [replace(a_count(), acquired=None)])


def test_no_observations() -> None:
    series = Series.of("East", [])
    assert len(series) == 0
    assert len(series.daily()) == 0
    assert series.to_text() == "East: no observations"


def test_the_text_of_a_series() -> None:
    counts = [
        a_count("a", containers=20.0, visible=1.0),
        a_count("b", containers=10.0, status=CountStatus.PARTIAL, visible=0.62, days=1.0),
        a_count("c", status=CountStatus.NOT_VISIBLE, visible=0.0, days=4.0),
        a_count("d", containers=None, status=CountStatus.PARTIAL, visible=0.02, days=6.0),
    ]
    counts.append(
        replace(counts[0], scene="e", containers=UNKNOWN, acquired=START + timedelta(days=7))
    )
    heading = "date        time         containers   TEU  hulls  aboard  visible  status"
    assert Series.of("East", counts).to_text().splitlines()[1:-2] == [
        heading,
        "2026-01-05  10:30        20 (18-22)    30      1       3     100%  counted       "
        "###########-",
        "2026-01-06  10:30         10 (8-12)    15      1       3      62%  partial       #####--",
        "2026-01-07  -      no image until 2026-01-08 (2 days)",
        "2026-01-09  10:30                 -     -      -       -       0%  not visible",
        "2026-01-10  -      no image",
        "2026-01-11  10:30                 -     -      -       -       2%  partial",
        "2026-01-12  10:30                 -    30      1       3     100%  berth only",
    ]


def test_lines_fit_a_terminal() -> None:
    counts = [a_count(f"{i}", containers=c, days=i) for i, c in enumerate((0.0, 9.0, 99997.0))]
    counts += [by(a_count("x", containers=9999.0, days=9.0), OTHER_MODEL)]
    assert max(map(len, Series.of("East", counts).to_text().splitlines())) <= 100


count_strategy = st.builds(
    a_count,
    scene=st.sampled_from("abcdefgh"),
    containers=st.one_of(st.none(), st.floats(0, 500)),
    status=st.sampled_from(list(CountStatus)),
    days=st.floats(0, 12),
    visible=st.floats(0, 1),
)


@settings(max_examples=60, deadline=None)
@given(counts=st.lists(count_strategy, min_size=1, max_size=8, unique_by=lambda c: c.scene))
def test_daily_invents_nothing(counts: list[PierCount]) -> None:
    """Every number of the daily table is that of a count of the same day."""
    shuffled = random.Random(0).sample(counts, len(counts))
    series = Series.of("East", shuffled)
    daily = series.daily()
    days = [c.acquired.date() for c in counts if c.acquired]
    assert len(daily) == (max(days) - min(days)).days + 1
    assert daily["images"].sum() == len(counts)
    for day, row in daily.iterrows():
        here = [c for c, d in zip(counts, days, strict=True) if d == day.date()]  # type: ignore[attr-defined]
        if not here:
            assert row.drop("images").isna().all()
            continue
        (source,) = [c for c in here if c.scene == row["scene"]]
        assert numbers(row.to_frame().T) == [source.containers.value]
        best = [c for c in here if c.status not in NO_VIEW] or here
        if any(c.status is not CountStatus.FAILED for c in best):
            assert source.visible_fraction == max(
                cast(float, c.visible_fraction) for c in best if c.status is not CountStatus.FAILED
            )


def test_another_outline_under_the_same_name_is_another_method() -> None:
    one, two = a_count("a"), replace(a_count("b", days=1.0), place="d" * 64)
    series = Series.of("East", [one, two])
    assert len(series.methods) == 2
    assert "MIXED" in series.to_text()
    assert "outline dddddddd" in series.to_text()


def test_the_title_counts_what_has_a_number() -> None:
    blank = a_count("b", status=CountStatus.PARTIAL, days=1)
    blank = replace(blank, containers=UNKNOWN, teu=UNKNOWN, hulls=UNKNOWN, aboard=UNKNOWN)
    title = Series.of("East", [a_count("a"), blank]).to_text().splitlines()[0]
    assert "containers known in 1 of 2 observations," in title
    berth_only = replace(blank, hulls=a_count().hulls)
    for unknown in (blank, berth_only):
        title = Series.of("East", [unknown]).to_text().splitlines()[0]
        assert "containers known in 0 of 1 observation," in title


def test_the_last_line_says_how_many_intervals_are_not_calibrated() -> None:
    sure, doubtful = replace(a_count("a"), interval_calibrated=True), a_count("b", days=1.0)
    blank = replace(doubtful, scene="c", containers=UNKNOWN)
    assert Series.of("East", [sure, blank]).to_text().endswith("the true number")
    text = Series.of("East", [sure, doubtful, blank]).to_text()
    assert text.endswith("the true number, not calibrated in 1 of 2")
