"""Why containers would not be seen in a patch: a closed list."""

from __future__ import annotations

from enum import StrEnum


class FitnessReason(StrEnum):
    """What an image suffers from, in the order of the network's outputs."""

    CLEAR = "clear"
    """Nothing."""
    CLOUD = "cloud"
    """Cloud, thick or thin."""
    HAZE = "haze"
    """Haze, fog, smoke or dust: too little contrast."""
    DARK = "dark"
    """Cloud shadow, twilight or under-exposure."""
    SATURATED = "saturated"
    """Over-exposed or clipped."""
    BLURRED = "blurred"
    """Detail coarser than the grid: defocus, motion, resampling, displaced bands."""
    NOISY = "noisy"
    """Noise, speckle, stripes, dead lines or compression."""
    SNOW = "snow"
    """Snow on ground and roofs."""
    NOT_OVERHEAD = "not overhead"
    """Not an optical image in natural colours from above: a map, radar, a photograph."""

    @property
    def description(self) -> str:
        """The reason in plain words, as counts state it."""
        return _DESCRIPTIONS.get(self, self.value)


_DESCRIPTIONS = {
    FitnessReason.DARK: "too dark",
    FitnessReason.SATURATED: "over-exposed",
    FitnessReason.NOISY: "noise",
    FitnessReason.NOT_OVERHEAD: "no optical image from above",
}

REASONS = tuple(FitnessReason)
"""All reasons, in the order of the network's outputs."""
