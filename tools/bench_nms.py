"""Time non-maximum suppression of duplicate detections.

    python tools/bench_nms.py --boxes 100000

A yard of 40 ft containers that touch, each seen four times with small errors, as overlapping
tiles see them; one thread. Prints the median time and how many boxes are left.
"""

from __future__ import annotations

import argparse
import time

import numpy as np

from cv.detector.detections import Detections
from cv.detector.nms import non_maximum_suppression
from cv.geometry.oriented_boxes import OrientedBoxes

_REPEATS = 5
_DUPLICATES = 4


def yard(boxes: int, seed: int = 0) -> Detections:
    """Return about `boxes` detections."""
    rng = np.random.default_rng(seed)
    side = max(1, int(np.sqrt(boxes / _DUPLICATES)))
    x, y = (part.ravel() for part in np.meshgrid(np.arange(side) * 12.2, np.arange(side) * 2.44))
    each = np.column_stack([x, y, np.full(len(x), 12.19), np.full(len(x), 2.44), np.zeros(len(x))])
    seen = np.repeat(each, _DUPLICATES, axis=0)
    seen[:, :2] += rng.normal(0.0, 0.15, (len(seen), 2))
    seen[:, 2:4] *= 1.0 + rng.normal(0.0, 0.02, (len(seen), 2))
    seen[:, 4] = rng.normal(0.0, 0.02, len(seen)) % np.pi
    turned = OrientedBoxes.from_values(seen)
    return Detections(turned, rng.random(len(seen)), np.zeros(len(seen), dtype=np.int64))


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--boxes", type=int, default=100_000)
    args = parser.parse_args()
    seen, times = yard(args.boxes), []
    for _ in range(_REPEATS):
        start = time.perf_counter()
        left = len(non_maximum_suppression(seen, 0.5))
        times.append(time.perf_counter() - start)
    print(f"{len(seen)} boxes: {sorted(times)[_REPEATS // 2]:.2f} s, {left} are left")


if __name__ == "__main__":
    main()
