"""Lanes below a chart: what happened, a row for each kind of event, and what others claim."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from cv.events.event import Event, EventKind
from cv.events.vessels.claims import PublishedClaim
from cv.report.fonts import shorten
from cv.report.series_panel import FAINT, INK, DayRange, day_numbers

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes

ROW_PX = 24
"""Height of a row, pixels."""
MIN_CONFIDENCE = 0.9
"""Of what is less sure, it is said how sure it is."""
_TALL = 0.66
"""Height of a bar, rows."""
_CHAR_PX, _PAD_PX = 6.6, 7.0
"""Width of a letter of a label, and its distance from the ends of a bar, pixels."""
_LEAST_PX = 5.0
"""A bar is at least so wide that it can be seen, pixels."""
_CLAIM_CHARS = 60
"""So much of a claim's text has room at least, where days allow."""
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


@dataclass(frozen=True)
class _Bar:
    """When something was, or may have been, days since 1970."""

    first: float
    began: float
    """From here to `ended` it was so, as far as looks tell."""
    ended: float
    last: float
    colour: str
    label: str
    unseen: bool = False
    """No look shows it."""
    clipped: bool = False
    """Whether the label is a text, which may be shortened."""


@dataclass(frozen=True)
class EventLanes:
    """The rows of a pier's picture, from the top."""

    rows: tuple[tuple[str, tuple[_Bar, ...]], ...]
    """Name and bars of each."""

    @classmethod
    def of(
        cls, events: Sequence[Event], claims: Sequence[PublishedClaim], span: DayRange
    ) -> EventLanes:
        """A row for each kind that occurs, then as many as claims of one time need; claims of days
        that are not shown are left out."""
        rows = []
        for name, kinds in _ROWS:
            bars = [_bar(event, span) for event in events if event.kind in kinds]
            if bars:
                rows.append((name, tuple(bars)))
        left, right = span.ends
        drawn = [bar for bar in map(_claimed, claims) if bar.ended > left and bar.began < right]
        for i, some in enumerate(_side_by_side(drawn, span)):
            rows.append(("claims" if i == 0 else "", tuple(some)))
        return cls(tuple(rows))

    def __len__(self) -> int:
        return len(self.rows)


def draw_lanes(axes: Axes, lanes: EventLanes, span: DayRange) -> None:
    """Bars with their labels; pale where it is not known whether it was so yet, or still."""
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
            _draw(axes, bar, i, span)
            free = _label(axes, bar, i, span, (free, following))
    axes.set_xlim(left, right)


def lanes_key() -> list[Artist]:
    """What the marks mean."""
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    return [
        Patch(facecolor=_COLOURS[EventKind.CALL], alpha=0.35, label="not known whether yet, or still"),
        Patch(
            facecolor="none", edgecolor=_COLOURS[EventKind.UNSEEN_CALL], hatch="////",
            label="inferred: no look shows it",
        ),
        Line2D([], [], linestyle="none", label=f"%: how sure, where below {MIN_CONFIDENCE:.0%}"),
    ]  # fmt: skip


def _draw(axes: Axes, bar: _Bar, row: int, span: DayRange) -> None:
    top = row + (1 - _TALL) / 2
    width = max(bar.last - bar.first, _LEAST_PX / span.day_px)
    axes.broken_barh([(bar.first, width)], (top, _TALL), facecolor=bar.colour, alpha=0.35, zorder=2)
    if bar.unseen:
        axes.broken_barh(
            [(bar.first, width)], (top, _TALL), facecolor="none", edgecolor=bar.colour,
            hatch="////", linewidth=0.8, zorder=3,
        )  # fmt: skip
        return
    known = max(bar.ended - bar.began, _LEAST_PX / span.day_px)
    axes.broken_barh([(bar.began, known)], (top, _TALL), facecolor=bar.colour, zorder=3)


def _label(axes: Axes, bar: _Bar, row: int, span: DayRange, room: tuple[float, float]) -> float:
    """Inside of the bar, else after it, else before it; no part of a number is ever shown.

    `room` is where free room before it begins and where the next bar does; returns where free room
    begins now.
    """
    left, right = span.ends
    known = max(bar.began, left), min(bar.ended, right)
    end = max(bar.last, bar.began + _LEAST_PX / span.day_px)
    after, before = (room[1] - end) * span.day_px, (bar.first - room[0]) * span.day_px
    needed, gap = _width(bar.label), 0.6 * _PAD_PX / span.day_px
    if not bar.unseen and needed <= (known[1] - known[0]) * span.day_px:
        _write(axes, bar.label, (sum(known) / 2, row), "center", "white")
    elif needed <= after or (bar.clipped and after >= before and after >= _width("....")):
        text = shorten(bar.label, int((after - _PAD_PX) / _CHAR_PX))
        _write(axes, text, (end + gap, row), "left", FAINT)
        return end + _width(text) / span.day_px
    elif needed <= before:
        _write(axes, bar.label, (bar.first - gap, row), "right", FAINT)
    return end


def _width(label: str) -> float:
    return len(label) * _CHAR_PX + 2 * _PAD_PX


def _write(axes: Axes, text: str, at: tuple[float, float], side: str, colour: str) -> None:
    x, row = at
    axes.text(
        x, row + 0.52, text, ha=side, va="center", fontsize=9.5, color=colour, zorder=4,
        parse_math=False, clip_on=True,
    )  # fmt: skip


def _bar(event: Event, span: DayRange) -> _Bar:
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
        label=_text(event),
        unseen=event.kind is EventKind.UNSEEN_CALL,
    )


def _text(event: Event) -> str:
    """What a bar says: its size, and how sure it is where that is in doubt."""
    units = {"containers": "", "metres": " m", "days": " d"}
    signed = event.kind in (EventKind.LOADING, EventKind.UNLOADING, EventKind.UNSEEN_CALL)
    size = ""
    if event.size is not None:
        number = f"{event.size.value:+.0f}" if signed else f"{event.size.value:.0f}"
        size = f"{number}{units.get(event.size.unit, f' {event.size.unit}')}".replace("-", "\u2212")
    doubt = f"{event.confidence:.0%}" if event.confidence < MIN_CONFIDENCE else ""
    return ", ".join(part for part in (size, doubt) if part)


def _claimed(claim: PublishedClaim) -> _Bar:
    began, ended = _day(claim.began), _day(claim.ended)
    label = f"{claim.text} ({claim.source})"
    return _Bar(began, began, ended, ended, _CLAIM, label, clipped=True)


def _side_by_side(bars: Sequence[_Bar], span: DayRange) -> list[list[_Bar]]:
    """Rows of bars with room for their labels; claims of one time lie one below the other."""
    rows: list[list[_Bar]] = []
    free: list[float] = []
    for bar in bars:
        wide = _width(bar.label[:_CLAIM_CHARS])
        until = bar.ended + wide / span.day_px
        row = next((i for i, end in enumerate(free) if end <= bar.began), len(rows))
        if row == len(rows):
            rows.append([])
            free.append(until)
        rows[row].append(bar)
        free[row] = until
    return rows


def _day(at: datetime) -> float:
    return float(day_numbers([at])[0])
