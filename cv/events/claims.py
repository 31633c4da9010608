"""Claims and notes: what others published of a pier, and what an analyst wrote down."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from cv.errors import InputError
from cv.events.event import Event, Kind

COLUMNS = ("pier", "from", "to", "kind", "text", "source")
MAX_BYTES = 16 * 2**20
"""Largest file of claims that is read."""
_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Claim:
    """What somebody says of a pier. Claims that contradict each other are all kept."""

    pier: str
    """Name of the pier, or of a place that is none."""
    began: datetime
    """UTC."""
    ended: datetime
    """UTC, later than `began`: a claim of a day lasts until the next one begins."""
    kind: Kind | None
    """What it claims to have happened; None for a note that is of no kind."""
    text: str
    source: str
    """Who says so, and where."""

    def told(self, events: Sequence[Event]) -> tuple[Event, ...]:
        """Those of `events` that are of its kind and pier, and may have been at the same time."""
        return tuple(
            event
            for event in events
            if event.kind is self.kind and event.pier == self.pier and self._overlaps(event)
        )

    def _overlaps(self, event: Event) -> bool:
        first, last = event.began.after or event.began.by, event.ended.by
        return (first is None or first < self.ended) and (last is None or last > self.began)


def read_claims(path: str | Path) -> tuple[Claim, ...]:
    """The claims in a CSV file (UTF-8), by time.

    Columns: pier; from and to, dates or times in ISO 8601 with a zone, `to` empty for one day; kind
    (a kind of event, empty for a note); text; source. Raises InputError.
    """
    path = Path(path)
    try:
        if path.stat().st_size > MAX_BYTES:
            raise _refused(path, f"larger than {MAX_BYTES} bytes", "claims are short", "Split it.")
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            missing = [name for name in COLUMNS if name not in (reader.fieldnames or ())]
            if missing:
                raise _refused(
                    path,
                    f"no column {', '.join(missing)}",
                    f"claims have the columns {', '.join(COLUMNS)}",
                    "Add it.",
                )
            claims = [_claim(path, reader.line_num, row) for row in reader]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise _refused(
            path, str(error), "a readable CSV in UTF-8 is needed", "Check it."
        ) from error
    return tuple(sorted(claims, key=lambda claim: (claim.began, claim.pier, claim.source)))


def _claim(path: Path, line: int, row: dict[str, str | None]) -> Claim:
    pier, first, last, kind, text, source = ((row[name] or "").strip() for name in COLUMNS)
    try:
        began, after = _moments(first)
        ended = _moments(last)[1] if last else after
        if not pier or not text or not source:
            raise ValueError("pier, text or source is empty")
        if ended <= began:
            raise ValueError(f"it ends on {last} before it began")
        return Claim(pier, began, ended, Kind(kind) if kind else None, text, source)
    except ValueError as error:
        limit = "a claim has a pier, dates or ISO 8601 times with a zone, a text and a source"
        raise _refused(path, f"line {line}: {error}", limit, "Correct it.") from error


def _moments(text: str) -> tuple[datetime, datetime]:
    """When what is written begins and ends: a day, or a moment and the second after it."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        at = datetime.fromisoformat(text)
        if at.tzinfo is None:
            raise ValueError(f"{text} has no zone; add Z for UTC") from None
        return at.astimezone(UTC), at.astimezone(UTC) + timedelta(seconds=1)
    start = datetime(day.year, day.month, day.day, tzinfo=UTC)
    return start, start + _DAY


def _refused(path: Path, found: str, limit: str, remedy: str) -> InputError:
    return InputError(path, found, limit, remedy)
