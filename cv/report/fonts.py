"""Fonts of pictures: names of piers may be written in any script."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

_Given = ParamSpec("_Given")
_Made = TypeVar("_Made")
_FIRST = "DejaVu Sans"
_OTHERS = (
    "Noto Sans CJK KR",
    "Noto Sans CJK JP",
    "Noto Sans CJK SC",
    "NanumGothic",
    "Malgun Gothic",
    "Apple SD Gothic Neo",
    "Microsoft YaHei",
    "WenQuanYi Zen Hei",
    "Noto Sans Arabic",
    "Noto Sans",
)
"""What is looked for, if installed, where the first font lacks a letter."""


def fonts_for_any_script(draw: Callable[_Given, _Made]) -> Callable[_Given, _Made]:
    """`draw` with the fonts of many scripts; a letter that none has is a box, without a warning."""

    @wraps(draw)
    def drawing(*args: _Given.args, **kwargs: _Given.kwargs) -> _Made:
        from matplotlib import font_manager, rc_context

        installed = set(font_manager.get_font_names())
        families = [_FIRST, *(name for name in _OTHERS if name in installed)]
        with rc_context({"font.family": families}), warnings.catch_warnings():
            warnings.filterwarnings("ignore", r"Glyph \d+ .* missing")
            return draw(*args, **kwargs)

    return drawing


def shorten(text: str, most: int) -> str:
    """`text`, or its beginning with an ellipsis where it has more than `most` characters."""
    return text if len(text) <= most else f"{text[: most - 1]}…"
