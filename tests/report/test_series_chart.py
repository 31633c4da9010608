"""Charts of series show every known number, and nothing in gaps."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.image import imread

from cv.counting.pier_count import CountStatus
from cv.errors import InputError
from cv.report import draw
from cv.report.series_panel import DayRange, day_numbers, draw_panel, method_markers
from cv.timeseries.series import Series
from tests.fixtures.sample_counts import OTHER_MODEL, START, a_count, by

UNSEEN, PARTIAL = "#c3c9ce", "#fbe9c0"
DAY = (START.replace(hour=0, minute=0) - START.fromtimestamp(0, START.tzinfo)).days
"""The first day of the samples, days since 1970."""


def observed(*wanted: tuple[float, float | None, CountStatus]) -> Series:
    """Counts by day, number and status; partial ones show 60 % of the pier."""
    counts = []
    for day, number, status in wanted:
        seen = 0.6 if status is CountStatus.PARTIAL else 1.0
        counts.append(a_count(f"s{day}", "East", number, status, day, seen))
    return Series.of("East", counts)


def panel(series: Series) -> Figure:
    figure = Figure()
    axes = figure.subplots(2)
    draw_panel(
        (axes[0], axes[1]),
        series,
        DayRange.of([series], 1000),
        "containers",
        method_markers([series]),
    )
    return figure


def test_days_are_those_of_1970() -> None:
    assert list(day_numbers([START])) == [pytest.approx(DAY + 10.5 / 24)]


def test_every_known_number_is_a_point_and_unknown_ones_are_not_drawn() -> None:
    figure = panel(
        observed(
            (0, 5.0, CountStatus.COUNTED),
            (1, None, CountStatus.NOT_VISIBLE),
            (2, 7.0, CountStatus.PARTIAL),
            (3, None, CountStatus.FAILED),
        )
    )
    chart = figure.axes[0]
    points = [
        (round(float(x) - DAY - 10.5 / 24), float(y), line.get_markerfacecolor() != "white")
        for line in chart.lines
        if line.get_marker() == "o"
        for x, y in zip(*np.asarray(line.get_data()), strict=True)
    ]
    assert sorted(points) == [(0, 5.0, True), (2, 7.0, False)]


def test_the_estimate_of_the_whole_pier_is_drawn_where_a_part_was_seen() -> None:
    counts = [
        a_count("a", containers=20.0),
        a_count("b", containers=6.0, status=CountStatus.PARTIAL, days=1, visible=0.5),
        a_count("c", containers=6.0, status=CountStatus.PARTIAL, days=20, visible=0.5),
        a_count("d", status=CountStatus.UNFIT, days=21),
    ]
    series = Series.of("East", counts)
    chart = panel(series).axes[0]
    (line,) = (line for line in chart.lines if "hidden part estimated" in str(line.get_label()))
    days, numbers = np.asarray(line.get_data(), dtype=float)
    assert days.tolist() == [pytest.approx(DAY + 1 + 10.5 / 24)]  # day 20: unknown by then
    assert numbers.tolist() == [series.whole[1].value] == [16.0]
    assert chart.get_ylim()[1] > series.whole[1].high
    alone = panel(observed((0, 5.0, CountStatus.COUNTED))).axes[0]
    assert not [x for x in alone.lines if "estimated" in str(x.get_label())]


def test_days_are_shaded_by_visibility() -> None:
    figure = panel(
        observed(
            (0, 5.0, CountStatus.COUNTED),
            (1, None, CountStatus.NOT_VISIBLE),
            (2, 7.0, CountStatus.PARTIAL),
            (4, None, CountStatus.OUT_OF_RANGE),
        )
    )
    shaded = {
        to_hex(np.asarray(band.get_facecolor())[0]): [
            round(path.vertices[:, 0].min()) - DAY for path in band.get_paths()
        ]
        for band in figure.axes[0].collections
        if band.get_paths() and len(band.get_facecolor())
    }
    assert shaded[UNSEEN] == [1, 4]
    assert shaded[PARTIAL] == [2]
    assert shaded["#ffffff"] == [3]


def test_no_line_crosses_a_gap_a_partial_count_or_another_method() -> None:
    counts = [a_count(f"s{day}", containers=float(day), days=day) for day in (0, 1, 3, 6, 7, 20)]
    counts += [
        a_count("p", status=CountStatus.PARTIAL, days=8, visible=0.6),
        by(a_count("m", days=9), OTHER_MODEL),
    ]
    chart = panel(Series.of("East", counts)).axes[0]
    joined = [
        tuple(round(float(x) - DAY - 10.5 / 24) for x in pair)
        for line in chart.lines
        if line.get_linestyle() == "-"
        for pair in pairwise(np.asarray(line.get_xdata()))
    ]
    assert sorted(joined) == [(0, 1), (6, 7)]


@pytest.mark.parametrize("days", [1, 14, 200])
def test_pictures(tmp_path: Path, days: int) -> None:
    series = observed(*((d, float(d % 9), CountStatus.COUNTED) for d in range(days)))
    draw.series([series], tmp_path / "a.png")
    draw.series([series], tmp_path / "b.png")
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()
    assert imread(tmp_path / "a.png").shape[1] == 1600
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.png", "b.png"]


@pytest.mark.filterwarnings("error")
def test_series_without_numbers_and_names_with_markup(tmp_path: Path) -> None:
    unseen = Series.of("A$^$b_%", [a_count("s", "A$^$b_%", status=CountStatus.NOT_VISIBLE)])
    draw.series([unseen], tmp_path / "a.png")
    draw.series([unseen, Series.of("Empty", [])], tmp_path / "b.png", quantity="teu")
    draw.series([Series.of("Empty", [])], tmp_path / "c.png")
    height = [imread(tmp_path / name).shape[0] for name in ("a.png", "b.png")]
    assert height[0] < height[1]
    grey = np.all(
        np.abs(imread(tmp_path / "a.png")[..., :3] * 255 - [195, 201, 206]) < 1.5, axis=-1
    )
    assert grey.sum() > 20_000


def test_refusals(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="0 series"):
        draw.series([], tmp_path / "a.png")
    with pytest.raises(ValueError, match="'boxes'"):
        draw.series([observed((0, 1.0, CountStatus.COUNTED))], tmp_path / "a.png", quantity="boxes")
    with pytest.raises(InputError, match="folder"):
        draw.series([observed((0, 1.0, CountStatus.COUNTED))], tmp_path / "no" / "a.png")
    assert list(tmp_path.iterdir()) == []


def test_names_in_any_script_and_length_are_drawn_without_a_warning(tmp_path, recwarn) -> None:
    for i, name in enumerate(("라진항 제3부두", "x" * 300, "$\\frac{1}{2}$")):
        counts = [a_count(pier=name, containers=4.0)]
        draw.series([Series.of(name, counts)], tmp_path / f"{i}.png")
        assert (tmp_path / f"{i}.png").stat().st_size > 5000
    assert not [w for w in recwarn if "Glyph" in str(w.message)]
