"""Options that several commands share, and what they mean."""

from __future__ import annotations

import argparse
from datetime import UTC, date, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from cv.errors import InputError

if TYPE_CHECKING:
    from cv.detector.detector import Detector
    from cv.events.vessels.vessel_matching import Fleet
    from cv.geometry.grid import Grid
    from cv.scene.scene import Scene
    from cv.site import Site


def add_counted_scene(parser: argparse.ArgumentParser) -> None:
    """One scene, what it may need to be told about itself, and what counts it."""
    parser.add_argument(
        "scene",
        type=scene_location,
        metavar="SCENE",
        help="GeoTIFF, PNG, JPEG, STAC Item; or its address",
    )
    parser.add_argument("--site", type=Path, metavar="FILE", help="GeoJSON with the piers")
    parser.add_argument(
        "--gsd",
        type=gsd_m,
        metavar="X[,Y]",
        help="metres a pixel along x and y, for an image without georeference",
    )
    parser.add_argument(
        "--acquired", type=utc_time, metavar="TIME", help="when it was taken, ISO 8601 with a zone"
    )
    add_declarations(parser)
    add_fetching(parser)
    add_model(parser)


def add_fetching(parser: argparse.ArgumentParser) -> None:
    """Where scenes that lie elsewhere may come from, and where they are kept."""
    parser.add_argument(
        "--allow",
        action="append",
        default=[],
        metavar="HOST",
        help="fetch https:// scenes from HOST[:PORT], or s3:// ones from s3://BUCKET; may be given "
        "again; a network such as 10.1.0.0/16 allows hosts that lie in it",
    )
    parser.add_argument(
        "--into", type=Path, metavar="FOLDER", help="where fetched scenes are kept; needed for them"
    )


def scene_location(text: str) -> Path | str:
    """A path, also of a file:// address; or an https:// or s3:// address, as it is."""
    from urllib.request import url2pathname  # takes a while

    from cv.scene.remote.address import is_remote, without_secrets

    scheme, found, _ = text.partition("://")
    if is_remote(text):
        return text
    if found and scheme.lower() == "file":
        parts = urlsplit(text)
        path = url2pathname(parts.path)
        if parts.netloc.lower() in ("", "localhost") and "\0" not in path:
            return Path(path)
    elif not found:
        return Path(text)
    raise argparse.ArgumentTypeError(
        f"{without_secrets(text)}: a path, or the address of a file here (file://), at https:// or s3://"
    )


def local_path(place: Path | str, args: argparse.Namespace) -> Path:
    """`place` on this computer: fetched, if it is an address; raises InputError."""
    from cv.scene.remote.allow_list import AllowList
    from cv.scene.remote.download import download_scene

    if isinstance(place, Path):
        return place
    if args.into is None:
        raise InputError("--into", "missing", "fetched scenes are kept in a folder", "Name one.")
    return download_scene(place, AllowList.of(args.allow), args.into)


def add_declarations(parser: argparse.ArgumentParser) -> None:
    """What may be declared of all scenes of a batch."""
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
    """Which model counts, and with how many threads."""
    parser.add_argument(
        "--model",
        action="append",
        metavar="MODEL",
        help="ONNX file, or a released model's name; twice: one for containers, one for hulls",
    )
    parser.add_argument("--threads", type=int, metavar="N", help="tiles at once; default: cores")
    parser.add_argument(
        "--engine",
        default="onnxruntime",
        metavar="NAME",
        help="what runs the model: onnxruntime (default), or openvino where that is installed",
    )


def add_ledger(parser: argparse.ArgumentParser) -> None:
    """Where counts are kept."""
    parser.add_argument(
        "--ledger",
        type=ledger_location,
        required=True,
        metavar="FILE",
        help="SQLite ledger, or postgresql:// address of one",
    )


def ledger_location(text: str) -> Path | str:
    """A file, or the address of a ledger in PostgreSQL."""
    return text if text.lower().startswith(("postgresql://", "postgres://")) else Path(text)


def ledger_file(args: argparse.Namespace) -> Path | None:
    """The ledger's file, if it is one."""
    place = getattr(args, "ledger", None)
    return place if isinstance(place, Path) else None


def ledger_name(args: argparse.Namespace) -> str:
    """The ledger as it may be printed."""
    return without_password(str(args.ledger))


def without_password(address: str) -> str:
    """The place of a ledger as it may be printed: without a password."""
    from cv.ledger import postgres

    return postgres.without_password(address)


def add_piers(parser: argparse.ArgumentParser, what: str) -> None:
    """A ledger, which of its piers belong together, and which one is meant: see piers.py."""
    add_ledger(parser)
    parser.add_argument(
        "--site",
        type=Path,
        action="append",
        default=[],
        metavar="FILE",
        help="GeoJSON: its piers tell of each other, and not of others; may be given again",
    )
    parser.add_argument("--pier", metavar="P", help=f"{what}; with --site it may be an alias")


def add_fleet(parser: argparse.ArgumentParser) -> None:
    """Ships that may come, and what is printed of them."""
    parser.add_argument(
        "--fleet", type=Path, metavar="FILE", help="CSV: name, aliases, length_m, beam_m, bridge"
    )
    parser.add_argument("--json", action="store_true", help="print JSON, an object a line")


def fleet(args: argparse.Namespace) -> Fleet:
    """The fleet that `args` name, without any ship if none."""
    from cv.events.vessels.vessel_matching import Fleet

    return Fleet.read(args.fleet) if args.fleet else Fleet(())


def add_claims(parser: argparse.ArgumentParser) -> None:
    """What others say of the piers."""
    parser.add_argument(
        "--claims", type=Path, metavar="FILE", help="CSV with claims and notes, shown beside them"
    )


def detector(args: argparse.Namespace) -> Detector:
    """The detector that `args` name."""
    from cv.detector.detector import Detector

    return Detector.load(args.model, args.threads, args.engine)


def scene(args: argparse.Namespace) -> Scene:
    """The scene that `args` name."""
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


def site(args: argparse.Namespace) -> Site | None:
    """The site that `args` name, if any."""
    from cv.site import Site

    return Site.read(args.site) if args.site else None


def installed_version(name: str) -> str:
    """The version of distribution `name`, or "not installed"."""
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"


def inputs(args: argparse.Namespace) -> tuple[Path | None, ...]:
    """The files that a command reads, where it has such options."""
    named = (getattr(args, name, None) for name in ("scene", "site"))
    files = (path for path in named if isinstance(path, Path))
    return (*files, ledger_file(args), *map(Path, getattr(args, "model", None) or ()))


def utc_time(text: str) -> datetime:
    """An ISO 8601 time with a zone."""
    try:
        when = datetime.fromisoformat(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is not an ISO 8601 time") from error
    if when.tzinfo is None:
        raise argparse.ArgumentTypeError(f"{text!r} has no zone; add Z for UTC")
    return when


def utc_date_or_time(text: str) -> datetime:
    """A calendar day (its beginning, UTC), or an ISO 8601 time with a zone."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return utc_time(text)
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def output_path(path: Path, *inputs: Path | None) -> Path:
    """`path` of a file to be written; raises InputError where it cannot be one.

    That is where its folder is missing, where it is a folder, or one of the `inputs`, or in one.
    """
    if path.is_dir():
        raise InputError(path, "it is a folder", "a file is needed", "Name a file in it.")
    if path.exists() and not path.is_file():
        raise InputError(path, "it is not a file", "a file is written anew", "Name another one.")
    if any(other and _holds(other, path) for other in inputs):
        raise InputError(
            path, "it is an input of this command", "inputs are never written", "Name another file."
        )
    if not path.parent.is_dir():
        raise InputError(
            path,
            "its folder does not exist",
            "an existing folder is needed",
            f"Make it: mkdir -p {path.parent}",
        )
    return path


def _holds(place: Path, path: Path) -> bool:
    """Whether an existing file `path` is the input `place`, or lies in that folder."""
    if not place.exists() or not path.exists():
        return False
    return path.samefile(place) or place.resolve() in path.resolve().parents


def output_with_suffix(path: Path, ending: str | tuple[str, ...], *inputs: Path | None) -> Path:
    """`output`, where the name of the file ends in `ending`, or one of several; InputError."""
    endings = (ending,) if isinstance(ending, str) else ending
    if path.suffix.lower() not in endings:
        written = " or ".join(endings)
        raise InputError(
            path, f"its ending is {path.suffix!r}", f"{written} is written", "Rename the output."
        )
    return output_path(path, *inputs)


def positive_int(text: str) -> int:
    """A whole number of 1 and more."""
    if not text.isdecimal() or not 1 <= int(text) <= 1_000_000:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of 1 and more")
    return int(text)


def gsd_m(text: str) -> tuple[float, float]:
    """X or X,Y, metres a pixel."""
    try:
        parts = [float(part) for part in text.split(",")]
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is not X or X,Y in metres") from error
    if len(parts) not in (1, 2) or not all(0 < part < 1000 for part in parts):
        raise argparse.ArgumentTypeError(f"{text!r} must be one or two positive lengths in metres")
    return parts[0], parts[-1]
