"""`pierwatch monitor`: counts the new scenes of folders, catalogues and addresses."""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from cv.cli import options
from cv.errors import InputError, SceneError
from cv.io.terminal_text import printable_line

if TYPE_CHECKING:
    from cv.ledger import Ledger
    from cv.pipeline.batch import Told
    from cv.pipeline.outcome import SceneOutcome
    from cv.pipeline.run_log import RunLog
    from cv.scene.scene import Scene
    from cv.site import Site

_PATIENCE_S = 60.0
"""How long another writer is waited for, or a backup that keeps writers waiting, seconds."""


def add_to(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds the command."""
    parser = commands.add_parser(
        "monitor",
        help="count the new scenes of a folder into a ledger",
        description="Counts every scene in PLACE that the ledger does not hold yet.",
        epilog="example: pierwatch monitor scenes/ --site port.geojson --ledger port.db",
    )
    parser.add_argument(
        "places",
        type=options.scene_location,
        nargs="+",
        metavar="PLACE",
        help="folder, searched with its subfolders; STAC catalogue; scene; or address of a scene",
    )
    parser.add_argument("--site", type=Path, required=True, metavar="FILE", help="GeoJSON piers")
    options.add_ledger(parser)
    options.add_declarations(parser)
    options.add_fetching(parser)
    options.add_model(parser)
    parser.add_argument(
        "--watch",
        type=options.positive_int,
        metavar="S",
        help="do not end: look every S seconds for scenes that came, and count them",
    )
    parser.add_argument(
        "--log",
        type=Path,
        metavar="FILE",
        help="add a line a scene and the sums to FILE: text (.log, .txt) or JSON (.jsonl)",
    )
    parser.add_argument(
        "--metrics", type=Path, metavar="FILE", help="write the sums for Prometheus (.prom)"
    )
    _add_worker_options(parser)
    parser.set_defaults(run=run)


def _add_worker_options(parser: argparse.ArgumentParser) -> None:
    workers = parser.add_argument_group("worker processes")
    workers.add_argument(
        "--workers",
        type=options.positive_int,
        metavar="N",
        help="count in N processes, a scene each; a scene that crashes one twice is quarantined",
    )
    workers.add_argument(
        "--dask",
        metavar="ADDRESS",
        help="count on workers of a Dask cluster: HOST:PORT here, tls://HOST:PORT elsewhere",
    )
    workers.add_argument(
        "--memory",
        type=options.positive_int,
        default=4096,
        metavar="MB",
        help="of each of N; 4096 MiB",
    )
    workers.add_argument(
        "--time-limit",
        type=options.positive_int,
        default=900,
        metavar="S",
        help="for a scene; 900 s",
    )
    workers.add_argument("--retry", action="store_true", help="try scenes in quarantine again")


def run(args: argparse.Namespace) -> int:
    """Counts what is new, once or whenever something comes, and says what went wrong."""
    from cv.pipeline.folder_watch import watch_folders
    from cv.pipeline.run_log import RunLog
    from cv.scene.acquisition_time import NamePattern
    from cv.scene.providers.sensor_profiles import parse_radiometry
    from cv.scene.scene import Scene
    from cv.site import Site

    if args.workers and args.dask:
        raise InputError("--dask", "--workers too", "one of them counts", "Leave out the other.")
    radiometry = parse_radiometry(args.radiometry) if args.radiometry else None
    pattern = NamePattern.parse(args.time_pattern) if args.time_pattern else None
    opener = partial(Scene.open, radiometry=radiometry, time_pattern=pattern)
    site = Site.read(args.site)
    log = args.log and options.output_with_suffix(
        args.log, (".log", ".txt", ".jsonl"), *options.inputs(args)
    )
    metrics = args.metrics and options.output_with_suffix(
        args.metrics, ".prom", *options.inputs(args)
    )

    RunLog(log, metrics).check()
    _tell_left_out(args.places)

    def count(paths: Sequence[Path]) -> tuple[SceneOutcome, ...]:
        with RunLog(log, metrics) as journal:
            outcomes = _batch(args, paths, (), site, opener, journal)
        _told(outcomes, (), journal)
        sys.stdout.flush()
        return outcomes

    if args.watch is not None:
        watch_folders(
            args.places, args.watch, options.ledger_file(args), count, lambda: _release(args)
        )
    with RunLog(log, metrics) as journal:
        paths, fetched, missing = _gathered(args)
        _release(args)
        outcomes = _batch(args, paths, missing, site, opener, journal)
    return _told(outcomes, fetched, journal)


def _tell_left_out(places: Sequence[Path | str]) -> None:
    """Prints what in `places` is no scene, although somebody may take it for one."""
    from cv.scene.discovery.scene_folder import images_without_georeference
    from cv.scene.discovery.stac_catalog import external_links

    here = [place for place in places if isinstance(place, Path)]
    pictures = [picture for place in here for picture in images_without_georeference(place)]
    if pictures:
        first = printable_line(str(pictures[0]))
        print(f"left out: {len(pictures)} PNG or JPEG without georeference, {first} first")
    links: list[str] = []
    for place in here:
        with suppress(SceneError):  # what cannot be read is told where it is wanted
            links += external_links(place)
    if links:
        first = printable_line(links[0])
        print(f"left out: {len(links)} links of catalogues that lead elsewhere, {first} first")


def _release(args: argparse.Namespace) -> None:
    """Ends the quarantine, if that is asked for and there is a ledger."""
    from cv.ledger import Ledger

    file = options.ledger_file(args)
    if args.retry and (file is None or file.exists()):
        with Ledger.open(args.ledger) as ledger:
            ledger.release_quarantine()


def _gathered(args: argparse.Namespace) -> tuple[list[Path], list[Path], list[SceneOutcome]]:
    """The scenes of all places, each once; those that are fetched; and what became of places
    without any.

    Raises SceneError where no folder or catalogue has a scene, and nothing else was asked for.
    """
    from cv.pipeline.folder_watch import unique_files
    from cv.pipeline.outcome import SceneOutcome, SceneStatus
    from cv.scene.discovery.scene_folder import require_scenes

    paths: list[Path] = []
    fetched: list[Path] = []
    errors: list[SceneError] = []
    for place in args.places:
        try:
            if isinstance(place, Path):
                paths += require_scenes(place)
            else:
                fetched.append(options.local_path(place, args))
        except SceneError as error:
            errors.append(error)
    paths += fetched
    if errors and not paths and all(isinstance(place, Path) for place in args.places):
        raise errors[0]
    missing = [SceneOutcome(error.subject, SceneStatus.REFUSED, str(error)) for error in errors]
    return unique_files(paths), fetched, missing


def _batch(
    args: argparse.Namespace,
    paths: Sequence[Path],
    missing: Sequence[SceneOutcome],
    site: Site,
    opener: Callable[[str | Path], Scene],
    journal: RunLog,
) -> tuple[SceneOutcome, ...]:
    """What became of each scene of one batch."""
    from cv.ledger import Ledger

    for outcome in missing:
        journal.add(outcome)
    with (
        _way(args, site, opener) as way,
        Ledger.open(args.ledger, timeout_s=_PATIENCE_S) as ledger,
    ):
        return (*missing, *way(paths, ledger, journal.add))


@contextmanager
def _way(
    args: argparse.Namespace, site: Site, opener: Callable[[str | Path], Scene]
) -> Iterator[Callable[[Sequence[Path], Ledger, Told], tuple[SceneOutcome, ...]]]:
    """What counts paths into a ledger: this process, or as many others as are asked for."""
    from cv.detector.detector import Detector
    from cv.pipeline.batch import monitor
    from cv.pipeline.dask_pool import DaskPool
    from cv.pipeline.parallel_batch import WorkerConfig, monitor_in_processes, monitor_on_dask
    from cv.pipeline.process_pool import WorkerLimits

    if args.dask is not None:  # whose workers may run in another folder
        models = args.model and [
            str(p.absolute()) if (p := Path(m)).exists() else m for m in args.model
        ]
        load = partial(Detector.load, models, args.threads or 1, args.engine)
        recipe = WorkerConfig(site, load, opener)
        with DaskPool.at(args.dask, float(args.time_limit)) as cluster:
            yield lambda paths, ledger, told: monitor_on_dask(
                [path.absolute() for path in paths], recipe, ledger, cluster, told
            )
    elif args.workers is not None:
        load = partial(Detector.load, args.model, args.threads or 1, args.engine)
        recipe = WorkerConfig(site, load, opener)
        limits = WorkerLimits(memory_mb=args.memory, time_s=float(args.time_limit))
        yield lambda paths, ledger, told: monitor_in_processes(
            paths, recipe, ledger, args.workers, limits, told
        )
    else:
        detector = options.detector(args)
        yield lambda paths, ledger, told: monitor(paths, site, detector, ledger, opener, told)


def _told(outcomes: Sequence[SceneOutcome], fetched: Sequence[Path], journal: RunLog) -> int:
    """Prints what went wrong, and the sums; returns the exit code."""
    from cv.pipeline.outcome import SceneStatus

    for outcome in outcomes:
        if outcome.reason:
            named = "" if outcome.scene in outcome.reason else f"{outcome.scene}: "
            print(printable_line(f"{outcome.status.value}: {named}{outcome.reason}"))
            if outcome.status is SceneStatus.REFUSED and any(
                str(f) in outcome.reason for f in fetched
            ):
                print("  it was fetched: remove the file to have it fetched again")
    fates = Counter(outcome.status for outcome in outcomes)
    print("scenes: " + ", ".join(f"{fates[fate]} {fate.value}" for fate in SceneStatus))
    if journal.trouble:
        print(f"pierwatch: {printable_line(str(journal.trouble))}", file=sys.stderr)
    if fates[SceneStatus.REFUSED] == len(outcomes):
        return 2
    amiss = any(
        fates[fate] for fate in (SceneStatus.FAILED, SceneStatus.REFUSED, SceneStatus.QUARANTINED)
    )
    return 1 if amiss or journal.trouble else 0
