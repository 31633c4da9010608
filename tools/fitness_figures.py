"""Measure the fitness model: false alarms on good images, and how well it predicts recall.

    python tools/fitness_figures.py --work runs/fitness --real ../shared/real --write

`--work` is the folder of `python -m cv.image_fitness_training`, whose held-back samples are
judged; parts whose images are missing are left out. Degradations are those of
cv.image_fitness_training with other seeds; real images other than `negatives` were not trained
on. `--write` puts the main figures into weights/README.md, between its two marks, and into the
model's card. `--limits` prints what each limit of recall would do, on land use and rendered places
alone: the limit is chosen there.
"""

from __future__ import annotations

import argparse
import json
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
from page_sections import write_sections

from cv.detector.decode import decode_output
from cv.detector.model_zoo import FITNESS_MODEL, released_model
from cv.detector.nms import non_maximum_suppression
from cv.detector.onnx_model import OnnxModel
from cv.image_fitness.fitness_map import FitnessMap
from cv.image_fitness.fitness_model import FitnessModel
from cv.image_fitness.unfit_reasons import REASONS, FitnessReason
from cv.image_fitness_training.detector_recall import found_objects
from cv.image_fitness_training.fitness_samples import REACH_PX, FitnessSample
from cv.image_fitness_training.image_sources import ImageSources
from cv.image_fitness_training.random_degradations import degrade_image, draw_degradation_kinds
from cv.image_fitness_training.scene_pairs import CELL, CELLS, NEGATIVE_GSD, rendered_pair
from cv.io.atomic_files import write_atomically
from cv.rendering.renderer import Bytes
from cv.synthetic.chip_renderer import CHIP, FINE_GSD
from cv.synthetic.non_scenes import NON_SCENES

REAL_GSD = {
    "fair1m_108": 0.49,
    "fair1m_107": 0.77,
    "fair1m": 0.8,
    "pexels-tomfisk-3063470": 0.172,
    "pexels-tomfisk-3057963": 0.15,
    "xview": 0.32,
}
"""GSD (metres) of the real images, by the start of their names; others are at SHIPS_GSD."""
SHIPS_GSD = 0.8
_README = Path(__file__).parent.parent / "weights" / "README.md"
_SECTION = "fitness figures"
_CHIPS_FROM = 66_000_000
_SURE = 3
"""Containers of a patch from which its measured recall decides about a limit."""
_OPAQUE = 0.9
_BINS = (0.0, 0.1, 0.3, 0.5, 0.7, 0.9, 1.01)
_MAX_BLACK = 0.2


def main() -> None:
    """Print all figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--real", type=Path, default=Path("../shared/real"))
    parser.add_argument("--model", type=Path, help="default: the released one")
    parser.add_argument("--chips", type=int, default=60, help="clear rendered places")
    parser.add_argument("--limits", action="store_true", help="compare limits, nothing else")
    parser.add_argument("--write", action="store_true", help="into weights/README.md and the card")
    args = parser.parse_args()
    model = FitnessModel.load(args.model)
    sources = ImageSources.in_folder(args.real)
    if args.limits:
        _print_limits(model, sources, args.work / "held", args.chips)
        return
    detector = OnnxModel.load(released_model("pierwatch-n"))
    figures = [
        *_cost(model, detector),
        *_negatives(model, sources),
        *_clear_places(model, args.chips),
        *_real(model, args.real),
        *_no_scenes(model),
        *_held_back(model, args.work / "held"),
        *_degraded_real(model, detector, args.real),
    ]
    if args.write:
        write_figures(figures, _README, released_model(FITNESS_MODEL).with_suffix(".card.json"))


@dataclass(frozen=True)
class Figure:
    """A main figure."""

    what: str
    value: str


def write_figures(figures: Sequence[Figure], readme: Path, card: Path) -> None:
    """Replace the table between the marks of `readme`, and the entry `figures` of `card`."""
    rows = [f"| {one.what} | {one.value} |" for one in figures]
    table = "\n".join(["| what | figure |", "|---|---|", *rows])
    write_sections(readme, {_SECTION: table})
    record = json.loads(card.read_bytes())
    record["figures"] = {one.what: one.value for one in figures}
    write_atomically(card, json.dumps(record, indent=1) + "\n")


def _print_limits(model: FitnessModel, sources: ImageSources, folder: Path, chips: int) -> None:
    """Print the area unfit and the patches rightly unfit, by limit."""
    land = [model.judge(_scaled(_read(f), NEGATIVE_GSD)) for f in sources.held_back]
    seeds = range(_CHIPS_FROM, _CHIPS_FROM + chips)
    pairs = [rendered_pair(seed) for seed in seeds]
    clear = [model.judge(image) for pair in pairs for image in (pair.occupied, pair.bare)]
    lost: list[float] = []
    kept: list[float] = []
    for path in sorted(folder.glob("*.npz")):
        sample = FitnessSample.load(path)
        predicted = model.judge(sample.image).container_recall
        recall = sample.found / np.maximum(sample.expected, 1)
        use = sample.used & (sample.expected >= _SURE)
        lost += predicted[use & (recall < 0.3)].tolist()
        kept += predicted[use & (recall > 0.9)].tolist()
    print("limit  land use  rendered   recall < 0.3 unfit   recall > 0.9 fit")
    for limit in np.arange(0.2, 0.71, 0.05):
        shares = [
            float(np.mean([(one.container_recall < limit).mean() for one in maps]))
            for maps in (land, clear)
        ]
        unfit, fit = np.mean(np.array(lost) < limit), np.mean(np.array(kept) >= limit)
        print(f"{limit:5.2f}{shares[0]:10.2%}{shares[1]:10.2%}{unfit:20.1%}{fit:19.1%}")


def _cost(model: FitnessModel, detector: OnnxModel) -> list[Figure]:
    image = np.random.default_rng(0).integers(0, 256, (CHIP, CHIP, 3), dtype=np.uint8)
    times: dict[str, list[float]] = {"judge": [], "detect": []}
    for _ in range(15):
        for name, run in (("judge", model.judge), ("detect", detector.run)):
            start = time.process_time()
            run(image)
            times[name].append(time.process_time() - start)
    judge, detect = (1e3 * float(np.median(times[name])) for name in ("judge", "detect"))
    print(f"cost of a tile: {judge:.1f} ms beside {detect:.1f} ms, {judge / detect:.1%}")
    return [
        Figure("cost beside the container detector, same tile, one thread", f"{judge / detect:.1%}")
    ]


def _negatives(model: FitnessModel, sources: ImageSources) -> list[Figure]:
    unfit: dict[str, list[float]] = defaultdict(list)
    lost: dict[str, list[bool]] = defaultdict(list)
    for file in sources.held_back:
        share = _unfit_share(model.judge(_scaled(_read(file), NEGATIVE_GSD)))
        unfit[file.parent.name].append(share)
        lost[file.parent.name].append(share > 0.5)
    if not unfit:
        return []
    everything = [share for shares in unfit.values() for share in shares]
    chips = [one for ones in lost.values() for one in ones]
    print(f"land use kept back: {np.mean(everything):.2%} of the area of {len(chips)} chips unfit,")
    print(f"  {np.mean(chips):.2%} of the chips by more than half")
    for kind in sorted(unfit, key=lambda name: -float(np.mean(unfit[name]))):
        print(f"  {kind:<20}{np.mean(unfit[kind]):7.1%}{np.mean(lost[kind]):7.1%}")
    return [
        Figure(f"land use kept back, {len(chips)} chips: area unfit", f"{np.mean(everything):.1%}"),
        Figure("chips of it by more than half unfit", f"{np.mean(chips):.1%}"),
    ]


def _clear_places(model: FitnessModel, count: int) -> list[Figure]:
    shares: dict[str, list[float]] = defaultdict(list)
    for seed in range(_CHIPS_FROM, _CHIPS_FROM + count):
        pair = rendered_pair(seed)
        for name, image in (
            ("sharp, with containers", pair.reference),
            ("any sensor, with containers", pair.occupied),
            ("any sensor, without", pair.bare),
        ):
            shares[name].append(_unfit_share(model.judge(image)))
    print(f"clear rendered places, {count}: area unfit")
    for name, values in shares.items():
        print(f"  {name:<30}{np.mean(values):7.2%}, more than half {_more_than_half(values):.1%}")
    worst = max(float(np.mean(values)) for values in shares.values())
    return [Figure(f"clear rendered places, {count}: area unfit, at most", f"{worst:.1%}")]


def _real(model: FitnessModel, real: Path) -> list[Figure]:
    print("clear real images: area unfit, effective GSD, reason")
    shares = []
    for name, image in _real_images(real):
        judged = model.judge(image)
        seen = _seen(image, judged.container_recall.shape)
        share = float((~judged.containers_fit)[seen].mean())
        hulls = float((~judged.hulls_fit)[seen].mean())
        shares.append(share)
        gsd, reason = judged.image_gsd_m, judged.main_reason(seen)
        print(f"  {name:<28}{share:7.2%}{hulls:7.2%}{gsd:6.2f} m  {reason}")
    if shares:
        print(f"  mean {np.mean(shares):.2%}, more than half unfit: {_more_than_half(shares):.1%}")
        what = f"clear real images, {len(shares)}: area unfit on average; in the worst one"
        return [Figure(what, f"{np.mean(shares):.1%}; {max(shares):.0%}")]
    return []


def _no_scenes(model: FitnessModel) -> list[Figure]:
    print("pictures that are no scenes: area unfit, unfit as such")
    rng = np.random.default_rng(4)
    parts: list[str] = []
    for name, draw in NON_SCENES.items():
        maps = [model.judge(draw(rng, CHIP)) for _ in range(8)]
        share = float(np.mean([_unfit_share(one) for one in maps]))
        odd = REASONS.index(FitnessReason.NOT_OVERHEAD)
        named = float(np.mean([(one.reason == odd).mean() for one in maps]))
        print(f"  {name:<20}{share:7.1%}{named:7.1%}")
        parts.append(f"{name} {share:.0%}")
    return [Figure("pictures that are no scenes: area unfit", ", ".join(parts))]


def _held_back(model: FitnessModel, folder: Path) -> list[Figure]:
    rows: dict[str, list[tuple[float, float, float]]] = defaultdict(list)
    right, total = 0, 0
    opaque: list[bool] = []
    details: list[tuple[float, float]] = []
    for path in sorted(folder.glob("*.npz")):
        sample = FitnessSample.load(path)
        judged = model.judge(sample.image)
        use = sample.used & (sample.expected > 0)
        cloud = (sample.reason == REASONS.index(FitnessReason.CLOUD)) & (sample.strength > _OPAQUE)
        if "+" not in sample.kinds:
            opaque += (~judged.containers_fit)[sample.used & cloud].tolist()
            unfit = use & (sample.found < 0.25 * sample.expected) & ~judged.containers_fit
            right += int((judged.reason == sample.reason)[unfit].sum())
            total += int(unfit.sum())
        if np.isfinite(sample.detail_m) and judged.containers_fit.any():
            details.append((np.log2(sample.detail_m), np.log2(judged.image_gsd_m)))
        for y, x in np.argwhere(use):
            recall = sample.found[y, x] / sample.expected[y, x]
            rows[sample.kinds.split(":")[0]].append(
                (float(judged.container_recall[y, x]), float(recall), float(sample.expected[y, x]))
            )
    if not rows:
        return []
    table = np.array([row for part in rows.values() for row in part])
    title = "degraded places kept back"
    figures = _print_table(title, table)
    print("  kind                     patches  predicted  measured  unfit<.3  fit>.9")
    for kind in sorted(rows, key=lambda name: -len(rows[name])):
        part = np.array(rows[kind])
        if len(part) >= 200:
            print(f"  {kind:<24}{_kind_line(part, model.card.min_recall)}")
    print(f"opaque cloud patches unfit: {np.mean(opaque):.1%} of {len(opaque)}")
    print(f"reason right: {right / max(total, 1):.1%} of {total} unfit patches")
    error: np.ndarray = np.array(details)
    octaves = float(np.median(np.abs(error[:, 0] - error[:, 1])))
    print(
        f"effective GSD, log2: correlation {np.corrcoef(error.T)[0, 1]:.3f}, "
        f"median error {octaves:.2f} octaves"
    )
    return [
        *figures,
        Figure(f"patches under opaque cloud ({_OPAQUE} and more) unfit", f"{np.mean(opaque):.1%}"),
        Figure("reason right where a patch is unfit", f"{right / max(total, 1):.0%}"),
        Figure("effective GSD: median error", f"{octaves:.2f} octaves"),
    ]


def _degraded_real(model: FitnessModel, detector: OnnxModel, real: Path) -> list[Figure]:
    """Print how recall is predicted where the truth is what is found in the clear real image."""
    rows, wrong = [], []
    rng = np.random.default_rng(12)
    for name, image in _real_images(real):
        for clear in _crops(image, 2):
            corners = _detected(detector, clear)
            if len(corners) < 15:
                continue
            for _ in range(4):
                kinds, seed = draw_degradation_kinds(rng), int(rng.integers(2**31))
                shown = degrade_image(clear, kinds, seed, FINE_GSD).image
                found = found_objects(detector, shown, corners, "container", REACH_PX)
                judged = model.judge(shown)
                x, y = np.clip(corners.mean(1) // CELL, 0, CELLS - 1).astype(int).T
                for cell in set(zip(y.tolist(), x.tolist(), strict=True)):
                    here = (y == cell[0]) & (x == cell[1])
                    predicted = float(judged.container_recall[cell])
                    rows.append((predicted, float(found[here].mean()), float(here.sum())))
                whole, fit = float(found.mean()), float(judged.containers_fit[y, x].mean())
                wrong.append((name, "+".join(kinds), whole, fit))
    if not rows:
        return []
    title = "degraded real images, against what is found in the clear ones"
    figures = _print_table(title, np.array(rows))
    bad = [one for one in wrong if one[2] < 0.5]
    missed = [one for one in bad if one[3] > 0.5]
    good = [one for one in wrong if one[2] >= 0.9]
    cried = [one for one in good if one[3] < 0.5]
    print(f"  tiles with recall below 0.5: {len(bad)}, called fit {len(missed)}")
    print(f"  tiles with recall from 0.9 on: {len(good)}, called unfit {len(cried)}")
    for name, names, whole, fit in missed + cried:
        print(f"    {name} {names}: recall {whole:.2f}, boxes in fit patches {fit:.2f}")
    return [
        *figures,
        Figure("such tiles with recall below 0.5, called fit", f"{len(missed)} of {len(bad)}"),
        Figure("such tiles with recall from 0.9 on, called unfit", f"{len(cried)} of {len(good)}"),
    ]


def _print_table(title: str, table: np.ndarray) -> list[Figure]:
    """Print measured by predicted recall; return their correlation and the bins."""
    predicted, measured, weight = table.T
    centred = (v - np.average(v, weights=weight) for v in (predicted, measured))
    a, b = centred
    correlation = (weight * a * b).sum() / np.sqrt((weight * a * a).sum() * (weight * b * b).sum())
    print(f"{title}: correlation {correlation:.3f}, {len(table)} patches")
    print("  predicted     patches  predicted  measured")
    bins: list[tuple[str, str]] = []
    for low, high in pairwise(_BINS):
        rows = (predicted >= low) & (predicted < high)
        if rows.any():
            means = [np.average(v[rows], weights=weight[rows]) for v in (predicted, measured)]
            print(
                f"  {low:.1f} to {min(high, 1):.1f}{rows.sum():12}{means[0]:11.3f}{means[1]:10.3f}"
            )
            bins.append((f"{means[0]:.2f}", f"{means[1]:.2f}"))
    predictions, measures = (", ".join(values) for values in zip(*bins, strict=True))
    return [
        Figure(f"{title}: correlation of recall, by patch", f"{correlation:.2f}"),
        Figure(f"predicted {predictions}: measured", measures),
    ]


def _kind_line(part: np.ndarray, limit: float) -> str:
    predicted, measured, weight = part.T
    bad, good = measured < 0.3, measured > 0.9
    unfit = (predicted[bad] < limit).mean() if bad.any() else np.nan
    fit = (predicted[good] >= limit).mean() if good.any() else np.nan
    means = [np.average(v, weights=weight) for v in (predicted, measured)]
    return f"{len(part):8}{means[0]:11.3f}{means[1]:10.3f}{unfit:10.1%}{fit:8.1%}"


def _real_images(real: Path) -> Iterator[tuple[str, Bytes]]:
    files = sorted((real / "images").glob("*.*")) + sorted((real / "ships").glob("*.jpg"))
    for file in files:
        starts = [start for start in REAL_GSD if file.stem.startswith(start)]
        gsd = REAL_GSD[starts[0]] if starts else SHIPS_GSD
        yield f"{file.parent.name}/{file.stem}", _scaled(_read(file), gsd)


def _crops(image: Bytes, count: int) -> Iterator[Bytes]:
    """Yield tiles spread along the diagonals of an image."""
    rows, columns = (size - CHIP for size in image.shape[:2])
    if min(rows, columns) >= 0:
        for share in np.linspace(0.1, 0.9, count):
            for across in (share, 1 - share):
                y, x = round(rows * share), round(columns * across)
                yield np.ascontiguousarray(image[y : y + CHIP, x : x + CHIP])


def _detected(detector: OnnxModel, image: Bytes) -> np.ndarray:
    card = detector.card
    found = decode_output(detector.run(image), card.layout, card.thresholds)
    found = found[found.classes == card.classes.index("container")]
    return np.asarray(non_maximum_suppression(found, card.merge_overlap).boxes.corners())


def _read(file: Path) -> Bytes:
    picture = cv2.imread(str(file))
    assert picture is not None, file
    return np.ascontiguousarray(picture[..., ::-1])


def _scaled(image: Bytes, gsd_m: float) -> Bytes:
    way = cv2.INTER_AREA if gsd_m < FINE_GSD else cv2.INTER_CUBIC
    scale = gsd_m / FINE_GSD
    return np.asarray(cv2.resize(image, None, fx=scale, fy=scale, interpolation=way), np.uint8)


def _seen(image: Bytes, shape: tuple[int, ...]) -> np.ndarray:
    """Return which patches (rows, columns) are not mostly black fill."""
    black = (image.max(2) == 0).astype(np.float32)
    rows, columns = shape
    wide = np.zeros((rows * CELL, columns * CELL), np.float32)
    wide[: black.shape[0], : black.shape[1]] = black
    return np.asarray(wide.reshape(rows, CELL, columns, CELL).mean((1, 3)) <= _MAX_BLACK)


def _unfit_share(judged: FitnessMap) -> float:
    return float((~judged.containers_fit).mean())


def _more_than_half(shares: list[float]) -> float:
    return float(np.mean(np.array(shares) > 0.5))


if __name__ == "__main__":
    main()
