"""Figure of one or more series: counts over time, visibility, hulls and events."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import UTC
from typing import TYPE_CHECKING

import pandas as pd

from cv.events.event import Event
from cv.events.vessels.claims import PublishedClaim
from cv.report.event_lanes import ROW_PX, EventLanes, draw_lanes, lanes_legend
from cv.report.figures import DPI, shorten, with_fonts
from cv.report.series_panel import (
    FAINT,
    INK,
    LABELS,
    DayRange,
    chart_legend,
    daily_visibility,
    day_numbers,
    draw_panel,
    method_markers,
)
from cv.timeseries.series import Series

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_WIDTH, _LEFT, _RIGHT = 1600, 110, 40
_HEAD, _FOOT, _LEGEND_ROW, _TITLE, _STRIP, _GAP = 76, 64, 21, 34, 24, 6
_TALL, _SHORT = 340, 180
"""Pixels: width and margins; heights of the parts; height of a panel for few and many series."""
_LEGEND_COLUMNS = 5
_LABEL_STEPS, _LABEL_PX = (1, 2, 3, 7), 64
"""Days between date labels, and the width of a label, pixels."""
_NAME_CHARS = 60


@with_fonts
def series_figure(
    series: Sequence[Series],
    quantity: str = "containers",
    events: Sequence[Event] = (),
    claims: Sequence[PublishedClaim] = (),
) -> Figure:
    """Return a figure, 1600 pixels wide, with a panel per series; times are UTC.

    Each observation is a point with its interval, hollow if only a part of the pier was visible.
    Days without a visible pier or without an image are shaded, and no line crosses them. Below each
    panel a strip shows the hulls at the berth, and lanes show the events of the pier.

    Args:
        series: One or more series.
        quantity: "containers" or "teu".
        events: Events of any piers.
        claims: Published claims of any piers.

    Raises:
        ValueError: No series, or another quantity.
    """
    if not series or quantity not in LABELS:
        raise ValueError(f"{len(series)} series of {quantity!r} cannot be drawn")
    from matplotlib.figure import Figure

    tall = _TALL if len(series) <= 3 else _SHORT
    markers = method_markers(series)
    span = DayRange.of(series, _WIDTH - _LEFT - _RIGHT)
    lanes_by_pier = [_lanes_of(one, events, claims, span) for one in series]
    legend = chart_legend(quantity, markers)
    legend += lanes_legend() if any(map(len, lanes_by_pier)) else []
    panels = [_TITLE + tall + _GAP + _STRIP + _GAP + ROW_PX * len(part) for part in lanes_by_pier]
    height = _HEAD + sum(panels) + _FOOT + _LEGEND_ROW * math.ceil(len(legend) / _LEGEND_COLUMNS)
    figure = Figure(figsize=(_WIDTH / DPI, height / DPI), dpi=DPI, facecolor="white")
    for i, (one, lanes) in enumerate(zip(series, lanes_by_pier, strict=True)):
        top = _HEAD + sum(panels[:i]) + _TITLE
        chart = _axes(figure, top, tall)
        strip = _axes(figure, top + tall + _GAP, _STRIP)
        below = _draw_lanes(figure, top + tall + _GAP + _STRIP + _GAP, lanes, span) or strip
        draw_panel((chart, strip), one, span, quantity, markers)
        summary = _summary(one, span, quantity)
        chart.set_title(summary, loc="right", fontsize=10.5, color=FAINT, pad=8)
        if len(series) > 1:
            chart.set_title(
                shorten(one.pier, _NAME_CHARS), loc="left", fontsize=13, fontweight="bold",
                color=INK, pad=8, parse_math=False,
            )  # fmt: skip
        for axes in {chart, strip, below}:
            _dates(axes, span, shown=axes is below and i == len(series) - 1)
    _head(figure, series, quantity)
    figure.legend(
        handles=legend, ncols=_LEGEND_COLUMNS, loc="lower left", fontsize=10, labelcolor=INK,
        bbox_to_anchor=(_LEFT / _WIDTH - 0.006, 0.0), frameon=False, handletextpad=0.5,
        columnspacing=1.3, borderaxespad=0.8,
    )  # fmt: skip
    return figure


def _axes(figure: Figure, top: float, height: float) -> Axes:
    """Add axes between the margins, `top` pixels from the top and `height` pixels high."""
    width_px, height_px = figure.get_size_inches() * DPI
    return figure.add_axes(
        (
            _LEFT / width_px,
            1 - (top + height) / height_px,
            (width_px - _LEFT - _RIGHT) / width_px,
            height / height_px,
        )
    )


def _lanes_of(
    one: Series, events: Sequence[Event], claims: Sequence[PublishedClaim], span: DayRange
) -> EventLanes:
    """Return the lanes of the pier of a series."""
    return EventLanes.of(
        [event for event in events if event.pier == one.pier],
        [claim for claim in claims if claim.pier == one.pier],
        span,
    )


def _draw_lanes(figure: Figure, top: float, lanes: EventLanes, span: DayRange) -> Axes | None:
    """Draw lanes `top` pixels from the top; return their axes, or None without lanes."""
    if not len(lanes):
        return None
    axes = _axes(figure, top, ROW_PX * len(lanes))
    draw_lanes(axes, lanes, span)
    return axes


def _dates(axes: Axes, span: DayRange, shown: bool) -> None:
    """Label the time axis: at noon of days, or at the first of months."""
    from matplotlib.dates import AutoDateLocator, DateFormatter
    from matplotlib.ticker import FixedLocator, Locator

    step = next((step for step in _LABEL_STEPS if step * span.day_px >= _LABEL_PX), None)
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
    """Return numbers of observations, days by visibility, and a warning for mixed methods."""
    if not len(one):
        return "no observations"
    days = daily_visibility(one, span, quantity).value_counts()
    parts = [f"{len(one)} observations" if len(one) != 1 else "1 observation"]
    names = {"whole": "seen", "partial": "seen in part", "unseen": "unseen"}
    parts += [f"{days[key]} days {name}" for key, name in names.items() if key in days]
    if "no image" in days:
        parts.append(f"{days['no image']} days without an image")
    if len(one.methods) > 1:
        parts.append(f"MIXED: {len(one.methods)} counting methods")
    return ", ".join(
        part.replace("1 days", "1 day") if part.startswith("1 ") else part for part in parts
    )


def _head(figure: Figure, series: Sequence[Series], quantity: str) -> None:
    """Write the title, and below it dates, intervals and model."""
    height_px = figure.get_size_inches()[1] * DPI
    left = _LEFT / _WIDTH
    name = "TEU" if quantity == "teu" else "Containers"
    title = f"{name} on {_piers_text(series)}"
    figure.text(
        left, 1 - 34 / height_px, title, fontsize=18, fontweight="bold", color=INK, parse_math=False
    )
    figure.text(left, 1 - 58 / height_px, _provenance(series), fontsize=10.5, color=FAINT)


def _piers_text(series: Sequence[Series]) -> str:
    return shorten(series[0].pier, _NAME_CHARS) if len(series) == 1 else f"{len(series)} piers"


def _provenance(series: Sequence[Series]) -> str:
    observations = pd.concat([one.observations for one in series])
    if observations.empty:
        return "no observations"
    first, last = observations["acquired"].min(), observations["acquired"].max()
    level = observations["interval_level"].iloc[-1]
    calibrated = "" if observations["interval_calibrated"].all() else ", not calibrated"
    methods = dict.fromkeys(method for one in series for method in one.methods)
    method = (
        "".join(f"; {one}" for one in methods) if len(methods) < 2 else ""
    )  # else in the legend
    days = f"{first:%d %b %Y}" + (f" to {last:%d %b %Y}" if last.date() > first.date() else "")
    return f"{days}, UTC; bars: {level:.0%} intervals{calibrated}{method}"
