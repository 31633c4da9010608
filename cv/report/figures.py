"""What all figures have in common: fonts for any script, axes in pixels, PNG files."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, ParamSpec, TypeVar

from cv.io.atomic_files import atomic_output

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

DPI = 100
"""Pixels per inch of all figures."""
POINT = 72 / DPI
"""One pixel in points, the unit of line widths."""
_Params = ParamSpec("_Params")
_Result = TypeVar("_Result")
_DEFAULT_FONT = "DejaVu Sans"
_FALLBACK_FONTS = (
    "Noto Sans CJK KR", "Noto Sans CJK JP", "Noto Sans CJK SC", "NanumGothic", "Malgun Gothic",
    "Apple SD Gothic Neo", "Microsoft YaHei", "WenQuanYi Zen Hei", "Noto Sans Arabic", "Noto Sans",
)  # fmt: skip
"""Used, if installed, for characters that the default font lacks."""


def with_fonts(draw: Callable[_Params, _Result]) -> Callable[_Params, _Result]:
    """Decorate `draw` to use fonts of many scripts, without warnings for missing characters."""

    @wraps(draw)
    def drawing(*args: _Params.args, **kwargs: _Params.kwargs) -> _Result:
        from matplotlib import font_manager, rc_context

        installed = set(font_manager.get_font_names())
        families = [_DEFAULT_FONT, *(name for name in _FALLBACK_FONTS if name in installed)]
        with rc_context({"font.family": families}), warnings.catch_warnings():
            warnings.filterwarnings("ignore", r"Glyph \d+ .* missing")
            return draw(*args, **kwargs)

    return drawing


def shorten(text: str, max_chars: int) -> str:
    """Return `text`, cut with an ellipsis if it has more than `max_chars` characters."""
    return text if len(text) <= max_chars else f"{text[: max_chars - 1]}…"


def pixel_axes(
    figure: Figure,
    rectangle: tuple[float, float, float, float],
    limits: tuple[float, float] | None = None,
) -> Axes:
    """Add axes without decoration, with y down.

    Args:
        figure: A figure with a resolution of `DPI`.
        rectangle: Left, top, width and height, pixels of the figure.
        limits: Largest x and y; default: width and height, so that units are pixels.
    """
    figure_width, figure_height = figure.get_size_inches() * DPI
    left, top, width, height = rectangle
    x, y = left / figure_width, 1 - (top + height) / figure_height
    axes = figure.add_axes((x, y, width / figure_width, height / figure_height))
    x_max, y_max = limits or (width, height)
    axes.set_axis_off()
    axes.set_xlim(0, x_max)
    axes.set_ylim(y_max, 0)
    axes.set_autoscale_on(False)
    return axes


@with_fonts
def save_png(figure: Figure, path: str | Path) -> None:
    """Write `figure` as the PNG file `path`; raises InputError if that fails."""
    with atomic_output(path) as draft:
        figure.savefig(draft, format="png", dpi=DPI, metadata={"Software": None})
