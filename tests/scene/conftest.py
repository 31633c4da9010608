from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from affine import Affine
from rasterio.errors import NotGeoreferencedWarning

UTM = Affine(0.5, 0.0, 500000.0, 0.0, -0.5, 4000000.0)

WriteTiff = Callable[..., Path]


@pytest.fixture
def write_tiff(tmp_path: Path) -> WriteTiff:
    """Writes `data` (bands, rows, columns) as a GeoTIFF; keywords go to rasterio."""

    def write(
        data: np.ndarray,
        name: str = "scene.tif",
        crs: str | None = "EPSG:32652",
        transform: Affine | None = UTM,
        mask: np.ndarray | None = None,
        **profile: Any,
    ) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        located = {"transform": transform} if transform is not None else {}
        with (
            warnings.catch_warnings(action="ignore", category=NotGeoreferencedWarning),
            rasterio.Env(GDAL_TIFF_INTERNAL_MASK=True),
            rasterio.open(
                path,
                "w",
                driver=profile.pop("driver", "GTiff"),
                count=data.shape[0],
                height=data.shape[1],
                width=data.shape[2],
                dtype=profile.pop("dtype", data.dtype),
                crs=crs,
                **located,
                **profile,
            ) as dataset,
        ):
            dataset.write(data)
            if mask is not None:
                dataset.write_mask(mask)
        return path

    return write


@pytest.fixture
def colours() -> np.ndarray:
    """A small 8-bit picture (3, 40, 60) in which every pixel differs from 0."""
    return np.random.default_rng(7).integers(1, 255, (3, 40, 60), dtype=np.uint8)


@pytest.fixture(scope="session")
def shared_dir() -> Path:
    """The folder of real scenes beside the repository."""
    path = Path(__file__).resolve().parents[3] / "shared"
    if not (path / "real").is_dir():
        pytest.skip("needs ../shared/real beside the repository, which is not there")
    return path
