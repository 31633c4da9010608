"""Augmentation of a batch: quarter turns, mirroring, sharpness and exposure."""

from __future__ import annotations

import math

import cv2
import numpy as np
import torch
from torchvision.transforms.functional import gaussian_blur

_BLUR_RADIUS = 3
"""Half-width of the blur kernel, pixels."""


def rotate_batch(
    images: torch.Tensor, boxes: torch.Tensor, image_index: torch.Tensor, generator: torch.Generator
) -> tuple[torch.Tensor, torch.Tensor]:
    """Turn each square image (n, 3, s, s) by a random number of quarters and mirror half of them.

    `boxes` (m, 5) are cx, cy, w, h as shares of the side and an angle in radians from x towards y;
    `image_index` (m,) names the image of each box. Returns the images and their boxes.
    """
    turned, moved = [], boxes.clone()
    for index, image in enumerate(images):
        quarters = int(torch.randint(4, (1,), generator=generator))
        mirror = bool(torch.randint(2, (1,), generator=generator))
        of_image = image_index == index
        part = moved[of_image]
        if mirror:
            image = image.flip(2)
            part[:, 0] = 1 - part[:, 0]
            part[:, 4] = -part[:, 4]
        for _ in range(quarters):  # clockwise: x' = 1 - y, y' = x
            part[:, 0], part[:, 1] = 1 - part[:, 1], part[:, 0].clone()
            part[:, 4] = part[:, 4] + math.pi / 2
        turned.append(torch.rot90(image, -quarters, (1, 2)))
        moved[of_image] = part
    # ultralytics keeps angles in [-pi/4, 3 pi/4)
    moved[:, 4] = torch.remainder(moved[:, 4] + math.pi / 4, math.pi) - math.pi / 4
    return torch.stack(turned), moved


def sharpen_or_blur_batch(images: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """Sharpen some images (n, 3, s, s; 0..1), with ringing, and blur others, as products do."""
    results = []
    for image in images:
        pick, amount, spread = torch.rand(3, generator=generator).tolist()
        if pick < 0.45:
            soft = _gaussian_blur(image, 0.7 + 0.6 * spread)
            image = (image + (0.2 + 1.3 * amount) * (image - soft)).clamp(0.0, 1.0)
        elif pick < 0.6:
            image = _gaussian_blur(image, 0.3 + 0.6 * spread)
        results.append(image)
    return torch.stack(results)


def _gaussian_blur(image: torch.Tensor, sigma: float) -> torch.Tensor:
    """Blur an image (3, s, s); `sigma` in pixels. OpenCV is thirty times as fast on a CPU."""
    if image.device.type == "cpu":
        taps = cv2.getGaussianKernel(2 * _BLUR_RADIUS + 1, sigma, cv2.CV_32F)
        planes = [
            cv2.sepFilter2D(plane, -1, taps, taps, borderType=cv2.BORDER_REFLECT_101)
            for plane in image.contiguous().numpy()
        ]
        return torch.from_numpy(np.stack(planes))
    blurred: torch.Tensor = gaussian_blur(image, 2 * _BLUR_RADIUS + 1, sigma)
    return blurred


def relight_batch(images: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """Draw gain, gamma, colour cast and haze for 8-bit images (n, 3, s, s); float32, 0..1."""
    count = len(images)

    def draw(low: float, high: float, width: int = 1) -> torch.Tensor:
        return low + torch.rand((count, width, 1), generator=generator) * (high - low)

    levels = torch.arange(256, dtype=torch.float32) / 255
    curves = levels.clamp(min=1e-4) ** draw(0.8, 1.25)
    curves = curves * draw(0.75, 1.25) * draw(0.94, 1.06, 3) + draw(0.0, 0.06)
    curves = curves.clamp_(0.0, 1.0).to(images.device)
    return curves.gather(2, images.flatten(2).long()).view(images.shape)
