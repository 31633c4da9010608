"""Radiometric profiles: what is known about the values of each kind of product."""

from __future__ import annotations

from dataclasses import dataclass, replace

from cv.errors import RadiometryError
from cv.scene.delivery import Delivery
from cv.scene.geotiff import Header
from cv.scene.radiometry import Bands, Percentiles, Radiometry, parse

GREY, RGB, BGRN = (1, 1, 1), (1, 2, 3), (3, 2, 1)
SUPERDOVE, WORLDVIEW8 = (6, 4, 2), (5, 3, 2)


@dataclass(frozen=True)
class Profile:
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

    def radiometry(self, header: Header) -> Radiometry:
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
    Profile("visual", ((3, RGB), (4, RGB)), ("uint8",), 0, 255),
    Profile("grey", ((1, GREY),), ("uint8",), 0, 255),
    Profile("planetscope-sr-4b", ((4, BGRN),), _WHOLE, *_SR),
    Profile("planetscope-sr-8b", ((8, SUPERDOVE),), _WHOLE, *_SR),
    Profile("skysat-visual", ((3, RGB), (4, RGB)), ("uint8",), 0, 255),
    Profile("skysat-sr", ((4, BGRN),), _WHOLE, *_SR),
    Profile("skysat-analytic", ((4, BGRN),), _WHOLE, 0, 20000, 1.5),  # radiance times 100
    Profile(
        "worldview-11bit",
        ((1, GREY), (3, RGB), (4, BGRN), (8, WORLDVIEW8)),
        _WHOLE,
        0,
        2047,
        1.5,
    ),
    Profile(  # surface reflectance times 10000
        "worldview-16bit", ((1, GREY), (3, RGB), (4, BGRN), (8, WORLDVIEW8)), _WHOLE, *_SR
    ),
    Profile("pan-11bit", ((1, GREY),), _WHOLE, 0, 2047, 1.5),
    Profile("pan-16bit", ((1, GREY),), _WHOLE, 0, 65535),
)
"""Every profile, by name."""
NAMES = (
    ", ".join(profile.name for profile in PROFILES)
    + ', "limits:LOW-HIGH[:R,G,B]", "percentile[:LOW-HIGH][:R,G,B]"'
)
"""What a radiometry can be called, for messages and helps."""


Declared = Radiometry | Percentiles | Profile
"""What may be said about the values of an image before it is opened."""


def declared(text: str) -> Declared:
    """The profile or stretch called `text`, see `NAMES`; raises RadiometryError."""
    for profile in PROFILES:
        if profile.name == text:
            return profile
    stretch = parse(text)
    if stretch is None:
        raise RadiometryError("radiometry", repr(text), f"known are {NAMES}", "Use one of these.")
    return stretch


def choose(header: Header, delivery: Delivery, wanted: Declared | None) -> Radiometry | Percentiles:
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
    header: Header, delivery: Delivery, wanted: Declared | None
) -> Radiometry | Percentiles:
    asked = wanted if wanted is not None else delivery.radiometry
    if isinstance(asked, str):
        asked = declared(asked)
    if isinstance(asked, Profile):
        return asked.radiometry(header)
    return _plain(header, delivery.bands) if asked is None else asked


def _plain(header: Header, bands: Bands | tuple[()]) -> Radiometry:
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


def _colour_bands(header: Header) -> Bands:
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


def _declared_bands(header: Header) -> Bands | tuple[()]:
    names = ("red", "green", "blue")
    if not all(name in header.colours for name in names):
        return ()
    red, green, blue = (header.colours.index(name) + 1 for name in names)
    return red, green, blue
