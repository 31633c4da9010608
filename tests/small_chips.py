"""Small datasets to train on: painted boxes, a few pixels wide."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

YAML = "path: .\ntrain: images/train\nval: images/val\nnames: [container, hull]\n"


def paint_chips(folder: Path, chips: int = 6, side: int = 64) -> Path:
    """`chips` for training and one to hold back, three boxes in each; returns dataset.yaml."""
    rng = np.random.default_rng(7)
    for number in range(chips + 1):
        split = "val" if number == chips else "train"
        image = rng.integers(0, 90, (side, side, 3), dtype=np.uint8)
        rows = []
        for kind, x in enumerate((0.25, 0.5, 0.75)):
            middle = (x * side, float(rng.uniform(0.3, 0.7)) * side)
            box = cv2.boxPoints((middle, (0.3 * side, 0.12 * side), float(rng.uniform(0, 90))))
            colour = tuple(int(v) for v in rng.integers(120, 255, 3))
            cv2.fillPoly(image, [np.rint(box).astype(np.int32)], colour)
            rows.append(f"{kind % 2} " + " ".join(f"{v / side:.9f}" for v in box.ravel()))
        for kind in ("images", "labels"):
            (folder / kind / split).mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(folder / "images" / split / f"{number}.png"), image)
        (folder / "labels" / split / f"{number}.txt").write_text("\n".join(rows) + "\n")
    (folder / "dataset.yaml").write_text(YAML)
    return folder / "dataset.yaml"
