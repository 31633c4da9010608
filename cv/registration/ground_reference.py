"""What the surroundings of the piers of a site show in its reference scene."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cv.registration.ground_window import GroundWindow


@dataclass(frozen=True, eq=False)
class ReferenceWindow:
    """The surroundings of one pier in the reference scene."""

    place: str
    """sha256 of the pier's outline and berth, hexadecimal."""
    window: GroundWindow
    grey: NDArray[np.uint8]
    """(rows, columns) grey values of the window; 0 where nothing was seen."""


@dataclass(frozen=True, eq=False)
class SiteReference:
    """The scene against which the later scenes of a site are aligned."""

    scene: str
    """Identifier of the scene."""
    windows: tuple[ReferenceWindow, ...]
    """One per pier that was wholly seen in it."""
