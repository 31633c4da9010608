"""Parts of a page that a tool writes: what stands between two comments with the part's name.

<!-- NAME: begin -->
written by a tool
<!-- NAME: end -->
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from cv.errors import InputError
from cv.io.atomic_files import write_atomically


def write_sections(page: Path, sections: Mapping[str, str]) -> None:
    """Replace what is between the marks of each section, by its name; the rest stays.

    Raises InputError, and changes nothing, if a mark is not there exactly once.
    """
    text = page.read_text(encoding="utf-8")
    for name, content in sections.items():
        text = _replaced(page, text, name, content)
    write_atomically(page, text)


def indented(lines: Sequence[str]) -> str:
    """Return the lines of a table as a block of code, with an empty line around it."""
    return "\n" + "".join(f"    {line}".rstrip() + "\n" for line in lines)


def marks(name: str) -> tuple[str, str]:
    """Return the comments before and after the section `name`."""
    return f"<!-- {name}: begin -->", f"<!-- {name}: end -->"


def _replaced(page: Path, text: str, name: str, content: str) -> str:
    begin, end = marks(name)
    if text.count(begin) != 1 or text.count(end) != 1 or text.index(end) < text.index(begin):
        raise InputError(
            page,
            f"the section {name!r} is not marked",
            f"{begin} and {end} stand once each, in this order",
            "Put both marks where the section belongs.",
        )
    before, rest = text.split(begin)
    return f"{before}{begin}\n{content}\n{end}{rest.split(end)[1]}"
