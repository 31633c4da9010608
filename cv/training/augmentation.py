"""Free, exact augmentation of a batch: quarter turns, flips, focus, exposure. Boxes follow."""

from __future__ import annotations

import math

import cv2
import numpy as np
import torch
from torch.nn import functional

_REACH = 3  # pixels that a blur looks to either side


def rotate_batch(
    images: torch.Tensor, boxes: torch.Tensor, owner: torch.Tensor, generator: torch.Generator
) -> tuple[torch.Tensor, torch.Tensor]:
    """Quarter turns and mirrors of square images (n, 3, s, s), one draw an image.

    boxes (m, 5) are cx, cy, w, h as shares of the side and an angle in radians from x towards y;
    owner (m,) is the index of each box's image.
    """
    turned, moved = [], boxes.clone()
    for index, image in enumerate(images):
        quarter = int(torch.randint(4, (1,), generator=generator))
        mirror = bool(torch.randint(2, (1,), generator=generator))
        mine = owner == index
        part = moved[mine]
        if mirror:
            image = image.flip(2)
            part[:, 0] = 1 - part[:, 0]
            part[:, 4] = -part[:, 4]
        for _ in range(quarter):  # clockwise as seen: x' = 1 - y, y' = x
            part[:, 0], part[:, 1] = 1 - part[:, 1], part[:, 0].clone()
            part[:, 4] = part[:, 4] + math.pi / 2
        turned.append(torch.rot90(image, -quarter, (1, 2)))
        moved[mine] = part
    # ultralytics keeps angles in [-pi/4, 3 pi/4)
    moved[:, 4] = torch.remainder(moved[:, 4] + math.pi / 4, math.pi) - math.pi / 4
    return torch.stack(turned), moved


def focus_batch(images: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """Some of the images (n, 3, s, s; 0..1) sharpened with ringing, some blurred.

    Products differ most in how crisp they are; a detector that has seen one kind fails on others.
    """
    seen = []
    for image in images:
        pick, amount, spread = torch.rand(3, generator=generator).tolist()
        if pick < 0.45:
            soft = _blurred(image, 0.7 + 0.6 * spread)
            image = (image + (0.2 + 1.3 * amount) * (image - soft)).clamp(0.0, 1.0)
        elif pick < 0.6:
            image = _blurred(image, 0.3 + 0.6 * spread)
        seen.append(image)
    return torch.stack(seen)


def _blurred(image: torch.Tensor, spread: float) -> torch.Tensor:
    """A Gaussian blur of `spread` pixels of an image (3, s, s).

    PyTorch is some thirty times slower than OpenCV at this on a CPU.
    """
    if image.device.type == "cpu":
        taps = cv2.getGaussianKernel(2 * _REACH + 1, spread, cv2.CV_32F)
        planes = [
            cv2.sepFilter2D(plane, -1, taps, taps, borderType=cv2.BORDER_REFLECT_101)
            for plane in image.contiguous().numpy()
        ]
        return torch.from_numpy(np.stack(planes))
    reach = torch.arange(-_REACH, _REACH + 1, dtype=image.dtype, device=image.device)
    kernel = torch.exp(-(reach**2) / (2 * spread**2))
    kernel = kernel / kernel.sum()
    padded = functional.pad(image[None], (_REACH,) * 4, mode="reflect").transpose(0, 1)
    rows = functional.conv2d(padded, kernel.view(1, 1, 1, -1))
    blurred: torch.Tensor = functional.conv2d(rows, kernel.view(1, 1, -1, 1)).transpose(0, 1)[0]
    return blurred


def relight_batch(images: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """Gain, gamma, cast and haze of each 8-bit image (n, 3, s, s); float32 values 0..1."""
    count = len(images)

    def draw(low: float, high: float, width: int = 1) -> torch.Tensor:
        return low + torch.rand((count, width, 1), generator=generator) * (high - low)

    levels = torch.arange(256, dtype=torch.float32) / 255
    curves = levels.clamp(min=1e-4) ** draw(0.8, 1.25)
    curves = curves * draw(0.75, 1.25) * draw(0.94, 1.06, 3) + draw(0.0, 0.06)
    curves = curves.clamp_(0.0, 1.0).to(images.device)
    lit = torch.empty(images.shape, dtype=torch.float32, device=images.device)
    for index in range(count):
        for channel in range(3):
            lit[index, channel] = curves[index, channel].take(images[index, channel].long())
    return lit
