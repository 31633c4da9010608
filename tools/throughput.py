"""Measure speed and memory of counting large scenes, and the accuracy of the faster ways.

    python tools/throughput.py --work runs/throughput --real ../shared/real

Each way of counting runs in a process of its own (tools/throughput_worker.py), the ways taking
turns, and medians are printed: whole scenes of 8192 x 8192 pixels (RGB tiled and deflated, a COG
of it, 16 bit with four bands), the same network by PyTorch through SAHI, the network alone on the
same tiles, and six piers of the scene. With --large the peak memory of larger scenes follows.
With --real, what int8 and OpenVINO change on labelled real images. SAHI needs the extra `peers`.
"""

from __future__ import annotations

import argparse
import json
import platform
import subprocess
import sys
from collections import defaultdict
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from statistics import median

from mosaics import cog, mosaic, piers
from throughput_worker import CORES, MODELS, OWN, checkpoint_of
from tqdm import tqdm

from cv import Detector
from cv.detector.model_card import CONTAINER
from cv.detector.model_zoo import default_model
from cv.evaluation.metrics import CountMetrics

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "datasets" / "real"))
from labelled_scenes import evaluate_all, labelled_samples
from script_runner import run

SIDE = 8192
"""Side of the timed scenes, pixels."""


@dataclass(frozen=True)
class Entry:
    """One line of the table."""

    title: str
    way: str
    scene: Path
    more: tuple[str, ...] = ()


@dataclass(frozen=True)
class Measured:
    """Medians over the rounds."""

    seconds: float
    peak_mb: float
    boxes: int


def entries(work: Path) -> list[Entry]:
    """What is timed; makes the scenes where they are missing."""
    plain = mosaic(work / "rgb.tif", SIDE)
    tiled = cog(work / "cog.tif", plain)
    deep = mosaic(work / "deep.tif", SIDE, 4, "uint16")
    site = ("--site", str(piers(work / "site.geojson", SIDE)))
    listed = [Entry(f"RGB, {way}", way, plain) for way in OWN]
    if find_spec("sahi"):
        same = checkpoint_of(default_model(), work / "same.pt")
        listed.append(Entry("RGB, SAHI and PyTorch", "sahi", plain, ("--checkpoint", str(same))))
    listed += [Entry(f"RGB, the network alone, {way}", f"pure {way}", plain) for way in OWN]
    listed += [Entry("COG, fp32", "fp32", tiled), Entry("16 bit, 4 bands, fp32", "fp32", deep)]
    listed += [Entry(f"RGB, six piers, {way}", way, plain, site) for way in OWN]
    return listed


def measured(listed: list[Entry], rounds: int) -> dict[str, Measured]:
    """All entries, in turns."""
    found = defaultdict(list)
    for entry in tqdm(listed * rounds, desc="runs", disable=None, leave=False):
        found[entry.title].append(_once(entry))
    return {
        title: Measured(
            median(one.seconds for one in each), median(one.peak_mb for one in each), each[0].boxes
        )
        for title, each in found.items()
    }


def _once(entry: Entry) -> Measured:
    script = Path(__file__).with_name("throughput_worker.py")
    command = [sys.executable, str(script), entry.way, str(entry.scene), *entry.more]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return Measured(*json.loads(done.stdout.splitlines()[-1]))


def table(results: dict[str, Measured]) -> str:
    """A line per entry, with its time over that of fp32 on the same RGB scene and of SAHI."""
    own = results["RGB, fp32"].seconds
    peer = results.get("RGB, SAHI and PyTorch")
    lines = ["| scene and way | s | peak MB | boxes | times fp32 | times SAHI |"]
    lines += ["|---|---|---|---|---|---|"]
    for title, one in results.items():
        faster = f"{peer.seconds / one.seconds:.2f}" if peer else ""
        lines.append(
            f"| {title} | {one.seconds:.2f} | {one.peak_mb:.0f} | {one.boxes} "
            f"| {own / one.seconds:.2f} | {faster} |"
        )
    return "\n".join(lines)


def accuracy(root: Path) -> str:
    """Return a table of the accuracy of int8 and OpenVINO on the labelled real images."""
    samples = [one for one in labelled_samples(root) if one.kind == CONTAINER]
    ways = [(name, engine) for name in MODELS for engine in ("onnxruntime", "openvino")]
    lines = ["| model and engine | true | counted | nMAE | lost | AP50 | lost |"]
    lines += ["|---|---|---|---|---|---|---|"]
    first = None
    for name, engine in ways:
        detector = Detector.load(MODELS[name], CORES, engine).only(CONTAINER)
        metrics = CountMetrics.of(evaluate_all(samples, detector))
        first = first or metrics
        lines.append(
            f"| {name}, {engine} | {metrics.true} | {metrics.counted} | {metrics.nmae:.3f} "
            f"| {metrics.nmae - first.nmae:+.3f} | {metrics.ap50:.3f} "
            f"| {first.ap50 - metrics.ap50:+.3f} |"
        )
    return "\n".join(lines)


def large(work: Path, sides: list[int]) -> str:
    """Peak memory of scenes of other sizes, by the quickest way, once each."""
    lines = ["| side, pixels | way | s | peak MB |", "|---|---|---|---|"]
    for side in sides:
        scene = mosaic(work / f"rgb-{side}.tif", side)
        for way in ("fp32", "int8"):
            one = _once(Entry("", way, scene))
            lines.append(f"| {side} | {way} | {one.seconds:.0f} | {one.peak_mb:.0f} |")
    return "\n".join(lines)


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--work", type=Path, required=True, help="folder for the scenes")
    parser.add_argument("--rounds", type=int, default=3, help="runs of each way")
    parser.add_argument("--real", type=Path, help="folder of real scenes")
    parser.add_argument("--large", type=int, nargs="*", default=[], metavar="SIDE", help="pixels")
    args = parser.parse_args()
    args.work.mkdir(parents=True, exist_ok=True)
    print(f"{CORES} cores, {platform.machine()}, medians of {args.rounds}\n")
    print(table(measured(entries(args.work), args.rounds)))
    if args.large:
        print(f"\n{large(args.work, args.large)}")
    if args.real:
        print(f"\n{accuracy(args.real)}")


if __name__ == "__main__":
    run(main)
