"""Overlaying shifted arrays."""

from __future__ import annotations

import numpy as np
import pytest

from cv.rendering.canvas import shifted_overlap


@pytest.mark.parametrize(
    ("right", "down"), [(0, 0), (2, 1), (-2, 1), (3, -2), (-1, -1), (4, 0), (0, 3), (-9, 2)]
)
def test_the_parts_lie_on_each_other(right, down):
    source = np.arange(12, dtype=np.float32).reshape(3, 4)
    target = np.full((3, 4), -1, np.float32)
    there, here = shifted_overlap(source, target, right, down)
    assert there.shape == here.shape
    here[:] = there
    for row in range(3):
        for column in range(4):
            inside = 0 <= row + down < 3 and 0 <= column + right < 4
            wanted = source[row + down, column + right] if inside else -1
            assert target[row, column] == wanted
