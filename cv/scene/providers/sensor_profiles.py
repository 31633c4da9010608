"""Radiometric profiles: what is known about the values of each kind of product."""

from __future__ import annotations

from dataclasses import dataclass, replace

from cv.errors import RadiometryError
from cv.scene.providers.product_metadata import ProductMetadata
from cv.scene.radiometry import Bands, PercentileStretch, Radiometry, parse_stretch
from cv.scene.raster_header import RasterHeader

GREY, RGB, BGRN = (1, 1, 1), (1, 2, 3), (3, 2, 1)
SUPERDOVE, WORLDVIEW8 = (6, 4, 2), (5, 3, 2)


@dataclass(frozen=True)
class SensorProfile:
    """A product as its provider describes it."""

    name: str
    bands: tuple[tuple[int, Bands], ...]
    """Number of bands without alpha, and which of them are red, green, blue."""
    dtypes: tuple[str, ...]
    """Data types it is stored in."""
    low: float
    """Stored value that becomes 0."""
    high: float
    """Stored value that becomes 255."""
    gamma: float = 1.0
    """See Radiometry."""

    def radiometry(self, header: RasterHeader) -> Radiometry:
        """The radiometry of an image of this product; raises RadiometryError on a misfit.

        Where the product is in the order red, green, blue, the file may declare another one.
        """
        for count, order in self.bands:
            if count == header.colour_bands and header.dtype in self.dtypes:
                bands = (_declared_bands(header) or RGB) if order == RGB else order
                return Radiometry(self.name, bands, (self.low,) * 3, (self.high,) * 3, self.gamma)
        counts = " or ".join(str(count) for count, _ in self.bands)
        raise RadiometryError(
            header.path,
            f"{header.colour_bands} bands of {header.dtype}",
            f'profile "{self.name}" has {counts} bands of {" or ".join(self.dtypes)}',
            f"Declare another radiometry: {NAMES}.",
        )


_WHOLE = ("uint16", "int16")
_SR = (0.0, 5000.0, 1.5)  # reflectance 0 to 0.5, times 10000; gamma opens the shadows

PROFILES = (
    SensorProfile("visual", ((3, RGB), (4, RGB)), ("uint8",), 0, 255),
    SensorProfile("grey", ((1, GREY),), ("uint8",), 0, 255),
    SensorProfile("planetscope-sr-4b", ((4, BGRN),), _WHOLE, *_SR),
    SensorProfile("planetscope-sr-8b", ((8, SUPERDOVE),), _WHOLE, *_SR),
    SensorProfile("skysat-visual", ((3, RGB), (4, RGB)), ("uint8",), 0, 255),
    SensorProfile("skysat-sr", ((4, BGRN),), _WHOLE, *_SR),
    SensorProfile("skysat-analytic", ((4, BGRN),), _WHOLE, 0, 20000, 1.5),  # radiance times 100
    SensorProfile(
        "worldview-11bit",
        ((1, GREY), (3, RGB), (4, BGRN), (8, WORLDVIEW8)),
        _WHOLE,
        0,
        2047,
        1.5,
    ),
    SensorProfile(  # surface reflectance times 10000
        "worldview-16bit", ((1, GREY), (3, RGB), (4, BGRN), (8, WORLDVIEW8)), _WHOLE, *_SR
    ),
    SensorProfile("pan-11bit", ((1, GREY),), _WHOLE, 0, 2047, 1.5),
    SensorProfile("pan-16bit", ((1, GREY),), _WHOLE, 0, 65535),
)
"""Every profile, by name."""
NAMES = (
    ", ".join(profile.name for profile in PROFILES)
    + ', "limits:LOW-HIGH[:R,G,B]", "percentile[:LOW-HIGH][:R,G,B]"'
)
"""What a radiometry can be called, for messages and helps."""


Declared = Radiometry | PercentileStretch | SensorProfile
"""What may be said about the values of an image before it is opened."""


def parse_radiometry(text: str) -> Declared:
    """The profile or stretch called `text`, see `NAMES`; raises RadiometryError."""
    for profile in PROFILES:
        if profile.name == text:
            return profile
    stretch = parse_stretch(text)
    if stretch is None:
        raise RadiometryError("radiometry", repr(text), f"known are {NAMES}", "Use one of these.")
    return stretch


def choose_radiometry(
    header: RasterHeader, delivery: ProductMetadata, wanted: Declared | None
) -> Radiometry | PercentileStretch:
    """The radiometry that the caller wants, else the one that the metadata declare.

    Without either, 8-bit colour is "visual" and 8-bit single bands are "grey"; all else is refused.
    Raises RadiometryError.
    """
    asked = _resolved(header, delivery, wanted)
    if not asked.bands:
        asked = replace(asked, bands=delivery.bands or _colour_bands(header))
    if max(asked.bands) > header.bands:
        raise RadiometryError(
            header.path,
            f"{header.bands} bands",
            f"the radiometry {asked.name!r} uses bands {asked.bands}",
            "Name the bands of red, green and blue, for instance :3,2,1 or :1.",
        )
    return asked


def _resolved(
    header: RasterHeader, delivery: ProductMetadata, wanted: Declared | None
) -> Radiometry | PercentileStretch:
    asked = wanted if wanted is not None else delivery.radiometry
    if isinstance(asked, str):
        asked = parse_radiometry(asked)
    if isinstance(asked, SensorProfile):
        return asked.radiometry(header)
    return _plain(header, delivery.bands) if asked is None else asked


def _plain(header: RasterHeader, bands: Bands | tuple[()]) -> Radiometry:
    natural = header.colours[:3] == ("red", "green", "blue")
    if header.dtype == "uint8" and (bands or header.colour_bands == 3 or natural):
        return Radiometry("visual", bands or _colour_bands(header), (0, 0, 0), (255, 255, 255))
    if header.dtype == "uint8" and header.colour_bands == 1:
        return Radiometry("grey", GREY, (0, 0, 0), (255, 255, 255))
    raise RadiometryError(
        header.path,
        f"{header.colour_bands} bands of {header.dtype} without a declared radiometry",
        "only 8-bit red, green, blue or grey explain themselves",
        f"Declare one: {NAMES}.",
    )


def _colour_bands(header: RasterHeader) -> Bands:
    """Red, green, blue as the file declares them; one or three bands explain themselves."""
    found = _declared_bands(header)
    if found:
        return found
    if header.colour_bands in (1, 3):
        return GREY if header.colour_bands == 1 else RGB
    raise RadiometryError(
        header.path,
        f"{header.colour_bands} bands, none declared red, green or blue",
        "colours need them",
        'Name them: "percentile:0.5-99.5:3,2,1", "limits:0-3000:3,2,1".',
    )


def _declared_bands(header: RasterHeader) -> Bands | tuple[()]:
    names = ("red", "green", "blue")
    if not all(name in header.colours for name in names):
        return ()
    red, green, blue = (header.colours.index(name) + 1 for name in names)
    return red, green, blue
