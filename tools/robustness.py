"""Measure how counts fail: scenes perturbed in fifty ways, odd deliveries, months of weather.

    python tools/robustness.py ../shared/real --workers 2 --csv robustness.csv
    python tools/robustness.py ../shared/real --workers 2 --limit 3
    python tools/robustness.py --scenes rendered --perturbations fog snow
    python tools/robustness.py --scenes deliveries
    python tools/robustness.py ../shared/real --workers 2 --write

Views of piers, real with hand-drawn labels, rendered, and of the sample port with a ship at the
berth, are perturbed in graded strength (clouds,
haze, darkness, blur, coarse sampling, noise, compression, snow, wrong declarations ...), written
as files and counted on their pier. A count is

- held: its 90 % interval holds the true number; widened: and is at least 1.5 times as wide as the
  interval of the same scene in clear weather,
- refused: without a number, whatever its status,
- wrong: with a number whose interval misses the truth, or with more seen than can be; a false
  zero: 0 (0 to 0) where there are some.

The number of a partly visible pier is held if the interval meets what stands on the ground that
the count says it saw. In the port hulls, and containers aboard, are judged in the same way.

Besides, whole images are counted: the labelled real ones and clear rendered ones, which must keep
their number; chips of land use; and drawn maps, tables, walls, hillshades, radar scenes and coarse
scenes on a fine grid, which must get none. Deliveries are folders with odd declarations: masks and
nodata beside the image, names, units, outlines, scales, the delivery's own words. Months are daily
images of a pier on which nothing happens, counted into a ledger: no ship may be found.

Prints a table by perturbation and strength, one by perturbation, those of whole images, deliveries
and months, and how far the limits are kept. `--write` puts all but the first into
docs/accuracy.md, between its two marks. Without FOLDER only what is rendered or drawn is counted.
"""

from __future__ import annotations

import argparse
import multiprocessing
import sys
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import cv2
from tqdm import tqdm

from cv import Detector

sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "datasets" / "real"))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "datasets" / "sample_pier"))
from page_sections import write_sections
from robustness_bench import months, pictures, port_views, scenes
from robustness_bench.deliveries import DELIVERIES, count_delivery
from robustness_bench.months import WEATHERS, MonthFinding, count_month
from robustness_bench.perturbations import BY_NAME, PERTURBATIONS, UNPERTURBED
from robustness_bench.pier_view import PierView, Quantity
from robustness_bench.summary import (
    deliveries_table,
    delivery_rows,
    false_findings,
    levels,
    levels_table,
    months_table,
    perturbations_table,
    pictures_table,
    results_table,
    summary,
)
from robustness_bench.trial import Trial, count_view, count_whole
from script_runner import run

SETS = ("real", "rendered", "port", "negatives", "no-scenes", "deliveries", "months")
RENDERED_VIEWS, PORT_VIEWS, GOOD_RENDERED, PICTURES_EACH = 16, 4, 100, 8
"""Rendered views, views of the port, clear rendered chips, and drawn pictures of each kind without
--limit."""
_CHUNK = 4
"""Trials handed to a worker at once."""
_PAGE = Path(__file__).resolve().parents[1] / "docs" / "accuracy.md"
_SECTION = "robustness"


@dataclass(frozen=True)
class ViewTrial:
    """A view to be perturbed and counted."""

    view: int
    """Index in the bench's views."""
    perturbation: str
    strength: float
    seed: int


@dataclass(frozen=True)
class DeliveryTrial:
    """A view to be delivered oddly and counted."""

    view: int
    """Index in the bench's views."""
    delivery: str


@dataclass(frozen=True)
class MonthTrial:
    """A view to be counted day by day."""

    view: int
    """Index in the bench's views."""
    weather: str
    seed: int


Job = ViewTrial | DeliveryTrial | MonthTrial | scenes.WholeImage
Result = Trial | MonthFinding


@dataclass(frozen=True, eq=False)
class Bench:
    """What a worker needs to count any job."""

    views: Sequence[PierView]
    detector: Detector
    folder: Path
    """For its files; no other worker writes there."""

    def count(self, job: Job) -> Sequence[Result]:
        """Return what came of `job`."""
        match job:
            case scenes.WholeImage():
                return [count_whole(job, self.detector)]
            case ViewTrial(index, name, strength, seed):
                view = self.views[index]
                return count_view(view, name, strength, seed, self.detector, self.folder)
            case DeliveryTrial(index, name):
                view = self.views[index]
                return count_delivery(DELIVERIES[name], view, self.detector, self.folder)
            case MonthTrial(index, weather, seed):
                return count_month(weather, self.views[index], seed, self.detector, self.folder)


class _Worker:
    """The bench of this process."""

    bench: Bench


def _start_worker(views: Sequence[PierView], model: Path | None, folder: Path) -> None:
    cv2.setNumThreads(1)
    own = Path(tempfile.mkdtemp(dir=folder))
    _Worker.bench = Bench(views, Detector.load(model, threads=1), own)


def _count_in_worker(job: Job) -> Sequence[Result]:
    return _Worker.bench.count(job)


def all_views(root: Path | None, sets: Sequence[str], limit: int | None) -> list[PierView]:
    """Return the views of piers in `sets`, at most `limit` of each set."""
    views: list[PierView] = []
    if "real" in sets and root:
        views += scenes.spread(list(scenes.real_views(root)), limit)
    if "rendered" in sets:
        views += scenes.rendered_views(min(RENDERED_VIEWS, limit or RENDERED_VIEWS))
    if "port" in sets:
        views += port_views.port_views(min(PORT_VIEWS, limit or PORT_VIEWS))
    return views


def view_jobs(views: Sequence[PierView], names: Sequence[str], seed: int) -> Iterator[ViewTrial]:
    """Yield the trials of all views: in clear weather, then under the perturbations `names`."""
    for index in range(len(views)):
        for perturbation in (UNPERTURBED, *(BY_NAME[name] for name in names)):
            for strength in perturbation.strengths:
                yield ViewTrial(index, perturbation.name, strength, seed)


def delivery_jobs(views: list[PierView]) -> Iterator[DeliveryTrial]:
    """Yield all deliveries; the views that are delivered are added to `views`."""
    first = len(views)
    days = (port_views.QUIET_DAY, port_views.LOADING_DAY)
    views += [port_views.port_view(port_views.FIRST_SEED, day) for day in days]
    for delivery in DELIVERIES.values():
        yield DeliveryTrial(first + delivery.with_ship, delivery.name)


def month_jobs(views: list[PierView], limit: int | None, seed: int) -> Iterator[MonthTrial]:
    """Yield a month of each weather, or of `limit` of them; its view is added to `views`."""
    day, gsd_m = port_views.QUIET_DAY, months.VIEW_GSD_M
    views.append(port_views.port_view(port_views.FIRST_SEED, day, gsd_m))
    for weather in scenes.spread(list(WEATHERS), limit):
        yield MonthTrial(len(views) - 1, weather, seed)


def whole_images(
    root: Path | None, sets: Sequence[str], limit: int | None, seed: int, folder: Path
) -> Iterator[scenes.WholeImage]:
    """Yield the images that are counted whole; drawn ones are written to `folder`."""
    if "real" in sets and root:
        yield from scenes.spread(scenes.good_real_images(root), limit)
    if "rendered" in sets:
        number = min(GOOD_RENDERED, limit or GOOD_RENDERED)
        yield from scenes.good_rendered_images(folder, number)
    if "negatives" in sets and root:
        yield from scenes.spread(scenes.negative_images(root), limit)
    if "no-scenes" in sets:
        each = min(PICTURES_EACH, limit or PICTURES_EACH)
        yield from pictures.picture_images(folder, each, seed)
        yield from pictures.library_images(folder, limit)
        if root:
            yield from pictures.oversampled_images(root, folder, limit)


def count_all(
    jobs: Sequence[Job], views: Sequence[PierView], model: Path | None, workers: int, folder: Path
) -> list[Result]:
    """Count all `jobs` in `workers` processes; 1 counts in this one."""
    bar = tqdm(total=len(jobs), unit="count", disable=None, leave=False)
    results: list[Result] = []
    with bar:
        if workers == 1:
            _start_worker(views, model, folder)
            for job in jobs:
                results += _count_in_worker(job)
                bar.update()
            return results
        context = multiprocessing.get_context("spawn")
        arguments = (views, model, folder)
        with ProcessPoolExecutor(workers, context, _start_worker, arguments) as pool:
            for found in pool.map(_count_in_worker, jobs, chunksize=_CHUNK):
                results += found
                bar.update()
    return results


def measure(args: argparse.Namespace, folder: Path) -> list[Result]:
    """Return all results that the arguments ask for."""
    cv2.setNumThreads(1)
    sets = SETS if args.scenes == "all" else (args.scenes,)
    views = all_views(args.root, sets, args.limit)
    jobs: list[Job] = list(view_jobs(views, args.perturbations, args.seed))
    jobs += whole_images(args.root, sets, args.limit, args.seed, folder)
    if "deliveries" in sets:
        jobs += delivery_jobs(views)
    if "months" in sets:
        jobs += month_jobs(views, args.limit, args.seed)
    return count_all(jobs, views, args.model, args.workers, folder)


def report(results: Sequence[Result]) -> list[str]:
    """Return all tables that there are, and the summary, each with its title."""
    trials = [one for one in results if isinstance(one, Trial)]
    found = [one for one in results if isinstance(one, MonthFinding)]
    parts = []
    for quantity in Quantity:
        rows = levels(trials, quantity)
        if rows:
            number = len({trial.scene for row in rows for trial in row.trials})
            title = f"Perturbed, {number} piers: {quantity}"
            parts.append(f"{title}\n\n{perturbations_table(rows)}")
    whole, delivered = pictures_table(trials), delivery_rows(trials)
    if whole:
        parts.append(f"Whole images\n\n{whole}")
    if delivered:
        right = sum(row.right for row in delivered)
        title = f"Odd deliveries, {right} of {len(delivered)} as wanted"
        parts.append(f"{title}\n\n{deliveries_table(delivered)}")
    weather = months_table(trials, found)
    if weather:
        parts.append(f"Months without events\n\n{weather}")
    lines = "\n".join(filter(None, [summary(trials), false_findings(found)]))
    return [*parts, f"Limits, and findings that are false\n\n```text\n{lines}\n```"]


def write_report(parts: Sequence[str], page: Path) -> None:
    """Replace the section of `page`."""
    text = "\n\n".join(f"### {part}" for part in parts)
    write_sections(page, {_SECTION: f"\n{text}\n"})


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    names = [one.name for one in PERTURBATIONS]
    parser.add_argument("root", type=Path, nargs="?", help="folder of real scenes")
    parser.add_argument("--scenes", choices=[*SETS, "all"], default="all", help="only these")
    parser.add_argument(
        "--perturbations", nargs="+", choices=names, default=names, metavar="NAME",
        help=f"only these of {', '.join(names)}",
    )  # fmt: skip
    parser.add_argument("--limit", type=int, help="scenes of each set, pictures of each kind")
    parser.add_argument("--seed", type=int, default=0, help="of clouds, noise and pictures")
    parser.add_argument("--workers", type=int, default=1, help="processes")
    parser.add_argument("--model", type=Path, help="ONNX model; default: the released one")
    parser.add_argument("--csv", type=Path, help="write every single count")
    parser.add_argument("--write", action="store_true", help="write the tables into the docs")
    args = parser.parse_args()
    if args.root is None and args.scenes in ("real", "negatives"):
        parser.error(f"--scenes {args.scenes} needs the folder of real scenes")
    if min(args.workers, args.limit or 1) < 1:
        parser.error("--workers and --limit are at least 1")
    with tempfile.TemporaryDirectory() as folder:
        results = measure(args, Path(folder))
    trials = [one for one in results if isinstance(one, Trial)]
    if args.csv:
        results_table(trials).to_csv(args.csv, index=False)
    print(levels_table(levels(trials)), *report(results), sep="\n\n")
    if args.write:
        write_report(report(results), _PAGE)


if __name__ == "__main__":
    run(main)
