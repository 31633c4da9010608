"""Lanes of events below a chart: a row per kind of event, and rows of published claims."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from cv.events.event import Event, EventKind
from cv.events.rules.berth_shifts import BerthShift
from cv.events.vessels.published_claims import PublishedClaim
from cv.report.colours import FAINT, INK, RULE
from cv.report.figures import shorten
from cv.report.series_panel import DayRange, day_numbers

if TYPE_CHECKING:
    from matplotlib.axes import Axes

ROW_PX = 24
"""Height of a row, pixels."""
MIN_CONFIDENCE = 0.9
"""The confidence of less certain events is shown."""
_BAR_HEIGHT = 0.66
"""Height of a bar, in rows."""
_CHAR_PX, _PAD_PX = 6.6, 7.0
"""Width of a character of a label, and its distance from the ends of a bar, pixels."""
_MIN_BAR_PX = 5.0
"""Minimum width of a bar, pixels."""
_STRIPE, _CLAIM = "#f2f4f5", "#7b6d8d"
_ROWS = {
    "ship at berth": {EventKind.CALL: "#2f6f73", EventKind.UNSEEN_CALL: "#8fb8ba"},
    "boxes moved": {EventKind.LOADING: "#0b5cad", EventKind.UNLOADING: "#5b9bd5"},
    "went on": {EventKind.BERTH_SHIFT: "#6b8e23"},
    "stockpile": {EventKind.STOCKPILE: "#7fa8d6"},
    "ship due": {EventKind.WARNING: "#d1495b"},
    "unchanged": {EventKind.DWELL: "#b8a27a"},
    "no inflow": {EventKind.INFLOW_STOPPED: "#c9b79a"},
    "no ship": {EventKind.HALT: "#8a8f94"},
    "resumed": {EventKind.RESUMPTION: "#2f6f73"},
    "standing hull": {EventKind.STANDING_HULL: "#123c3f"},
}
"""Kinds of events in each row, and their colours."""
_UNITS = {"containers": "", "metres": " m", "days": " d"}


@dataclass(frozen=True, kw_only=True)
class EventBar:
    """One bar: certain from `began` to `ended`, possible from `first` to `last`.

    Times are days since 1970.
    """

    first: float
    began: float
    ended: float
    last: float
    colour: str
    label: str
    unseen: bool = False
    """Whether the event is inferred and no observation shows it."""
    is_text: bool = False
    """Whether the label is a text, which may be shortened, and not a number."""


LaneRows = list[tuple[str, list[EventBar]]]
"""Name and bars of each row, from the top."""


def lane_rows(
    events: Sequence[Event], claims: Sequence[PublishedClaim], span: DayRange
) -> LaneRows:
    """Lay out `events` by kind, then each of the `claims` about the shown days in its own row."""
    rows = []
    for name, colours in _ROWS.items():
        chosen = [event for event in events if event.kind in colours]
        rows.append((name, [_event_bar(event, colours[event.kind], span) for event in chosen]))
    left, right = span.ends
    rows += [
        ("claim", [bar])
        for bar in map(_claim_bar, claims)
        if left < bar.ended and bar.began < right
    ]
    return [row for row in rows if row[1]]


def draw_lanes(axes: Axes, rows: LaneRows, span: DayRange) -> None:
    """Draw the bars with their labels; pale where an event is possible but not certain."""
    left, right = span.ends
    axes.set_xlim(left, right)
    axes.set_ylim(len(rows), 0)
    names = [name for name, _ in rows]
    axes.set_yticks([i + 0.5 for i in range(len(rows))], names, fontsize=10, color=INK)
    axes.tick_params(axis="y", length=0)
    for spine in axes.spines.values():
        spine.set_color(RULE)
    for i, (_, bars) in enumerate(rows):
        if i % 2 == 0:
            axes.axhspan(i, i + 1, color=_STRIPE, linewidth=0, zorder=0)
        free = left
        starts = [*(bar.first for bar in bars[1:]), right]
        for bar, following in zip(bars, starts, strict=True):
            _draw_bar(axes, bar, i, span)
            free = _draw_label(axes, bar, i, span, (free, following))
    if any("%" in bar.label for _, bars in rows for bar in bars if not bar.is_text):
        label = f"confidence below {MIN_CONFIDENCE:.0%}"
        axes.plot([], [], linestyle="none", marker=r"$\%$", color=FAINT, label=label)


def _draw_bar(axes: Axes, bar: EventBar, row: int, span: DayRange) -> None:
    height = row + (1 - _BAR_HEIGHT) / 2, _BAR_HEIGHT
    min_width = _MIN_BAR_PX / span.day_px
    possible = [(bar.first, max(bar.last - bar.first, min_width))]
    certain = [(bar.began, max(bar.ended - bar.began, min_width))]
    uncertain = bar.first < bar.began or bar.ended < bar.last
    axes.broken_barh(
        possible, height, facecolor=bar.colour, alpha=0.35, zorder=2,
        label="begin or end uncertain" if uncertain and not bar.unseen else None,
    )  # fmt: skip
    if bar.unseen:
        axes.broken_barh(
            possible, height, facecolor="none", edgecolor=bar.colour, hatch="////", linewidth=0.8,
            zorder=3, label="inferred, not observed",
        )  # fmt: skip
    else:
        axes.broken_barh(certain, height, facecolor=bar.colour, zorder=3)


def _draw_label(
    axes: Axes, bar: EventBar, row: int, span: DayRange, free: tuple[float, float]
) -> float:
    """Write the label inside the bar, else after it, else before it, else not at all.

    Numbers are never shortened. `free` is where the space before the bar begins and where the next
    bar begins; returns where free space begins after this label.
    """
    left, right = span.ends
    known = max(bar.began, left), min(bar.ended, right)
    end = max(bar.last, bar.began + _MIN_BAR_PX / span.day_px)
    after, before = (free[1] - end) * span.day_px, (bar.first - free[0]) * span.day_px
    needed, gap = _label_width_px(bar.label), 0.6 * _PAD_PX / span.day_px
    if not bar.unseen and needed <= (known[1] - known[0]) * span.day_px:
        _write(axes, bar.label, (sum(known) / 2, row), "center", "white")
    elif needed <= after or (bar.is_text and after >= before and after >= _label_width_px("....")):
        text = shorten(bar.label, int((after - _PAD_PX) / _CHAR_PX))
        _write(axes, text, (end + gap, row), "left", FAINT)
        return end + _label_width_px(text) / span.day_px
    elif needed <= before:
        _write(axes, bar.label, (bar.first - gap, row), "right", FAINT)
    return end


def _label_width_px(label: str) -> float:
    return len(label) * _CHAR_PX + 2 * _PAD_PX


def _write(axes: Axes, text: str, at: tuple[float, float], side: str, colour: str) -> None:
    x, row = at
    axes.text(
        x, row + 0.52, text, ha=side, va="center", fontsize=9.5, color=colour, zorder=4,
        parse_math=False, clip_on=True,
    )  # fmt: skip


def _event_bar(event: Event, colour: str, span: DayRange) -> EventBar:
    left, right = span.ends
    start = _day(event.began.latest or event.began.earliest, left)
    last = _day(event.ended.latest, right)
    ended = right if event.ended.latest is None else _day(event.ended.earliest, last)
    return EventBar(
        first=_day(event.began.earliest, left),
        began=start,
        ended=max(start, ended),
        last=last,
        colour=colour,
        label=_label_text(event),
        unseen=event.kind is EventKind.UNSEEN_CALL,
    )


def _label_text(event: Event) -> str:
    """Return the size of an event, where a ship went, and the confidence if that is low."""
    signed = event.kind in (EventKind.LOADING, EventKind.UNLOADING, EventKind.UNSEEN_CALL)
    parts = []
    if event.size is not None:
        number = f"{event.size.value:+.0f}" if signed else f"{event.size.value:.0f}"
        unit = _UNITS.get(event.size.unit, f" {event.size.unit}")
        parts.append(f"{number}{unit}".replace("-", "\u2212"))
    if isinstance(event, BerthShift):
        parts = [" ".join([*parts, f"to {event.to_pier}"])]
    if event.confidence < MIN_CONFIDENCE:
        parts.append(f"{event.confidence:.0%}")
    return ", ".join(parts)


def _claim_bar(claim: PublishedClaim) -> EventBar:
    began, ended = day_numbers([claim.began, claim.ended]).tolist()
    label = f"{claim.text} ({claim.source})"
    return EventBar(
        first=began, began=began, ended=ended, last=ended, colour=_CLAIM, label=label, is_text=True
    )


def _day(at: datetime | None, unknown: float) -> float:
    """Return `at` as days since 1970, `unknown` for None."""
    return unknown if at is None else float(day_numbers([at])[0])
