"""The daily CSV holds the values of `Series.daily`, with the time of day."""

from __future__ import annotations

import csv
from pathlib import Path

import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from cv.counting.pier_count import CountStatus
from cv.report.data_files import write_daily_csv
from cv.timeseries.series import Series
from tests.fixtures.sample_counts import a_count

DAYS = st.lists(
    st.tuples(st.integers(0, 40), st.floats(0, 9999), st.sampled_from(list(CountStatus))),
    min_size=1,
    max_size=12,
)


@settings(max_examples=25, deadline=None)
@given(DAYS)
def test_the_file_agrees_with_the_table(tmp_path_factory, days):
    counts = [
        a_count(f"s{i}", containers=number, status=status, days=day + i / 50)
        for i, (day, number, status) in enumerate(days)
    ]
    daily = Series.of("East", counts).daily()
    path = Path(tmp_path_factory.mktemp("daily")) / "daily.csv"
    write_daily_csv(daily, path)
    read = pd.read_csv(path, index_col="date")
    assert list(read.columns) == list(daily.columns)
    assert list(read.index) == [f"{day:%Y-%m-%d}" for day in daily.index]
    times = pd.to_datetime(read["acquired"], utc=True, format="ISO8601")
    pd.testing.assert_series_equal(
        times, daily["acquired"], check_names=False, check_index=False, check_dtype=False
    )
    for name in ("containers", "containers_low", "hulls", "visible_fraction", "images"):
        expected = daily[name].astype(float)
        pd.testing.assert_series_equal(
            read[name].astype(float), expected, rtol=1e-5, check_index=False, check_names=False
        )


def test_a_day_without_an_image_has_empty_cells(tmp_path):
    series = Series.of("East", [a_count("a"), a_count("b", days=2)])
    write_daily_csv(series.daily(), tmp_path / "d.csv")
    with (tmp_path / "d.csv").open(newline="") as file:
        first, gap, _ = csv.DictReader(file)
    assert first["acquired"] == "2026-01-05T10:30:00Z"
    assert (gap.pop("date"), gap.pop("images")) == ("2026-01-06", "0")
    assert set(gap.values()) == {""}
