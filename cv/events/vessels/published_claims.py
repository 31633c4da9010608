"""Published claims and analysts' notes about a pier, beside the findings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cv.events.event import Event, EventKind
from cv.io.csv_tables import date_range, parse_rows

COLUMNS = ("pier", "from", "to", "kind", "text", "source")


@dataclass(frozen=True, kw_only=True)
class PublishedClaim:
    """What a source claims about a pier. Claims that contradict each other are all kept."""

    pier: str
    """Name of the pier, or of another place."""
    began: datetime
    """UTC."""
    ended: datetime
    """UTC, later than `began`: a claim about a day lasts until the next day begins."""
    kind: EventKind | None
    """What it claims to have happened; None for a note."""
    text: str
    source: str
    """Who published it, and where."""

    def matching_events(self, events: Sequence[Event]) -> tuple[Event, ...]:
        """Return those of `events` of its kind and pier that may have been at the same time."""
        own = [event for event in events if (event.kind, event.pier) == (self.kind, self.pier)]
        return tuple(
            event
            for event in own
            if (event.began.earliest or event.began.latest or self.began) < self.ended
            and (event.ended.latest or self.ended) > self.began
        )


def read_claims(
    path: str | Path, names: Mapping[str, str] | None = None
) -> tuple[PublishedClaim, ...]:
    """Read the claims in a CSV file (UTF-8), by time.

    Columns: pier; from and to, dates or times in ISO 8601 with a zone, `to` empty for one day; kind
    (a kind of event, empty for a note); text; source. `names` maps other names of piers to ours.
    Raises InputError.
    """

    def parse(
        pier: str, first: str, last: str, kind: str, text: str, source: str
    ) -> PublishedClaim:
        if not pier or not text or not source:
            raise ValueError("pier, text or source is empty")
        began, ended = date_range(first, last)
        return PublishedClaim(
            pier=(names or {}).get(pier, pier),
            began=began,
            ended=ended,
            kind=EventKind.parse(kind) if kind else None,
            text=text,
            source=source,
        )

    limit = "a claim has a pier, dates or ISO 8601 times with a zone, a text and a source"
    claims = parse_rows(path, COLUMNS, parse, limit)
    return tuple(sorted(claims, key=lambda claim: (claim.began, claim.pier, claim.source)))
