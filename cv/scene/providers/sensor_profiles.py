"""Radiometric profiles: bands, data types and value ranges of known products."""

from __future__ import annotations

from dataclasses import dataclass, replace

from cv.errors import RadiometryError
from cv.io.terminal_text import quantity
from cv.scene.providers.product_metadata import ProductMetadata
from cv.scene.radiometry import (
    BGRN,
    GREY,
    REFLECTANCE_GAMMA,
    RGB,
    SUPERDOVE,
    WORLDVIEW8,
    Bands,
    PercentileStretch,
    Radiometry,
    parse_stretch,
)
from cv.scene.raster_header import RasterHeader


@dataclass(frozen=True)
class SensorProfile:
    """A product as its provider describes it."""

    name: str
    bands: tuple[tuple[int, Bands], ...]
    """Number of bands without alpha, and which of them are red, green, blue (from 1)."""
    dtypes: tuple[str, ...]
    """Data types that it is stored in."""
    low: float
    """Stored value that becomes 0."""
    high: float
    """Stored value that becomes 255."""
    gamma: float = 1.0
    """See Radiometry."""

    def radiometry(self, header: RasterHeader) -> Radiometry:
        """Return the radiometry of an image of this product; raises RadiometryError on a misfit.

        Where the product has the order red, green, blue, the file may declare another one.
        """
        for count, order in self.bands:
            if count == header.colour_bands and header.dtype in self.dtypes:
                bands = (header.rgb_bands or RGB) if order == RGB else order
                return Radiometry(self.name, bands, (self.low,) * 3, (self.high,) * 3, self.gamma)
        counts = " or ".join(str(count) for count, _ in self.bands)
        found = f"{quantity(header.colour_bands, 'band')} of {header.dtype}"
        limit = f'profile "{self.name}" has {counts} bands of {" or ".join(self.dtypes)}'
        raise RadiometryError(header.path, found, limit, f"Declare another radiometry: {NAMES}.")


_BYTES = ("uint8",)
_INTEGERS = ("uint16", "int16")
_COLOUR = ((3, RGB), (4, RGB))
_PANCHROMATIC = ((1, GREY),)
_WORLDVIEW = ((1, GREY), (3, RGB), (4, BGRN), (8, WORLDVIEW8))
_SCALED_REFLECTANCE = (0.0, 5000.0, REFLECTANCE_GAMMA)
"""Limits of reflectance times 10000."""

PROFILES = (
    SensorProfile("visual", _COLOUR, _BYTES, 0, 255),
    SensorProfile("grey", _PANCHROMATIC, _BYTES, 0, 255),
    SensorProfile("planetscope-sr-4b", ((4, BGRN),), _INTEGERS, *_SCALED_REFLECTANCE),
    SensorProfile("planetscope-sr-8b", ((8, SUPERDOVE),), _INTEGERS, *_SCALED_REFLECTANCE),
    SensorProfile("skysat-visual", _COLOUR, _BYTES, 0, 255),
    SensorProfile("skysat-sr", ((4, BGRN),), _INTEGERS, *_SCALED_REFLECTANCE),
    SensorProfile("skysat-analytic", ((4, BGRN),), _INTEGERS, 0, 20000, 1.5),  # radiance * 100
    SensorProfile("worldview-11bit", _WORLDVIEW, _INTEGERS, 0, 2047, 1.5),
    SensorProfile("worldview-16bit", _WORLDVIEW, _INTEGERS, *_SCALED_REFLECTANCE),
    SensorProfile("pan-11bit", _PANCHROMATIC, _INTEGERS, 0, 2047, 1.5),
    SensorProfile("pan-16bit", _PANCHROMATIC, _INTEGERS, 0, 65535),
)
NAMES = (
    ", ".join(profile.name for profile in PROFILES)
    + ', "limits:LOW-HIGH[:R,G,B]", "percentile[:LOW-HIGH][:R,G,B]"'
)
"""Every way to declare a radiometry, for messages and help texts."""

Declared = Radiometry | PercentileStretch | SensorProfile
"""What a caller may declare about the values of an image before it is opened."""


def parse_radiometry(text: str) -> Declared:
    """Return the profile or stretch called `text`, see `NAMES`; raises RadiometryError."""
    named = next((profile for profile in PROFILES if profile.name == text), None)
    declared = named or parse_stretch(text)
    if declared is None:
        raise RadiometryError("radiometry", repr(text), f"known are {NAMES}", "Use one of these.")
    return declared


def choose_radiometry(
    metadata: ProductMetadata, wanted: Declared | None
) -> Radiometry | PercentileStretch:
    """Return the radiometry that the caller wants, else the one that the metadata declare.

    Without either, 8-bit colour is "visual" and an 8-bit single band is "grey"; everything else is
    refused. Raises RadiometryError.
    """
    header = metadata.header
    chosen = metadata.radiometry if wanted is None else wanted
    if isinstance(chosen, str):
        chosen = parse_radiometry(chosen)
    if isinstance(chosen, SensorProfile):
        chosen = chosen.radiometry(header)
    if chosen is None:
        chosen = _undeclared(header, metadata.bands)
    if not chosen.bands:
        chosen = replace(chosen, bands=metadata.bands or _colour_bands(header))
    if max(chosen.bands) > header.bands:
        found = f"the radiometry {chosen.name!r} uses bands {chosen.bands}"
        remedy = "Name the bands of red, green and blue, for instance :3,2,1 or :1."
        raise RadiometryError(header.path, quantity(header.bands, "band"), found, remedy)
    return chosen


def _undeclared(header: RasterHeader, bands: Bands | tuple[()]) -> Radiometry:
    natural = header.colours[:3] == ("red", "green", "blue")
    if header.dtype == "uint8" and (bands or header.colour_bands == 3 or natural):
        return Radiometry("visual", bands or _colour_bands(header), (0, 0, 0), (255, 255, 255))
    if header.dtype == "uint8" and header.colour_bands == 1:
        return Radiometry("grey", GREY, (0, 0, 0), (255, 255, 255))
    bands_found = quantity(header.colour_bands, "band")
    found = f"{bands_found} of {header.dtype} without a declared radiometry"
    limit = "only 8-bit red, green, blue or grey need no declaration"
    raise RadiometryError(header.path, found, limit, f"Declare one: {NAMES}.")


def _colour_bands(header: RasterHeader) -> Bands:
    """Return red, green, blue as the file declares them, or as one or three bands imply."""
    bands = header.rgb_bands or {1: GREY, 3: RGB}.get(header.colour_bands)
    if bands:
        return bands
    found = f"{quantity(header.colour_bands, 'band')}, none declared red, green or blue"
    remedy = 'Name them: "percentile:0.5-99.5:3,2,1", "limits:0-3000:3,2,1".'
    raise RadiometryError(header.path, found, "colours need them", remedy)
