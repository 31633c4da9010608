"""Acquisition times: declared, with a zone, and kept in UTC."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from cv.errors import TimeError
from cv.scene.geotiff import Header

_DIRECTIVES = {
    "%Y": r"\d{4}",
    "%y": r"\d{2}",
    "%m": r"\d{2}",
    "%d": r"\d{2}",
    "%j": r"\d{3}",
    "%b": r"[A-Za-z]{3}",
    "%H": r"\d{2}",
    "%M": r"\d{2}",
    "%S": r"\d{2}",
    "%f": r"\d{1,6}",
    "%z": r"(?:Z|[+-]\d{2}:?\d{2})",
}
_EXAMPLE = 'Write for instance "UTC:*_%Y%m%d_%H%M%S" or "scene_%Y-%m-%dT%H%M%S%z".'


def utc(subject: str | Path, moment: datetime) -> datetime:
    """`moment` in UTC; raises TimeError for one without a zone."""
    if moment.tzinfo is None:
        raise TimeError(
            subject,
            f"the time {moment.isoformat()} has no zone",
            "a time with its offset from UTC is needed",
            "Add the zone, for instance +00:00.",
        )
    try:
        return moment.astimezone(UTC)
    except OverflowError as error:
        raise TimeError(
            subject, f"the time {moment.isoformat()}", "years 1 to 9999 are kept", "Correct it."
        ) from error


def from_text(subject: str | Path, text: str) -> datetime:
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
    return utc(subject, moment)


def from_tags(header: Header) -> datetime | None:
    """The time in the tags of an image, UTC.

    ACQUISITIONDATETIME is UTC by its definition (GDAL RFC 43). TIFFTAG_DATETIME counts only if it
    carries a zone: as the TIFF standard has it, it is the local time of the file's writing.
    """
    tag = header.datetime_tag.strip()
    try:
        if header.acquired_tag:
            moment = datetime.fromisoformat(header.acquired_tag.strip())
            return utc(header.path, moment if moment.tzinfo else moment.replace(tzinfo=UTC))
        moment = datetime.fromisoformat(re.sub(r"^(\d{4}):(\d\d):(\d\d)", r"\1-\2-\3", tag))
    except ValueError:
        return None  # a tag in another notation declares nothing
    return utc(header.path, moment) if moment.tzinfo else None


@dataclass(frozen=True)
class NamePattern:
    """Where a file name tells the time."""

    text: str
    """As it was declared."""
    directives: tuple[str, ...]
    """What it holds of strptime's notation, in order."""
    expression: re.Pattern[str]
    """A group for each directive."""
    utc: bool
    """Whether the zone is declared to be UTC; otherwise the name holds it."""

    @classmethod
    def parse(cls, text: str) -> NamePattern:
        """The pattern written as `text`; raises TimeError.

        It is the whole name without its ending in the notation of strptime (%Y %y %m %d %j %b %H %M
        %S %f %z), with * for any text. The zone is declared: by %z, or by "UTC:" before the
        pattern. A name without hours means the beginning of its day.
        """
        body = text.removeprefix("UTC:")
        directives, expression = _expression(body)
        if body == text and "%z" not in directives:
            raise TimeError(
                "time_pattern", f"{text!r} declares no zone", "%z or UTC: is needed", _EXAMPLE
            )
        return cls(text, tuple(directives), expression, body != text)

    def time_of(self, path: Path) -> datetime:
        """The time in the name of `path`, UTC; raises TimeError."""
        found = self.expression.fullmatch(path.stem)
        if found is None:
            raise TimeError(
                path, f"no time as in {self.text!r}", "its name must match it", _EXAMPLE
            )
        try:
            moment = datetime.strptime(" ".join(found.groups()), " ".join(self.directives))
            return utc(path, moment.replace(tzinfo=UTC) if self.utc else moment)
        except ValueError as error:
            raise TimeError(
                path, f"no time ({error})", "its name must hold one", _EXAMPLE
            ) from error


def _expression(body: str) -> tuple[list[str], re.Pattern[str]]:
    directives, expression = [], ""
    for part in re.findall(r"%.|\*|[^%*]+|%", body, re.DOTALL):
        if part in _DIRECTIVES:
            directives.append(part)
            expression += f"({_DIRECTIVES[part]})"
        elif part.startswith("%"):
            raise TimeError(
                "time_pattern",
                f"{part!r} in {body!r}",
                f"known are {' '.join(_DIRECTIVES)} and *",
                _EXAMPLE,
            )
        else:
            expression += ".*?" if part == "*" else re.escape(part)
    if len(set(directives)) != len(directives) or not {"%Y", "%y"} & set(directives):
        raise TimeError(
            "time_pattern", f"{body!r}", "a year, and every part once, are needed", _EXAMPLE
        )
    return directives, re.compile(expression)
