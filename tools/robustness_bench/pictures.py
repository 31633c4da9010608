"""Pictures that are no scenes: drawn ones, radar-like ones, and coarse scenes on a fine grid."""

from __future__ import annotations

import importlib.util
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from robustness_bench.pier_view import Bytes, Floats, Rng
from robustness_bench.random_fields import fractal_field
from robustness_bench.scenes import WholeImage, spread

SIZE = 600
"""Side of a drawn picture, pixels."""
OVERSAMPLED = "coarse scene, oversampled"
"""The group of real scenes of 3 m and coarser that are delivered on a grid of 0.75 m."""
LIBRARY = "scikit-image"
_FINE_M = 0.75
_TRUE_GSD_M = (("ps3m", 3.0), ("rapideye_5m", 5.0), ("s2_", 9.0))
_WORDS = ("berth", "quay", "export", "12,480", "Q3", "total", "delta", "7.5 %", "2019", "crane")
_PALETTE = ((242, 239, 233), (255, 255, 255), (173, 209, 158), (170, 211, 223), (252, 214, 164))


def street_map(rng: Rng) -> Bytes:
    """Draw a street map: blocks, roads with edges, water, houses, names."""
    image = _plain((242, 239, 233))
    for _ in range(int(rng.integers(3, 8))):
        centre, axes = rng.integers(0, SIZE, 2), rng.integers(40, 160, 2)
        colour = _PALETTE[int(rng.integers(2, 5))]
        cv2.ellipse(
            image, _pair(centre), _pair(axes), float(rng.uniform(0, 180)), 0, 360, colour, -1
        )
    turn, pitch = rng.uniform(0, 90), int(rng.integers(45, 110))
    houses = rng.integers(6, 16)
    grid = range(-SIZE, SIZE, pitch)
    for x in grid:
        for y in grid:
            for _ in range(int(houses)):
                spot = np.array([x, y]) + rng.uniform(10, pitch - 10, 2)
                _box(image, spot, rng.uniform(6, 18, 2), turn, (217, 208, 201))
    for width, colour in ((11, (200, 190, 180)), (8, (255, 255, 255))):
        for x in grid:
            _line(image, (x, -SIZE), (x, SIZE), turn, width, colour)
            _line(image, (-SIZE, x), (SIZE, x), turn, width, colour)
    _line(image, (-SIZE, 13), (SIZE, 40), turn, 15, (249, 178, 156))
    for _ in range(12):
        _text(image, rng, 0.45, (60, 60, 60))
    return image


def spreadsheet(rng: Rng) -> Bytes:
    """Draw a table with lines, coloured cells and numbers."""
    image = _plain((255, 255, 255))
    tall, wide = int(rng.integers(14, 26)), int(rng.integers(40, 110))
    fills = [(255, 255, 255)] * 4 + [
        (198, 224, 180),
        (255, 230, 153),
        (248, 203, 173),
        (189, 215, 238),
    ]
    for y in range(0, SIZE, tall):
        for x in range(0, SIZE, wide):
            fill = (220, 220, 220) if y == 0 or x == 0 else fills[int(rng.integers(len(fills)))]
            cv2.rectangle(image, (x, y), (x + wide, y + tall), fill, -1)
            cv2.rectangle(image, (x, y), (x + wide, y + tall), (190, 190, 190), 1)
            word = str(rng.integers(0, 99999)) if x else str(rng.choice(_WORDS))
            cv2.putText(image, word, (x + 3, y + tall - 4), 0, tall / 45, (0, 0, 0), 1, cv2.LINE_AA)
    return image


def text_page(rng: Rng) -> Bytes:
    """Draw a page of text in paragraphs."""
    image = _plain((255, 255, 252))
    pitch, y = int(rng.integers(11, 20)), 30
    while y < SIZE - 20:
        line = " ".join(str(rng.choice(_WORDS)) for _ in range(int(rng.integers(4, 14))))
        cv2.putText(image, line, (40, y), 0, pitch / 34, (20, 20, 20), 1, cv2.LINE_AA)
        y += pitch * (2 if rng.random() < 0.12 else 1)
    image[:, SIZE - 40 :] = 255
    return image


def brick_wall(rng: Rng) -> Bytes:
    """Draw a wall of bricks in running bond, with mortar, texture and stains."""
    wide, tall = int(rng.integers(24, 60)), int(rng.integers(8, 20))
    base = rng.choice([[150, 75, 55], [175, 120, 90], [120, 60, 50], [190, 170, 150]])
    image = _plain((185, 180, 170))
    for row, y in enumerate(range(0, SIZE, tall)):
        for x in range(-wide + (row % 2) * wide // 2, SIZE, wide):
            colour = np.clip(base + rng.normal(0, 14) + rng.normal(0, 5, 3), 0, 255)
            cv2.rectangle(image, (x + 1, y + 1), (x + wide - 2, y + tall - 2), colour.tolist(), -1)
    return _textured(image, rng, 8)


def tiled_floor(rng: Rng) -> Bytes:
    """Draw tiles in two colours with joints."""
    side = int(rng.integers(14, 60))
    tones = rng.integers(60, 235, (2, 3))
    image = _plain((120, 120, 120))
    checked = rng.random() < 0.5
    for i, y in enumerate(range(0, SIZE, side)):
        for j, x in enumerate(range(0, SIZE, side)):
            tone = tones[(i + j) % 2 if checked else int(rng.random() < 0.2)]
            colour = np.clip(tone + rng.normal(0, 5), 0, 255).tolist()
            cv2.rectangle(image, (x + 1, y + 1), (x + side - 2, y + side - 2), colour, -1)
    return _textured(image, rng, 4)


def table_top(rng: Rng) -> Bytes:
    """Draw a wooden table from above with books, cards and plates."""
    grain = fractal_field((SIZE, SIZE // 12), (1, 1), rng, 60.0, 1.4)
    wood = cv2.resize(grain, (SIZE, SIZE), interpolation=cv2.INTER_CUBIC)
    image = _bytes(np.array([150, 105, 65]) + 14 * wood[..., None])
    for _ in range(int(rng.integers(15, 50))):
        colour = tuple(int(v) for v in rng.integers(20, 240, 3))
        spot = rng.uniform(0, SIZE, 2)
        if rng.random() < 0.3:
            cv2.circle(image, _pair(spot), int(rng.integers(15, 45)), colour, -1, cv2.LINE_AA)
        else:
            _box(image, spot, rng.uniform(12, 70, 2), rng.uniform(0, 180), colour)
    return _textured(image, rng, 4)


def hillshade(rng: Rng) -> Bytes:
    """Shade a random terrain lit from the north-west."""
    rough = float(rng.uniform(2.0, 2.8))
    height = rng.uniform(20, 60) * fractal_field((SIZE, SIZE), (1, 1), rng, 250.0, rough)
    down, right = np.gradient(cv2.GaussianBlur(height, (0, 0), 1.0))
    rise, from_west = np.radians(45), np.radians(315)
    normal = np.sqrt(1 + down**2 + right**2)
    lit = np.sin(rise) + np.cos(rise) * (np.cos(from_west) * down - np.sin(from_west) * -right)
    return _grey(255 * np.clip(lit / normal, 0, 1))


def radar(rng: Rng) -> Bytes:
    """Draw a radar scene: clutter, bright lines of walls and ships, dark water, speckle."""
    clutter = np.exp(0.6 * fractal_field((SIZE, SIZE), (1, 1), rng, 90.0))
    water = fractal_field((SIZE, SIZE), (1, 1), rng, 300.0) > 0.6
    clutter[water] = 0.05
    bright = np.zeros((SIZE, SIZE), np.float32)
    turn = rng.uniform(0, 180)
    for _ in range(int(rng.integers(40, 200))):
        angle = turn + rng.choice([0, 90])
        _box(bright, rng.uniform(0, SIZE, 2), rng.uniform((6, 1), (40, 5)), angle, 8.0)
    samples = float(rng.choice([1, 3, 6]))
    power = (clutter + bright) * rng.gamma(samples, 1 / samples, (SIZE, SIZE))
    return _grey(90 * power**0.5)


def thermal(rng: Rng) -> Bytes:
    """Draw a soft thermal picture in the colours of an infrared camera."""
    field = fractal_field((SIZE, SIZE), (1, 1), rng, 200.0, 2.0)
    for _ in range(int(rng.integers(5, 30))):
        _box(field, rng.uniform(0, SIZE, 2), rng.uniform(10, 60, 2), rng.uniform(0, 180), 2.0)
    soft = cv2.GaussianBlur(field, (0, 0), 3.0)
    level = _bytes(127 + 50 * (soft + 0.05 * rng.standard_normal(soft.shape)))
    colours: Bytes = np.asarray(cv2.applyColorMap(level, cv2.COLORMAP_INFERNO), np.uint8)
    return np.ascontiguousarray(colours[..., ::-1])


def gradient(rng: Rng) -> Bytes:
    """Draw a smooth change between two colours."""
    angle = rng.uniform(0, 2 * np.pi)
    y, x = np.mgrid[-1 : 1 : SIZE * 1j, -1 : 1 : SIZE * 1j]
    share = (0.5 + 0.35 * (np.cos(angle) * x + np.sin(angle) * y))[..., None]
    first, last = rng.integers(0, 256, (2, 3))
    return _bytes(first * (1 - share) + last * share)


def screenshot(rng: Rng) -> Bytes:
    """Draw windows with title bars, buttons, lists and text."""
    image = _plain((48, 90, 140))
    for _ in range(int(rng.integers(3, 7))):
        x, y = (int(v) for v in rng.integers(-40, SIZE - 160, 2))
        wide, tall = (int(v) for v in rng.integers(160, 420, 2))
        cv2.rectangle(image, (x, y), (x + wide, y + tall), (245, 245, 245), -1)
        cv2.rectangle(image, (x, y), (x + wide, y + 22), (70, 70, 75), -1)
        for j in range(y + 34, y + tall - 16, 24):
            cv2.rectangle(image, (x + 8, j), (x + 68, j + 16), (60, 120, 215), -1)
            cv2.rectangle(image, (x + 80, j), (x + wide - 10, j + 16), (210, 210, 210), 1)
            word = str(rng.choice(_WORDS))
            cv2.putText(image, word, (x + 84, j + 12), 0, 0.4, (30, 30, 30), 1, cv2.LINE_AA)
    return image


def bar_chart(rng: Rng) -> Bytes:
    """Draw stacked bars in columns with an axis."""
    image = _plain((255, 255, 255))
    wide = int(rng.integers(8, 30))
    colours = rng.integers(40, 230, (5, 3)).tolist()
    for x in range(50, SIZE - 30, wide + int(rng.integers(2, 10))):
        y = SIZE - 50
        for colour in colours:
            tall = int(rng.integers(8, 90))
            cv2.rectangle(image, (x, y - tall), (x + wide, y), colour, -1)
            y -= tall
    cv2.line(image, (45, 20), (45, SIZE - 50), (0, 0, 0), 1)
    cv2.line(image, (45, SIZE - 50), (SIZE - 20, SIZE - 50), (0, 0, 0), 1)
    return image


DRAWN: tuple[Callable[[Rng], Bytes], ...] = (
    street_map,
    spreadsheet,
    text_page,
    brick_wall,
    tiled_floor,
    table_top,
    hillshade,
    radar,
    thermal,
    gradient,
    screenshot,
    bar_chart,
)
"""All kinds of drawn pictures."""


def picture_images(folder: Path, each: int, seed: int) -> Iterator[WholeImage]:
    """Yield `each` pictures of every kind, written to `folder`, at 0.3 or 0.5 m a pixel."""
    for draw in DRAWN:
        kind = draw.__name__
        for number in range(each):
            rng = np.random.default_rng([seed, zlib.crc32(kind.encode()), number])
            path = folder / f"{kind}_{number}.png"
            cv2.imwrite(str(path), draw(rng)[..., ::-1])
            gsd = (0.3, 0.5)[number % 2]
            yield WholeImage(kind, path.stem, path, (gsd, gsd), empty=True)


def library_images(folder: Path, limit: int | None) -> Iterator[WholeImage]:
    """Yield the pictures that lie in an installed scikit-image; none without it."""
    spec = importlib.util.find_spec("skimage")
    if spec is None or spec.origin is None:
        return
    data = Path(spec.origin).parent / "data"
    paths = sorted(p for p in data.glob("*") if p.suffix in (".png", ".jpg", ".jpeg"))
    for path in spread(paths, limit):
        image = cv2.imread(str(path), cv2.IMREAD_COLOR)
        if image is not None and min(image.shape[:2]) >= 100:
            copy = folder / f"library_{path.stem}.png"
            cv2.imwrite(str(copy), image)
            yield WholeImage(LIBRARY, path.stem, copy, (0.3, 0.3), empty=True)


def oversampled_images(root: Path, folder: Path, limit: int | None) -> Iterator[WholeImage]:
    """Yield parts of real scenes of 3 m and coarser, enlarged to 0.75 m a pixel."""
    for path in spread(sorted((root / "coarse").glob("*")), limit):
        gsd = next((gsd for prefix, gsd in _TRUE_GSD_M if path.name.startswith(prefix)), None)
        if gsd is None:
            continue
        with Image.open(path) as file:
            image = np.asarray(file.convert("RGB"))
        side = round(SIZE * _FINE_M / gsd)
        part = _richest(image, side)
        fine = cv2.resize(
            part, None, fx=gsd / _FINE_M, fy=gsd / _FINE_M, interpolation=cv2.INTER_CUBIC
        )
        copy = folder / f"oversampled_{path.stem}.png"
        cv2.imwrite(str(copy), fine[..., ::-1])
        yield WholeImage(OVERSAMPLED, path.stem, copy, (_FINE_M, _FINE_M), empty=False)


def _richest(image: np.ndarray, side: int) -> np.ndarray:
    """Return the square of `side` pixels with most contrast."""
    rows, columns = image.shape[:2]
    parts = [
        image[y : y + side, x : x + side]
        for y in range(0, max(1, rows - side), max(1, side // 2))
        for x in range(0, max(1, columns - side), max(1, side // 2))
    ]
    return max(parts, key=lambda part: float(part.std()))


def _plain(colour: tuple[int, int, int]) -> Bytes:
    image: Bytes = np.empty((SIZE, SIZE, 3), np.uint8)
    image[:] = colour
    return image


def _bytes(levels: np.ndarray) -> Bytes:
    return np.asarray(np.clip(levels + 0.5, 0, 255), np.uint8)


def _grey(levels: np.ndarray) -> Bytes:
    return np.repeat(_bytes(levels)[..., None], 3, axis=2)


def _pair(values: np.ndarray) -> tuple[int, int]:
    return int(values[0]), int(values[1])


def _textured(image: Bytes, rng: Rng, levels: float) -> Bytes:
    rough = fractal_field((SIZE, SIZE), (1, 1), rng, 4.0, 1.0)
    wide = fractal_field((SIZE, SIZE), (1, 1), rng, 300.0)
    return _bytes(image + levels * (rough + wide)[..., None])


def _turned(points: np.ndarray, degrees: float) -> np.ndarray:
    cos, sin = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    turned: np.ndarray = points @ np.array([[cos, sin], [-sin, cos]])
    return turned


def _box(
    image: Bytes | Floats,
    spot: np.ndarray,
    size: np.ndarray,
    degrees: float,
    colour: tuple[int, ...] | float,
) -> None:
    unit = np.array([[-0.5, -0.5], [0.5, -0.5], [0.5, 0.5], [-0.5, 0.5]])
    corners = _turned(unit * size, degrees) + spot
    cv2.fillConvexPoly(
        image,
        np.rint(corners).astype(np.int32),
        colour,
        cv2.LINE_AA if image.dtype == np.uint8 else 8,
    )


def _line(
    image: Bytes,
    first: tuple[float, float],
    last: tuple[float, float],
    degrees: float,
    width: int,
    colour: tuple[int, int, int],
) -> None:
    ends = _turned(np.array([first, last], float), degrees) + SIZE / 2
    cv2.line(image, _pair(ends[0]), _pair(ends[1]), colour, width, cv2.LINE_AA)


def _text(image: Bytes, rng: Rng, scale: float, colour: tuple[int, int, int]) -> None:
    spot = _pair(rng.integers(0, SIZE - 60, 2))
    cv2.putText(image, str(rng.choice(_WORDS)), spot, 0, scale, colour, 1, cv2.LINE_AA)
