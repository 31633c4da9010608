"""Lanes of events below a chart: a row per kind of event, and rows of published claims."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from cv.events.event import Event, EventKind
from cv.events.vessels.claims import PublishedClaim
from cv.report.figures import shorten
from cv.report.series_panel import FAINT, INK, DayRange, day_numbers

if TYPE_CHECKING:
    from matplotlib.artist import Artist
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
_CLAIM_CHARS = 60
"""Characters of a claim for which space is reserved."""
_LINES, _RULE = "#f2f4f5", "#e3e7ea"
_CLAIM = "#7b6d8d"
_ROWS: tuple[tuple[str, tuple[EventKind, ...]], ...] = (
    ("ship at berth", (EventKind.CALL, EventKind.UNSEEN_CALL)),
    ("boxes moved", (EventKind.LOADING, EventKind.UNLOADING)),
    ("went on", (EventKind.BERTH_SHIFT,)),
    ("stockpile", (EventKind.STOCKPILE,)),
    ("ship due", (EventKind.WARNING,)),
    ("unchanged", (EventKind.DWELL,)),
    ("no inflow", (EventKind.INFLOW_STOPPED,)),
    ("no ship", (EventKind.HALT,)),
    ("resumed", (EventKind.RESUMPTION,)),
    ("standing hull", (EventKind.STANDING_HULL,)),
)
_COLOURS = {
    EventKind.CALL: "#2f6f73",
    EventKind.UNSEEN_CALL: "#8fb8ba",
    EventKind.LOADING: "#0b5cad",
    EventKind.UNLOADING: "#5b9bd5",
    EventKind.BERTH_SHIFT: "#6b8e23",
    EventKind.STOCKPILE: "#7fa8d6",
    EventKind.WARNING: "#d1495b",
    EventKind.DWELL: "#b8a27a",
    EventKind.INFLOW_STOPPED: "#c9b79a",
    EventKind.HALT: "#8a8f94",
    EventKind.RESUMPTION: "#2f6f73",
    EventKind.STANDING_HULL: "#123c3f",
}


@dataclass(frozen=True, kw_only=True)
class _Bar:
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


@dataclass(frozen=True)
class EventLanes:
    """The rows of lanes below the chart of one pier, from the top."""

    rows: tuple[tuple[str, tuple[_Bar, ...]], ...]
    """Name and bars of each row."""

    @classmethod
    def of(
        cls, events: Sequence[Event], claims: Sequence[PublishedClaim], span: DayRange
    ) -> EventLanes:
        """Lay out `events` by kind, then `claims` in as many rows as those of one time need.

        Claims outside the shown days are left out.
        """
        rows = []
        for name, kinds in _ROWS:
            bars = [_event_bar(event, span) for event in events if event.kind in kinds]
            if bars:
                rows.append((name, tuple(bars)))
        left, right = span.ends
        shown = [bar for bar in map(_claim_bar, claims) if bar.ended > left and bar.began < right]
        for i, bars in enumerate(_stacked_rows(shown, span)):
            rows.append(("claims" if i == 0 else "", tuple(bars)))
        return cls(tuple(rows))

    def __len__(self) -> int:
        return len(self.rows)


def draw_lanes(axes: Axes, lanes: EventLanes, span: DayRange) -> None:
    """Draw the bars with their labels; pale where an event is possible but not certain."""
    left, right = span.ends
    axes.set_ylim(len(lanes), 0)
    axes.set_yticks(
        [i + 0.5 for i in range(len(lanes))], [name for name, _ in lanes.rows], fontsize=10,
        color=INK,
    )  # fmt: skip
    axes.tick_params(axis="y", length=0)
    for spine in axes.spines.values():
        spine.set_color(_RULE)
    for i, (_, bars) in enumerate(lanes.rows):
        if i % 2 == 0:
            axes.axhspan(i, i + 1, color=_LINES, linewidth=0, zorder=0)
        free = left
        starts = [*(bar.first for bar in bars[1:]), right]
        for bar, following in zip(bars, starts, strict=True):
            _draw_bar(axes, bar, i, span)
            free = _draw_label(axes, bar, i, span, (free, following))
    axes.set_xlim(left, right)


def lanes_legend() -> list[Artist]:
    """Return the legend entries of the lanes."""
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    return [
        Patch(facecolor=_COLOURS[EventKind.CALL], alpha=0.35, label="begin or end uncertain"),
        Patch(
            facecolor="none", edgecolor=_COLOURS[EventKind.UNSEEN_CALL], hatch="////",
            label="inferred, not observed",
        ),
        Line2D([], [], linestyle="none", label=f"%: confidence below {MIN_CONFIDENCE:.0%}"),
    ]  # fmt: skip


def _draw_bar(axes: Axes, bar: _Bar, row: int, span: DayRange) -> None:
    top = row + (1 - _BAR_HEIGHT) / 2
    width = max(bar.last - bar.first, _MIN_BAR_PX / span.day_px)
    axes.broken_barh(
        [(bar.first, width)], (top, _BAR_HEIGHT), facecolor=bar.colour, alpha=0.35, zorder=2
    )
    if bar.unseen:
        axes.broken_barh(
            [(bar.first, width)], (top, _BAR_HEIGHT), facecolor="none", edgecolor=bar.colour,
            hatch="////", linewidth=0.8, zorder=3,
        )  # fmt: skip
        return
    known = max(bar.ended - bar.began, _MIN_BAR_PX / span.day_px)
    axes.broken_barh([(bar.began, known)], (top, _BAR_HEIGHT), facecolor=bar.colour, zorder=3)


def _draw_label(
    axes: Axes, bar: _Bar, row: int, span: DayRange, free: tuple[float, float]
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


def _event_bar(event: Event, span: DayRange) -> _Bar:
    left, right = span.ends
    began = event.began.latest or event.began.earliest
    ended = event.ended.earliest or event.ended.latest
    start = left if began is None else _day(began)
    end = right if event.ended.latest is None else _day(ended or event.ended.latest)
    return _Bar(
        first=left if event.began.earliest is None else _day(event.began.earliest),
        began=start,
        ended=max(start, end),
        last=right if event.ended.latest is None else _day(event.ended.latest),
        colour=_COLOURS[event.kind],
        label=_label_text(event),
        unseen=event.kind is EventKind.UNSEEN_CALL,
    )


def _label_text(event: Event) -> str:
    """Return the size of an event, and its confidence if that is low."""
    units = {"containers": "", "metres": " m", "days": " d"}
    signed = event.kind in (EventKind.LOADING, EventKind.UNLOADING, EventKind.UNSEEN_CALL)
    size = ""
    if event.size is not None:
        number = f"{event.size.value:+.0f}" if signed else f"{event.size.value:.0f}"
        size = f"{number}{units.get(event.size.unit, f' {event.size.unit}')}".replace("-", "\u2212")
    confidence = f"{event.confidence:.0%}" if event.confidence < MIN_CONFIDENCE else ""
    return ", ".join(part for part in (size, confidence) if part)


def _claim_bar(claim: PublishedClaim) -> _Bar:
    began, ended = _day(claim.began), _day(claim.ended)
    return _Bar(
        first=began,
        began=began,
        ended=ended,
        last=ended,
        colour=_CLAIM,
        label=f"{claim.text} ({claim.source})",
        is_text=True,
    )


def _stacked_rows(bars: Sequence[_Bar], span: DayRange) -> list[list[_Bar]]:
    """Return rows of bars with space for their labels; simultaneous ones are in different rows."""
    rows: list[list[_Bar]] = []
    free: list[float] = []
    for bar in bars:
        until = bar.ended + _label_width_px(bar.label[:_CLAIM_CHARS]) / span.day_px
        row = next((i for i, end in enumerate(free) if end <= bar.began), len(rows))
        if row == len(rows):
            rows.append([])
            free.append(until)
        rows[row].append(bar)
        free[row] = until
    return rows


def _day(at: datetime) -> float:
    return float(day_numbers([at])[0])
