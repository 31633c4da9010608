"""`pierwatch monitor`: counts the new scenes of folders, catalogues and addresses."""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from cv.cli import options
from cv.errors import InputError, SceneError

if TYPE_CHECKING:
    from cv.journal import Journal
    from cv.ledger import Ledger
    from cv.monitoring import Told
    from cv.outcome import Outcome
    from cv.scene.arrivals import Arrivals
    from cv.scene.scene import Scene
    from cv.site import Site


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
        type=options.place,
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
        type=options.positive,
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
    crew = parser.add_argument_group("worker processes")
    crew.add_argument(
        "--workers",
        type=options.positive,
        metavar="N",
        help="count in N processes, a scene each; a scene that crashes one twice is quarantined",
    )
    crew.add_argument(
        "--dask",
        metavar="ADDRESS",
        help="count on workers of a Dask cluster: HOST:PORT here, tls://HOST:PORT elsewhere",
    )
    crew.add_argument(
        "--memory", type=options.positive, default=4096, metavar="MB", help="of each of N; 4096 MiB"
    )
    crew.add_argument(
        "--time-limit", type=options.positive, default=900, metavar="S", help="for a scene; 900 s"
    )
    crew.add_argument("--retry", action="store_true", help="try scenes in quarantine again")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Counts what is new, once or whenever something comes, and says what went wrong."""
    from cv.journal import Journal
    from cv.scene.arrivals import Arrivals
    from cv.scene.clock import NamePattern
    from cv.scene.profiles import declared
    from cv.scene.scene import Scene
    from cv.site import Site

    if args.workers and args.dask:
        raise InputError("--dask", "--workers too", "one of them counts", "Leave out the other.")
    radiometry = declared(args.radiometry) if args.radiometry else None
    pattern = NamePattern.parse(args.time_pattern) if args.time_pattern else None
    opener = partial(Scene.open, radiometry=radiometry, time_pattern=pattern)
    site = Site.read(args.site)
    log = args.log and options.named(args.log, (".log", ".txt", ".jsonl"), *options.inputs(args))
    metrics = args.metrics and options.named(args.metrics, ".prom", *options.inputs(args))

    _release(args)
    _tell_left_out(args.places)
    if args.watch is None:
        with Journal(log, metrics) as journal:
            paths, missing = _gathered(args)
            return _told(args, _batch(args, paths, missing, site, opener, journal))
    watched = [Arrivals(place, settled_s=args.watch) for place in _watched(args.places)]
    fresh = _each_once([path for one in watched for path in one.look()])
    while True:
        if fresh:
            with Journal(log, metrics) as journal:
                outcomes = _batch(args, fresh, (), site, opener, journal)
            _told(args, outcomes)
            sys.stdout.flush()
            _try_again(watched, fresh, outcomes)
        with _in_its_place(options.ledger_file(args)):
            time.sleep(args.watch)
        fresh = _each_once([path for one in watched for path in _seen(one)])


@contextmanager
def _in_its_place(file: Path | None) -> Iterator[None]:
    """Raises LedgerError where the ledger `file` is another one, or none, after the block."""
    from cv.errors import LedgerError
    from cv.ledger.opening import identity

    before = identity(file) if file else None
    yield
    if file and before and identity(file) != before:
        raise LedgerError(
            file,
            "it was moved, removed or replaced while it was watched",
            "scenes that were counted before may be missing in it",
            "Give the same command again: it counts what the ledger does not hold.",
        )


def _try_again(
    watched: Sequence[Arrivals], paths: Sequence[Path], outcomes: Sequence[Outcome]
) -> None:
    """Has scenes that could not be counted told again, whatever the reason was."""
    from cv.outcome import Fate

    for path, outcome in zip(paths, outcomes, strict=True):
        if outcome.fate in (Fate.REFUSED, Fate.FAILED):
            for one in watched:
                one.again(path)


def _tell_left_out(places: Sequence[Path | str]) -> None:
    """Prints what in `places` is no scene, although somebody may take it for one."""
    from cv.scene.catalogue import elsewhere
    from cv.scene.folder import pictures_in

    here = [place for place in places if isinstance(place, Path)]
    pictures = [picture for place in here for picture in pictures_in(place)]
    if pictures:
        print(f"left out: {len(pictures)} PNG or JPEG without georeference, {pictures[0]} first")
    links = [href for place in here for href in elsewhere(place)]
    if links:
        print(f"left out: {len(links)} links of catalogues that lead elsewhere, {links[0]} first")


def _release(args: argparse.Namespace) -> None:
    """Ends the quarantine, if that is asked for and there is a ledger."""
    from cv.ledger import Ledger

    file = options.ledger_file(args)
    if args.retry and (file is None or file.exists()):
        with Ledger.open(args.ledger) as ledger:
            ledger.release()


def _seen(arrivals: Arrivals) -> tuple[Path, ...]:
    """What came; a place that cannot be read now is told, and looked at again later."""
    try:
        return arrivals.look()
    except SceneError as error:
        print(f"pierwatch: {error}", file=sys.stderr)
        return ()


def _each_once(paths: Iterable[Path]) -> list[Path]:
    """`paths` without those that lead to the same file as an earlier one."""
    return list({path.resolve(): path for path in reversed(list(paths))}.values())[::-1]


def _gathered(args: argparse.Namespace) -> tuple[list[Path], list[Outcome]]:
    """The scenes of all places, each once; and what became of those that could not be fetched."""
    from cv.outcome import Fate, Outcome
    from cv.scene.folder import scenes_at

    paths: list[Path] = []
    missing = []
    for place in args.places:
        if isinstance(place, Path):
            paths += scenes_at(place)
            continue
        try:
            paths.append(options.here(place, args))
        except SceneError as error:
            missing.append(Outcome(error.subject, Fate.REFUSED, str(error)))
    return _each_once(paths), missing


def _watched(places: Sequence[Path | str]) -> list[Path]:
    """`places`, if all of them can be watched."""
    for place in places:
        if not isinstance(place, Path):
            raise InputError(
                "--watch", place, "folders and catalogues are watched", "Leave the address out."
            )
    return [place for place in places if isinstance(place, Path)]


def _batch(
    args: argparse.Namespace,
    paths: Sequence[Path],
    missing: Sequence[Outcome],
    site: Site,
    opener: Callable[[str | Path], Scene],
    journal: Journal,
) -> tuple[Outcome, ...]:
    """What became of each scene of one batch."""
    from cv.ledger import Ledger

    for outcome in missing:
        journal.add(outcome)
    with _way(args, site, opener) as way, Ledger.open(args.ledger) as ledger:
        return (*missing, *way(paths, ledger, journal.add))


@contextmanager
def _way(
    args: argparse.Namespace, site: Site, opener: Callable[[str | Path], Scene]
) -> Iterator[Callable[[Sequence[Path], Ledger, Told], tuple[Outcome, ...]]]:
    """What counts paths into a ledger: this process, or as many others as are asked for."""
    from cv.cluster import Cluster
    from cv.crew.limits import Limits
    from cv.detector.detector import Detector
    from cv.monitoring import monitor
    from cv.night import Recipe, monitor_on_cluster, monitor_with_crew

    if args.dask is not None:  # whose workers may run in another folder
        models = args.model and [
            str(p.absolute()) if (p := Path(m)).exists() else m for m in args.model
        ]
        load = partial(Detector.load, models, args.threads or 1, args.engine)
        recipe = Recipe(site, load, opener)
        with Cluster.at(args.dask, float(args.time_limit)) as cluster:
            yield lambda paths, ledger, told: monitor_on_cluster(
                [path.absolute() for path in paths], recipe, ledger, cluster, told
            )
    elif args.workers is not None:
        load = partial(Detector.load, args.model, args.threads or 1, args.engine)
        recipe = Recipe(site, load, opener)
        limits = Limits(memory_mb=args.memory, time_s=float(args.time_limit))
        yield lambda paths, ledger, told: monitor_with_crew(
            paths, recipe, ledger, args.workers, limits, told
        )
    else:
        detector = options.detector(args)
        yield lambda paths, ledger, told: monitor(paths, site, detector, ledger, opener, told)


def _told(args: argparse.Namespace, outcomes: Sequence[Outcome]) -> int:
    """Prints what went wrong, and the sums; returns the exit code."""
    from cv.outcome import Fate

    for outcome in outcomes:
        if outcome.reason:
            named = "" if outcome.scene in outcome.reason else f"{outcome.scene}: "
            print(f"{outcome.fate.value}: {named}{outcome.reason}")
            if outcome.fate is Fate.REFUSED and args.into and str(args.into) in outcome.reason:
                print("  it was fetched: remove the file to have it fetched again")
    fates = Counter(outcome.fate for outcome in outcomes)
    print("scenes: " + ", ".join(f"{fates[fate]} {fate.value}" for fate in Fate))
    if fates[Fate.REFUSED] == len(outcomes):
        return 2
    return 1 if any(fates[fate] for fate in (Fate.FAILED, Fate.REFUSED, Fate.QUARANTINED)) else 0
