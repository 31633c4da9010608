"""Cut training chips from the labelled orthophotos whose licence allows it (CC BY 4.0).

    python datasets/real/training_chips.py ../shared/real runs/real --count 40

Cuts each of the images `TRAINED_ON` (Beeldmateriaal Nederland) at random places, rotations and
scales around the working GSD, and adds the chips to the part "train" of an existing YOLO-OBB
dataset, such as `pierwatch datasets render` writes. What is not labelled becomes black. All other
labelled images are used for evaluation only. (`pierwatch datasets cut` cuts any labelled images
into a new dataset.)
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import cv2
import numpy as np
from affine import Affine

from cv import Scene
from cv.geometry.arrays import Float64Array
from cv.geometry.oriented_boxes import map_points
from cv.labels import block_labels
from cv.labels.label_files import read_label_texts
from cv.labels.labelled_image import LabelledImage, LabelledShape
from cv.labels.outline_edits import visible_part
from cv.labels.yolo_obb import to_yolo_text
from cv.synthetic.chip_renderer import CHIP, CLASSES, FINE_GSD
from cv.training.chip_cutting import region_mask

sys.path.insert(0, str(Path(__file__).resolve().parent))
from labelled_scenes import OWN_LABELS, TRAINED_ON
from script_runner import run


def write_chips(root: Path, folder: Path, count: int, seed: int) -> int:
    """Write `count` chips of each image into folder/images and folder/labels; return how many."""
    rng = np.random.default_rng(seed)
    for kind in ("images", "labels"):
        (folder / kind / "train").mkdir(parents=True, exist_ok=True)
    for name in TRAINED_ON:
        partial = block_labels.parse_block_labels(
            next(read_label_texts(OWN_LABELS / f"{name}.json", ".json"))
        )
        with Scene.open(root / "geotiff" / f"{name}.tif") as scene:
            for i in range(count):
                stem = f"{name}_{i:03d}"
                image, labels = _chip(scene, partial, stem, _random_placement(rng, scene))
                cv2.imwrite(str(folder / "images" / "train" / f"{stem}.png"), image[..., ::-1])
                text = to_yolo_text(labels, CLASSES)
                (folder / "labels" / "train" / f"{stem}.txt").write_text(text, encoding="utf-8")
    return count * len(TRAINED_ON)


def _random_placement(rng: np.random.Generator, scene: Scene) -> Affine:
    """Return a random map from chip pixels (x, y) to pixels of the scene."""
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
    scene: Scene, partial: block_labels.PartialLabels, stem: str, to_pixel: Affine
) -> tuple[np.ndarray, LabelledImage]:
    image = scene.read(to_pixel, (CHIP, CHIP)).rgb.copy()

    def placed(points: Float64Array) -> Float64Array:
        return map_points(~to_pixel, points)

    image *= region_mask(partial.region, to_pixel, CHIP)[..., None]
    parts = [(s.kind, visible_part(placed(s.outline), (CHIP, CHIP))) for s in partial.image.shapes]
    shapes = tuple(
        LabelledShape(kind, part)
        for kind, part in parts
        if part is not None and np.ptp(part, axis=0).min() > 3
    )
    return image, LabelledImage(f"{stem}.png", (CHIP, CHIP), shapes, FINE_GSD)


def main() -> None:
    """Write the chips."""
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
