"""Which counts a scene will get, known before they are made."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, kw_only=True)
class CountIdentity:
    """What distinguishes the counts of one scene, model and settings from all others."""

    scene: str
    """Identifier of the scene."""
    digest: str
    """sha256 of the image file, hexadecimal."""
    acquired: datetime
    """When the scene was taken, with a time zone."""
    basis: str
    """What its visibility rests on, see Visibility."""
    model: str
    """sha256 of the model file, hexadecimal."""
    settings: str
    """sha256 of what else shapes the counts."""
    method: int
    """Version of the way of counting, of the program that made this."""
