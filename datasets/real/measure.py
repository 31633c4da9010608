"""Counts the labelled real images and compares with their labels.

    python datasets/real/measure.py ../shared/real

The images are not ours to give away and do not come with the repository. Prints, per image, the
true number, the count with its interval, and how many of the true objects were matched at a rotated
IoU of at least 0.5, for containers and for hulls; then the error of all together (nMAE: the sum of
the absolute errors over the sum of the true numbers).
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import shapely

from cv import Detector, Role, Scene
from cv.counting.count import Estimate
from cv.counting.place import Place, Places, moved
from cv.counting.sighting import Sighting
from cv.geometry.boxes import OrientedBoxes, neighbours, pairwise_ious
from cv.labels import blocks
from cv.labels.documents import documents
from cv.labels.labelled import dataset_of
from cv.labels.outlines import as_rectangles
from cv.labels.totals import boxes_of
from cv.visit import Visit

SHIPS_GSD_M = 0.8
"""Assumed for `ships/`, whose images say nothing of it; their publisher states 0.3 to 0.8 m."""
LEAST_HULL_M = 40.0
"""Hulls at least this long are judged, labelled or found: shorter ones are boats."""
EDGE_PX = 4.0
"""A hull so near to the edge of the image is cut by it: most such hulls are not labelled, and
those that are (or are found) are not judged."""


@dataclass(frozen=True, eq=False)
class Labelled:
    """One image, the part of it that is labelled, and its labels, in pixels (x, y)."""

    name: str
    path: Path
    gsd_m: tuple[float, float] | None
    """Metres a pixel; None where the image is georeferenced."""
    region: shapely.Polygon | None
    """What is labelled completely; None for the whole image."""
    containers: OrientedBoxes | None
    """None where containers are not labelled."""
    hulls: OrientedBoxes | None
    """None where hulls are not labelled."""


@dataclass(frozen=True)
class Row:
    """One line of the table."""

    image: str
    kind: str
    true: int
    estimate: Estimate
    matched: int

    @property
    def holds_truth(self) -> bool:
        """Whether the interval contains the true number."""
        low, high = self.estimate.low, self.estimate.high
        return low is not None and high is not None and low <= self.true <= high

    def __str__(self) -> str:
        value, low, high = self.estimate.value, self.estimate.low, self.estimate.high
        if value is None:
            return f"{self.image:<26} {self.kind:<10} {self.true:>5} unknown"
        return (
            f"{self.image:<26} {self.kind:<10} {self.true:>5} {value:>6.0f} "
            f"{'' if low is None else f'{low:.0f} to {high:.0f}':>12} {self.matched:>8} "
            f"{_share(self.matched, self.true):>7} {_share(self.matched, value):>10}"
        )


def _share(part: float, whole: float) -> str:
    return f"{part / whole:.2f}" if whole else "-"


def labelled_images(root: Path) -> Iterator[Labelled]:
    """Every labelled image under `root`."""
    mosaic = root / "labels" / "euromax_gate_mosaic.dota.txt"
    yield Labelled(
        "euromax_gate_mosaic",
        root / "geotiff" / "euromax_gate_mosaic_rd_0.25m.tif",
        None,
        None,
        _corner_lines(mosaic),
        None,
    )
    for path in sorted((root / "labels").glob("*.json")):
        yield _block_labels(root, path)
    for path in sorted((root / "ships").glob("*.txt")):
        hulls = _corner_lines(path)
        gsd = (SHIPS_GSD_M, SHIPS_GSD_M)
        yield Labelled(f"ships/{path.stem}", path.with_suffix(".jpg"), gsd, None, None, hulls)


def _corner_lines(path: Path) -> OrientedBoxes:
    lines = [line.split()[:8] for line in path.read_text().splitlines() if line.strip()]
    return OrientedBoxes.from_corners(np.array(lines, dtype=float).reshape(-1, 4, 2))


def _block_labels(root: Path, path: Path) -> Labelled:
    survey = blocks.parse(next(documents(path, ".json")))
    dataset = dataset_of([survey.image], path)
    containers = boxes_of(dataset, blocks.CONTAINER)
    hulls = boxes_of(as_rectangles(dataset).dataset, blocks.HULL)
    return Labelled(
        path.stem,
        root / "images" / survey.image.name,
        survey.gsd_m,
        survey.region,
        _inside(containers, survey.region) if len(containers) else None,
        hulls if len(hulls) else None,
    )


def _inside(boxes: OrientedBoxes, region: shapely.Polygon) -> OrientedBoxes:
    return boxes[shapely.contains(region, shapely.points(boxes.centers))]


def rows_of(image: Labelled, detector: Detector) -> Iterator[Row]:
    """The lines of one image: the product's own count of the labelled region as one place."""
    with Scene.open(image.path, image.gsd_m) as scene:
        ground = scene.grid.ground()
        region = image.region if image.region is not None else scene.grid.footprint
        outline = moved(region, ground.from_pixel)
        place = Place(image.name, Role.YARD, outline, outline)
        visit = Visit.of(scene, None, detector)
        counts = Visit(scene, detector, Places(ground, (place,)), visit.header).count()
    for kind, truth in (("container", image.containers), ("hull", image.hulls)):
        if truth is None:
            continue
        judged = [np.array(s.corners) for s in counts.sightings if _judged(s, kind, scene)]
        boxes = _inside(OrientedBoxes.from_corners(np.array(judged).reshape(-1, 4, 2)), region)
        if kind == "container":
            estimate = _both(counts[0].containers, counts[0].aboard)
        else:
            estimate = Estimate(len(boxes), None, None)
            inside = shapely.contains(_uncut(scene), truth.polygons())
            truth = truth[inside & (truth.lengths * min(scene.grid.ground().gsd_m) >= LEAST_HULL_M)]
        yield Row(image.name, kind, len(truth), estimate, matched(truth, boxes))


def _judged(sighting: Sighting, kind: str, scene: Scene) -> bool:
    """Whether labels can tell if `sighting` is right."""
    if kind == "container" or sighting.kind != kind:
        return sighting.kind == kind
    return sighting.length_m >= LEAST_HULL_M and _uncut(scene).contains(
        shapely.Polygon(sighting.corners)
    )


def _uncut(scene: Scene) -> shapely.Polygon:
    """Where objects lie that the edge of the image does not cut, pixels."""
    rows, columns = scene.grid.shape
    return shapely.box(EDGE_PX, EDGE_PX, columns - EDGE_PX, rows - EDGE_PX)


def _both(ashore: Estimate, aboard: Estimate) -> Estimate:
    if ashore.value is None or aboard.value is None:
        return ashore
    return Estimate(ashore.value + aboard.value, ashore.low + aboard.low, ashore.high + aboard.high)


def matched(truth: OrientedBoxes, found: OrientedBoxes) -> int:
    """How many pairs, each object used once and best overlaps first, have an IoU of 0.5 or more."""
    i, j = neighbours(truth, found)
    ious = pairwise_ious(truth[i], found[j])
    used_i, used_j, pairs = set(), set(), 0
    for k in np.argsort(-ious, kind="stable"):
        if ious[k] >= 0.5 and i[k] not in used_i and j[k] not in used_j:
            used_i.add(i[k])
            used_j.add(j[k])
            pairs += 1
    return pairs


def nmae(rows: list[Row]) -> float:
    """The sum of the absolute errors over the sum of the true numbers; unknown counts as none."""
    errors = sum(abs((row.estimate.value or 0.0) - row.true) for row in rows)
    return errors / sum(row.true for row in rows)


def summary(rows: list[Row], kind: str) -> str:
    """The error of all images together."""
    chosen = [row for row in rows if row.kind == kind and row.estimate.value is not None]
    true = sum(row.true for row in chosen)
    bias = sum(row.estimate.value - row.true for row in chosen)
    found = sum(row.estimate.value for row in chosen)
    pairs = sum(row.matched for row in chosen)
    inside = sum(row.holds_truth for row in chosen)
    if not true:
        return f"{kind}: nothing labelled"
    return (
        f"{kind}: {len(chosen)} images, {true} true, {found:.0f} counted, nMAE {nmae(chosen):.3f}, "
        f"bias {bias / true:+.3f}, recall {pairs / true:.3f}, "
        f"precision {pairs / max(found, 1):.3f}"
        + (f", interval holds the truth in {inside} images" if kind == "container" else "")
    )


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("root", type=Path, help="folder with images/, geotiff/, labels/, ships/")
    parser.add_argument("--model", type=Path, help="ONNX model; default: the released one")
    parser.add_argument("--kind", choices=["container", "hull"], help="only these")
    args = parser.parse_args()
    detector = Detector.load(args.model)
    print(
        f"{'image':<26} {'class':<10} {'true':>5} {'count':>6} {'interval':>12} "
        f"{'matched':>8} {'recall':>7} {'precision':>10}"
    )
    rows = []
    for image in labelled_images(args.root):
        wanted = {"container": image.containers, "hull": image.hulls}
        if args.kind and wanted[args.kind] is None:
            continue
        for row in rows_of(image, detector):
            rows.append(row)
            print(row, flush=True)
    for kind in ("container", "hull"):
        if args.kind in (None, kind):
            print(summary(rows, kind))
    print(f"together: nMAE {nmae(rows):.3f}")


if __name__ == "__main__":
    main()
