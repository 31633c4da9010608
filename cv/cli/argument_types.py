"""Values of command-line arguments: each function parses one kind, for `type=` of argparse."""

from __future__ import annotations

from argparse import ArgumentTypeError
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from cv.events.event import EventKind


def positive_int(text: str) -> int:
    """Parse a whole number from 1 to 1,000,000."""
    return _whole_number(text, 1)


def non_negative_int(text: str) -> int:
    """Parse a whole number from 0 to 1,000,000."""
    return _whole_number(text, 0)


def _whole_number(text: str, minimum: int) -> int:
    if not text.isdecimal() or not minimum <= int(text) <= 1_000_000:
        raise ArgumentTypeError(f"{text!r} is not a whole number from {minimum} to 1000000")
    return int(text)


def fraction(text: str) -> float:
    """Parse a number from 0 to 1."""
    value = float(text)
    if not 0 <= value <= 1:
        raise ArgumentTypeError(f"{text} is not between 0 and 1")
    return value


def length_m(text: str) -> float:
    """Parse a positive length below 1000 m."""
    value = float(text)
    if not 0 < value < 1000:
        raise ArgumentTypeError(f"{text!r} is not a positive length in metres")
    return value


def gsd_m(text: str) -> tuple[float, float]:
    """Parse X or X,Y in metres per pixel; return (x, y)."""
    x, comma, y = text.partition(",")
    return length_m(x), length_m(y if comma else x)


def names(text: str) -> tuple[str, ...]:
    """Parse names separated by commas."""
    return tuple(name.strip() for name in text.split(","))


def utc_time(text: str) -> datetime:
    """Parse an ISO 8601 time with a time zone."""
    try:
        when = datetime.fromisoformat(text)
    except ValueError as error:
        limit = "a time as in ISO 8601 is needed, such as 2024-03-10T01:30:00Z"
        raise ArgumentTypeError(f"{text!r}: {limit}") from error
    if when.tzinfo is None:
        raise ArgumentTypeError(f"{text!r} has no time zone; add Z for UTC")
    return when


def time_of_one_scene(text: str) -> datetime:
    """Refuse the time of one scene where many are counted, and say how to state theirs."""
    raise ArgumentTypeError(
        f"{text!r} would be the time of every scene; state where their names hold it, for instance "
        "--time-pattern 'UTC:*_%Y%m%d_%H%M%S' for port_20240310_013045.tif"
    )


def utc_date_or_time(text: str) -> datetime:
    """Parse a date, meaning its beginning in UTC, or an ISO 8601 time with a time zone."""
    return utc_time(f"{text}T00:00Z" if len(text) == 10 else text)


def event_kind(text: str) -> EventKind:
    """Parse a kind of findings, by its value or by the name that `events` prints."""
    from cv.events.event import EventKind

    try:
        return EventKind.parse(text)
    except ValueError as error:
        raise ArgumentTypeError(str(error)) from error


def scene_location(text: str) -> Path | str:
    """Parse a path or file:// address to a path; return https:// and s3:// addresses unchanged."""
    from urllib.request import url2pathname  # slow to import

    from cv.remote.remote_address import is_remote, without_secrets

    if is_remote(text):
        return text
    if "://" not in text:
        return Path(text)
    parts = urlsplit(text)
    path = url2pathname(parts.path)
    if parts.scheme != "file" or parts.netloc.lower() not in ("", "localhost") or "\0" in path:
        raise ArgumentTypeError(
            f"{without_secrets(text)}: not a path, nor the address of a local file (file://) or "
            "of one at https:// or s3://"
        )
    return Path(path)


def ledger_location(text: str) -> Path | str:
    """Parse the path of a ledger; return the address of one in PostgreSQL unchanged."""
    from cv.ledger.postgres_address import is_postgres_address

    return text if is_postgres_address(text) else Path(text)
