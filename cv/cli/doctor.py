"""`pierwatch doctor`: what is installed, and whether it can work."""

from __future__ import annotations

import argparse
import platform
import sqlite3
from importlib.metadata import distributions

from cv.cli import options

_CORE = (
    "numpy",
    "onnxruntime",
    "rasterio",
    "shapely",
    "pyproj",
    "pandas",
    "defusedxml",
    "matplotlib",
    "pillow",
    "tqdm",
)
_EXTRA = (
    "geopandas",
    "pyogrio",
    "openvino",
    "pyyaml",
    "torch",
    "torchvision",
    "ultralytics",
    "albumentations",
)


def add_to(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds the command."""
    parser = commands.add_parser(
        "doctor",
        help="say what is installed and whether the model can be read",
        description="Says what is installed, which model is used, whether it can be read, and "
        "whether the released models are whole.",
        epilog="example: pierwatch doctor",
    )
    options.add_model(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Prints; fails where the model, or a released one, cannot be loaded."""
    print(f"pierwatch     {options.installed_version('pierwatch')}")
    print(f"python        {platform.python_version()} on {platform.system()} {platform.machine()}")
    print(f"sqlite        {sqlite3.sqlite_version}")
    for name in (*_CORE, *_EXTRA):
        print(f"{name:<13} {options.installed_version(name)}")
    print(f"opencv        {_opencv()}")
    detector = options.detector(args)
    card = detector.card
    print(f"model         {card.name} {card.version}, {card.precision}, sha256 {detector.digest}")
    print(f"  classes     {', '.join(card.classes)}")
    for look in card.passes:
        print(f"  looks for   {', '.join(look.classes)} at {look.gsd_m:g} m a pixel")
    print(f"  accepts     {card.gsd_range_m[0]:g} to {card.gsd_range_m[1]:g} m a pixel")
    print(f"  intervals   {'calibrated' if card.calibrated else 'not calibrated'}")
    print(f"  licence     {card.licence}")
    for line in _released():
        print(f"released      {line}")
    return 0


def _released() -> list[str]:
    """A line for each released model; raises ModelError where one is not what its card says."""
    from cv.detector.model_zoo import model_files, released_models
    from cv.detector.onnx_model import OnnxModel

    lines = []
    for path in (path for name in released_models() for path in model_files(name)):
        card, size = OnnxModel.load(path).card, path.stat().st_size / 1e6
        lines.append(f"{card.name} {card.version}, {card.precision}, {size:.1f} MB, whole")
    return lines


def _opencv() -> str:
    """Every OpenCV distribution: two at once overwrite each other's files."""
    found = sorted(
        f"{d.metadata['Name']} {d.version}"
        for d in distributions()
        if (d.metadata["Name"] or "").lower().startswith("opencv-")
    )
    warning = " (more than one: they overwrite each other, keep one)" if len(found) > 1 else ""
    return (", ".join(found) or "not installed") + warning
