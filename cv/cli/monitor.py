"""Count the new scenes of a folder into a ledger.

Counts every scene in PLACE that the ledger does not hold yet.

example: pierwatch monitor scenes/ --site port.geojson --ledger port.db
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from cv.cli import argument_types, options
from cv.errors import SceneError
from cv.io.terminal_text import printable_line, quantity

if TYPE_CHECKING:
    from cv.pipeline.batch_outcomes import BatchOutcomes
    from cv.pipeline.run_log import RunLog
    from cv.pipeline.scene_outcome import SceneOutcome
    from cv.scene.acquisition_time import NamePattern
    from cv.scene.scene import Scene
    from cv.site import Site

ALL_REFUSED = 2
"""Exit code if no scene could be read: nothing was written, not even an empty ledger."""
_LEDGER_TIMEOUT_S = 60.0
"""How long to wait for another program that is writing to the ledger or copying it."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument(
        "places",
        type=argument_types.scene_location,
        nargs="+",
        metavar="PLACE",
        help="folder, searched with its subfolders; STAC catalogue; scene; or address of a scene",
    )
    options.add_file(parser, "--site", "GeoJSON with the piers", required=True)
    options.add_shared(parser, "--ledger", *options.SCENES, *options.MODEL)
    parser.add_argument("--acquired", type=argument_types.time_of_one_scene, help=argparse.SUPPRESS)
    watch_help = "keep running: check for new scenes every S seconds and count them"
    options.add_number(parser, "--watch", watch_help, metavar="S")
    options.add_file(
        parser,
        "--log",
        "append a line per scene and a summary to FILE: text (.log, .txt) or JSON (.jsonl)",
    )
    options.add_file(parser, "--metrics", "write metrics for Prometheus (.prom)")
    _add_worker_options(parser)


def _add_worker_options(parser: argparse.ArgumentParser) -> None:
    workers = parser.add_argument_group("worker processes")
    either = workers.add_mutually_exclusive_group()
    workers_help = "count in N processes, one scene each; a scene that crashes two is quarantined"
    options.add_number(either, "--workers", workers_help)
    either.add_argument(
        "--dask",
        metavar="ADDRESS",
        help="count on a Dask cluster: HOST:PORT on this computer, tls://HOST:PORT elsewhere",
    )
    memory_help = "memory limit of each process in MiB"
    options.add_number(workers, "--memory", memory_help, default=4096, metavar="MB")
    time_help = "time limit for one scene in seconds"
    options.add_number(workers, "--time-limit", time_help, default=900, metavar="S")
    workers.add_argument("--retry", action="store_true", help="try quarantined scenes again")


def run(args: argparse.Namespace) -> int:
    """Count what is new, once or whenever scenes arrive; return the exit code."""
    from cv.ledger import Ledger
    from cv.pipeline.batch_outcomes import BatchOutcomes
    from cv.pipeline.folder_watch import watch_folders
    from cv.pipeline.run_log import RunLog
    from cv.scene.acquisition_time import NamePattern
    from cv.scene.providers.sensor_profiles import parse_radiometry
    from cv.scene.scene import Scene

    radiometry = parse_radiometry(args.radiometry) if args.radiometry else None
    pattern = NamePattern.parse(args.time_pattern) if args.time_pattern else None
    opener = partial(Scene.open, radiometry=radiometry, time_pattern=pattern)
    site = options.read_site(args.site)
    options.check_output(args, args.log, ".log", ".txt", ".jsonl")
    options.check_output(args, args.metrics, ".prom")
    RunLog(args.log, args.metrics).check()
    _print_left_out(args.places, pattern)

    def count(paths: Sequence[Path]) -> BatchOutcomes:
        with RunLog(args.log, args.metrics) as run_log:
            outcomes = _count_scenes(args, paths, site, opener, run_log)
        _print_outcomes(outcomes, run_log)
        return outcomes

    if args.watch is not None:
        release = partial(_release_quarantine, args)
        watch_folders(args.places, args.watch, options.ledger_file(args), count, release, pattern)
    file = options.ledger_file(args)
    is_new = file is not None and not file.exists()
    with RunLog(args.log, args.metrics) as run_log:
        paths, refused = _find_scenes(args, pattern)
        _release_quarantine(args)
        for outcome in refused:
            run_log.add(outcome)
        outcomes = BatchOutcomes((*refused, *_count_scenes(args, paths, site, opener, run_log)))
    code = _print_outcomes(outcomes, run_log)
    if code == ALL_REFUSED and is_new:
        with Ledger.open(args.ledger) as ledger:
            ledger.remove_if_empty()
    return code


def _print_left_out(places: Sequence[Path | str], pattern: NamePattern | None) -> None:
    """Print how many images and links in `places` are not counted although one might expect it."""
    from cv.scene.discovery.scene_folder import images_without_georeference, left_out_at
    from cv.scene.discovery.stac_catalog import external_links

    local = [place for place in places if isinstance(place, Path)]
    pictures = [str(picture) for place in local for picture in images_without_georeference(place)]
    links: list[str] = []
    for place in local:
        with suppress(SceneError):  # reported when its scenes are searched
            links += external_links(place)
            for one in left_out_at(place, pattern):
                print(printable_line(f"left out: {one.path}: {one.reason}"))
    if pictures:
        first = printable_line(pictures[0])
        print(f"left out: {len(pictures)} PNG or JPEG without georeference, the first is {first}")
    if links:
        number, first = quantity(len(links), "link"), printable_line(links[0])
        print(f"left out: {number} of catalogues to other places, the first is {first}")


def _release_quarantine(args: argparse.Namespace) -> None:
    """End the quarantine if `--retry` is given and there is a ledger."""
    from cv.ledger import Ledger

    file = options.ledger_file(args)
    if args.retry and (file is None or file.exists()):
        with Ledger.open(args.ledger) as ledger:
            ledger.release_quarantine()


def _find_scenes(
    args: argparse.Namespace, pattern: NamePattern | None
) -> tuple[list[Path], list[SceneOutcome]]:
    """Return the scenes of all places, and refusals of places without scenes.

    Raises SceneError if there is no scene at all and all places are local.
    """
    from cv.pipeline.folder_watch import unique_files
    from cv.pipeline.scene_outcome import SceneOutcome, SceneStatus
    from cv.scene.discovery.scene_folder import require_scenes

    paths: list[Path] = []
    errors: list[SceneError] = []
    for place in args.places:
        try:
            if isinstance(place, Path):
                paths += require_scenes(place, pattern)
            else:
                paths.append(options.local_path(place, args))
        except SceneError as error:
            errors.append(error)
    if errors and not paths and all(isinstance(place, Path) for place in args.places):
        raise errors[0]
    refused = [SceneOutcome(error.subject, SceneStatus.REFUSED, str(error)) for error in errors]
    return unique_files(paths), refused


def _count_scenes(
    args: argparse.Namespace,
    paths: Sequence[Path],
    site: Site,
    opener: Callable[[str | Path], Scene],
    run_log: RunLog,
) -> BatchOutcomes:
    """Count scenes in this process, in others, or on a cluster; return the outcome of each."""
    from cv.detector.detector import Detector
    from cv.ledger import Ledger
    from cv.pipeline.batch import monitor
    from cv.pipeline.dask_pool import DaskPool
    from cv.pipeline.parallel_batch import WorkerConfig, monitor_in_processes, monitor_on_dask
    from cv.pipeline.process_pool import WorkerLimits

    open_ledger = partial(Ledger.open, args.ledger, timeout_s=_LEDGER_TIMEOUT_S)
    models = args.model
    if args.dask and models:  # workers may run in another folder
        models = [str(Path(one).absolute()) if Path(one).exists() else one for one in models]
    load = partial(Detector.load, models, args.threads or 1, args.engine)
    config, time_s = WorkerConfig(site, load, opener), float(args.time_limit)
    if args.dask:
        with DaskPool.at(args.dask, time_s) as cluster, open_ledger() as ledger:
            paths = [path.absolute() for path in paths]
            return monitor_on_dask(paths, config, ledger, cluster, run_log.add)
    if args.workers:
        limits = WorkerLimits(memory_mb=args.memory, time_s=time_s)
        with open_ledger() as ledger:
            return monitor_in_processes(paths, config, ledger, args.workers, limits, run_log.add)
    detector = options.detector_from_args(args)
    with open_ledger() as ledger:
        return monitor(paths, site, detector, ledger, opener, run_log.add)


def _print_outcomes(outcomes: BatchOutcomes, run_log: RunLog) -> int:
    """Print what went wrong and the number of scenes by status; return the exit code."""
    from cv.pipeline.scene_outcome import SceneStatus

    print(outcomes, flush=True)
    if run_log.trouble:
        print(f"pierwatch: {printable_line(str(run_log.trouble))}", file=sys.stderr)
    if all(outcome.status is SceneStatus.REFUSED for outcome in outcomes):
        return ALL_REFUSED
    return 1 if outcomes.unfinished or run_log.trouble else 0
