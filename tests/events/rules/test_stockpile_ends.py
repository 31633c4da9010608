"""When a stockpile has ended: most of its cargo is gone, and not only by one doubtful count."""

from __future__ import annotations

import pytest

from cv.events.event import ONGOING
from cv.events.model.observations import PierObservations
from cv.events.model.posterior import Posterior
from cv.events.rules.stockpiles import find_stockpiles
from tests.fixtures.observations import pier_count

RISE = [5, 5, 20, 40, 60, 80, 85]


@pytest.mark.parametrize(
    ("later", "hull_m", "ended"),
    [
        ([20], 120.0, True),
        ([20, 20], None, True),
        ([20], None, False),
        ([50], 120.0, False),
        ([50, 50], None, False),
    ],
    ids=["a ship took it", "two counts", "one doubtful count", "half is left", "half twice"],
)
def test_a_stockpile_ends_when_most_of_it_is_surely_gone(later, hull_m, ended):
    counts = [pier_count(day, number) for day, number in enumerate(RISE)]
    counts += [pier_count(len(RISE) + i, n, hull_m=hull_m) for i, n in enumerate(later)]
    (stockpile,) = find_stockpiles(Posterior.of(PierObservations.of(counts)))
    assert (stockpile.ended != ONGOING) is ended
