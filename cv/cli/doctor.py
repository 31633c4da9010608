"""Report what is installed and whether the models can be read.

Reports what is installed, which model is used, whether it can be read, and whether the released
models are intact.

example: pierwatch doctor
"""

from __future__ import annotations

import argparse
import platform
import sqlite3
from importlib.metadata import distributions

from cv.cli import options

_PACKAGES = (
    "numpy", "onnxruntime", "rasterio", "shapely", "pyproj", "pandas", "defusedxml", "matplotlib",
    "pillow", "tqdm", "geopandas", "pyogrio", "openvino", "httpcore", "botocore", "pyyaml", "torch",
    "torchvision", "ultralytics", "albumentations",
)  # fmt: skip
"""Distributions whose versions are reported."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    options.add_shared(parser, *options.MODEL)


def run(args: argparse.Namespace) -> int:
    """Print the report; raise ModelError if the model or a released one cannot be loaded."""
    from cv.detector.model_zoo import model_files, released_models
    from cv.detector.onnx_model import OnnxModel

    print(f"pierwatch     {options.installed_version('pierwatch')}")
    print(f"python        {platform.python_version()} on {platform.system()} {platform.machine()}")
    print(f"sqlite        {sqlite3.sqlite_version}")
    for name in _PACKAGES:
        print(f"{name:<13} {options.installed_version(name)}")
    installed = {f"{d.name} {d.version}" for d in distributions()}
    opencv = sorted(name for name in installed if name.lower().startswith("opencv-"))
    warning = " (they overwrite each other's files: keep one)" if len(opencv) > 1 else ""
    print(f"opencv        {', '.join(opencv) or 'not installed'}{warning}")
    detector = options.detector_from_args(args)
    card = detector.card
    print(f"model         {card.name} {card.version}, {card.precision}, sha256 {detector.digest}")
    print(f"  classes     {', '.join(card.classes)}")
    for inference_pass in card.passes:
        classes = ", ".join(inference_pass.classes)
        print(f"  detects     {classes} at {inference_pass.gsd_m:g} m per pixel")
    print(f"  accepts     {card.gsd_range_m[0]:g} to {card.gsd_range_m[1]:g} m per pixel")
    print(f"  intervals   {'calibrated' if card.calibrated else 'not calibrated'}")
    print(f"  licence     {card.licence}")
    for path in (path for name in released_models() for path in model_files(name)):
        card, size = OnnxModel.load(path).card, path.stat().st_size / 1e6
        print(f"released      {card.name} {card.version}, {card.precision}, {size:.1f} MB, intact")
    return 0
