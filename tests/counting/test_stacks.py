"""Groups of touching containers, against a graph of all pairs."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from cv.counting.container_stacks import MAX_GAP_M, find_stacks, touching_groups
from cv.geometry.grid import Grid
from cv.geometry.oriented_boxes import OrientedBoxes

GROUND = Grid.local((100, 100), (0.5, 0.5)).local_plane()


@pytest.mark.parametrize("seed", range(4))
def test_groups_are_the_connected_components_of_pairs_within_the_gap(seed):
    rng = np.random.default_rng(seed)
    each = [rng.uniform(0, 120, (150, 2)), np.full((150, 1), 12.2), np.full((150, 1), 2.44)]
    boxes = OrientedBoxes.from_values(np.hstack([*each, rng.uniform(0, 3, (150, 1))]))
    polygons = boxes.polygons()
    near = shapely.distance(polygons[:, None], polygons[None]) <= MAX_GAP_M
    count, expected = connected_components(coo_array(near))
    group = touching_groups(boxes)
    assert len(np.unique(group)) == count > 1
    assert len({*zip(group.tolist(), expected.tolist(), strict=True)}) == count
    assert (group[group] == group).all()  # a group is called by its first row


def test_every_container_of_a_group_of_two_or_more_is_in_one_stack():
    row = [(12.7 * i, 0.0, 12.2, 2.44, 0.0) for i in range(9)]
    alone = [(50.0, 40.0, 12.2, 2.44, 0.0)]
    pair = [(0.0, 90.0, 6.06, 2.44, 1.0), (1.0, 90.5, 6.06, 2.44, 1.0)]
    stacks = find_stacks(OrientedBoxes.from_values([*pair, *alone, *row]), GROUND)
    assert [stack.containers for stack in stacks] == [9, 2]
    assert stacks[0].length_m == pytest.approx(12.7 * 8 + 12.2)
    assert stacks[0].center == pytest.approx((12.7 * 4 / 0.5, 0.0), abs=1e-6)
    assert find_stacks(OrientedBoxes.empty(), GROUND) == ()
