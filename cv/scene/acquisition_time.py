"""Acquisition times: declared, with a zone, and kept in UTC."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from cv.errors import TimeError
from cv.scene.raster_header import RasterHeader

YEARS = range(1950, 2101)
"""Years that an acquisition is believed to be of."""
_DIRECTIVES = {
    "%Y": r"(?:19[5-9]|20\d)\d",
    "%y": r"\d{2}",
    "%m": r"(?:0[1-9]|1[0-2])",
    "%d": r"(?:0[1-9]|[12]\d|3[01])",
    "%j": r"[0-3]\d{2}",
    "%b": r"[A-Za-z]{3}",
    "%H": r"(?:[01]\d|2[0-3])",
    "%M": r"[0-5]\d",
    "%S": r"[0-5]\d",
    "%f": r"\d{1,6}",
    "%z": r"(?:Z|[+-]\d{2}:?\d{2})",
}
_EXAMPLE = 'Write for instance "UTC:*_%Y%m%d_%H%M%S" or "scene_%Y-%m-%dT%H%M%S%z".'


def to_utc(subject: str | Path, moment: datetime) -> datetime:
    """`moment` in UTC; raises TimeError for one without a zone."""
    if moment.tzinfo is None:
        raise TimeError(
            subject,
            f"the time {moment.isoformat()} has no zone",
            "a time with its offset from UTC is needed",
            "Add the zone, for instance +00:00.",
        )
    if moment.year not in YEARS:
        raise TimeError(
            subject,
            f"the time {moment.isoformat()}",
            f"years {YEARS[0]} to {YEARS[-1]} are believed",
            "Correct it.",
        )
    return moment.astimezone(UTC)


def parse_time(subject: str | Path, text: str) -> datetime:
    """The moment that ISO 8601 `text` names, UTC; raises TimeError."""
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError as error:
        raise TimeError(
            subject,
            f"the time {text[:40]!r}",
            "an ISO 8601 time such as 2024-03-10T01:30:45Z is needed",
            "Correct the metadata.",
        ) from error
    return to_utc(subject, moment)


def time_from_tags(header: RasterHeader) -> datetime | None:
    """The time in the tags of an image, UTC.

    ACQUISITIONDATETIME is UTC by its definition (GDAL RFC 43). TIFFTAG_DATETIME counts only if it
    carries a zone: as the TIFF standard has it, it is the local time of the file's writing.
    """
    tag = header.datetime_tag.strip()
    try:
        if header.acquired_tag:
            moment = datetime.fromisoformat(header.acquired_tag.strip())
            return to_utc(header.path, moment if moment.tzinfo else moment.replace(tzinfo=UTC))
        moment = datetime.fromisoformat(re.sub(r"^(\d{4}):(\d\d):(\d\d)", r"\1-\2-\3", tag))
    except ValueError:
        return None  # a tag in another notation declares nothing
    return to_utc(header.path, moment) if moment.tzinfo else None


@dataclass(frozen=True)
class NamePattern:
    """Where a file name tells the time."""

    text: str
    """As it was declared."""
    directives: tuple[str, ...]
    """What it holds of strptime's notation, in order."""
    expressions: tuple[re.Pattern[str], ...]
    """A group for each directive; * as short as possible, and as long as possible."""
    utc: bool
    """Whether the zone is declared to be UTC; otherwise the name holds it."""

    @classmethod
    def parse(cls, text: str) -> NamePattern:
        """The pattern written as `text`; raises TimeError.

        It is the whole name without its ending in the notation of strptime (%Y %y %m %d %j %b %H %M
        %S %f %z), with * for any text. It names a day. The zone is declared: by %z, or by "UTC:"
        before the pattern. A name without hours means the beginning of its day.
        """
        body = text.removeprefix("UTC:")
        parts = re.findall(r"%.|\*|[^%*]+|%", body, re.DOTALL)
        directives = tuple(part for part in parts if part.startswith("%"))
        _check(text, directives)
        if (body != text) == ("%z" in directives):
            raise TimeError(
                "time_pattern",
                f"{text!r} declares {'two zones' if body != text else 'no zone'}",
                "either %z or UTC: is needed",
                _EXAMPLE,
            )
        expressions = (_expression(parts, ".*?"), _expression(parts, ".*"))
        return cls(text, directives, expressions, body != text)

    def time_of(self, path: Path) -> datetime:
        """The time in the name of `path`, UTC; raises TimeError, also where it could be several."""
        found, other = (expression.fullmatch(path.stem) for expression in self.expressions)
        if found is None or other is None:
            raise TimeError(
                path, f"no time as in {self.text!r}", "its name must match it", _EXAMPLE
            )
        if found.groups() != other.groups():
            raise TimeError(
                path,
                f"more than one time as in {self.text!r}",
                "one place in the name must match",
                "Write out what stands before or after it instead of *.",
            )
        try:
            moment = datetime.strptime(" ".join(found.groups()), " ".join(self.directives))
            return to_utc(path, moment.replace(tzinfo=UTC) if self.utc else moment)
        except ValueError as error:
            raise TimeError(
                path, f"no time ({error})", "its name must hold one", _EXAMPLE
            ) from error


def _check(text: str, directives: tuple[str, ...]) -> None:
    """Raises TimeError unless `directives` are known, occur once and name a day."""
    unknown = [directive for directive in directives if directive not in _DIRECTIVES]
    if unknown:
        raise TimeError(
            "time_pattern",
            f"{unknown[0]!r} in {text!r}",
            f"known are {' '.join(_DIRECTIVES)} and *",
            _EXAMPLE,
        )
    have = set(directives)
    day = "%j" in have or ("%d" in have and have & {"%m", "%b"})
    if len(have) != len(directives) or not have & {"%Y", "%y"} or not day:
        raise TimeError(
            "time_pattern",
            f"{text!r}",
            "year, month and day, every part once, are needed",
            _EXAMPLE,
        )


def _expression(parts: list[str], anything: str) -> re.Pattern[str]:
    return re.compile(
        "".join(
            f"({_DIRECTIVES[part]})"
            if part in _DIRECTIVES
            else anything
            if part == "*"
            else re.escape(part)
            for part in parts
        )
    )
