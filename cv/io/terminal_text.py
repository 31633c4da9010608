"""Wording: text of others, as it is shown to people."""

from __future__ import annotations


def printable_line(text: str) -> str:
    """`text` on one line that a terminal prints as it is: what cannot be printed is escaped.

    Names of files may hold line breaks, and sequences that steer a terminal.
    """
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape").decode() for char in text
    )
