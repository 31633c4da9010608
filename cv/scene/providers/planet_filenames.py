"""Names of Planet's files, after its imagery product specification.

PlanetScope: 20240310_013045_12_2480_3B_AnalyticMS_SR_8b_clip.tif, with
20240310_013045_12_2480_metadata.json, 20240310_013045_12_2480_3B_AnalyticMS_8b_metadata_clip.xml
and 20240310_013045_12_2480_3B_udm2_clip.tif. SkySat: 20240310_011234_ssc4_u0001_pansharpened.tif,
with 20240310_011234_ssc4_u0001_metadata.json and 20240310_011234_ssc4_u0001_pansharpened_udm2.tif.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from cv.scene.providers.sensor_profiles import BGRN, GREY, RGB, SUPERDOVE
from cv.scene.radiometry import Bands

_PLANETSCOPE = re.compile(
    r"(?P<id>\d{8}_\d{6}(?:_\d{1,2})?_[0-9a-f]{4})_(?P<level>1A|1B|3A|3B)"
    r"_(?P<kind>AnalyticMS|Visual|udm2?)(?P<sr>_SR)?(?P<eight>_8b)?"
    r"(?P<tail>(?:_[A-Za-z]\w*)?)\.tiff?",
    re.IGNORECASE,
)
_SKYSAT = re.compile(
    r"(?P<id>\d{8}_\d{6}_ssc\d+(?:d\d)?_(?:u\d{4}|\d{4}))(?P<level>(?:_basic)?)"
    r"_(?P<kind>visual|analytic|pansharpened|panchromatic|udm2?)(?P<sr>_sr)?(?P<dn>_dn)?"
    r"(?P<mask>_udm2?)?(?P<tail>(?:_[A-Za-z]\w*)?)\.tiff?",
    re.IGNORECASE,
)
_MASK_ORDER = ("analytic", "pansharpened", "panchromatic", "visual", "udm2")


@dataclass(frozen=True)
class PlanetAsset:
    """One image or mask of an item."""

    item: str
    """Identifier of the item."""
    planetscope: bool
    """PlanetScope, else SkySat."""
    level: str
    """Processing level in the name: "3B" and the like, "_basic" or empty for SkySat."""
    kind: str
    """What it shows: visual, analytic, pansharpened, panchromatic; udm2 for PlanetScope's mask."""
    values: str
    """What its values are: colours, reflectance, radiance, counts, or mask."""
    bands: Bands
    """Red, green, blue, from 1."""
    tail: str
    """What tools appended, such as _clip."""

    @property
    def profile(self) -> str | None:
        """Name of the radiometric profile; None where the values need calibration."""
        if self.values == "colours":
            return "visual" if self.planetscope else "skysat-visual"
        if self.values == "reflectance":
            kind = f"planetscope-sr-{8 if self.bands == SUPERDOVE else 4}b"
            return kind if self.planetscope else "skysat-sr"
        return None


def parse_filename(name: str) -> PlanetAsset | None:
    """What file `name` is, or None if it is not named like one of Planet's."""
    found = _PLANETSCOPE.fullmatch(name)
    if found:
        return _planetscope(found)
    found = _SKYSAT.fullmatch(name)
    return _skysat(found) if found else None


def find_mask(asset: PlanetAsset, names: Iterable[str]) -> str | None:
    """The UDM2 among file `names` that fits `asset` best: its own, else another of its item."""
    fitting = []
    for name in sorted(names):
        mask = parse_filename(name)
        if mask is None or mask.values != "mask" or "udm2" not in name.lower():
            continue
        if (mask.item, mask.level) == (asset.item, asset.level):
            foreign = (mask.kind != asset.kind, _MASK_ORDER.index(mask.kind))
            fitting.append((*foreign, mask.tail != asset.tail, name))
    return min(fitting)[-1] if fitting else None


def find_metadata(asset: PlanetAsset, names: Iterable[str]) -> str | None:
    """The XML metadata of PlanetScope `asset` among file `names`."""
    start = f"{asset.item}_{asset.level}_".lower()
    eight = asset.bands == SUPERDOVE
    fitting = [
        (("_8b_" in name) != eight, name)
        for name in names
        if name.lower().startswith(start) and re.search(r"_metadata\w*\.xml$", name.lower())
    ]
    return min(fitting)[-1] if asset.planetscope and fitting else None


def _planetscope(found: re.Match[str]) -> PlanetAsset:
    kind = found["kind"].lower().removesuffix("ms")
    tail = found["tail"].replace("_harmonized", "")
    values = "reflectance" if found["sr"] or "_toar" in tail else "radiance"
    bands: Bands = SUPERDOVE if found["eight"] else BGRN
    if kind == "visual":
        values, bands = "colours", RGB
    if kind.startswith("udm"):
        values, kind = "mask", "udm2"
    return PlanetAsset(found["id"], True, found["level"], kind, values, bands, tail)


def _skysat(found: re.Match[str]) -> PlanetAsset:
    kind = found["kind"].lower()
    values = "reflectance" if found["sr"] else "counts" if found["dn"] else "radiance"
    bands: Bands = {"visual": RGB, "panchromatic": GREY}.get(kind, BGRN)
    if kind == "visual":
        values = "colours"
    if found["mask"] or kind.startswith("udm"):
        values, kind = "mask", kind.replace("udm", "udm2").replace("22", "2")
    return PlanetAsset(found["id"], False, found["level"], kind, values, bands, found["tail"])
