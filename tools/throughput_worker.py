"""Count one large scene in one way, in its own process, and print time and memory.

    python tools/throughput_worker.py fp32 scene.tif

Called by tools/throughput.py. Time is taken from the path of the scene to the counts, once models
are loaded and libraries imported; memory is the peak of the process, all included.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import resource
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

MODELS = {"fp32": "pierwatch-n", "int8": "pierwatch-n-int8"}
OPENVINO = {"openvino": "pierwatch-n", "openvino int8": "pierwatch-n-int8"}
OWN = (*MODELS, *OPENVINO)
WAYS = (*OWN, *(f"pure {way}" for way in OWN), "sahi")
DEEP = "limits:0-2040:1,2,3"
"""Radiometry of mosaics in 16 bits."""
CORES = len(os.sched_getaffinity(0))


def pierwatch(way: str, scene: Path, site: Path | None) -> Callable[[], int]:
    """Count containers with the released model, on a site or on the whole scene."""
    from cv import Scene, Site, count

    detector = _detector(way)
    piers = Site.read(site) if site else None

    def run() -> int:
        with Scene.open(scene, radiometry=DEEP if "deep" in scene.name else None) as opened:
            return len(count(opened, piers, detector).detections)

    return run


def pure(way: str, scene: Path) -> Callable[[], int]:
    """Run the network alone on the same tiles, already in memory: the lower bound."""
    from affine import Affine

    from cv import Scene
    from cv.geometry.tiling import Tiling

    detector = _detector(way.removeprefix("pure "))
    network, inference_pass = detector.models[0], detector.card.passes[0]
    size = network.card.tile_px
    with Scene.open(scene, radiometry=DEEP if "deep" in scene.name else None) as opened:
        tiles = [
            opened.read(Affine.translation(tile.x0, tile.y0), (size, size)).rgb
            for tile in Tiling(size, inference_pass.overlap_px).tiles(opened.grid.footprint)
        ]

    def run() -> int:
        with ThreadPoolExecutor(detector.threads) as pool:
            return sum(answer.shape[0] for answer in pool.map(network.run, tiles))

    return run


def sahi(checkpoint: Path, scene: Path) -> Callable[[], int]:
    """Run the same network in PyTorch through SAHI, with the same tiles."""
    from cv.training.ultralytics_setup import isolate_ultralytics

    isolate_ultralytics()
    import torch
    from sahi import AutoDetectionModel
    from sahi.predict import get_sliced_prediction

    torch.set_num_threads(CORES)
    detector = _detector("fp32")
    size, overlap = detector.card.tile_px, detector.card.passes[0].overlap_px
    model = AutoDetectionModel.from_pretrained(
        model_type="ultralytics",
        model_path=str(checkpoint),
        confidence_threshold=detector.card.thresholds[0],
        device="cpu",
    )
    del detector
    gc.collect()

    def run() -> int:
        result = get_sliced_prediction(
            str(scene),
            model,
            slice_height=size,
            slice_width=size,
            overlap_height_ratio=overlap / size,
            overlap_width_ratio=overlap / size,
            perform_standard_pred=False,
            verbose=0,
        )
        return len(result.object_prediction_list)

    return run


def checkpoint_of(model: Path, path: Path) -> Path:
    """Write the released network as a checkpoint of ultralytics, unless it exists."""
    if path.exists():
        return path
    import torch

    from cv.training.onnx_to_torch import calibration_batches, onnx_to_torch
    from cv.training.ultralytics_setup import isolate_ultralytics

    isolate_ultralytics()
    from ultralytics.cfg import get_cfg

    network = onnx_to_torch(model, calibration_batches(16))
    network.args = dict(vars(get_cfg()), task="obb", model=path.name)
    network.names = {0: "container", 1: "hull"}
    torch.save({"model": network, "train_args": {"task": "obb", "imgsz": 640}}, path)
    return path


def _detector(way: str):  # type: ignore[no-untyped-def]  # Detector, imported late
    from cv import Detector

    engine = "openvino" if way in OPENVINO else "onnxruntime"
    return Detector.load({**MODELS, **OPENVINO}[way], CORES, engine).only("container")


def _peak_mb() -> float:
    """Return the peak memory of this program alone; `getrusage` would include its parent."""
    status = Path("/proc/self/status")
    if status.exists():
        (line,) = (row for row in status.read_text().splitlines() if row.startswith("VmHWM:"))
        return int(line.split()[1]) / 2**10
    unit = 2**20 if sys.platform == "darwin" else 2**10
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit


def main() -> None:
    """Measure one way and print the result as JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("way", choices=WAYS)
    parser.add_argument("scene", type=Path)
    parser.add_argument("--site", type=Path)
    parser.add_argument("--checkpoint", type=Path)
    args = parser.parse_args()
    if args.way == "sahi":
        run = sahi(args.checkpoint, args.scene)
    elif args.way.startswith("pure"):
        run = pure(args.way, args.scene)
    else:
        run = pierwatch(args.way, args.scene, args.site)
    start = time.perf_counter()
    boxes = run()
    print(json.dumps([time.perf_counter() - start, _peak_mb(), boxes]))


if __name__ == "__main__":
    np.seterr(all="ignore")
    main()
