"""Options that several commands share, and the objects that they name."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from datetime import UTC, date, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias
from urllib.parse import urlsplit

from cv.errors import InputError, LedgerError

if TYPE_CHECKING:
    from cv.detector.detector import Detector
    from cv.events.vessels.vessel_matching import Fleet
    from cv.geometry.grid import Grid
    from cv.scene.scene import Scene
    from cv.site import Site


Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"
"""What sub-commands are added to."""


def add_file(
    parser: argparse.ArgumentParser,
    option: str,
    description: str,
    *,
    required: bool = False,
    metavar: str = "FILE",
) -> None:
    """Add an option that takes a path."""
    parser.add_argument(option, type=Path, required=required, metavar=metavar, help=description)


def add_number(
    parser: argparse._ActionsContainer,
    option: str,
    description: str,
    *,
    default: int | None = None,
    metavar: str = "N",
) -> None:
    """Add an option that takes a whole number of at least 1; the help shows its default."""
    if default is not None:
        description += f"; default: {default}"
    parser.add_argument(
        option, type=positive_int, default=default, metavar=metavar, help=description
    )


def add_counted_scene(parser: argparse.ArgumentParser) -> None:
    """Add SCENE, what it may need declared, and the model that counts it."""
    parser.add_argument(
        "scene",
        type=scene_location,
        metavar="SCENE",
        help="GeoTIFF, PNG, JPEG or STAC Item; or its address",
    )
    add_file(parser, "--site", "GeoJSON with the piers")
    parser.add_argument(
        "--gsd",
        type=gsd_m,
        metavar="X[,Y]",
        help="metres per pixel along x and y, for an image without georeference",
    )
    parser.add_argument(
        "--acquired",
        type=utc_time,
        metavar="TIME",
        help="acquisition time, ISO 8601 with a time zone",
    )
    add_declarations(parser)
    add_fetching(parser)
    add_model(parser)


def add_fetching(parser: argparse.ArgumentParser) -> None:
    """Add where remote scenes may come from, and where they are kept."""
    parser.add_argument(
        "--allow",
        action="append",
        default=[],
        metavar="HOST",
        help="fetch https:// scenes from HOST[:PORT], or s3:// scenes from s3://BUCKET; a network "
        "such as 10.1.0.0/16 allows private addresses in it; may be repeated",
    )
    add_file(parser, "--into", "folder for fetched scenes; required for them", metavar="FOLDER")


def scene_location(text: str) -> Path | str:
    """Parse a path or file:// address to a path; return https:// and s3:// addresses unchanged."""
    from urllib.request import url2pathname  # slow to import

    from cv.remote.address import is_remote, without_secrets

    scheme, separator, _ = text.partition("://")
    if is_remote(text):
        return text
    if not separator:
        return Path(text)
    if scheme.lower() == "file":
        parts = urlsplit(text)
        path = url2pathname(parts.path)
        if parts.netloc.lower() in ("", "localhost") and "\0" not in path:
            return Path(path)
    raise argparse.ArgumentTypeError(
        f"{without_secrets(text)}: not a path, nor the address of a local file (file://) or of one "
        "at https:// or s3://"
    )


def local_path(place: Path | str, args: argparse.Namespace) -> Path:
    """Return the local path of `place`, downloading it if it is an address; raise InputError."""
    from cv.remote.allow_list import AllowList
    from cv.remote.download import download_scene

    if isinstance(place, Path):
        return place
    if args.into is None:
        raise InputError(
            "--into", "missing", "fetched scenes are kept in a folder", "Add --into FOLDER."
        )
    return download_scene(place, AllowList.of(args.allow), args.into)


def add_declarations(parser: argparse.ArgumentParser) -> None:
    """Add what can be declared for every scene of a batch."""
    parser.add_argument(
        "--radiometry",
        metavar="NAME",
        help="profile of the pixel values, or 'percentile'; needed for 16 bit without metadata",
    )
    parser.add_argument(
        "--time-pattern",
        metavar="PATTERN",
        help="time in the file name, such as 'UTC:*_%%Y%%m%%d_%%H%%M%%S' (* stands for anything)",
    )


def add_model(parser: argparse.ArgumentParser) -> None:
    """Add the model that counts, and how it runs."""
    parser.add_argument(
        "--model",
        action="append",
        metavar="MODEL",
        help="ONNX file or name of a released model; twice: one for containers, one for hulls",
    )
    add_number(parser, "--threads", "tiles processed at once; default: number of cores")
    parser.add_argument(
        "--engine",
        default="onnxruntime",
        metavar="NAME",
        help="runtime of the model: onnxruntime (default), or openvino if it is installed",
    )


def add_ledger(parser: argparse.ArgumentParser) -> None:
    """Add the ledger."""
    parser.add_argument(
        "--ledger",
        type=ledger_location,
        required=True,
        metavar="FILE",
        help="ledger: an SQLite file, or a postgresql:// address",
    )


def ledger_location(text: str) -> Path | str:
    """Parse the path of a ledger; return the address of one in PostgreSQL unchanged."""
    return text if text.lower().startswith(("postgresql://", "postgres://")) else Path(text)


def ledger_file(args: argparse.Namespace) -> Path | None:
    """Return the ledger's file, None for one in PostgreSQL."""
    place = getattr(args, "ledger", None)
    return place if isinstance(place, Path) else None


def ledger_name(args: argparse.Namespace) -> str:
    """Return the ledger's path or address for printing."""
    return without_password(str(args.ledger))


def unknown_pier(args: argparse.Namespace, name: str, known: Sequence[str]) -> LedgerError:
    """Return the error for a pier `name` that is not among the `known` ones of the ledger."""
    return LedgerError(
        ledger_name(args),
        f"no observation of a pier called {name!r}",
        f"it holds {', '.join(known) or 'no pier yet'}",
        "Use one of these names, or add the --site that knows the alias.",
    )


def without_password(address: str) -> str:
    """Return the address of a ledger without its password."""
    from cv.ledger.address import without_password

    return without_password(address)


def add_piers(parser: argparse.ArgumentParser, what: str) -> None:
    """Add a ledger, the sites that group its piers, and a pier; `what` describes the choice."""
    add_ledger(parser)
    parser.add_argument(
        "--site",
        type=Path,
        action="append",
        default=[],
        metavar="FILE",
        help="GeoJSON: only its piers are interpreted together; may be repeated",
    )
    parser.add_argument("--pier", metavar="P", help=f"{what}; with --site it may be an alias")


def add_fleet(parser: argparse.ArgumentParser) -> None:
    """Add the ships that may call, and the output format."""
    add_file(parser, "--fleet", "CSV: name, aliases, length_m, beam_m, bridge")
    parser.add_argument("--json", action="store_true", help="print JSON, one object per line")


def fleet_from_args(args: argparse.Namespace) -> Fleet:
    """Return the fleet in `args`, an empty one if there is none."""
    from cv.events.vessels.vessel_matching import Fleet

    return Fleet.read(args.fleet) if args.fleet else Fleet(())


def add_claims(parser: argparse.ArgumentParser) -> None:
    """Add published claims about the piers."""
    add_file(parser, "--claims", "CSV with published claims and notes, shown beside the findings")


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


def scene_grid(scene: Path | None) -> Grid | None:
    """Return the grid of the georeferenced image `scene`; raises InputError without a CRS."""
    if scene is None:
        return None
    from cv.scene.scene import Scene

    with Scene.open(scene) as opened:
        if opened.grid.crs is None:
            raise InputError(
                scene, "it has no CRS", "GeoJSON lies in the world", "Name a georeferenced image."
            )
        return opened.grid


def site_from_args(args: argparse.Namespace) -> Site | None:
    """Read the site in `args`, if any."""
    from cv.site import Site

    return Site.read(args.site) if args.site else None


def installed_version(name: str) -> str:
    """Return the version of distribution `name`, or "not installed"."""
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"


def inputs(args: argparse.Namespace) -> tuple[Path | None, ...]:
    """Return the files in `args` that a command reads: scene, site, ledger and models."""
    named = (getattr(args, name, None) for name in ("scene", "site"))
    files = (path for path in named if isinstance(path, Path))
    return (*files, ledger_file(args), *map(Path, getattr(args, "model", None) or ()))


def utc_time(text: str) -> datetime:
    """Parse an ISO 8601 time with a time zone."""
    try:
        when = datetime.fromisoformat(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is not an ISO 8601 time") from error
    if when.tzinfo is None:
        raise argparse.ArgumentTypeError(f"{text!r} has no time zone; add Z for UTC")
    return when


def utc_date_or_time(text: str) -> datetime:
    """Parse a date, meaning its beginning in UTC, or an ISO 8601 time with a time zone."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return utc_time(text)
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def output_path(path: Path, *inputs: Path | None) -> Path:
    """Return `path`; raise InputError if no file can be written there.

    Its folder must exist, and it must not be a folder, one of the `inputs`, or in one of them.
    """
    if path.is_dir():
        raise InputError(path, "it is a folder", "a file is needed", "Name a file in it.")
    if path.exists() and not path.is_file():
        raise InputError(
            path, "not a regular file", "only files are replaced", "Name another file."
        )
    if any(other and _contains(other, path) for other in inputs):
        raise InputError(
            path,
            "it is an input of this command",
            "inputs are never overwritten",
            "Name another file.",
        )
    if not path.parent.is_dir():
        raise InputError(
            path,
            "its folder does not exist",
            "an existing folder is needed",
            f"Make it: mkdir -p {path.parent}",
        )
    return path


def _contains(place: Path, path: Path) -> bool:
    """Return whether an existing file `path` is the input `place`, or lies in that folder."""
    if not place.exists() or not path.exists():
        return False
    return path.samefile(place) or place.resolve() in path.resolve().parents


def output_with_suffix(path: Path, suffix: str | tuple[str, ...], *inputs: Path | None) -> Path:
    """Return `path` as `output_path` does; raise InputError too if it has another suffix."""
    suffixes = (suffix,) if isinstance(suffix, str) else suffix
    if path.suffix.lower() not in suffixes:
        raise InputError(
            path,
            f"its name ends in {path.suffix!r}",
            f"{' or '.join(suffixes)} is needed",
            "Rename the output.",
        )
    return output_path(path, *inputs)


def positive_int(text: str) -> int:
    """Parse a whole number from 1 to 1,000,000."""
    return _whole_number(text, 1)


def seed(text: str) -> int:
    """Parse a whole number from 0 to 1,000,000."""
    return _whole_number(text, 0)


def _whole_number(text: str, minimum: int) -> int:
    if not text.isdecimal() or not minimum <= int(text) <= 1_000_000:
        raise argparse.ArgumentTypeError(
            f"{text!r} is not a whole number from {minimum} to 1000000"
        )
    return int(text)


def gsd_m(text: str) -> tuple[float, float]:
    """Parse X or X,Y in metres per pixel; return (x, y)."""
    try:
        parts = [float(part) for part in text.split(",")]
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is not X or X,Y in metres") from error
    if len(parts) not in (1, 2) or not all(0 < part < 1000 for part in parts):
        raise argparse.ArgumentTypeError(f"{text!r} must be one or two positive lengths in metres")
    return parts[0], parts[-1]
