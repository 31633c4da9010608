"""File names of Planet's imagery products, after Planet's product specifications.

PlanetScope: 20240310_013045_12_2480_3B_AnalyticMS_SR_8b_clip.tif, with
20240310_013045_12_2480_metadata.json, 20240310_013045_12_2480_3B_AnalyticMS_8b_metadata_clip.xml
and 20240310_013045_12_2480_3B_udm2_clip.tif. SkySat: 20240310_011234_ssc4_u0001_pansharpened.tif,
with 20240310_011234_ssc4_u0001_metadata.json and 20240310_011234_ssc4_u0001_pansharpened_udm2.tif.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from cv.scene.radiometry import BGRN, GREY, RGB, SUPERDOVE, Bands

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
_XML = re.compile(r"_metadata\w*\.xml$", re.IGNORECASE)
_MASK_PREFERENCE = ("analytic", "pansharpened", "panchromatic", "visual", "udm2")


@dataclass(frozen=True, kw_only=True)
class PlanetAsset:
    """One image or mask of an item, as its file name describes it."""

    item: str
    """Identifier of the item."""
    planetscope: bool
    """PlanetScope, else SkySat."""
    level: str
    """Processing level: "3B" and the like; "_basic" or empty for SkySat."""
    kind: str
    """Product: visual, analytic, pansharpened, panchromatic; udm2 for a mask of the whole item."""
    values: str
    """What the pixels hold: colours, reflectance, radiance, counts or mask."""
    bands: Bands
    """Numbers of the red, green and blue band, from 1."""
    tail: str
    """Suffix of processing tools, such as _clip."""

    @property
    def profile(self) -> str | None:
        """Name of the radiometric profile; None where the values need calibration."""
        if self.values == "colours":
            return "visual" if self.planetscope else "skysat-visual"
        if self.values == "reflectance":
            count = 8 if self.bands == SUPERDOVE else 4
            return f"planetscope-sr-{count}b" if self.planetscope else "skysat-sr"
        return None


def parse_filename(name: str) -> PlanetAsset | None:
    """Return what the file `name` holds, or None if it is not named like one of Planet's."""
    found = _PLANETSCOPE.fullmatch(name) or _SKYSAT.fullmatch(name)
    return _parse_asset(found.groupdict(""), name) if found else None


def find_mask(asset: PlanetAsset, names: Iterable[str]) -> str | None:
    """Return the UDM2 of `asset` among file `names`, else that of another asset of its item."""
    start = asset.item.lower()
    fitting = []
    for name in names:
        lower = name.lower()
        if "udm2" not in lower or not lower.startswith(start):
            continue
        mask = parse_filename(name)
        if mask and (mask.item, mask.level, mask.values) == (asset.item, asset.level, "mask"):
            preference = _MASK_PREFERENCE.index(mask.kind)
            fitting.append((mask.kind != asset.kind, preference, mask.tail != asset.tail, name))
    return min(fitting)[-1] if fitting else None


def find_metadata(asset: PlanetAsset, names: Iterable[str]) -> str | None:
    """Return the XML metadata of PlanetScope `asset` among file `names`."""
    start = f"{asset.item}_{asset.level}_".lower()
    eight_bands = asset.bands == SUPERDOVE
    fitting = [
        (("_8b_" in name) != eight_bands, name)
        for name in names
        if name.lower().startswith(start) and _XML.search(name)
    ]
    return min(fitting)[-1] if asset.planetscope and fitting else None


def _parse_asset(groups: dict[str, str], name: str) -> PlanetAsset:
    planetscope = "eight" in groups
    kind = groups["kind"].lower().removesuffix("ms")
    tail = groups["tail"].replace("_harmonized", "") if planetscope else groups["tail"]
    values = "counts" if groups.get("dn") else "radiance"
    if groups["sr"] or (planetscope and "_toar" in tail):
        values = "reflectance"
    if kind == "visual":
        values = "colours"
    if kind.startswith("udm") or groups.get("mask"):
        values = "mask"
    bands = {"visual": RGB, "panchromatic": GREY}.get(kind, BGRN)
    return PlanetAsset(
        item=groups["id"],
        planetscope=planetscope,
        level=groups["level"],
        kind="udm2" if kind.startswith("udm") else kind,
        values=values,
        bands=SUPERDOVE if groups.get("eight") and kind == "analytic" else bands,
        tail=tail,
    )
