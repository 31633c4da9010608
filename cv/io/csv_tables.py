"""CSV files in UTF-8 that people write, with errors that name the line."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TypeVar

from cv.errors import InputError

Row = TypeVar("Row")


def read_rows(path: str | Path, columns: Sequence[str]) -> Iterator[tuple[int, tuple[str, ...]]]:
    """Yield line number and cells, stripped, of every row of the CSV file `path`.

    The cells are those of `columns` in that order; the file may have more. Raises InputError.
    """
    try:
        with Path(path).open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            names = reader.fieldnames or ()
            missing = ", ".join(name for name in columns if name not in names)
            if missing:
                limit = f"the columns {', '.join(columns)} are needed, separated by commas"
                raise InputError(path, f"no column {missing}", limit, "Add it.")
            if len(set(names)) < len(names):
                limit = "names of columns are unique"
                raise InputError(path, "a column occurs twice", limit, "Remove one.")
            for row in reader:
                cells = tuple((row[name] or "").strip() for name in columns)
                if None in row or not all(cell.isprintable() for cell in cells):
                    found = f"line {reader.line_num}: too many cells, or one that cannot be printed"
                    raise InputError(path, found, "cells are text on one line", "Correct it.")
                yield reader.line_num, cells
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        limit = "a readable CSV in UTF-8 is needed"
        raise InputError(path, str(error), limit, "Check the file.") from error


def parse_rows(
    path: str | Path, columns: Sequence[str], parse: Callable[..., Row], limit: str
) -> list[Row]:
    """Return `parse(*cells)` of every row of the CSV file `path`, see `read_rows`.

    Raises InputError, also where `parse` raises ValueError; `limit` states what a row must be.
    """
    rows = []
    for line, cells in read_rows(path, columns):
        try:
            rows.append(parse(*cells))
        except ValueError as error:
            raise InputError(path, f"line {line}: {error}", limit, "Correct it.") from error
    return rows


def date_range(first: str, last: str) -> tuple[datetime, datetime]:
    """Return start and end, UTC, of what lasts from `first` to `last`; the end is later.

    Both are dates, or times in ISO 8601 with a zone; an empty `last` is the same day, or moment. A
    day lasts until the next one begins. Raises ValueError.
    """
    try:
        began, ended = _moments(first)[0], _moments(last or first)[1]
    except OverflowError:
        raise ValueError("a time beyond the calendar; leave `to` empty if it has no end") from None
    if ended <= began:
        raise ValueError(f"it ends on {last} before it began")
    return began, ended


def _moments(text: str) -> tuple[datetime, datetime]:
    """Return start and end of a day, or of a moment that lasts a second."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is None:
            raise ValueError(f"{text} has no zone; add Z for UTC") from None
        return moment.astimezone(UTC), moment.astimezone(UTC) + timedelta(seconds=1)
    start = datetime(day.year, day.month, day.day, tzinfo=UTC)
    return start, start + timedelta(days=1)
