"""Damaged input: images, sites and models with random mutations, read as the batch reads them.

    python tools/fuzzing.py --images 50000 --sites 10000 --models 500

Every input is made from a seed, and read by a worker process with 1 GiB of memory and 10 s of time.
Prints, for each kind, how many inputs were refused, how many were read and equal the original, how
many differ in a way that the format allows (another place, another time), and what must not happen:
crashes, hangs or too much memory (deaths of a worker), errors other than PierwatchError, and counts
of other pixels than the original's. Images are stored with a checksum (deflate); damage that other
compressions do not detect, and damage that fits the checksum by chance, is listed separately. Exit
code 1 where anything is wrong.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import tempfile
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
import shapely
from affine import Affine
from rasterio.shutil import copy as raster_copy
from tqdm import tqdm

from cv.detector.detector import Detector
from cv.detector.model_card import InferencePass, ModelCard
from cv.detector.model_zoo import model_files
from cv.detector.onnx_model import OnnxModel, model_card_path
from cv.errors import PierwatchError
from cv.pipeline.batch import count
from cv.pipeline.process_pool import TaskResult, WorkerLimits, map_unordered
from cv.scene.integrity.deflate_blocks import block_location
from cv.scene.scene import Scene
from cv.site import Site

LIMITS = WorkerLimits(memory_mb=1024, time_s=10.0, deaths=1)
PLACE = Affine(0.5, 0, 500_000, 0, -0.5, 4_680_000)
ROWS, COLUMNS = 160, 200
NOW = "2024-03-01T02:30:00Z"


class Verdict(StrEnum):
    """What became of a mutated input."""

    REFUSED = "refused"
    """One error of ours, with its reason."""
    SAME = "same"
    """Read, and it says what the original says."""
    OTHER = "other"
    """Read, and it says something else that its format allows: another place, time, or outline."""
    UNSEEN = "no count"
    """Read, but nothing of it counts: outside of the pier, out of range, failed."""
    LET_THROUGH = "let through"
    """Other pixels than the original's, of a compression that has no checksum."""
    COLLIDED = "collided"
    """Other pixels than the original's, whose checksum (Adler-32) fits the damage by chance."""
    WRONG = "WRONG"
    """Counted on other pixels than the original's, although there was a checksum."""
    FOREIGN = "FOREIGN"
    """An error that is not a PierwatchError."""
    DEATH = "DEATH"
    """A crash, a hang, or too much memory."""


BAD = (Verdict.WRONG, Verdict.FOREIGN, Verdict.DEATH)
CHECKED = ("deflate-tiled", "deflate-strips", "deflate-16", "deflate-mask", "cog")
PLAIN = ("lzw", "packbits", "none", "jpeg")


@dataclass(frozen=True)
class Blind:
    """A network that sees nothing, so that reading is all that is tried."""

    card: ModelCard
    digest: str = "0" * 64

    def run(self, rgb: np.ndarray) -> np.ndarray:
        """Nothing."""
        return np.zeros((1, 1, 7), np.float32)


def blind() -> Detector:
    """A detector that sees nothing."""
    card = Detector.load(threads=1).models[0].card
    small = InferencePass(0.5, 32, card.classes)
    from dataclasses import replace

    from cv.detector.model_card import OutputLayout

    return Detector((Blind(replace(card, passes=(small,), layout=OutputLayout.END_TO_END)),), 1)  # type: ignore[arg-type]


def originals(folder: Path) -> dict[str, Path]:
    """One image of each kind."""
    rng = np.random.default_rng(0)
    smooth = np.cumsum(rng.normal(0, 3, (3, ROWS, COLUMNS)), axis=2)
    data = np.clip(120 + smooth, 1, 254).astype(np.uint8)
    profiles: dict[str, dict[str, Any]] = {
        "deflate-tiled": {"compress": "deflate", "tiled": True, "blockxsize": 64, "blockysize": 64},
        "deflate-strips": {"compress": "deflate", "predictor": 2},
        "deflate-16": {"compress": "deflate", "dtype": "uint16", "tiled": True},
        "deflate-mask": {"compress": "deflate", "nodata": 0},
        "lzw": {"compress": "lzw"},
        "packbits": {"compress": "packbits"},
        "none": {},
        "jpeg": {"compress": "jpeg", "photometric": "YCBCR", "tiled": True},
    }
    made = {}
    for name, profile in profiles.items():
        made[name] = folder / f"{name}.tif"
        kind = profile.pop("dtype", "uint8")
        with rasterio.open(
            made[name], "w", driver="GTiff", width=COLUMNS, height=ROWS, count=3, dtype=kind,
            crs="EPSG:32652", transform=PLACE, **profile,
        ) as dataset:  # fmt: skip
            dataset.write(data.astype(kind))
            dataset.update_tags(TIFFTAG_DATETIME=NOW)
    made["cog"] = folder / "cog.tif"
    raster_copy(made["deflate-tiled"], made["cog"], driver="COG", compress="deflate")
    return made


def mutated(content: bytes, rng: random.Random) -> bytes:
    """`content` with a few bytes changed, a part cut out, doubled, zeroed, or its end cut off."""
    data = bytearray(content)
    kind = rng.random()
    if kind < 0.55:
        for _ in range(rng.choice([1, 1, 2, 4, 16])):
            head = rng.random() < 0.5  # where the header is, most of the time
            data[rng.randrange(min(len(data), 1200) if head else len(data))] = rng.randrange(256)
    elif kind < 0.75:
        at = rng.randrange(len(data) - 8)
        width = rng.choice([1, 2, 4, 8])
        value = rng.choice([0, 1, 2**31 - 1, 2**32 - 1, 2**63, rng.getrandbits(64)])
        data[at : at + width] = (value % 2 ** (8 * width)).to_bytes(width, "little")
    elif kind < 0.85:
        del data[rng.randrange(len(data)) :]
    else:
        start = rng.randrange(len(data))
        end = min(len(data), start + rng.randint(1, 400))
        part = bytes(data[start:end])
        data[start:end] = rng.choice([b"", part * 2, bytes(len(part)), part[::-1]])
    return bytes(data)


class Images:
    """Reads mutated images: made in each worker."""

    def __init__(self, folder: Path, kinds: dict[str, Path]) -> None:
        self.folder, self.kinds = folder, kinds

    def __call__(self) -> Callable[[Path], str]:
        """What a worker calls for each seed."""
        detector = blind()
        site = Site.read(site_of(self.folder / f"site-{os.getpid()}.geojson"))
        right = {name: self._seen(path, detector, site) for name, path in self.kinds.items()}
        return partial(self._examine, detector=detector, site=site, right=right)

    def _examine(
        self, seed: Path, detector: Detector, site: Site, right: dict[str, tuple[object, ...]]
    ) -> str:
        rng = random.Random(f"image {seed}")
        name = rng.choice(CHECKED if rng.random() < 0.8 else PLAIN)
        path = self.folder / f"{os.getpid()}.tif"
        path.write_bytes(mutated(self.kinds[name].read_bytes(), rng))
        try:
            said, pixels, numbers = self._seen(path, detector, site)
        except PierwatchError:
            return Verdict.REFUSED
        except MemoryError:
            return Verdict.REFUSED
        except Exception as error:
            return f"{Verdict.FOREIGN} {type(error).__name__}: {error}"
        was_said, was_pixels, _ = right[name]
        if pixels == was_pixels:
            return Verdict.SAME if said == was_said else Verdict.OTHER
        if not numbers:
            return Verdict.UNSEEN
        if said != was_said:
            return Verdict.OTHER  # other tags: another image, or the same bytes read otherwise
        if name not in CHECKED:
            return Verdict.LET_THROUGH
        return Verdict.COLLIDED if _fits(path) else Verdict.WRONG

    def _seen(self, path: Path, detector: Detector, site: Site) -> tuple[object, ...]:
        """What the header says, the pixels, and whether there is a number."""
        kind = None
        with Scene.open(
            path, radiometry=kind if "16" not in path.name else "limits:0-255"
        ) as scene:
            counts = count(scene, site, detector)
            patch = scene.read(Affine.identity(), scene.grid.shape)
            said = (scene.acquired, scene.grid.shape, tuple(scene.grid.transform), scene.grid.crs)
            numbers = any(one.containers.value is not None for one in counts)
            header = scene._reader.header
            return (*said, header.nodata, header.colours), patch.rgb.tobytes(), numbers


def _fits(path: Path) -> bool:
    """Whether every block of the image is whole by its own checksum."""
    content = path.read_bytes()
    with rasterio.open(path) as dataset:
        rows, columns = dataset.block_shapes[0]
        places = [
            block_location(dataset, i, j, 1)
            for j in range(-(-dataset.height // rows))
            for i in range(-(-dataset.width // columns))
        ]
    try:
        for start, length in filter(None, places):
            zlib.decompress(content[start : start + length])
    except zlib.error:
        return False
    return True


def site_of(path: Path) -> Path:
    """A site with one pier in the middle of the images."""
    outline = shapely.box(PLACE.c + 20, PLACE.f - 60, PLACE.c + 80, PLACE.f - 20)
    document = {
        "type": "FeatureCollection",
        "crs": {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::32652"}},
        "features": [
            {
                "type": "Feature",
                "properties": {"name": "Pier", "role": "export"},
                "geometry": shapely.geometry.mapping(outline),
            },
            {
                "type": "Feature",
                "properties": {"kind": "berth", "pier": "Pier"},
                "geometry": shapely.geometry.mapping(outline.buffer(10)),
            },
        ],
    }
    path.write_text(json.dumps(document), encoding="utf-8")
    return path


class Sites:
    """Reads mutated sites."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __call__(self) -> Callable[[Path], str]:
        """What a worker calls for each seed."""
        path = site_of(self.folder / f"site-{os.getpid()}.geojson")
        return partial(self._examine, path=path, content=path.read_bytes(), right=_said(path))

    def _examine(self, seed: Path, path: Path, content: bytes, right: object) -> str:
        path.write_bytes(mutated(content, random.Random(f"site {seed}")))
        try:
            return Verdict.SAME if _said(path) == right else Verdict.OTHER
        except PierwatchError:
            return Verdict.REFUSED
        except Exception as error:
            return f"{Verdict.FOREIGN} {type(error).__name__}: {error}"


def _said(path: Path) -> object:
    site = Site.read(path)
    return [
        (pier.name, pier.role, pier.outline.wkb, pier.berth and pier.berth.wkb) for pier in site
    ]


class Models:
    """Loads mutated models, with and without the card that states their sha256."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __call__(self) -> Callable[[Path], str]:
        """What a worker calls for each seed."""
        return self._examine

    def _examine(self, seed: Path) -> str:
        rng = random.Random(f"model {seed}")
        model = rng.choice(model_files("pierwatch-n-int8"))
        path = self.folder / f"{os.getpid()}.onnx"
        path.write_bytes(mutated(model.read_bytes(), rng))
        model_card_path(path).unlink(missing_ok=True)
        carded = rng.random() < 0.5
        if carded:
            model_card_path(path).write_bytes(model_card_path(model).read_bytes())
        try:
            network = OnnxModel.load(path)
            answer = network.run(np.zeros((network.card.tile_px,) * 2 + (3,), np.uint8))
        except PierwatchError:
            return Verdict.REFUSED
        except Exception as error:
            return f"{Verdict.FOREIGN} {type(error).__name__}: {error}"
        if carded:
            return Verdict.WRONG
        return Verdict.OTHER if np.isfinite(answer).all() else Verdict.UNSEEN


def verdicts(
    title: str, make: Callable[[], Callable[[Path], str]], number: int, first: int, workers: int
) -> Counter[str]:
    """How often each verdict was given; prints the bad ones with their seeds."""
    found: Counter[str] = Counter()
    seeds = [Path(str(seed)) for seed in range(first, first + number)]
    results: Iterator[TaskResult[str]] = map_unordered(seeds, make, workers, LIMITS)
    for result in tqdm(results, total=number, desc=title, disable=None, leave=False):
        said = result.found or (
            f"{Verdict.REFUSED}"
            if result.fault and "memory" in result.fault
            else f"{Verdict.FOREIGN} {result.fault}"
            if result.fault
            else f"{Verdict.DEATH} {result.death}"
        )
        verdict = next(one for one in Verdict if said.startswith(one))
        found[verdict] += 1
        if verdict in BAD:
            tqdm.write(f"{title} {result.path}: {said[:300]}")
    return found


def main() -> None:
    """Prints a line for each kind of input."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--images", type=int, default=50_000)
    parser.add_argument("--sites", type=int, default=10_000)
    parser.add_argument("--models", type=int, default=500)
    parser.add_argument("--first", type=int, default=0, help="first seed")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    args = parser.parse_args()
    shared = Path("/dev/shm")
    bad = 0
    print(f"{'input':<8} {'number':>7} " + " ".join(f"{one.value:>11}" for one in Verdict))
    with tempfile.TemporaryDirectory(dir=shared if shared.is_dir() else None) as place:
        folder = Path(place)
        kinds: dict[str, tuple[int, Callable[[], Callable[[Path], str]]]] = {
            "images": (args.images, Images(folder, originals(folder))),
            "sites": (args.sites, Sites(folder)),
            "models": (args.models, Models(folder)),
        }
        for title, (number, make) in kinds.items():
            if number:
                found = verdicts(title, make, number, args.first, args.workers)
                print(
                    f"{title:<8} {number:>7} " + " ".join(f"{found[one]:>11}" for one in Verdict),
                    flush=True,
                )
                bad += sum(found[one] for one in BAD)
    raise SystemExit(1 if bad else 0)


if __name__ == "__main__":
    main()
