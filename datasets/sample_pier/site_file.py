"""The site file, from the port's own measures.

Run: python datasets/sample_pier/site_file.py > datasets/sample_pier/site.geojson
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[2]))  # cv, where it is not installed

from port_layout import EPSG, ORIGIN, QUAYS, Quay, Span
from pyproj import Transformer


def site_text() -> str:
    """The site as GeoJSON (RFC 7946: longitude, latitude, rings counterclockwise)."""
    features = [_feature(quay, quay.outline, "pier") for quay in QUAYS]
    features += [_feature(quay, quay.berth, "berth") for quay in QUAYS if quay.berth]
    lines = ",\n".join("    " + json.dumps(feature) for feature in features)
    head = '{\n  "type": "FeatureCollection",\n  "name": "Sample port",\n'
    note = '  "description": "Fictitious: rendered, in open water.",\n'
    return f'{head}{note}  "features": [\n{lines}\n  ]\n}}\n'


def _feature(quay: Quay, span: Span, kind: str) -> dict[str, object]:
    if kind == "pier":
        facts = {"name": quay.name, "role": quay.role, "aliases": list(quay.aliases)}
    else:
        facts = {"kind": "berth", "pier": quay.name}
    shape = {"type": "Polygon", "coordinates": [_ring(span)]}
    return {"type": "Feature", "properties": facts, "geometry": shape}


def _ring(span: Span) -> list[list[float]]:
    to_degrees = Transformer.from_crs(EPSG, 4326, always_xy=True)
    ring = []
    for x, y in [*span.corners[::-1], span.corners[-1]]:
        place = to_degrees.transform(ORIGIN[0] + x, ORIGIN[1] - y)
        ring.append([round(value, 8) for value in place])
    return ring


if __name__ == "__main__":
    sys.stdout.write(site_text())
