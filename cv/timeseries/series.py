"""The series of one pier: its counts over time, with gaps that stay gaps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from operator import itemgetter
from string import ascii_uppercase
from typing import Any

import pandas as pd

from cv.counting.count import CountStatus, PierCount
from cv.counting.counts import QUANTITIES, counts_to_dataframe
from cv.counting.percentage import format_percentage

KNOWN_STATUSES = (CountStatus.COUNTED.value, CountStatus.PARTIAL.value)
"""Statuses of looks that can have numbers."""

_TEXTS = (
    "scene",
    "pier",
    "role",
    "status",
    "reason",
    "visibility",
    "radiometry",
    "method",
    "model",
    "settings",
    "place",
)
_HEADING = "date        time         containers   TEU  hulls  aboard  visible  status"
_BAR = 12
"""Characters of the longest bar: a line then stays within 100, for 99,999 containers too."""


@dataclass(frozen=True, eq=False)
class Series:
    """What the looks at one pier saw."""

    pier: str
    """Name of the pier."""
    counts: tuple[PierCount, ...] = field(repr=False)
    """One count a scene, by time."""

    @classmethod
    def of(cls, pier: str, counts: Sequence[PierCount]) -> Series:
        """The series of `pier` from its `counts`, ordered as a ledger gives them.

        Of several counts of one scene the last one is taken, and one that failed only where there
        is no other; the columns `method`, `model` and `settings` tell which it was. Raises
        ValueError for a count of another pier or without a time.
        """
        dated = []
        for count in _newest(counts):
            if count.pier != pier:
                raise ValueError(f"a count of {count.pier!r} in the series of {pier!r}")
            if count.acquired is None:
                raise ValueError(f"the count of {count.scene!r} has no time")
            dated.append((count.acquired, count.scene, count))
        return cls(pier, tuple(count for _, _, count in sorted(dated, key=itemgetter(0, 1))))

    @cached_property
    def observations(self) -> pd.DataFrame:
        """A row per scene, by time: scene, acquired (UTC), status, reason, visible_fraction and
        berth_visible_fraction (0 to 1), containers, teu, hulls and aboard with _low and _high
        (missing where unknown), method, model and settings that the row rests on."""
        looks = counts_to_dataframe(self.counts).astype(dict.fromkeys(_TEXTS, "string"))
        looks["interval_calibrated"] = looks["interval_calibrated"].astype("boolean")
        looks["interval_level"] = looks["interval_level"].astype("Float64")
        return looks

    def __len__(self) -> int:
        return len(self.counts)

    @property
    def methods(self) -> tuple[str, ...]:
        """Every way of counting that gave a number: "method, model ..., outline ...", as they come.

        Numbers of different ways are not comparable as they stand.
        """
        return tuple(dict.fromkeys(way for way in self.method_per_observation if way))

    @property
    def method_per_observation(self) -> list[str]:
        """How each look was counted; empty for one without a number."""
        numbered = self.observations["status"].isin(KNOWN_STATUSES)
        return [
            f"{method}, model {model[:12]}, outline {place[:8]}" if known else ""
            for method, model, place, known in zip(
                *(self.observations[name] for name in ("method", "model", "place")),
                numbered,
                strict=True,
            )
        ]

    def _marks(self) -> list[str]:
        """A letter for each look that tells how it was counted; empty where all are alike."""
        methods = self.methods
        if len(methods) < 2:
            return [""] * len(self)
        letters = dict(zip(methods, ascii_uppercase, strict=False))
        return [letters.get(way, "?" if way else "") for way in self.method_per_observation]

    def daily(self) -> pd.DataFrame:
        """A row per calendar day (UTC) from the first look to the last, indexed by its date.

        `images` tells how many looks the day had. The values are those of one look: among those
        that can have numbers, otherwise among all, the one with the largest visible fraction, and
        of equal ones the latest. On a day without a look all of them are missing, never 0.
        """
        looks = self.observations.assign(
            date=self.observations["acquired"].dt.normalize(),
            known=self.observations["status"].isin(KNOWN_STATUSES),
            view=self.observations["visible_fraction"].fillna(-1.0),
        )
        images = looks.groupby("date").size()
        best = looks.sort_values(["date", "known", "view", "acquired"], kind="stable")
        best = best.drop_duplicates("date", keep="last").set_index("date")
        days = pd.DatetimeIndex([], tz="UTC")
        if len(looks):
            days = pd.date_range(images.index[0], images.index[-1], freq="D")
        table = best.drop(columns=["known", "view"]).reindex(days)
        table.insert(0, "images", images.reindex(days).fillna(0).astype("int64"))
        return table.rename_axis("date")

    def to_text(self) -> str:
        """The series for a terminal, a line per look, at most 100 wide; unknown is "-".

        The bar shows containers: # up to the count, - up to the upper end of its interval.
        """
        if not len(self):
            return f"{self.pier}: no looks"
        top = self.observations["containers_high"].max()
        scale = 0.0 if pd.isna(top) or top <= 0 else _BAR / float(top)
        lines = [self._title(), _HEADING]
        days = list(self.observations["acquired"].dt.normalize())
        marks = self._marks()
        for i, row in enumerate(self.observations.itertuples()):
            lines.extend(_gap(days[max(0, i - 1)], days[i]))
            lines.append(_line(row, marks[i], scale))
        return "\n".join([*lines, *self._notes()])

    def _title(self) -> str:
        first, last = self.observations["acquired"].iloc[0], self.observations["acquired"].iloc[-1]
        known = int(self.observations["status"].isin(KNOWN_STATUSES).sum())
        return (
            f"{self.pier} ({self.observations['role'].iloc[-1]}): {known} of the "
            f"looks ({len(self)}) with numbers, {first:%Y-%m-%d} to {last:%Y-%m-%d}, times in UTC"
        )

    def _notes(self) -> list[str]:
        level = self.observations["interval_level"].iloc[-1]
        sure = "" if self.observations["interval_calibrated"].all() else ", not calibrated"
        notes = [f"in brackets: interval meant to hold the true number {level:.0%} of times{sure}"]
        if len(self.methods) > 1:
            notes.append("MIXED: counted in several ways, not comparable as they stand")
            for letter, way in zip(ascii_uppercase, self.methods, strict=False):
                notes.append(f"  {letter}: {way}")
        return notes


def _newest(counts: Sequence[PierCount]) -> list[PierCount]:
    """One count per scene: the last, and a failed one only where there is no other."""
    newest: dict[str, PierCount] = {}
    for count in counts:
        known = newest.get(count.scene)
        if (
            count.status is not CountStatus.FAILED
            or known is None
            or known.status is CountStatus.FAILED
        ):
            newest[count.scene] = count
    return list(newest.values())


def _gap(previous: pd.Timestamp, day: pd.Timestamp) -> list[str]:
    """A line for the days between two looks, if there are any."""
    days = (day - previous).days - 1
    if days < 1:
        return []
    first, last = previous + pd.Timedelta(days=1), day - pd.Timedelta(days=1)
    if days == 1:
        return [f"{first:%Y-%m-%d}  -      no image"]
    return [f"{first:%Y-%m-%d}  -      no image until {last:%Y-%m-%d} ({days} days)"]


def _line(row: Any, mark: str, scale: float) -> str:
    """One look; `mark` tells how it was counted, `scale` is characters of bar per container."""
    value = {
        name: getattr(row, name) for name in (*QUANTITIES, "containers_low", "containers_high")
    }
    boxes = "-"
    bar = ""
    if not pd.isna(value["containers"]):
        low, high = value["containers_low"], value["containers_high"]
        boxes = f"{value['containers']:.0f} ({low:.0f}-{high:.0f})"
        solid, reach = round(value["containers"] * scale), round(high * scale)
        bar = "#" * solid + "-" * (reach - solid)
    acquired: pd.Timestamp = row.acquired
    seen = row.visible_fraction
    status = f"{row.status.replace('_', ' ')} {mark}"
    return (
        f"{acquired:%Y-%m-%d}  {acquired:%H:%M}  {boxes:>16}  {_whole(value['teu']):>4}  "
        f"{_whole(value['hulls']):>5}  {_whole(value['aboard']):>6}  "
        f"{format_percentage(None if pd.isna(seen) else seen):>7}  {status:<12}  {bar}"
    ).rstrip()


def _whole(value: float) -> str:
    return "-" if pd.isna(value) else f"{value:.0f}"
