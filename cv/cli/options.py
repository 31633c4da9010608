"""Options that several commands share, and the objects that they name."""

from __future__ import annotations

import argparse
import inspect
from collections.abc import Callable, Sequence
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from cv.cli import argument_types
from cv.errors import InputError, LedgerError

if TYPE_CHECKING:
    from cv.detector.detector import Detector
    from cv.events.vessels.vessel_matching import Fleet
    from cv.geometry.grid import Grid
    from cv.labels.label_formats import ImagePaths
    from cv.labels.labelled_image import LabelledDataset
    from cv.scene.scene import Scene
    from cv.site import Site

Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"
"""What sub-commands are added to."""
KINDS = ("container", "hull")
"""Classes of objects."""
EXTRAS = {
    "train": ("torch", "torchvision", "ultralytics", "albumentations", "onnx", "cv2", "yaml"),
    "render": ("cv2", "yaml"),
}
"""Packages of optional dependencies, by import name."""
MODEL = ("--model", "--threads", "--engine")
"""The model that counts, and how it runs."""
SCENES = ("--radiometry", "--time-pattern", "--allow", "--into")
"""What scenes may need declared, where they may come from, and where they are kept."""
SCENE = ("scene", "--site", "--gsd", "--acquired", *SCENES, *MODEL)
"""One scene, and the model that counts it."""
DATASET = ("dataset", "--images")
"""A labelled dataset."""
LABELS = (*DATASET, "--scene")
"""A labelled dataset, which may be drawn over a scene."""
_SHARED: dict[str, dict[str, Any]] = {
    "scene": {
        "type": argument_types.scene_location,
        "metavar": "SCENE",
        "help": "GeoTIFF, PNG, JPEG or STAC Item; or its address",
    },
    "--site": {"type": Path, "metavar": "FILE", "help": "GeoJSON with the piers"},
    "--gsd": {
        "type": argument_types.gsd_m,
        "metavar": "X[,Y]",
        "help": "metres per pixel along x and y, for images that do not declare it",
    },
    "--acquired": {
        "type": argument_types.utc_time,
        "metavar": "TIME",
        "help": "acquisition time, ISO 8601 with a time zone",
    },
    "--radiometry": {
        "metavar": "NAME",
        "help": "profile of the pixel values, or 'percentile'; needed for 16 bit without metadata",
    },
    "--time-pattern": {
        "metavar": "PATTERN",
        "help": "time in the file name, such as 'UTC:*_%%Y%%m%%d_%%H%%M%%S' (* is anything)",
    },
    "--allow": {
        "action": "append",
        "default": [],
        "metavar": "HOST",
        "help": "fetch https:// scenes from HOST[:PORT], or s3:// scenes from s3://BUCKET; a "
        "network such as 10.1.0.0/16 allows private addresses in it; may be repeated",
    },
    "--into": {
        "type": Path,
        "metavar": "FOLDER",
        "help": "folder for fetched scenes; required for them",
    },
    "--model": {
        "action": "append",
        "metavar": "MODEL",
        "help": "ONNX file or name of a released model; twice: one for containers, one for hulls",
    },
    "--threads": {
        "type": argument_types.positive_int,
        "metavar": "N",
        "help": "tiles processed at once; default: number of cores",
    },
    "--engine": {
        "default": "onnxruntime",
        "metavar": "NAME",
        "help": "runtime of the model: onnxruntime (default), or openvino if it is installed",
    },
    "--ledger": {
        "type": argument_types.ledger_location,
        "required": True,
        "metavar": "FILE",
        "help": "ledger: an SQLite file, or a postgresql:// address",
    },
    "--claims": {
        "type": Path,
        "metavar": "FILE",
        "help": "CSV with published claims and notes, shown beside the findings",
    },
    "--fleet": {
        "type": Path,
        "metavar": "FILE",
        "help": "CSV: name, aliases, length_m, beam_m, bridge",
    },
    "dataset": {"type": Path, "metavar": "DATASET", "help": "file, folder or archive"},
    "--images": {"type": Path, "metavar": "FOLDER", "help": "folder of its images, if elsewhere"},
    "--scene": {
        "type": Path,
        "metavar": "FILE",
        "help": "georeferenced image of a GeoJSON in world coordinates",
    },
    "--classes": {
        "type": argument_types.names,
        "metavar": "A,B",
        "help": "classes of OUT in order; those of a model are container,hull",
    },
    "--kind": {"choices": KINDS, "default": "container", "help": "class; default: container"},
    "--json": {"action": "store_true", "help": "print JSON, one object per line"},
}
_INPUTS = ("scene", "site", "ledger", "claims", "dataset", "images", "model")
"""Arguments that name files or folders that a command reads."""


def add_command(
    commands: Commands, name: str, run: Callable[[argparse.Namespace], int], text: str | None
) -> argparse.ArgumentParser:
    """Add a command, or a verb of one, that calls `run`; return its parser, their `parser`.

    `text`, a docstring, holds its summary, description and example, separated by empty lines.
    """
    summary, description, example = inspect.cleandoc(text or "").split("\n\n")
    parser = commands.add_parser(
        name,
        help=summary[0].lower() + summary[1:].removesuffix("."),
        description=" ".join(description.split()),
        epilog=" ".join(example.split()),
    )
    parser.set_defaults(run=run, parser=parser)
    return parser


def add_file(
    parser: argparse.ArgumentParser,
    option: str,
    description: str,
    *,
    required: bool = False,
    metavar: str = "FILE",
) -> None:
    """Add an argument or option that takes a path; an argument is always required."""
    action = parser.add_argument(option, type=Path, metavar=metavar, help=description)
    action.required |= required


def add_number(
    parser: argparse._ActionsContainer,
    option: str,
    description: str,
    kind: Callable[[str], float] = argument_types.positive_int,
    *,
    default: float | None = None,
    metavar: str = "N",
) -> None:
    """Add an option that takes a number; the help shows its default."""
    if default is not None:
        description += f"; default: {default:g}"
    parser.add_argument(option, type=kind, default=default, metavar=metavar, help=description)


def add_shared(parser: argparse.ArgumentParser, *names: str) -> None:
    """Add the arguments and options `names` that several commands share."""
    for name in names:
        parser.add_argument(name, **_SHARED[name])


def add_piers(parser: argparse.ArgumentParser, what: str) -> None:
    """Add a ledger, the sites that group its piers, and a pier; `what` describes the choice."""
    add_shared(parser, "--ledger")
    site_help = "GeoJSON: only its piers are interpreted together; may be repeated"
    parser.add_argument(
        "--site", type=Path, action="append", default=[], metavar="FILE", help=site_help
    )
    parser.add_argument("--pier", metavar="P", help=f"{what}; with --site it may be an alias")


def detector_from_args(args: argparse.Namespace) -> Detector:
    """Load the detector in `args`."""
    from cv.detector.detector import Detector

    return Detector.load(args.model, args.threads, args.engine)


def scene_from_args(args: argparse.Namespace) -> Scene:
    """Open the scene in `args`."""
    from cv.scene.scene import Scene

    return Scene.open(
        local_path(args.scene, args),
        args.gsd,
        radiometry=args.radiometry,
        acquired=args.acquired,
        time_pattern=args.time_pattern,
    )


def local_path(place: Path | str, args: argparse.Namespace) -> Path:
    """Return the local path of `place`, downloading it if it is an address; raise InputError."""
    from cv.remote.allow_list import AllowList
    from cv.remote.download import download_scene

    if isinstance(place, Path):
        return place
    if args.into is None:
        raise InputError("--into", "missing", "fetched scenes are kept in a folder", "Add --into.")
    return download_scene(place, AllowList.of(args.allow), args.into)


def grid_from_args(args: argparse.Namespace) -> Grid | None:
    """Return the grid of the georeferenced image `--scene`, if any; raises InputError."""
    return None if args.scene is None else grid_of_image(args.scene)


def grid_of_image(path: Path) -> Grid:
    """Return the grid of a georeferenced image; raises InputError."""
    from cv.scene.scene import Scene

    with Scene.open(path) as scene:
        if scene.grid.crs is None:
            limit, remedy = "GeoJSON is georeferenced", "Name a georeferenced image."
            raise InputError(path, "no CRS", limit, remedy)
        return scene.grid


def dataset_from_args(args: argparse.Namespace) -> tuple[LabelledDataset, ImagePaths]:
    """Return the dataset in `args` (see `LABELS`) and its images' paths; raise InputError."""
    from cv.labels.label_formats import complete_from_images, dataset_images, read_dataset

    dataset = read_dataset(args.dataset, grid_from_args(args), args.scene)
    paths = dataset_images(args.dataset, args.images, args.scene)
    return complete_from_images(dataset, paths), paths


def read_site(path: Path) -> Site:
    """Read a site file and check its alert rules, whether they are used or not; raise SiteError."""
    from cv.alerts.alert_rule import read_alert_rules
    from cv.site import Site

    site = Site.read(path)
    read_alert_rules(path, site)
    return site


def site_from_args(args: argparse.Namespace) -> Site | None:
    """Read the site in `args`, if any."""
    return read_site(args.site) if args.site else None


def fleet_from_args(args: argparse.Namespace) -> Fleet:
    """Return the fleet in `args`, an empty one if there is none."""
    from cv.events.vessels.vessel_matching import Fleet

    return Fleet.read(args.fleet) if args.fleet else Fleet(())


def ledger_file(args: argparse.Namespace) -> Path | None:
    """Return the ledger's file, None for one in PostgreSQL."""
    return args.ledger if isinstance(args.ledger, Path) else None


def no_observations(args: argparse.Namespace, known: Sequence[str]) -> LedgerError:
    """Return the error for a ledger of the `known` piers without observations of `--pier`."""
    from cv.ledger.postgres_address import without_password

    pier = f" of a pier called {args.pier!r}" if args.pier else ""
    return LedgerError(
        without_password(str(args.ledger)),
        f"no observation{pier}",
        f"it holds {', '.join(known) or 'no pier yet'}",
        "Use one of these names, or add the --site that knows the alias.",
    )


def check_output(
    args: argparse.Namespace, path: Path | None, *suffixes: str, inputs: Sequence[Path] = ()
) -> None:
    """Raise InputError if the output `path`, if any, cannot be written or would be a mistake.

    Its name must end in one of `suffixes`, its folder must exist, and no file in `args` or `inputs`
    that the command reads, nor one in such a folder, is replaced.
    """
    if path is None:
        return
    if suffixes and path.suffix.lower() not in suffixes:
        reason = f"its name ends in {path.suffix!r}", f"{' or '.join(suffixes)} is needed"
        remedy = "Rename the output."
    elif path.exists() and not path.is_file():
        reason, remedy = ("not a regular file", "only files are replaced"), "Name another file."
    elif _is_input(path, (*input_paths(args), *inputs)):
        reason = "an input of this command", "inputs are never overwritten"
        remedy = "Name another file."
    elif not path.parent.is_dir():
        reason = "its folder does not exist", "an existing folder is needed"
        remedy = f"Make it: mkdir -p {path.parent}"
    else:
        return
    raise InputError(path, *reason, remedy)


def input_paths(args: argparse.Namespace) -> list[Path]:
    """Return the files and folders in `args` that a command reads."""
    values = [getattr(args, name, None) for name in _INPUTS]
    lists = [value if isinstance(value, list) else [value] for value in values]
    return [Path(value) for values in lists for value in values if value]


def _is_input(path: Path, inputs: Sequence[Path]) -> bool:
    """Return whether an existing file `path` is one of `inputs`, or lies in such a folder."""
    places = (path, *path.resolve().parents) if path.exists() else ()
    return any(one.exists() and any(map(one.samefile, places)) for one in inputs)


def require_extra(extra: str) -> None:
    """Raise InputError if a package of the optional dependencies `extra` is not installed."""
    missing = [name for name in EXTRAS[extra] if find_spec(name) is None]
    if missing:
        raise InputError(
            ", ".join(missing),
            "not installed",
            f"this command needs the extra `{extra}`",
            f'Install it: pip install "pierwatch[{extra}]".',
        )


def installed_version(name: str) -> str:
    """Return the version of distribution `name`, or "not installed"."""
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"
