"""Text from files on a terminal."""

from __future__ import annotations

from cv.io.terminal_text import printable_line


def test_printable_text_stays() -> None:
    assert printable_line("Rajin, pier 2: 나진") == "Rajin, pier 2: 나진"


def test_control_characters_are_escaped() -> None:
    assert printable_line("a\nb\x1b[2Jc\u202ed") == r"a\nb\x1b[2Jc\u202ed"
