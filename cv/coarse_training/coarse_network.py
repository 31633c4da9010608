"""The coarse network: container cover, TEU with their errors, and hulls, in thirds of a pixel."""

from __future__ import annotations

import copy
import math
from dataclasses import dataclass

import torch
from torch import nn
from torch.nn import functional

from cv.coarse_training.coarse_samples import ENLARGEMENT
from cv.geometry.container_sizes import FOOTPRINT_20FT_M2

STRIDE = 8
"""Rows and columns of an image must be multiples of this."""
CHANNELS = (
    "cover_ashore",
    "cover_aboard",
    "teu_ashore",
    "teu_aboard",
    "variance_ashore",
    "variance_aboard",
    "relative_error_ashore",
    "relative_error_aboard",
    "hull",
    "core",
    "cos",
    "sin",
)
"""Meaning of the output channels of the released network."""
USUAL_GSD = 3.0
"""GSD at which the channel that states it is 0, metres."""
_WIDTHS = (24, 48, 96, 128)
"""Channels at full, half, quarter and eighth resolution."""
_FINE = 12
"""Channels of the cells."""
_MEAN, _DEVIATION = 115.0, 64.0
_FLOOR = 0.03
"""Least local deviation that pixels are divided by, in units of _DEVIATION: about two levels."""
_MOST_RELATIVE_ERROR = 1.5
_ONE = math.log(math.e - 1)
"""Where softplus is 1."""


@dataclass(frozen=True, eq=False)
class CoarseOutputs:
    """Outputs per cell; the first axis of pairs is ashore, aboard: (n, 2, rows, columns)."""

    cover_logits: torch.Tensor
    """Log-odds of the share that shows container roofs."""
    teu: torch.Tensor
    """Expected TEU."""
    variance: torch.Tensor
    """Variance of those errors of the TEU that are independent between cells, TEU squared."""
    relative_error: torch.Tensor
    """Deviation of that relative error which cells near each other share."""
    hull_logits: torch.Tensor
    """(n, 2, rows, columns) log-odds of hull and core."""
    direction: torch.Tensor
    """(n, 2, rows, columns) cosine and sine of twice the direction of the hull."""


class CoarseNetwork(nn.Module):
    """An encoder and decoder with skips, then cells of a third of a pixel.

    It sees pixels, the same pixels less their local mean over their local deviation, so that dark
    and hazy scenes show as much as bright ones, and the GSD.
    """

    def __init__(self) -> None:
        super().__init__()
        full, half, quarter, eighth = _WIDTHS
        self.encode_full = nn.Sequential(_block(7, full), _block(full, full))
        self.encode_half = nn.Sequential(_block(full, half, 2), _block(half, half))
        self.encode_quarter = nn.Sequential(
            _block(half, quarter, 2), _block(quarter, quarter), _block(quarter, quarter)
        )
        self.encode_eighth = nn.Sequential(
            _block(quarter, eighth, 2),
            _block(eighth, eighth),
            _block(eighth, eighth, dilation=2),
            _block(eighth, eighth),
        )
        self.up_quarter = _block(eighth + quarter, quarter)
        self.up_half = nn.Sequential(_block(quarter + half, half), _block(half, half))
        self.up_full = _block(half + full, 32)
        self.enlarge = nn.Conv2d(32, _FINE * ENLARGEMENT**2, 1)
        self.fine = _block(_FINE + 3, _FINE)
        self.means = nn.Conv2d(_FINE, 8, 1)
        self.errors = nn.Sequential(nn.Conv2d(_FINE, _FINE, 1), nn.ReLU(), nn.Conv2d(_FINE, 4, 1))
        with torch.no_grad():
            assert self.means.bias is not None
            self.means.bias[:2] = -3.0
            self.means.bias[4:6] = -3.0

    def forward(self, pixels: torch.Tensor, gsd_m: torch.Tensor) -> CoarseOutputs:
        """Return the outputs for pixels (n, 3, rows, columns; levels) of a GSD (n,; metres)."""
        image = (pixels.float() - _MEAN) / _DEVIATION
        scale = torch.log2(gsd_m / USUAL_GSD)[:, None, None, None]
        known = torch.cat([image, _locally_normalised(image)], 1)
        known = torch.cat([known, scale.expand(-1, 1, *known.shape[2:])], 1)
        full = self.encode_full(known)
        half = self.encode_half(full)
        quarter = self.encode_quarter(half)
        eighth = self.encode_eighth(quarter)
        quarter = self.up_quarter(torch.cat([_enlarged(eighth, 2), quarter], 1))
        half = self.up_half(torch.cat([_enlarged(quarter, 2), half], 1))
        full = self.up_full(torch.cat([_enlarged(half, 2), full], 1))
        cells = functional.pixel_shuffle(self.enlarge(full), ENLARGEMENT)
        cells = self.fine(torch.cat([cells, _enlarged(image, ENLARGEMENT)], 1))
        return _outputs(self.means(cells), self.errors(cells.detach()), gsd_m)


class ExportedCoarseNetwork(nn.Module):
    """The network as it is released: 8-bit pixels and GSD in, CHANNELS out."""

    def __init__(self, network: CoarseNetwork) -> None:
        super().__init__()
        self.network = copy.deepcopy(network)

    def forward(self, pixels: torch.Tensor, gsd_m: torch.Tensor) -> torch.Tensor:
        """Return CHANNELS (n, 12, 3 rows, 3 columns) for pixels (n, rows, columns, 3), uint8."""
        out = self.network(pixels.permute(0, 3, 1, 2), gsd_m)
        return torch.cat(
            [
                torch.sigmoid(out.cover_logits),
                out.teu,
                out.variance,
                out.relative_error,
                torch.sigmoid(out.hull_logits),
                out.direction,
            ],
            1,
        )


def _outputs(means: torch.Tensor, errors: torch.Tensor, gsd_m: torch.Tensor) -> CoarseOutputs:
    cover = means[:, :2]
    area = (gsd_m / ENLARGEMENT) ** 2 / FOOTPRINT_20FT_M2  # of a cell, in roofs of 20 ft
    room = area[:, None, None, None]
    teu = torch.sigmoid(cover) * functional.softplus(means[:, 2:4] + _ONE) * room
    return CoarseOutputs(
        cover_logits=cover,
        teu=teu,
        # smooth bounds: early in a fit all is wrong, and a clamped error would never learn again
        variance=functional.softplus(errors[:, :2] - 1) * room,
        relative_error=_MOST_RELATIVE_ERROR * torch.sigmoid(errors[:, 2:] - 2),
        hull_logits=means[:, 4:6],
        direction=means[:, 6:8],
    )


def _locally_normalised(image: torch.Tensor) -> torch.Tensor:
    """Return the image less its mean within about 20 pixels, over its deviation there."""
    pooled = functional.avg_pool2d(torch.cat([image, image * image], 1), STRIDE)
    pooled = functional.avg_pool2d(pooled, 5, 1, 2, count_include_pad=False)
    mean, energy = torch.chunk(_enlarged(pooled, STRIDE), 2, 1)
    deviation = torch.sqrt(torch.relu(energy - mean * mean) + _FLOOR**2)
    return ((image - mean) / deviation).clamp(-4, 4)


def _enlarged(image: torch.Tensor, times: int) -> torch.Tensor:
    return functional.interpolate(
        image, scale_factor=float(times), mode="bilinear", align_corners=False
    )


def _block(inputs: int, outputs: int, stride: int = 1, dilation: int = 1) -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, 3, stride, dilation, dilation=dilation, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU(),
    )
