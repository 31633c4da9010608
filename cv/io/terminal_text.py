"""Text from files, made safe to print on a terminal."""

from __future__ import annotations


def printable_line(text: str) -> str:
    """Return `text` on one line, with everything that is not printable escaped.

    File names may hold line breaks, and sequences that control a terminal.
    """
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape").decode() for char in text
    )


def quantity(number: int, noun: str) -> str:
    """Return `number` with `noun`, in the plural unless the number is 1.

    >>> quantity(1, "warning"), quantity(0, "hull")
    ('1 warning', '0 hulls')
    """
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
