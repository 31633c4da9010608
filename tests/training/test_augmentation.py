"""Augmentation of batches: rotation, mirroring, sharpness and exposure."""

from __future__ import annotations

import numpy as np
import torch
from scipy import ndimage

from cv.training.augmentation import _gaussian_blur, sharpen_or_blur_batch


def batch(count: int = 40) -> torch.Tensor:
    generator = torch.Generator().manual_seed(1)
    return torch.rand((count, 3, 48, 48), generator=generator) * 0.5 + 0.25


def focused(seed: int) -> torch.Tensor:
    return sharpen_or_blur_batch(batch(), torch.Generator().manual_seed(seed))


def test_a_blur_is_gaussian() -> None:
    image = batch(1)[0]
    ours = _gaussian_blur(image, 0.8).numpy()
    oracle = np.stack([ndimage.gaussian_filter(c, 0.8, mode="mirror", radius=3) for c in image])
    assert np.abs(ours - oracle).max() < 1e-5


def test_some_images_get_crisper_some_softer_and_some_stay() -> None:
    before, after = batch(), focused(3)
    contrast = after.flatten(1).std(1) / before.flatten(1).std(1)
    assert (contrast > 1.05).sum() > 8
    assert (contrast < 0.95).sum() > 2
    same = (before == after).flatten(1).all(1)
    assert same.sum() > 8
    assert after.min() >= 0
    assert after.max() <= 1


def test_the_same_draw_gives_the_same_images() -> None:
    assert torch.equal(focused(5), focused(5))
    assert not torch.equal(focused(5), focused(6))
