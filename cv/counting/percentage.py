"""Shares of an area as text."""

from __future__ import annotations

import math


def format_percentage(share: float | None) -> str:
    """A share of an area, rounded down so that 100% is all of it; "-" where there is none."""
    return "-" if share is None else f"{math.floor(100 * share + 1e-9)}%"
