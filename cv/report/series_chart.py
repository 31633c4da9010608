"""Series as a picture: counts over time, and when nothing could be seen."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import UTC
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from cv.events.event import Event
from cv.events.vessels.claims import PublishedClaim
from cv.report.event_lanes import ROW_PX, EventLanes, draw_lanes, lanes_key
from cv.report.fonts import fonts_for_any_script, shorten
from cv.report.output_file import report_path
from cv.report.series_panel import (
    FAINT,
    INK,
    LABELS,
    DayRange,
    chart_key,
    daily_visibility,
    day_numbers,
    draw_panel,
    method_markers,
)
from cv.timeseries.series import Series

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_DPI = 100
_WIDTH, _LEFT, _RIGHT = 1600, 110, 40
_HEAD, _FOOT, _KEY, _TITLE, _STRIP, _GAP = 76, 64, 21, 34, 24, 6
_TALL, _SHORT = 340, 180
"""Pixels: width of the picture and its margins; heights of its parts; a panel, of few and many."""
_KEYS_A_ROW = 5
_STEPS, _LABEL_PX = (1, 2, 3, 7), 64
"""Days between labels, and the pixels that a label needs."""

_NAME_CHARS = 60


@fonts_for_any_script
def draw_series(
    series: Sequence[Series],
    path: str | Path,
    quantity: str = "containers",
    events: Sequence[Event] = (),
    claims: Sequence[PublishedClaim] = (),
) -> None:
    """`series` of one or more piers as a PNG, 1600 pixels wide, a panel per pier; times are UTC.

    `quantity` is "containers" or "teu". Each look is a point with its interval, hollow where only
    a part of the pier was seen; days on which it was not seen, or without an image, are shaded, and
    no line runs across them. The strip below a panel tells hulls at the berth, the lanes below that
    what happened there: those of `events` and `claims` that are of its pier.
    Raises InputError where `path` cannot be written, and ValueError without series or for another
    quantity.
    """
    if not series or quantity not in LABELS:
        raise ValueError(f"{len(series)} series of {quantity!r} cannot be drawn")
    from matplotlib.figure import Figure

    tall = _TALL if len(series) <= 3 else _SHORT
    markers = method_markers(series)
    span = DayRange.of(series, _WIDTH - _LEFT - _RIGHT)
    told = [
        EventLanes.of(
            [event for event in events if event.pier == one.pier],
            [claim for claim in claims if claim.pier == one.pier],
            span,
        )
        for one in series
    ]
    key = chart_key(quantity, markers) + (lanes_key() if any(map(len, told)) else [])
    panels = [_TITLE + tall + _GAP + _STRIP + _GAP + ROW_PX * len(lanes) for lanes in told]
    height = _HEAD + sum(panels) + _FOOT + _KEY * math.ceil(len(key) / _KEYS_A_ROW)
    figure = Figure(figsize=(_WIDTH / _DPI, height / _DPI), dpi=_DPI, facecolor="white")
    for i, (one, lanes) in enumerate(zip(series, told, strict=True)):
        top = _HEAD + sum(panels[:i]) + _TITLE
        chart = _axes(figure, top, tall)
        strip = _axes(figure, top + tall + _GAP, _STRIP)
        below = _lanes(figure, top + tall + _GAP + _STRIP + _GAP, lanes, span) or strip
        draw_panel((chart, strip), one, span, quantity, markers)
        chart.set_title(
            _summary(one, span, quantity), loc="right", fontsize=10.5, color=FAINT, pad=8
        )
        if len(series) > 1:
            chart.set_title(
                shorten(one.pier, _NAME_CHARS), loc="left", fontsize=13, fontweight="bold",
                color=INK, pad=8, parse_math=False,
            )  # fmt: skip
        for axes in {chart, strip, below}:
            _dates(axes, span, shown=axes is below and i == len(series) - 1)
    _head(figure, series, quantity)
    figure.legend(
        handles=key, ncols=_KEYS_A_ROW, loc="lower left", fontsize=10, labelcolor=INK,
        bbox_to_anchor=(_LEFT / _WIDTH - 0.006, 0.0), frameon=False, handletextpad=0.5,
        columnspacing=1.3, borderaxespad=0.8,
    )  # fmt: skip
    with report_path(path) as draft:
        figure.savefig(draft, format="png", dpi=_DPI, metadata={"Software": None})


def _axes(figure: Figure, top: float, height: float) -> Axes:
    """Axes at pixels from the top, between the margins."""
    width_px, height_px = figure.get_size_inches() * _DPI
    return figure.add_axes(
        (
            _LEFT / width_px,
            1 - (top + height) / height_px,
            (width_px - _LEFT - _RIGHT) / width_px,
            height / height_px,
        )
    )


def _lanes(figure: Figure, top: float, lanes: EventLanes, span: DayRange) -> Axes | None:
    """What happened, drawn from pixels from the top on; None where nothing did."""
    if not len(lanes):
        return None
    axes = _axes(figure, top, ROW_PX * len(lanes))
    draw_lanes(axes, lanes, span)
    return axes


def _dates(axes: Axes, span: DayRange, shown: bool) -> None:
    """The axis of days: labels in the middle of their day, or at the first of a month."""
    from matplotlib.dates import AutoDateLocator, DateFormatter
    from matplotlib.ticker import FixedLocator, Locator

    step = next((step for step in _STEPS if step * span.day_px >= _LABEL_PX), None)
    locator: Locator
    if step is None:
        locator = AutoDateLocator(tz=UTC, minticks=4, maxticks=14)  # type: ignore[no-untyped-call]
    else:
        locator = FixedLocator((day_numbers(span.days[::step]) + 0.5).tolist())
    axes.set_xlim(*span.ends)
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(DateFormatter("%d %b\n%Y", tz=UTC))  # type: ignore[no-untyped-call]
    axes.tick_params(
        axis="x", length=4 if shown else 0, labelbottom=shown, labelsize=10.5, colors=INK
    )


def _summary(one: Series, span: DayRange, quantity: str) -> str:
    """What the series rests on, in words."""
    if not len(one):
        return "no looks"
    views = daily_visibility(one, span, quantity).value_counts()
    parts = [f"{len(one)} looks" if len(one) != 1 else "1 look"]
    names = {"whole": "seen", "partial": "seen in part", "unseen": "unseen"}
    parts += [f"{views[view]} days {name}" for view, name in names.items() if view in views]
    if "no image" in views:
        parts.append(f"{views['no image']} days without an image")
    if len(one.methods) > 1:
        parts.append(f"MIXED: {len(one.methods)} ways of counting")
    return ", ".join(
        part.replace("1 days", "1 day") if part.startswith("1 ") else part for part in parts
    )


def _head(figure: Figure, series: Sequence[Series], quantity: str) -> None:
    """Title and, below, what the intervals mean and which model counted."""
    height_px = figure.get_size_inches()[1] * _DPI
    left = _LEFT / _WIDTH
    what = "TEU" if quantity == "teu" else "Containers"
    title = f"{what} on {_whom(series)}"
    figure.text(
        left, 1 - 34 / height_px, title, fontsize=18, fontweight="bold", color=INK, parse_math=False
    )
    figure.text(left, 1 - 58 / height_px, _basis(series), fontsize=10.5, color=FAINT)


def _whom(series: Sequence[Series]) -> str:
    return shorten(series[0].pier, _NAME_CHARS) if len(series) == 1 else f"{len(series)} piers"


def _basis(series: Sequence[Series]) -> str:
    looks = pd.concat([one.observations for one in series])
    if looks.empty:
        return "no looks"
    first, last = looks["acquired"].min(), looks["acquired"].max()
    level = looks["interval_level"].iloc[-1]
    worth = "" if looks["interval_calibrated"].all() else ", not calibrated"
    ways = dict.fromkeys(way for one in series for way in one.methods)
    counted = "".join(f"; {way}" for way in ways) if len(ways) < 2 else ""  # else in the key
    days = f"{first:%d %b %Y}" + (f" to {last:%d %b %Y}" if last.date() > first.date() else "")
    return f"{days}, UTC; bars: {level:.0%} intervals{worth}{counted}"
