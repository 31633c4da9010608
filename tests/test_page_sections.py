"""Sections of a page that tools write."""

from __future__ import annotations

import pytest
from page_sections import indented, marks, write_sections

from cv.errors import InputError

PAGE = """# Title
before
<!-- first: begin -->
old first
<!-- first: end -->
between
<!-- second: begin -->
old second
<!-- second: end -->
after"""


def test_a_section_is_replaced_and_the_rest_stays(tmp_path):
    page = tmp_path / "page.md"
    page.write_text(PAGE)
    write_sections(page, {"second": "new\ntext"})
    assert page.read_text() == PAGE.replace("old second", "new\ntext")
    write_sections(page, {"second": "newer", "first": "1"})
    assert page.read_text() == PAGE.replace("old second", "newer").replace("old first", "1")


def test_writing_twice_changes_nothing_more(tmp_path):
    page = tmp_path / "page.md"
    page.write_text(PAGE)
    table = indented(["name  number", "", "a          1  "])
    assert table == "\n    name  number\n\n    a          1\n"
    write_sections(page, {"first": table})
    once = page.read_text()
    assert table in once
    write_sections(page, {"first": table})
    assert page.read_text() == once


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (marks("second")[0], ""),
        (marks("second")[1], ""),
        ("after", marks("second")[1]),
        ("before", marks("second")[0]),
        ("old second", "\n".join(marks("second"))),
    ],
    ids=["no begin", "no end", "two ends", "two begins", "twice"],
)
def test_a_page_without_its_marks_is_refused_and_stays(tmp_path, old, new):
    page = tmp_path / "page.md"
    page.write_text(PAGE.replace(old, new))
    before = page.read_text()
    with pytest.raises(InputError, match="'second' is not marked"):
        write_sections(page, {"first": "new", "second": "new"})
    assert page.read_text() == before


def test_marks_in_the_wrong_order_are_refused(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("\n".join(reversed(marks("one"))))
    with pytest.raises(InputError, match="not marked"):
        write_sections(page, {"one": "new"})
