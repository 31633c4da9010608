"""Acquisition times: declared, with a time zone, and kept in UTC.

Patterns of file names are parsed here and not by the package trollsift, which accepts a time
without a zone, and picks one of two times where a pattern matches a name twice.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cv.errors import TimeError
from cv.scene.raster_header import RasterHeader

YEARS = range(1950, 2101)
"""Plausible years of an acquisition."""
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
"""Directives of strptime that a pattern may hold, and the texts that they match."""
_CLOCK_ERROR = timedelta(days=1)
"""By how much clocks and time zones may be off."""
_ENDINGS = (".tif", ".tiff", ".png", ".jpg", ".jpeg", ".json")
"""Endings of scenes, which no pattern describes."""
_EXAMPLE = 'Write for instance "UTC:*_%Y%m%d_%H%M%S" or "scene_%Y-%m-%dT%H%M%S%z".'


def to_utc(subject: str | Path, moment: datetime) -> datetime:
    """Return `moment` in UTC; raises TimeError without a zone, and for an unlikely time."""
    found = f"the time {moment.isoformat()}"
    if moment.tzinfo is None:
        limit, remedy = "a time with its offset from UTC is needed", "Add it, such as +00:00."
        raise TimeError(subject, f"{found} has no zone", limit, remedy)
    if moment.year not in YEARS:
        limit = f"years {YEARS[0]} to {YEARS[-1]} are accepted"
        raise TimeError(subject, found, limit, "Correct it.")
    if moment > datetime.now(UTC) + _CLOCK_ERROR:
        limit = "images of the past are counted"
        raise TimeError(subject, f"{found} is in the future", limit, "Correct it, or the clock.")
    return moment.astimezone(UTC)


def parse_time(subject: str | Path, text: str) -> datetime:
    """Return the moment that ISO 8601 `text` names, UTC; raises TimeError."""
    try:
        return to_utc(subject, datetime.fromisoformat(text.strip()))
    except ValueError as error:
        found = f"the time {text[:40]!r}"
        limit = "an ISO 8601 time such as 2024-03-10T01:30:45Z is needed"
        raise TimeError(subject, found, limit, "Correct the metadata.") from error


def time_from_tags(header: RasterHeader) -> datetime | None:
    """Return the time in the tags of an image, UTC; None if they declare none.

    ACQUISITIONDATETIME is UTC by its definition (GDAL RFC 43). TIFFTAG_DATETIME counts only with a
    zone: in the TIFF standard it is the local time when the file was written.
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
    """Where a file name holds the time."""

    text: str
    """The pattern as it was given."""
    parts: tuple[str, ...]
    """Its directives of strptime, stars, and the fixed texts between them, in order."""

    @classmethod
    def parse(cls, text: str) -> NamePattern:
        """Return the pattern written as `text`; raises TimeError.

        It describes the whole name without its ending in the notation of strptime (%Y %y %m %d %j
        %b %H %M %S %f %z), with * for any text, and names a day. The zone is declared: by %z, or by
        "UTC:" before the pattern. A name without hours means the beginning of its day.
        """
        body = text.removeprefix("UTC:")
        pattern = cls(text, tuple(re.findall(r"%.|\*|[^%*]+|%", body, re.DOTALL)))
        used = set(pattern._directives)
        has_day = "%j" in used or ("%d" in used and used & {"%m", "%b"})
        found, limit = repr(text), ""
        if used - _DIRECTIVES.keys():
            limit = f"known are {' '.join(_DIRECTIVES)} and *"
        elif len(used) != len(pattern._directives) or not used & {"%Y", "%y"} or not has_day:
            limit = "year, month and day, every part once, are needed"
        elif (body != text) == ("%z" in used):
            found = f"{text!r} declares {'two zones' if body != text else 'no zone'}"
            limit = "either %z or UTC: is needed"
        if limit:
            raise TimeError("time_pattern", found, limit, _EXAMPLE)
        return pattern

    @property
    def has_seconds(self) -> bool:
        """Whether it holds the time to the second."""
        return "%S" in self._directives

    def time_of(self, path: Path) -> datetime:
        """Return the time in the name of `path`, UTC; raises TimeError, also if it is ambiguous."""
        shortest, longest = self._match(path.stem, ".*?"), self._match(path.stem, ".*")
        if shortest is None or longest is None:
            found = f"the name without its ending, {path.stem!r}, has no time as in {self.text!r}"
            raise TimeError(path, found, "it must match", self._remedy)
        if shortest.groups() != longest.groups():
            found = f"more than one time as in {self.text!r}"
            remedy = "Write out what stands before or after it instead of *."
            raise TimeError(path, found, "one place in the name must match", remedy)
        try:
            moment = datetime.strptime(" ".join(shortest.groups()), " ".join(self._directives))
        except ValueError as error:
            found = f"no time ({error})"
            raise TimeError(path, found, "its name must hold one", _EXAMPLE) from error
        return to_utc(path, moment if moment.tzinfo else moment.replace(tzinfo=UTC))

    @property
    def _remedy(self) -> str:
        """What to do where a name does not match."""
        ending = Path(self.text).suffix
        if ending.lower() in _ENDINGS:
            return f'Leave the ending out: "{self.text.removesuffix(ending)}".'
        return _EXAMPLE

    @property
    def _directives(self) -> tuple[str, ...]:
        return tuple(part for part in self.parts if part.startswith("%"))

    def _match(self, name: str, any_text: str) -> re.Match[str] | None:
        """Return the match of `name` with a group for each directive; * matches `any_text`."""
        known = {"*": any_text} | {part: f"({text})" for part, text in _DIRECTIVES.items()}
        return re.fullmatch("".join(known.get(part, re.escape(part)) for part in self.parts), name)
