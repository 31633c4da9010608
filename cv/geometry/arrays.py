"""Type aliases of numpy arrays, one per data type."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

BoolArray = NDArray[np.bool_]
Float32Array = NDArray[np.float32]
Float64Array = NDArray[np.float64]
Indices = NDArray[np.int64]
"""Positions of rows in another array."""
