"""The fitness network: one number per patch for each question, from pixels alone."""

from __future__ import annotations

import copy
import math
from dataclasses import dataclass
from typing import Literal

import torch
from torch import nn

from cv.image_fitness.unfit_reasons import REASONS

STRIDE = 80
"""Side of a patch, pixels."""
OUTPUTS = 3 + len(REASONS)
"""Container recall, hull recall, log2 of the effective GSD in metres, one score per reason."""
_STEM, _SECOND, _THIRD, _FOURTH = 16, 32, 48, 48
_WINDOW = 4
"""Side and step of the windows of the first convolution, pixels."""
MEAN, DEVIATION = 115.0, 64.0
"""Of pixels, levels: they enter the network less the mean, over the deviation."""
_Padding = Literal["zeros", "replicate"]
_FLOOR = 1e-5
"""Added to variances before their logarithm; about a hundredth of an 8-bit level, squared."""


@dataclass(frozen=True, eq=False)
class RawOutputs:
    """The network's outputs before their last function, (n, rows, columns) each."""

    containers: torch.Tensor
    """Log-odds of the recall of containers."""
    hulls: torch.Tensor
    """Log-odds of the recall of hulls."""
    log2_gsd: torch.Tensor
    """Log2 of the effective GSD in metres."""
    reasons: torch.Tensor
    """(n, reasons, rows, columns) scores."""


class FitnessNetwork(nn.Module):
    """A few strided convolutions, pooled to patches, and the context of the patches around.

    The pooled features include the mean and the logarithm of the variance of each first filter, so
    that faint contrast, noise and missing detail weigh by their ratio and not by their size, at any
    brightness.
    """

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, _STEM, _WINDOW, _WINDOW)
        self.second = _block(_STEM, _SECOND, 2)
        self.third = _block(_SECOND, _THIRD, 2)
        self.fourth = _block(_THIRD, _FOURTH, 1, groups=3)
        pooled = 2 * _STEM + _SECOND + 2 * _FOURTH
        self.patches = nn.Sequential(
            nn.BatchNorm2d(pooled),
            nn.Conv2d(pooled, 128, 1, bias=False),
            nn.BatchNorm2d(128),
            nn.ReLU(),
            _block(128, 80, 1, padding="replicate"),
            _block(80, 80, 1, dilation=2, padding="replicate"),
        )
        self.answers = nn.Conv2d(80 + 128, OUTPUTS, 1)

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        """Return (n, OUTPUTS, rows / 80, columns / 80) raw outputs of images (n, 3, ...; see
        `normalise_pixels`)."""
        first: torch.Tensor = self.stem(image)
        return self.answer(first)

    def answer(self, first: torch.Tensor) -> torch.Tensor:
        """Return the raw outputs for the output of the stem (n, filters, rows / 4, columns / 4)."""
        second = self.second(torch.relu(first))
        third = self.third(second)
        fourth = self.fourth(third)
        some = first[:, :, ::4]
        mean = nn.functional.avg_pool2d(some, (5, 20))
        energy = nn.functional.avg_pool2d(some * some, (5, 20))
        pooled = torch.cat(
            [
                mean,
                torch.log(torch.relu(energy - mean * mean) + _FLOOR),
                nn.functional.avg_pool2d(second, 10),
                nn.functional.avg_pool2d(fourth, 5),
                nn.functional.max_pool2d(fourth, 5),
            ],
            1,
        )
        near = self.patches[:4](pooled)
        wide = self.patches[4:](near)
        raw: torch.Tensor = self.answers(torch.cat([near, wide], 1))
        return raw


class ExportedNetwork(nn.Module):
    """The network as it is released: 8-bit pixels in, probabilities and metres out.

    The first convolution takes the pixels as they lie in memory: four lines are its channels, the
    bands of four pixels its window. It normalises them.
    """

    kernel: torch.Tensor
    bias: torch.Tensor

    def __init__(self, network: FitnessNetwork) -> None:
        super().__init__()
        self.network = copy.deepcopy(network)
        stem = self.network.stem
        assert stem.bias is not None
        with torch.no_grad():
            weight = stem.weight.permute(0, 2, 3, 1) / DEVIATION
            self.register_buffer("kernel", weight.reshape(_STEM, _WINDOW, 1, 3 * _WINDOW).clone())
            self.register_buffer("bias", stem.bias - MEAN * weight.sum((1, 2, 3)))

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        """Return (n, OUTPUTS, rows, columns) for pixels (n, rows, columns, 3), uint8."""
        count, rows, columns = pixels.shape[:3]
        lines = pixels.reshape(count, rows // _WINDOW, _WINDOW, 3 * columns)
        lines = lines.permute(0, 2, 1, 3).float()
        first = nn.functional.conv2d(lines, self.kernel, self.bias, (1, 3 * _WINDOW))
        raw = split_outputs(self.network.answer(first))
        parts = [
            torch.sigmoid(raw.containers)[:, None],
            torch.sigmoid(raw.hulls)[:, None],
            torch.exp(raw.log2_gsd * math.log(2))[:, None],
            torch.softmax(raw.reasons, 1),
        ]
        return torch.cat(parts, 1)


def normalise_pixels(pixels: torch.Tensor) -> torch.Tensor:
    """Return 8-bit pixels as the network takes them."""
    return pixels.float().sub_(MEAN).div_(DEVIATION)


def split_outputs(raw: torch.Tensor) -> RawOutputs:
    """Split the output of `FitnessNetwork`."""
    return RawOutputs(raw[:, 0], raw[:, 1], raw[:, 2], raw[:, 3:])


def _block(
    inputs: int,
    outputs: int,
    stride: int,
    groups: int = 1,
    dilation: int = 1,
    padding: _Padding = "zeros",
) -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(
            inputs,
            outputs,
            3,
            stride,
            dilation,
            groups=groups,
            dilation=dilation,
            bias=False,
            padding_mode=padding,
        ),
        nn.BatchNorm2d(outputs),
        nn.ReLU(),
    )
