"""Tables that people write: CSV files in UTF-8, with errors that name the line."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from cv.errors import InputError

MAX_BYTES = 16 * 2**20
"""Largest table that is read."""
_DAY = timedelta(days=1)


def read_rows(path: str | Path, columns: Sequence[str]) -> Iterator[tuple[int, tuple[str, ...]]]:
    """Line and cells, without blanks around them, of every row of the CSV file `path`.

    The cells are those of `columns` in that order; the file may have more. Raises InputError.
    """
    path = Path(path)
    try:
        if path.stat().st_size > MAX_BYTES:
            raise InputError(
                path, "too large", f"at most {MAX_BYTES} bytes are read", "Split the table."
            )
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            missing = [name for name in columns if name not in (reader.fieldnames or ())]
            if missing:
                raise InputError(
                    path,
                    f"no column {', '.join(missing)}",
                    f"the columns {', '.join(columns)} are needed, parted by commas",
                    "Add it.",
                )
            if len(set(reader.fieldnames or ())) < len(reader.fieldnames or ()):
                raise InputError(path, "a column is there twice", "once is enough", "Remove one.")
            for row in reader:
                cells = tuple((row[name] or "").strip() for name in columns)
                if None in row or not all(cell.isprintable() for cell in cells):
                    found = f"line {reader.line_num}: too many cells, or one that cannot be printed"
                    raise InputError(path, found, "cells are text on one line", "Correct it.")
                yield reader.line_num, cells
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(
            path, str(error), "a readable CSV in UTF-8 is needed", "Check the file."
        ) from error


def invalid_line(path: str | Path, line: int, error: Exception, limit: str) -> InputError:
    """The refusal of a line, of which `limit` says what it must be."""
    return InputError(path, f"line {line}: {error}", limit, "Correct it.")


def date_range(first: str, last: str) -> tuple[datetime, datetime]:
    """When what lasts from `first` to `last` begins and ends, UTC; the end is later.

    Dates, or times in ISO 8601 with a zone; an empty `last` is the same day, or moment. A day lasts
    until the next one begins. Raises ValueError.
    """
    try:
        began, after = _moments(first)
        ended = _moments(last)[1] if last else after
    except OverflowError:
        raise ValueError("a time beyond the calendar; leave `to` empty if it has no end") from None
    if ended <= began:
        raise ValueError(f"it ends on {last} before it began")
    return began, ended


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
