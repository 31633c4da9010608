"""Training chips from the labelled orthophotos whose licence allows it (CC BY 4.0).

    python datasets/real/training_chips.py ../shared/real runs/real --count 40

Cuts each of the images `TRAINED_ON` (Beeldmateriaal Nederland) at random places, turns and scales
around the working GSD and adds them to the part "train" of a YOLO-OBB dataset, such as
`cv.synthetic.chip_dataset` writes; what is not labelled becomes nodata. All other
labelled images serve measuring alone.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import cv2
import numpy as np
import shapely
from affine import Affine

from cv import Scene
from cv.geometry.oriented_boxes import Floats, map_points
from cv.labels import block_labels
from cv.labels.label_documents import read_documents
from cv.labels.labelled_image import LabelledImage, LabelledShape
from cv.labels.outline_edits import visible_part
from cv.labels.yolo_obb import text_of
from cv.synthetic.chip_renderer import CHIP, CLASSES, FINE_GSD

sys.path.insert(0, str(Path(__file__).resolve().parent))
from labelled_scenes import OWN_LABELS, TRAINED_ON
from script_runner import run


def write_chips(root: Path, folder: Path, count: int, seed: int) -> int:
    """Writes `count` chips of each image into folder/images and folder/labels; returns how many."""
    rng = np.random.default_rng(seed)
    for kind in ("images", "labels"):
        (folder / kind / "train").mkdir(parents=True, exist_ok=True)
    for name in TRAINED_ON:
        survey = block_labels.parse(next(read_documents(OWN_LABELS / f"{name}.json", ".json")))
        with Scene.open(root / "geotiff" / f"{name}.tif") as scene:
            for i in range(count):
                stem = f"{name}_{i:03d}"
                image, labels = _chip(scene, survey, stem, _place(rng, scene))
                cv2.imwrite(str(folder / "images" / "train" / f"{stem}.png"), image[..., ::-1])
                text = text_of(labels, CLASSES)
                (folder / "labels" / "train" / f"{stem}.txt").write_text(text, encoding="utf-8")
    return count * len(TRAINED_ON)


def _place(rng: np.random.Generator, scene: Scene) -> Affine:
    """Chip pixels (x, y) to pixels of the scene: somewhere in it, turned and scaled."""
    rows, columns = scene.grid.shape
    step = FINE_GSD / min(scene.grid.local_plane().gsd_m) * rng.uniform(0.85, 1.2)
    middle = rng.uniform(0.3, 0.7, 2) * [columns, rows]
    return (
        Affine.translation(*middle)
        @ Affine.rotation(rng.uniform(0, 360))
        @ Affine.scale(step)
        @ Affine.translation(-CHIP / 2, -CHIP / 2)
    )


def _chip(
    scene: Scene, survey: block_labels.PartialLabels, stem: str, to_pixel: Affine
) -> tuple[np.ndarray, LabelledImage]:
    image = scene.read(to_pixel, (CHIP, CHIP)).rgb.copy()

    def placed(points: Floats) -> Floats:
        return map_points(~to_pixel, points)

    labelled = np.zeros((CHIP, CHIP), np.uint8)
    for part in shapely.get_parts(survey.region):
        for ring, value in ((part.exterior, 1), *((inner, 0) for inner in part.interiors)):
            corners = np.rint(placed(np.array(ring.coords))).astype(np.int32)
            cv2.fillPoly(labelled, [corners], (value,))
    image *= labelled[..., None]
    parts = [(s.kind, visible_part(placed(s.outline), (CHIP, CHIP))) for s in survey.image.shapes]
    shapes = tuple(
        LabelledShape(kind, part)
        for kind, part in parts
        if part is not None and np.ptp(part, axis=0).min() > 3
    )
    return image, LabelledImage(f"{stem}.png", (CHIP, CHIP), shapes, FINE_GSD)


def main() -> None:
    """Writes the chips."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("root", type=Path, help="folder with geotiff/")
    parser.add_argument("folder", type=Path, help="dataset to add them to")
    parser.add_argument("--count", type=int, default=40, help="chips of each image")
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    print(f"{write_chips(args.root, args.folder, args.count, args.seed)} chips: {args.folder}")


if __name__ == "__main__":
    run(main)
