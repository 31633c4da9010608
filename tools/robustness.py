"""Measure how counts fail: scenes under some fifty perturbations, and pictures that are no scenes.

    python tools/robustness.py ../shared/real --workers 2 --csv robustness.csv
    python tools/robustness.py ../shared/real --workers 2 --limit 3
    python tools/robustness.py --scenes rendered --perturbations fog snow

Views of piers, real with hand-drawn labels and rendered, are perturbed in graded strength (clouds,
haze, darkness, blur, coarse sampling, noise, compression, snow, wrong declarations ...), written
as files and counted on their pier. A count is

- held: its 90 % interval holds the true number; widened: and is at least 1.5 times as wide as the
  interval of the same scene in clear weather,
- refused: without a number, whatever its status,
- wrong: with a number whose interval misses the truth; a false zero: 0 (0 to 0) where containers
  stand.

The number of a partly visible pier is held if the interval meets what some part of the pier of
that size may hold. Besides, whole images are counted: the labelled real ones and clear rendered
ones, which must keep their number; chips of land use; and drawn maps, tables, walls, hillshades,
radar scenes and coarse scenes on a fine grid, which must get none. Prints a table by perturbation
and strength, one by perturbation (that of docs/accuracy.md), one of the whole images, and how far
the limits are kept. Without FOLDER only rendered scenes and drawn pictures are counted.
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
from robustness_bench import pictures, scenes
from robustness_bench.perturbations import BY_NAME, PERTURBATIONS, UNPERTURBED
from robustness_bench.pier_view import PierView
from robustness_bench.summary import (
    levels,
    levels_table,
    perturbations_table,
    pictures_table,
    results_table,
    summary,
)
from robustness_bench.trial import Trial, count_view, count_whole
from script_runner import run

SETS = ("real", "rendered", "negatives", "no-scenes")
RENDERED_VIEWS, GOOD_RENDERED, PICTURES_EACH = 16, 100, 8
"""Rendered views, clear rendered chips, and drawn pictures of each kind without --limit."""
_CHUNK = 4
"""Trials handed to a worker at once."""


@dataclass(frozen=True)
class ViewTrial:
    """A view to be perturbed and counted."""

    view: int
    """Index in the bench's views."""
    perturbation: str
    strength: float
    seed: int


Job = ViewTrial | scenes.WholeImage


@dataclass(frozen=True, eq=False)
class Bench:
    """What a worker needs to count any job."""

    views: Sequence[PierView]
    detector: Detector
    folder: Path
    """For its files; no other worker writes there."""

    def count(self, job: Job) -> Trial:
        """Return what came of `job`."""
        if isinstance(job, scenes.WholeImage):
            return count_whole(job, self.detector)
        view = self.views[job.view]
        name, strength = job.perturbation, job.strength
        return count_view(view, name, strength, job.seed, self.detector, self.folder)


class _Worker:
    """The bench of this process."""

    bench: Bench


def _start_worker(views: Sequence[PierView], model: Path | None, folder: Path) -> None:
    cv2.setNumThreads(1)
    own = Path(tempfile.mkdtemp(dir=folder))
    _Worker.bench = Bench(views, Detector.load(model, threads=1), own)


def _count_in_worker(job: Job) -> Trial:
    return _Worker.bench.count(job)


def all_views(root: Path | None, sets: Sequence[str], limit: int | None) -> list[PierView]:
    """Return the views of piers in `sets`, at most `limit` of each set."""
    views: list[PierView] = []
    if "real" in sets and root:
        views += scenes.spread(list(scenes.real_views(root)), limit)
    if "rendered" in sets:
        views += scenes.rendered_views(min(RENDERED_VIEWS, limit or RENDERED_VIEWS))
    return views


def view_jobs(views: Sequence[PierView], names: Sequence[str], seed: int) -> Iterator[ViewTrial]:
    """Yield the trials of all views: in clear weather, then under the perturbations `names`."""
    for index in range(len(views)):
        for perturbation in (UNPERTURBED, *(BY_NAME[name] for name in names)):
            for strength in perturbation.strengths:
                yield ViewTrial(index, perturbation.name, strength, seed)


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
) -> list[Trial]:
    """Count all `jobs` in `workers` processes; 1 counts in this one."""
    bar = tqdm(total=len(jobs), unit="count", disable=None, leave=False)
    trials = []
    with bar:
        if workers == 1:
            _start_worker(views, model, folder)
            for job in jobs:
                trials.append(_count_in_worker(job))
                bar.update()
            return trials
        context = multiprocessing.get_context("spawn")
        arguments = (views, model, folder)
        with ProcessPoolExecutor(workers, context, _start_worker, arguments) as pool:
            for trial in pool.map(_count_in_worker, jobs, chunksize=_CHUNK):
                trials.append(trial)
                bar.update()
    return trials


def measure(args: argparse.Namespace, folder: Path) -> list[Trial]:
    """Return all trials that the arguments ask for."""
    cv2.setNumThreads(1)
    sets = SETS if args.scenes == "all" else (args.scenes,)
    views = all_views(args.root, sets, args.limit)
    jobs: list[Job] = list(view_jobs(views, args.perturbations, args.seed))
    jobs += whole_images(args.root, sets, args.limit, args.seed, folder)
    return count_all(jobs, views, args.model, args.workers, folder)


def report(trials: Sequence[Trial]) -> str:
    """Return all tables and the summary."""
    rows = levels(trials)
    parts = [levels_table(rows), perturbations_table(rows)] if rows else []
    if len(trials) > sum(row.scenes for row in rows):
        parts.append(pictures_table(trials))
    return "\n\n".join([*parts, summary(trials)])


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
    parser.add_argument("--csv", type=Path, help="write every single result")
    args = parser.parse_args()
    if args.root is None and args.scenes in ("real", "negatives"):
        parser.error(f"--scenes {args.scenes} needs the folder of real scenes")
    if min(args.workers, args.limit or 1) < 1:
        parser.error("--workers and --limit are at least 1")
    with tempfile.TemporaryDirectory() as folder:
        trials = measure(args, Path(folder))
    if args.csv:
        results_table(trials).to_csv(args.csv, index=False)
    print(report(trials))


if __name__ == "__main__":
    run(main)
