"""Rendered ground at half a metre a pixel: its light, and the object that each pixel shows."""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from cv.geometry.arrays import BoolArray, Float32Array, Float64Array
from cv.geometry.container_sizes import standard_teu_of_lengths
from cv.io.atomic_files import write_atomically
from cv.rendering.canvas import Canvas, Points
from cv.rendering.random_cameras import random_view
from cv.rendering.renderer import Bytes, render_radiance
from cv.rendering.viewing_geometry import ViewingAngle, project_points
from cv.rendering.weather import draw_weather, random_sun
from cv.synthetic.container_terminal import draw_terminal_scene

GROUND_GSD = 0.5
"""Metres a pixel of a rendered ground."""
SIDE_M = 576.0
"""Side of a rendered ground, metres."""
MIN_ROOF_VISIBLE = 0.45
"""A container counts from this visible share of its roof on, as in the chips for the detector."""
_MARGIN_M = 24.0
_TONE = 0.5
"""Light is stored as its square root, so that 8 bits do for dark ground too."""


@dataclass(frozen=True, eq=False)
class RenderedGround:
    """A rendered place before any camera."""

    pixels: Bytes
    """(rows, columns, RGB) square root of the light, 255 for a white roof in full sun."""
    idents: NDArray[np.uint16]
    """(rows, columns) one more than the index of the container shown, 0 for none."""
    teu: Float64Array
    """(n,) of each container: 1, 2 or 2.25; 0 where less than MIN_ROOF_VISIBLE of it shows."""
    aboard: BoolArray
    """(n,) whether it is on a ship."""
    hulls: Points
    """(k, 4, 2) corners x, y of the hulls as seen, pixels; parts may lie outside."""

    @property
    def light(self) -> Float32Array:
        """(rows, columns, RGB) light, 1 for a white roof in full sun."""
        table = (np.arange(256, dtype=np.float32) / 255) ** np.float32(1 / _TONE)
        return np.asarray(cv2.LUT(self.pixels, table), np.float32)

    def save(self, path: Path) -> None:
        """Write the ground, without loss."""
        buffer = io.BytesIO()
        np.savez(
            buffer,
            pixels=_packed(self.pixels),
            idents=_packed(self.idents),
            teu=self.teu,
            aboard=self.aboard,
            hulls=self.hulls,
        )
        write_atomically(path, buffer.getvalue())

    @classmethod
    def load(cls, path: Path) -> RenderedGround:
        """Read what `save` wrote."""
        with np.load(path) as data:
            return cls(
                np.asarray(cv2.imdecode(data["pixels"], cv2.IMREAD_UNCHANGED), np.uint8),
                np.asarray(cv2.imdecode(data["idents"], cv2.IMREAD_UNCHANGED), np.uint16),
                data["teu"],
                data["aboard"],
                data["hulls"],
            )


def render_ground(seed: int) -> RenderedGround:
    """Render the place of a seed."""
    rng = np.random.default_rng([seed, 0xC0A5])
    threads = cv2.getNumThreads()
    cv2.setNumThreads(1)  # sums of floats depend on the number of threads
    try:
        canvas = Canvas(SIDE_M, SIDE_M, resolution=GROUND_GSD, margin=_MARGIN_M)
        draw_terminal_scene(canvas, rng)
        draw_weather(canvas, rng, 1.0)
        view = random_view(rng, canvas.width)
        if view.perspective:  # aircraft only
            view = ViewingAngle(view.lean_x, view.lean_y, 0.0, view.wall)
        light, idents = render_radiance(canvas, random_sun(rng), view)
        return ground_of(canvas, light, idents, view)
    finally:
        cv2.setNumThreads(threads)


def ground_of(
    canvas: Canvas, light: Float32Array, idents: NDArray[np.int32], view: ViewingAngle
) -> RenderedGround:
    """Return the ground of a rendered canvas: see `render_radiance`."""
    boxes = [item for item in canvas.placed if item.class_name == "container"]
    numbers = np.zeros(len(canvas.placed) + 1, np.uint16)
    numbers[[item.ident for item in boxes]] = np.arange(1, len(boxes) + 1)
    shown = numbers[idents]
    corners = np.array([item.corners for item in boxes]).reshape(-1, 4, 2)
    lengths = np.hypot(*(corners[:, 1] - corners[:, 0]).T)
    widths = np.hypot(*(corners[:, 3] - corners[:, 0]).T)
    pixels = np.bincount(shown.ravel(), minlength=len(boxes) + 1)[1:]
    visible = pixels * canvas.resolution**2 / (lengths * widths)
    teu = np.where(visible >= MIN_ROOF_VISIBLE, standard_teu_of_lengths(lengths), 0.0)
    hulls = [
        project_points(item.corners, item.height, canvas, view) / canvas.resolution
        for item in canvas.placed
        if item.class_name == "hull"
    ]
    tone = np.clip(light, 0, 1) ** np.float32(_TONE) * 255 + 0.5
    return RenderedGround(
        np.asarray(tone, np.uint8),
        shown,
        teu,
        np.array([item.aboard for item in boxes], bool),
        np.array(hulls).reshape(-1, 4, 2),
    )


def write_grounds(folder: Path, first: int, number: int) -> list[Path]:
    """Render the grounds of `number` seeds from `first` on and return their files.

    What is there already is kept, so that a run can be stopped and resumed.
    """
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f"{seed:08d}.npz" for seed in range(first, first + number)]
    missing = [path for path in paths if not path.exists()]
    for path in tqdm(missing, desc="grounds", disable=None, leave=False):
        render_ground(int(path.stem)).save(path)
    return paths


def _packed(image: NDArray[np.integer]) -> Bytes:
    flags = [cv2.IMWRITE_PNG_COMPRESSION, 2]
    return np.asarray(cv2.imencode(".png", image, flags)[1], np.uint8)
