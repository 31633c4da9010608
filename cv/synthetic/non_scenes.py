"""Pictures that are no optical image of the ground from above: maps, pages, walls, hillshades."""

from __future__ import annotations

import math
from collections.abc import Callable

import cv2
import numpy as np

from cv.rendering.materials import Rng
from cv.rendering.noise import noise_field
from cv.rendering.renderer import Bytes

_FONTS = (
    cv2.FONT_HERSHEY_SIMPLEX,
    cv2.FONT_HERSHEY_PLAIN,
    cv2.FONT_HERSHEY_DUPLEX,
    cv2.FONT_HERSHEY_COMPLEX,
)
_LETTERS = np.array(list("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.,-/%"))


def drawn_map(rng: Rng, side: int) -> Bytes:
    """Draw a street map: plain areas, roads with casings, building outlines, names."""
    pale = rng.uniform(0.82, 0.98, (6, 3)) if rng.random() < 0.8 else rng.uniform(0.1, 0.3, (6, 3))
    image = _plain(side, pale[0])
    for colour in pale[1:]:
        if rng.random() < 0.7:
            cv2.fillPoly(image, [_blob(rng, side, rng.uniform(0.1, 0.5))], _rgb(colour))
    if rng.random() < 0.6:
        cv2.fillPoly(image, [_blob(rng, side, 0.5)], _rgb([0.67, 0.83, 0.87]))
    for _ in range(int(rng.integers(2, 14))):
        ends = rng.integers(-side // 4, side + side // 4, (2, 2))
        width = int(rng.integers(2, 26))
        colour = rng.choice(np.array([[1, 1, 1], [0.99, 0.84, 0.64], [0.97, 0.98, 0.75]]))
        a, b = (int(ends[0, 0]), int(ends[0, 1])), (int(ends[1, 0]), int(ends[1, 1]))
        cv2.line(image, a, b, _rgb([0.6, 0.6, 0.6]), width + 2, cv2.LINE_AA)
        cv2.line(image, a, b, _rgb(colour), width, cv2.LINE_AA)
    fill, edge = _rgb(rng.uniform(0.6, 0.9, 3)), _rgb(rng.uniform(0.3, 0.7, 3))
    for _ in range(int(rng.integers(0, 120))):
        box = _box(rng, side, 8, 70)
        cv2.fillPoly(image, [box], fill)
        cv2.polylines(image, [box], True, edge, 1, cv2.LINE_AA)
    for _ in range(int(rng.integers(0, 12))):
        _write(image, rng, (0.1, 0.1, 0.15))
    return image


def text_page(rng: Rng, side: int) -> Bytes:
    """Write lines of text on a page."""
    dark = rng.random() < 0.2
    image = _plain(side, [0.1, 0.1, 0.12] if dark else rng.uniform(0.93, 1, 3))
    ink = (0.9, 0.9, 0.9) if dark else (0.05, 0.05, 0.1)
    scale, font = float(rng.uniform(0.3, 1.4)), int(rng.choice(_FONTS))
    step = int(34 * scale) + int(rng.integers(0, 12))
    for y in range(int(rng.integers(0, step)), side, max(step, 8)):
        if rng.random() < 0.12:
            continue
        text = _words(rng, int(side / (14 * scale)))
        cv2.putText(image, text, (10, y), font, scale, _rgb(ink), 1, cv2.LINE_AA)
    return image


def table_page(rng: Rng, side: int) -> Bytes:
    """Draw a spreadsheet: ruled cells, some of them filled or with numbers."""
    image = _plain(side, rng.uniform(0.94, 1, 3))
    height, width = int(rng.integers(9, 40)), int(rng.integers(24, 120))
    fills = rng.uniform(0.3, 1, (int(rng.integers(1, 6)), 3))
    filled, written = rng.uniform(0, 0.9), rng.uniform(0, 0.9)
    for y in range(0, side, height):
        for x in range(0, side, width):
            if rng.random() < filled:
                colour = _rgb(fills[int(rng.integers(len(fills)))])
                cv2.rectangle(image, (x + 1, y + 1), (x + width - 1, y + height - 1), colour, -1)
            if rng.random() < written:
                size = height / 40
                spot = (x + 3, y + height - 4)
                cv2.putText(image, _words(rng, 6), spot, _FONTS[0], size, (20, 20, 20), 1, 16)
    line = _rgb(rng.uniform(0.4, 0.9, 3))
    image[::height] = line
    image[:, ::width] = line
    return image


def brick_wall(rng: Rng, side: int) -> Bytes:
    """Draw a wall or a tiled floor: bonded bricks or plain tiles with joints."""
    tall = float(rng.uniform(6, 60))
    long = tall * float(rng.choice([1.0, 1.0, 2.0, 2.5, 3.0, 4.0]))
    joint = max(1, round(tall * rng.uniform(0.04, 0.2)))
    bond = float(rng.choice([0.0, 0.5, 0.33]))
    reach = int(side * 1.5)
    image = _plain(reach, rng.uniform(0.3, 0.9, 3))
    base, vary = rng.uniform(0.15, 0.9, 3), rng.uniform(0.0, 0.15)
    for row, y in enumerate(np.arange(0, reach, tall + joint)):
        start = -(row % 3) * bond * long
        for x in np.arange(start, reach, long + joint):
            colour = _rgb(base * (1 + rng.normal(0, vary)) + rng.normal(0, vary / 3, 3))
            corner = int(x + long), int(y + tall)
            cv2.rectangle(image, (int(x), int(y)), corner, colour, -1)
    image = _turned(image, float(rng.uniform(0, 90)) if rng.random() < 0.6 else 0.0, side)
    shading = noise_field(rng, (side, side), side, max(4, side // 40))
    grain = rng.standard_normal((side, side), dtype=np.float32)
    factor = 1 + rng.uniform(0, 0.12) * shading + rng.uniform(0, 0.06) * grain
    return _bytes(image * factor[..., None])


def hillshade(rng: Rng, side: int) -> Bytes:
    """Shade random terrain from one direction; grey, at times tinted by height."""
    height = noise_field(rng, (side, side), side, int(rng.integers(2, 12)))
    if rng.random() < 0.3:  # terraces and cuts, as in surface models of towns
        for _ in range(int(rng.integers(5, 80))):
            cv2.fillPoly(height, [_box(rng, side, 10, 120)], float(rng.normal(0, 1)))
    gy, gx = np.gradient(height * rng.uniform(3, 40))
    turn, sun = rng.uniform(0, 2 * np.pi), rng.uniform(0.4, 1.1)
    lit = math.sin(sun) - (gx * math.cos(turn) + gy * math.sin(turn)) * math.cos(sun)
    lit = np.clip(lit / np.sqrt(1 + gx * gx + gy * gy), 0, 1).astype(np.float32)
    grey = np.repeat(lit[..., None], 3, 2) * 255
    if rng.random() < 0.4:
        maps = (cv2.COLORMAP_JET, cv2.COLORMAP_VIRIDIS, cv2.COLORMAP_AUTUMN, cv2.COLORMAP_SUMMER)
        scaled = _bytes(255 * (height - height.min()) / max(float(np.ptp(height)), 1e-6))
        grey = grey * (cv2.applyColorMap(scaled, int(rng.choice(maps))) / 255.0)
    return _bytes(grey)


def radar_image(rng: Rng, side: int) -> Bytes:
    """Draw radar-like speckle: dark water, grey land, bright corners of metal and houses."""
    scene = np.exp(rng.uniform(0.2, 1.0) * noise_field(rng, (side, side), side, 8))
    scene *= rng.uniform(0.05, 0.3)
    if rng.random() < 0.6:
        cv2.fillPoly(scene, [_blob(rng, side, 0.6)], float(rng.uniform(0.005, 0.05)))
    for _ in range(int(rng.integers(0, 150))):
        cv2.fillPoly(scene, [_box(rng, side, 3, 40)], float(rng.uniform(0.5, 6)))
    looks, grain = float(rng.choice([1, 1, 2, 4, 9])), float(rng.choice([0, 0.7, 1.2, 2.5]))
    signal = scene * rng.gamma(looks, 1 / looks, scene.shape).astype(np.float32)
    if grain:
        signal = cv2.GaussianBlur(signal, (0, 0), grain)
    if rng.random() < 0.4:
        grey = 60 + 25 * np.log(np.maximum(signal, 1e-3))
    else:
        grey = 255 * np.sqrt(signal) * rng.uniform(0.5, 1.5)
    return np.repeat(_bytes(grey)[..., None], 3, 2)


def screenshot(rng: Rng, side: int) -> Bytes:
    """Draw windows, buttons and lists of a user interface."""
    image = _plain(side, rng.uniform(0.1, 0.98, 3))
    for _ in range(int(rng.integers(3, 14))):
        x, y = (int(v) for v in rng.integers(-40, side, 2))
        wide, tall = (int(v) for v in rng.integers(60, side, 2))
        cv2.rectangle(image, (x, y), (x + wide, y + tall), _rgb(rng.uniform(0, 1, 3)), -1)
        cv2.rectangle(image, (x, y), (x + wide, y + 22), _rgb(rng.uniform(0, 1, 3)), -1)
        for line in range(y + 40, y + tall, int(rng.integers(16, 40))):
            spot = (x + 10, line)
            ink = _rgb(rng.uniform(0, 1, 3))
            cv2.putText(image, _words(rng, 20), spot, _FONTS[0], 0.45, ink, 1, cv2.LINE_AA)
    return image


def colour_gradient(rng: Rng, side: int) -> Bytes:
    """Draw a smooth change between random colours, perhaps with some grain."""
    corners = rng.uniform(0, 255, (2, 2, 3)).astype(np.float32)
    image = cv2.resize(corners, (side, side), interpolation=cv2.INTER_LINEAR)
    return _bytes(image + rng.choice([0, 0, 1, 4]) * rng.standard_normal((side, side, 1)))


def constant_image(rng: Rng, side: int) -> Bytes:
    """Return one colour; often grey, black or white, at times with a grain of a few levels."""
    value = rng.uniform(0, 255, 3)
    if rng.random() < 0.6:
        value = np.repeat(rng.choice([0, 127, 128, 255, rng.uniform(0, 255)]), 3)
    grain = float(rng.choice([0, 0, 0, 1, 2]))
    return _bytes(value + grain * rng.standard_normal((side, side, 1)))


def class_raster(rng: Rng, side: int) -> Bytes:
    """Draw a class map, a mask or an index: plain or banded colours along smooth borders."""
    field = noise_field(rng, (side, side), int(rng.integers(40, side)), int(rng.integers(3, 20)))
    classes = int(rng.choice([2, 3, 5, 8, 12]))
    colours = rng.uniform(0, 255, (classes, 3))
    if rng.random() < 0.4:
        colours[:] = np.linspace(0, 255, classes)[:, None]
    edges = np.quantile(field, np.linspace(0, 1, classes + 1)[1:-1])
    return _bytes(colours[np.digitize(field, edges)])


def photograph(rng: Rng, side: int) -> Bytes:
    """Compose a view along the ground: sky, horizon, boxes in perspective, out-of-focus blobs."""
    horizon = int(side * rng.uniform(0.2, 0.7))
    rows = np.linspace(0, 1, side, dtype=np.float32)[:, None, None]
    sky, haze = rng.uniform(0.4, 0.9, 3), rng.uniform(0.7, 1.0, 3)
    image = np.repeat((sky + (haze - sky) * rows).astype(np.float32), side, 1)
    image[horizon:] = rng.uniform(0.1, 0.6, 3)
    for _ in range(int(rng.integers(5, 40))):
        near = float(rng.uniform(0.02, 1)) ** 2
        x, base = int(rng.uniform(-50, side)), int(horizon + near * (side - horizon))
        wide, tall = int(20 + near * 400), int(15 + near * 300)
        colour = rng.uniform(0.05, 0.95, 3)
        cv2.rectangle(image, (x, base - tall), (x + wide, base), colour.tolist(), -1)
        side_face = np.array([[x + wide, base - tall], [x + wide, base],
                              [x + wide + tall // 2, base - tall // 4],
                              [x + wide + tall // 2, base - tall]], np.int32)  # fmt: skip
        cv2.fillPoly(image, [side_face], (colour * 0.6).tolist())
    texture = noise_field(rng, (side, side), side // 2, 3)
    image *= 1 + np.float32(rng.uniform(0, 0.15)) * texture[..., None]
    if rng.random() < 0.5:
        image = np.asarray(cv2.GaussianBlur(image, (0, 0), float(rng.uniform(0.5, 6))), np.float32)
    return _bytes(image * 255)


def false_thermal(rng: Rng, side: int) -> Bytes:
    """Draw a thermal image: smooth grey or false colours, few edges, warm spots."""
    field = noise_field(rng, (side, side), side // 2, 12)
    for _ in range(int(rng.integers(0, 40))):
        cv2.fillPoly(field, [_box(rng, side, 6, 80)], float(rng.normal(0, 1.5)))
    spread = float(rng.uniform(1.5, 6))
    field = np.asarray(cv2.GaussianBlur(field, (0, 0), spread), np.float32)
    field += rng.uniform(0, 0.1) * rng.standard_normal(field.shape, dtype=np.float32)
    scaled = _bytes(255 * (field - field.min()) / max(float(np.ptp(field)), 1e-6))
    if rng.random() < 0.5:
        return np.repeat(scaled[..., None], 3, 2)
    maps = (cv2.COLORMAP_INFERNO, cv2.COLORMAP_HOT, cv2.COLORMAP_JET, cv2.COLORMAP_PLASMA)
    return np.ascontiguousarray(cv2.applyColorMap(scaled, int(rng.choice(maps)))[..., ::-1])


NON_SCENES: dict[str, Callable[[Rng, int], Bytes]] = {
    "map": drawn_map,
    "text": text_page,
    "table": table_page,
    "wall": brick_wall,
    "hillshade": hillshade,
    "radar": radar_image,
    "screenshot": screenshot,
    "gradient": colour_gradient,
    "constant": constant_image,
    "classes": class_raster,
    "photograph": photograph,
    "thermal": false_thermal,
}
"""Pictures that are no scenes, by name; each takes a generator and the side in pixels."""


def _plain(side: int, colour: object) -> Bytes:
    return np.full((side, side, 3), _rgb(colour), np.uint8)


def _rgb(colour: object) -> tuple[int, int, int]:
    red, green, blue = (np.clip(np.asarray(colour, np.float64), 0, 1) * 255).tolist()
    return int(red), int(green), int(blue)


def _blob(rng: Rng, side: int, size: float) -> np.ndarray:
    """Return an irregular polygon (n, 2) that spans about `size` of the side."""
    turns = np.sort(rng.uniform(0, 2 * np.pi, 14))
    radius = side * size * rng.uniform(0.5, 1.0, 14)
    points = np.stack([np.cos(turns), np.sin(turns)], 1) * radius[:, None]
    return np.rint(points + rng.uniform(0, side, 2)).astype(np.int32)


def _box(rng: Rng, side: int, low: float, high: float) -> np.ndarray:
    """Return the corners (4, 2) of a random rectangle."""
    size = (float(rng.uniform(low, high)), float(rng.uniform(low, high)))
    spot = (float(rng.uniform(0, side)), float(rng.uniform(0, side)))
    corners = cv2.boxPoints((spot, size, float(rng.choice([0, 0, 30, rng.uniform(0, 90)]))))
    return np.rint(corners).astype(np.int32)


def _words(rng: Rng, letters: int) -> str:
    text = rng.choice(_LETTERS, max(letters, 1))
    text[rng.random(len(text)) < 0.17] = " "
    return "".join(text)


def _write(image: Bytes, rng: Rng, ink: tuple[float, float, float]) -> None:
    spot = (int(rng.integers(0, image.shape[1])), int(rng.integers(0, image.shape[0])))
    size = float(rng.uniform(0.4, 1.2))
    cv2.putText(image, _words(rng, 9), spot, int(rng.choice(_FONTS)), size, _rgb(ink), 1, 16)


def _turned(image: Bytes, degrees: float, side: int) -> Bytes:
    """Return the middle of an image, turned."""
    reach = image.shape[0]
    turn = cv2.getRotationMatrix2D((reach / 2, reach / 2), degrees, 1.0)
    turned = cv2.warpAffine(image, turn, (reach, reach), borderMode=cv2.BORDER_REFLECT)
    start = (reach - side) // 2
    return np.ascontiguousarray(turned[start : start + side, start : start + side])


def _bytes(values: np.ndarray) -> Bytes:
    levels = np.clip(np.asarray(values, np.float32) + 0.5, 0, 255)
    return np.asarray(levels, np.uint8)
