"""Pairs of one place with and without containers, and where the containers stand."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np

from cv.errors import InputError
from cv.geometry.container_sizes import WIDTH_M
from cv.rendering.canvas import TAKEN, Canvas, Points, rectangle
from cv.rendering.materials import GROUND_MATERIALS, ContainerPaints, Rng
from cv.rendering.random_cameras import random_sensor, random_view
from cv.rendering.renderer import Bytes, Sensor, render_picture
from cv.rendering.weather import draw_weather, random_sun
from cv.synthetic import degradations as deg
from cv.synthetic import terminal_scene, terrain
from cv.synthetic.chip_renderer import CHIP, FINE_GSD
from cv.synthetic.container_blocks import FEET, draw_container
from cv.synthetic.degradations import OPTICS_SIGMA

CELL = 80
"""Side of a patch that is judged, pixels (20 m)."""
CELLS = CHIP // CELL
NEGATIVE_GSD = 0.3048
REFERENCE_SENSOR = Sensor(gsd_x=FINE_GSD, gsd_y=FINE_GSD, blur=0.35, noise=0.003, gamma=0.8)
"""A sharp camera at the working GSD: what it lets the detector find counts as findable."""
_PLAIN = 0.35
"""Share of rendered places that are plain ground or water."""
_PIXEL_SIGMA = 0.46
"""Deviation of pixel square and interpolation, in units of the GSD."""


@dataclass(frozen=True, eq=False)
class ScenePair:
    """One place, twice: equal but for the containers."""

    occupied: Bytes
    """(640, 640, 3) with containers."""
    bare: Bytes
    """(640, 640, 3) without them."""
    reference: Bytes
    """(640, 640, 3) with containers, by a sharp camera in clear air."""
    corners: Points
    """(n, 4, 2) x, y pixels of the containers' roofs."""
    detail_m: float
    """Effective GSD of both images, metres."""


@dataclass(frozen=True, eq=False)
class Sprite:
    """A container cut from a rendered image."""

    image: Bytes
    """(rows, columns, 3)."""
    mask: Bytes
    """(rows, columns) 0..255."""
    corners: Points
    """(4, 2) x, y pixels in the cut."""


def rendered_pair(seed: int) -> ScenePair:
    """Render a place of a seed with and without the containers ashore."""
    rng = np.random.default_rng(seed)
    sensor = random_sensor(rng, 0.15, 0.92)
    if sensor.stretch is not None:  # it would depend on the containers
        sensor = replace(sensor, stretch=None, gain=sensor.gain * 2.5)
    side, fine = CHIP * FINE_GSD, min(sensor.gsd_x, sensor.gsd_y)
    canvas = Canvas(side, side, resolution=1 / 6 if fine < 0.4 else 0.2, margin=12.0)
    if rng.random() < _PLAIN:
        _draw_plain_place(canvas, rng)
    else:
        terminal_scene.draw_random_place(canvas, rng, 1.0, 0.25)
    bare = _cleared(canvas, rng)
    _fill_gaps(canvas, rng)
    view, sun = random_view(rng, side), random_sun(rng)
    weather, grain = (int(value) for value in rng.integers(2**31, size=2))
    for one in (canvas, bare):
        draw_weather(one, np.random.default_rng(weather), 1.0)
    size = (CHIP, CHIP)
    image, labels = render_picture(canvas, sun, view, sensor, np.random.default_rng(grain), size)
    empty, _ = render_picture(bare, sun, view, sensor, np.random.default_rng(grain), size)
    reference, _ = render_picture(canvas, sun, view, REFERENCE_SENSOR, rng, size)
    ashore = [it for it in labels if it.class_name == "container" and not it.aboard]
    quads = [item.corners for item in ashore if item.visible >= 0.6]
    return ScenePair(image, empty, reference, _stacked(quads), sensor_detail(sensor))


def sensor_detail(sensor: Sensor) -> float:
    """Return the effective GSD (metres) of a rendered image on the working grid."""
    gsd = float(np.sqrt(sensor.gsd_x * sensor.gsd_y))
    detail = gsd * float(np.hypot(_PIXEL_SIGMA, sensor.blur)) / OPTICS_SIGMA
    return max(FINE_GSD, detail)


def cut_sprites(seed: int) -> list[Sprite]:
    """Return the containers of a rendered yard that are wholly visible."""
    rng = np.random.default_rng(seed)
    side = CHIP * FINE_GSD
    canvas = Canvas(side, side, resolution=1 / 6, margin=12.0)
    terminal_scene.draw_random_place(canvas, rng, 0.0, 0.0)
    sun = replace(random_sun(rng), softness=0.3)
    image, labels = render_picture(
        canvas, sun, random_view(rng, side), REFERENCE_SENSOR, rng, (CHIP, CHIP)
    )
    whole = [it for it in labels if it.class_name == "container" and it.visible > 0.97]
    return [sprite for it in whole[:40] if (sprite := _cut(image, it.corners)) is not None]


def pasted_pair(ground: Bytes, sprites: list[Sprite], rng: Rng, detail_m: float) -> ScenePair:
    """Paste containers all over a ground (640, 640, 3) without containers."""
    image, quads = ground.copy(), []
    taken = np.zeros(ground.shape[:2], bool)
    shadow = rng.uniform(-12, 12, 2)
    depth = float(rng.uniform(0.25, 0.7))
    bright = float(rng.uniform(0.75, 1.15))
    for y in range(CELLS):
        for x in range(CELLS):
            for _ in range(int(rng.integers(1, 5))):
                sprite = sprites[int(rng.integers(len(sprites)))]
                spot = np.array([x, y]) * CELL + rng.integers(0, CELL, 2)
                quad = _paste(image, taken, sprite, spot, shadow, depth, bright)
                quads += [] if quad is None else [quad]
    return ScenePair(image, ground, image, _stacked(quads), detail_m)


def as_delivered(pair: ScenePair, to_m: float, rng: Rng) -> ScenePair:
    """Return a pair as a product of GSD `to_m` shows it: sampled, exposed, compressed."""
    seed = int(rng.integers(2**31))
    return replace(
        pair,
        occupied=as_product(pair.occupied, to_m, np.random.default_rng(seed)),
        bare=as_product(pair.bare, to_m, np.random.default_rng(seed)),
        detail_m=max(pair.detail_m, to_m),
    )


def as_product(image: Bytes, to_m: float, rng: Rng) -> Bytes:
    """Sample at `to_m` and store with an exposure and losses that any product may have."""
    up = str(rng.choice(["cubic", "bilinear", "lanczos"]))
    image = deg.resample(image, to_m, FINE_GSD, "area", up) if to_m > FINE_GSD else image
    if rng.random() < 0.5:
        image = deg.sharpen(image, float(rng.uniform(0.2, 1.5)), to_m, FINE_GSD)
    gain, gamma = float(np.exp(rng.uniform(-1.2, 0.25))), float(rng.uniform(0.75, 1.2))
    image = deg.change_exposure(image, gain, gamma, float(rng.uniform(0, 0.12)))
    if rng.random() < 0.4:
        grey = deg.recolour(image, np.full((3, 3), 1 / 3))
        image = np.asarray(cv2.addWeighted(image, 0.75, grey, 0.25, 0), np.uint8)
    if rng.random() < 0.4:
        image = deg.add_noise(image, float(rng.uniform(0.001, 0.02)), rng)
    if rng.random() < 0.6:
        image = deg.compress(image, int(rng.integers(50, 96)))
    return np.asarray(image, np.uint8)


def negative_ground(files: list[Path], rng: Rng) -> Bytes:
    """Return a ground (640, 640, 3) of four chips of land use, turned at random."""
    parts = []
    for file in rng.choice(np.array(files, dtype=object), 4):
        chip = cv2.resize(_read(file), (CHIP // 2, CHIP // 2), interpolation=cv2.INTER_CUBIC)
        parts.append(np.rot90(chip, int(rng.integers(4))))
    return np.ascontiguousarray(np.vstack([np.hstack(parts[:2]), np.hstack(parts[2:])]))


def mirrored_chip(file: Path) -> Bytes:
    """Return a ground (624, 624, 3) of one chip of land use and its mirror images."""
    chip = _read(file)
    size = round(chip.shape[0] * NEGATIVE_GSD / FINE_GSD)
    chip = np.asarray(cv2.resize(chip, (size, size), interpolation=cv2.INTER_CUBIC), np.uint8)
    both = np.hstack([chip, chip[:, ::-1]])
    return np.ascontiguousarray(np.vstack([both, both[::-1]]))


def rough_water_ground(rng: Rng) -> Bytes:
    """Return a ground (640, 640, 3) of waves and glitter, which resemble noise and are none."""
    shape = (CHIP, CHIP)
    colour = np.array([0.16, 0.21, 0.22]) * rng.uniform(0.3, 2.0) + rng.uniform(0, 0.1, 3)
    waves = np.zeros(shape, np.float32)
    for _ in range(int(rng.integers(1, 4))):
        along, across = np.exp(rng.uniform(np.log(0.8), np.log(5), 2))
        layer = rng.standard_normal(shape, dtype=np.float32)
        layer = np.asarray(cv2.GaussianBlur(layer, (0, 0), along, sigmaY=across), np.float32)
        waves += layer / max(float(layer.std()), 1e-6)
    waves *= rng.uniform(0.02, 0.14) / max(float(waves.std()), 1e-6)
    glitter = np.maximum(waves, 0) * rng.uniform(0, 2)
    levels = (colour + (waves + glitter)[..., None]) * 255
    return np.clip(levels, 0, 255).astype(np.uint8)


def as_drone_image(pair: ScenePair, rng: Rng) -> ScenePair:
    """Return the reference image of a pair as a drone's camera shows it: crisp and colourful."""
    grey = deg.recolour(pair.reference, np.full((3, 3), 1 / 3))
    colour = float(rng.uniform(1.0, 1.9))
    image = np.asarray(cv2.addWeighted(pair.reference, colour, grey, 1 - colour, 0), np.uint8)
    image = deg.sharpen(
        image, float(rng.uniform(0.5, 3.0)), float(rng.uniform(0.15, 0.35)), FINE_GSD
    )
    low = float(rng.uniform(0, 50))
    image = deg.stretch_contrast(image, ((low,) * 3, (float(rng.uniform(170, 255)),) * 3))
    return replace(pair, occupied=image, bare=image, detail_m=FINE_GSD)


def photographed_ground(file: Path, rng: Rng) -> Bytes:
    """Return a random cut (640, 640, 3) of an orthophoto at the working GSD."""
    image = _read(file)
    top, left = (int(rng.integers(size - CHIP)) for size in image.shape[:2])
    return np.ascontiguousarray(image[top : top + CHIP, left : left + CHIP])


def coarse_image(file: Path, gsd_m: float, rng: Rng) -> Bytes:
    """Return a random place of a coarse image on the working grid, as if its GSD were `gsd_m`.

    With its true GSD that is a coarse image delivered on a fine grid; with a finer one, a miniature
    whose water, land and light are those of true satellite images.
    """
    picture = _read(file)
    part = max(12, round(CHIP * FINE_GSD / gsd_m))
    top, left = (int(rng.integers(max(1, size - part))) for size in picture.shape[:2])
    cut = picture[top : top + part, left : left + part]
    kernel = int(rng.choice([cv2.INTER_NEAREST, cv2.INTER_LINEAR, cv2.INTER_CUBIC]))
    return np.ascontiguousarray(cv2.resize(cut, (CHIP, CHIP), interpolation=kernel))


def _read(file: Path) -> Bytes:
    """Return an image file as (rows, columns, 3) RGB; raises InputError."""
    picture = cv2.imread(str(file))
    if picture is None:
        raise InputError(file, "it is no image", "PNG, JPEG or TIFF is needed", "Leave it out.")
    return np.ascontiguousarray(picture[..., ::-1])


def _draw_plain_place(canvas: Canvas, rng: Rng) -> None:
    """Draw one surface, most often with water on a part of it or all over."""
    material = GROUND_MATERIALS[str(rng.choice(list(GROUND_MATERIALS)))]
    terrain.draw_ground(canvas, material, rng)
    if rng.random() < 0.7:
        far = 4 * canvas.width
        away = rng.uniform(-0.6, 0.4) * canvas.width + far / 2
        turn = rng.uniform(0, 2 * np.pi)
        middle = canvas.width / 2 + away * np.array([np.cos(turn), np.sin(turn)])
        terrain.draw_water(canvas, rectangle(middle, far, far, turn), rng)


def _cleared(canvas: Canvas, rng: Rng) -> Canvas:
    """Return a copy with pavement where containers stand ashore."""
    bare = canvas.copy()
    ashore = [it.ident for it in canvas.placed if it.class_name == "container" and not it.aboard]
    gone = np.isin(canvas.ids, ashore)
    floor = Canvas(canvas.width, canvas.height, canvas.resolution, canvas.margin)
    name = str(rng.choice(["concrete", "asphalt", "worn asphalt", "dark asphalt", "gravel"]))
    terrain.draw_ground(floor, GROUND_MATERIALS[name], rng)
    bare.albedo[gone] = floor.albedo[gone]
    bare.relief[gone], bare.ids[gone] = 0, 0
    return bare


def _fill_gaps(canvas: Canvas, rng: Rng) -> None:
    """Draw containers wherever few stand, on water too."""
    paints = ContainerPaints(rng)
    counts = np.zeros((CELLS, CELLS), int)
    side = canvas.width / CELLS
    for item in canvas.placed:
        x, y = np.clip(item.corners.mean(0) // side, 0, CELLS - 1).astype(int)
        counts[y, x] += item.class_name == "container"
    turn = rng.uniform(0, np.pi)
    for y, x in np.argwhere(counts < 2).tolist():
        for _ in range(int(rng.integers(1, 4))):
            angle = turn + rng.choice([0, np.pi / 2]) + rng.normal(0, 0.1)
            feet = int(rng.choice([20, 40, 40, 45]))
            spot = (np.array([x, y]) + rng.uniform(0, 1, 2)) * side
            corners = rectangle(spot, FEET[feet] + 1, WIDTH_M + 1, angle)
            if not (canvas.states_in(corners) == TAKEN).any():
                draw_container(canvas, spot, angle, feet, paints, int(rng.integers(1, 3)))


def _cut(image: Bytes, corners: Points) -> Sprite | None:
    low = np.floor(corners.min(0)).astype(int) - 1
    high = np.ceil(corners.max(0)).astype(int) + 2
    if (low < 0).any() or (high > CHIP).any():
        return None
    window = slice(low[1], high[1]), slice(low[0], high[0])
    mask = np.zeros((high[1] - low[1], high[0] - low[0]), np.uint8)
    points = np.rint((corners - low - 0.5) * 16).astype(np.int32)
    cv2.fillPoly(mask, [points], 255, cv2.LINE_AA, 4)
    return Sprite(image[window].copy(), mask, corners - low)


def _paste(
    image: Bytes,
    taken: np.ndarray,
    sprite: Sprite,
    spot: np.ndarray,
    shadow: np.ndarray,
    depth: float,
    bright: float,
) -> Points | None:
    """Paste a sprite with its shadow where there is room; return its corners."""
    rows, columns = sprite.mask.shape
    x, y = int(spot[0]), int(spot[1])
    if x + columns > CHIP or y + rows > CHIP or taken[y : y + rows, x : x + columns].any():
        return None
    taken[y : y + rows, x : x + columns] = True
    shade = np.zeros(image.shape[:2], np.uint8)
    points = np.rint((sprite.corners + np.array([x, y])) * 16).astype(np.int32)
    both = np.vstack([points, points + np.rint(shadow * 16).astype(np.int32)])
    cv2.fillConvexPoly(shade, cv2.convexHull(both), 255, cv2.LINE_AA, 4)
    lit = cv2.findNonZero(shade)
    left, top, wide, tall = cv2.boundingRect(lit)
    window = slice(top, top + tall), slice(left, left + wide)
    image[window] = image[window] * (1 - depth * shade[window][..., None] / 255.0)
    part = image[y : y + rows, x : x + columns]
    share = sprite.mask[..., None] / 255.0
    roof = np.clip(sprite.image * bright, 0, 255)
    part[:] = part * (1 - share) + roof * share
    return np.asarray(sprite.corners + np.array([x, y]))


def _stacked(quads: list[Points]) -> Points:
    return np.stack(quads) if quads else np.zeros((0, 4, 2))
