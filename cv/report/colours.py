"""Colours of all figures and pages: one colour for one meaning."""

from __future__ import annotations

from cv.evaluation.dataset_adapter import FALSE, FOUND, MISSED

INK, FAINT, RULE, PAPER = "#1b2a38", "#5c6b78", "#e3e7ea", "#ffffff"
"""Text, secondary text, lines and background of light figures."""
LIGHT_INK, LIGHT_FAINT, LIGHT_RULE, BACKGROUND = "#f2f5f7", "#9fb0bd", "#2a3944", "#10181f"
"""The same of dark figures."""
WARNING = "#ffc861"
"""Text that needs attention, in dark figures."""

YELLOW, CYAN, MAGENTA, ORANGE = "#ffe600", "#00e5ff", "#ff1fc7", "#ff7a1a"
"""Colours that stand out from images."""
CONTAINER, ABOARD, HULL, NO_PIER, PIER, BERTH = YELLOW, MAGENTA, CYAN, "#ffffff", ORANGE, "#7fb2ff"
"""Outlines over an image of a scene."""
MATCHES = {FOUND: CYAN, MISSED: YELLOW, FALSE: MAGENTA}
"""Outlines of an evaluation."""
_CLASSES = (YELLOW, CYAN, MAGENTA, ORANGE, "#7dff6a", "#b58cff")


def class_colours(classes: tuple[str, ...]) -> dict[str, str]:
    """Return the colour of each class of a dataset of labels, or of an evaluation."""
    return {name: MATCHES.get(name, _CLASSES[i % len(_CLASSES)]) for i, name in enumerate(classes)}
