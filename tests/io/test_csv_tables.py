"""CSV tables: cells by column, and errors that name the line."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from cv.errors import InputError
from cv.io.csv_tables import date_range, read_rows


def test_cells_are_stripped_and_in_the_order_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("\ufeffb,more,a\n 1 ,x,2\n3,,\n", encoding="utf-8")
    assert list(read_rows(path, ("a", "b"))) == [(2, ("2", "1")), (3, ("", "3"))]


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (b"a\n1\n", "no column b"),
        (b"", "no column a, b"),
        (b"a,b,a\n1,2,3\n", "a column occurs twice"),
        (b"a,b\n1,2,3\n", "line 2: too many cells"),
        (b"a,b\n1,\x07\n", "line 2: too many cells, or one that cannot be printed"),
        (b"a,b\n\xff,1\n", "can't decode"),
    ],
)
def test_invalid_tables(tmp_path: Path, content: bytes, found: str) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(content)
    with pytest.raises(InputError, match=rf"a\.csv: .*{found}"):
        list(read_rows(path, ("a", "b")))


def test_a_missing_table(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="No such file"):
        list(read_rows(tmp_path / "none.csv", ("a",)))


@pytest.mark.parametrize(
    ("first", "last", "start", "end"),
    [
        ("2024-03-10", "", (2024, 3, 10), (2024, 3, 11)),
        ("2024-02-28", "2024-02-29", (2024, 2, 28), (2024, 3, 1)),
        ("2024-03-10T09:00+09:00", "", (2024, 3, 10), (2024, 3, 10, 0, 0, 1)),
        ("2024-03-10", "2024-03-10T12:00Z", (2024, 3, 10), (2024, 3, 10, 12, 0, 1)),
    ],
)
def test_date_ranges(
    first: str, last: str, start: tuple[int, int, int], end: tuple[int, int, int]
) -> None:
    expected = datetime(*start, tzinfo=UTC), datetime(*end, tzinfo=UTC)
    assert date_range(first, last) == expected


@pytest.mark.parametrize(
    ("first", "last"),
    [
        ("2024-03-10", "2024-03-09"),
        ("2024-03-10T12:00", ""),
        ("9999-12-31", ""),
        ("soon", ""),
        ("", ""),
    ],
)
def test_invalid_date_ranges(first: str, last: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        date_range(first, last)
