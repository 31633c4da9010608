"""Text from files, made safe to print on a terminal."""

from __future__ import annotations


def printable_line(text: str) -> str:
    """Return `text` on one line, with everything that is not printable escaped.

    File names may hold line breaks, and sequences that control a terminal.
    """
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape").decode() for char in text
    )
