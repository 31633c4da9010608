"""The legend of a chart: what is drawn, and one marker and colour for one meaning."""

from __future__ import annotations

from dataclasses import replace

import pytest
from matplotlib.colors import to_hex

from cv.counting.pier_count import CountStatus
from cv.evaluation.dataset_adapter import FALSE, FOUND, MISSED
from cv.events.event import ONGOING, CensoredTime, Event, EventKind, Magnitude
from cv.report import colours, draw
from cv.report.worst_images_page import _STYLE
from cv.timeseries.series import Series
from tests.fixtures.sample_counts import OTHER_MODEL, START, a_count, by

SEEN = {CountStatus.PARTIAL: 0.6, CountStatus.NOT_VISIBLE: 0.0}
"""Visible share of the pier by status; 1 else."""


def series(pier: str, place: str, *statuses: CountStatus) -> Series:
    counts = [
        replace(
            a_count(f"{pier}{day}", pier, status=status, days=day, visible=SEEN.get(status, 1.0)),
            place=place,
        )
        for day, status in enumerate(statuses)
    ]
    return Series.of(pier, counts)


def legend(figure) -> list[str]:
    return [text.get_text() for text in figure.legends[0].get_texts()]


def markers(axes) -> set[str]:
    """The markers of counts, without crosses of containers aboard."""
    return {str(line.get_marker()) for line in axes.lines} - {"None", "x"}


def test_piers_with_outlines_of_their_own_have_one_marker():
    piers = [series(name, name * 8, CountStatus.COUNTED) for name in ("East", "West", "Rail")]
    figure = draw.series(piers)
    charts = [axes for axes in figure.axes if axes.get_ylabel()]
    assert len(charts) == 3
    assert [markers(axes) for axes in charts] == [{"o"}] * 3
    assert not [label for label in legend(figure) if "outline" in label or "model" in label]


def test_a_change_of_the_outline_or_the_model_of_a_pier_changes_its_marker():
    east = series("East", "a" * 8, CountStatus.COUNTED).counts
    moved = replace(a_count("m", "East", days=3), place="b" * 8)
    figure = draw.series(Series.of("East", [*east, moved]))
    assert markers(figure.axes[0]) == {"o", "s"}
    assert [label[-8:] for label in legend(figure) if "outline" in label] == ["a" * 8, "b" * 8]
    other = replace(by(a_count("n", "East", days=4), OTHER_MODEL), place="a" * 8)
    figure = draw.series(Series.of("East", [*east, other]))
    assert len([label for label in legend(figure) if "model" in label]) == 2


@pytest.mark.parametrize(
    ("statuses", "drawn"),
    [
        ((CountStatus.COUNTED,), {"containers, whole pier seen"}),
        ((CountStatus.PARTIAL,), {"count of the visible part only", "day seen in part"}),
        ((CountStatus.NOT_VISIBLE,), {"image, but not seen"}),
    ],
)
def test_only_what_is_drawn_is_in_the_legend(statuses, drawn):
    always = {"containers, whole pier seen", "count of the visible part only"}
    shades = {"day seen in part", "image, but not seen", "no image"}
    labels = set(legend(draw.series(series("East", "p", *statuses))))
    assert labels & (always | shades) == drawn
    assert not labels & {"inferred, not observed", "confidence below 90%"}


def test_a_day_on_which_only_the_berth_is_hidden_shows_the_whole_pier():
    east = series("East", "p", CountStatus.PARTIAL)
    berth = Series.of("East", [replace(one, visible_fraction=1.0) for one in east])
    labels = legend(draw.series(berth))
    assert "containers, whole pier seen" in labels
    assert not {"day seen in part", "count of the visible part only"} & set(labels)


def event(kind: EventKind, began: CensoredTime, confidence: float) -> Event:
    size = Magnitude(9.0, 8.0, 10.0, "days")
    return Event(
        kind=kind, pier="East", began=began, ended=ONGOING, size=size, confidence=confidence,
        evidence=(), alternatives=(),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "confidence", "label"),
    [
        (EventKind.UNSEEN_CALL, 0.95, "inferred, not observed"),
        (EventKind.HALT, 0.5, "confidence below 90%"),
        (EventKind.HALT, 0.95, "begin or end uncertain"),
    ],
)
def test_marks_of_events_are_explained_where_they_occur(kind, confidence, label):
    east = series("East", "p", *[CountStatus.COUNTED] * 9)
    found = event(kind, CensoredTime(START, START.replace(day=START.day + 3)), confidence)
    assert label in legend(draw.timeline(east, [found]))
    elsewhere = replace(found, pier="West")
    assert label not in legend(draw.timeline(east, [elsewhere]))


def test_matches_have_the_same_colours_in_sheet_and_page():
    sheet = colours.class_colours((FOUND, MISSED, FALSE))
    assert len(set(sheet.values())) == 3
    for kind, colour in sheet.items():
        assert f".{kind} {{ stroke: {colour} }}" in _STYLE
    assert colours.class_colours((FALSE, FOUND))[FOUND] == sheet[FOUND]


def test_classes_of_labels_have_different_colours():
    chosen = colours.class_colours(("container", "hull", "crane"))
    assert list(chosen.values())[:2] == [colours.CONTAINER, colours.HULL]
    assert len({to_hex(colour) for colour in chosen.values()}) == 3
