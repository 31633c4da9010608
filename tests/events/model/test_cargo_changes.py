"""Changes of the number of containers: densities by integration, causes, habits."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import expon, norm, uniform

from cv.events.constants import DRIFT_CONTAINERS_PER_DAY, DRIFT_SHARE_PER_DAY
from cv.events.model.cargo_changes import COMES, LEAVES, STAYS, CargoChanges
from cv.events.model.observations import PierObservations
from cv.events.model.parameters import (
    BOTH,
    LOADS,
    NO_CHANGE,
    PRIOR_FLOW_PER_D,
    UNLOADS,
    CargoHabits,
    PierParameters,
)
from cv.site import PierRole
from tests.fixtures.observations import pier_count

LOAD, SD, OLD, GAP = 60.0, 4.0, 50.0, 1.0
ERROR = float(np.hypot(np.sqrt(2) * SD, DRIFT_SHARE_PER_DAY * OLD + DRIFT_CONTAINERS_PER_DAY))
"""Standard deviation of a change, with the drift of a day."""
FLAT = 0.01 / (1.5 * LOAD + OLD)
"""Density of counts that are wrong altogether."""
STEP = 0.05
GRID = np.arange(-400, 900, STEP) + STEP / 2
"""Changes over which densities are integrated: middles of cells at whose ends densities jump."""


def changes(*pairs: tuple[float, float], gap: float = GAP, load: float = LOAD) -> CargoChanges:
    """The changes from `before` to `after` of each pair, whose counts have errors of SD."""
    counts = [pier_count(i * gap, n) for i, n in enumerate(np.ravel(pairs).tolist())]
    observations = PierObservations.of(counts)
    observations.containers_sd[:] = SD
    observations.containers[:] = np.ravel(pairs)  # whatever is taken for a bad image
    every = CargoChanges.of(observations, load)
    first = slice(None, None, 2)
    return replace(
        every,
        **{
            name: getattr(every, name)[first]
            for name in ("before", "after", "gap_d", "change", "sd", "by_land", "by_ship")
        },
    )


def convolved(density) -> np.ndarray:
    """Density over GRID of a change with this density, measured with ERROR, by integration."""
    weight = density(GRID)
    points = np.linspace(-OLD, 2 * LOAD + OLD, 40)
    integrals = [(weight * norm.pdf(at - GRID, scale=ERROR)).sum() * STEP for at in points]
    return np.stack([points, integrals])


LEFT = uniform(-OLD, OLD).pdf
NEARLY_ALL = uniform(-OLD, 0.3 * OLD).pdf
CAME = expon(scale=LOAD / 2).pdf
LEFT_OVER = uniform(-OLD, OLD + 2 * LOAD).pdf


@pytest.mark.parametrize(
    ("by", "cause", "density"),
    [
        ("by_land", LEAVES, LEFT),
        ("by_land", COMES, CAME),
        ("by_ship", LOADS, lambda change: 0.6 * NEARLY_ALL(change) + 0.4 * LEFT(change)),
        ("by_ship", UNLOADS, CAME),
        ("by_ship", BOTH, LEFT_OVER),
    ],
)
def test_each_cause_has_its_density_convolved_with_the_error(by, cause, density):
    points, expected = convolved(density)
    made = changes(*((OLD, OLD + change) for change in points))
    assert made.sd == pytest.approx(np.full(len(points), ERROR))
    found = getattr(made, by)[:, cause] - FLAT
    assert found == pytest.approx(expected, abs=1e-6, rel=1e-4)
    assert found.max() > 1e-3


def test_what_stays_has_the_error_of_both_counts_and_the_drift():
    made = changes(*((OLD, new) for new in (30, 45, 50, 58)))
    expected = norm.pdf(made.change, scale=ERROR) + FLAT
    for found in (made.by_land[:, STAYS], made.by_ship[:, NO_CHANGE]):
        assert found == pytest.approx(expected)


def test_intervals_that_are_not_symmetric_count_on_the_side_of_the_change():
    observations = PierObservations.of([pier_count(day, n) for day, n in enumerate((50, 60, 50))])
    observations.containers_sd[:] = [[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]
    up, down = CargoChanges.of(observations, LOAD).sd ** 2
    drift = [(DRIFT_SHARE_PER_DAY * n) ** 2 + DRIFT_CONTAINERS_PER_DAY**2 for n in (50, 60)]
    crossed = [2 * DRIFT_SHARE_PER_DAY * DRIFT_CONTAINERS_PER_DAY * n for n in (50, 60)]
    assert up == pytest.approx(2**2 + 3**2 + drift[0] + crossed[0])
    assert down == pytest.approx(3**2 + 6**2 + drift[1] + crossed[1])


def test_changes_bridge_observations_without_a_count():
    counts = [pier_count(0, 50), pier_count(1, 50), pier_count(3, 5)]
    observations = PierObservations.of(counts)
    observations.containers[1] = np.nan
    found = CargoChanges.of(observations, LOAD)
    assert (found.before.tolist(), found.after.tolist()) == ([0], [2])
    assert found.gap_d == pytest.approx([3.0])


def test_a_large_change_speaks_for_a_ship_and_none_against_it_within_limits():
    made = changes((100, 3), (100, 100), (0, 60), (50, 5000))
    gone, same, came, absurd = made.ship_likelihood_ratios(CargoHabits(load=LOAD))
    assert gone > 2
    assert came > 1
    assert same < 0.5
    assert all(1 / 40 <= one <= 40 for one in (gone, same, came, absurd))


def test_the_ratio_is_that_of_the_probabilities_of_all_causes():
    """With a ship, cargo comes and goes by land as often as without; else it is the ship's."""
    cargo = CargoHabits(
        load=LOAD, inflow_per_d=0.2, outflow_per_d=0.1, handling=np.array([0.1, 0.5, 0.2, 0.2])
    )
    made = changes((50, 20), (20, 80), gap=2.0)
    moved = 1 - np.exp(-0.6)
    land = np.array([1 - moved, moved / 3, moved * 2 / 3])
    for i, ratio in enumerate(made.ship_likelihood_ratios(cargo)):
        without = made.by_land[i] @ land
        handled = land[0] * (made.by_ship[i] @ cargo.handling)
        assert ratio == pytest.approx((handled + made.by_land[i, 1:] @ land[1:]) / without)


def test_causes_are_probabilities_that_sum_to_one_and_split_by_the_ship():
    made = changes((50, 50), (50, 3), (3, 60))
    ship = np.array([0.0, 0.7, 1.0])
    causes = made.causes(CargoHabits(load=LOAD), ship)
    by_land = causes.left_by_land + causes.came_by_land
    handled = causes.handled.sum(axis=1)
    total = causes.unchanged + by_land + handled - causes.handled[:, NO_CHANGE]
    assert total == pytest.approx(np.ones(3))
    assert handled[0] == 0.0
    assert causes.unchanged[0] > 0.9
    assert causes.loaded[1] > 0.5 > causes.unloaded[1]
    assert causes.unloaded[2] > 0.5 > causes.loaded[2]
    assert (handled <= ship + 1e-12).all()


def test_containers_found_again_at_their_places_speak_against_a_ship():
    observations = PierObservations.of([pier_count(0, 50), pier_count(1, 25)])
    ratios = []
    for share in (np.nan, 0.1, 0.5, 0.95):
        again = replace(observations, found_again=np.array([share]))
        made = CargoChanges.of(again, LOAD)
        ratios.append(float(made.ship_likelihood_ratios(CargoHabits(load=LOAD))[0]))
    assert ratios[0] == pytest.approx(ratios[1], rel=0.02)
    assert ratios[1] > ratios[2] > ratios[3]
    assert ratios[3] < 0.6 * ratios[1]


def test_two_counts_of_one_moment_are_finite():
    made = changes((50, 50), (50, 3), gap=0.0)
    ratios = made.ship_likelihood_ratios(CargoHabits(load=LOAD))
    assert np.isfinite(ratios).all()
    causes = made.causes(CargoHabits(load=LOAD), np.array([0.5, 0.5]))
    assert causes.came_by_land.tolist() == [0.0, 0.0]  # there was no time for it
    assert causes.left_by_land.tolist() == [0.0, 0.0]


def test_an_absurd_change_is_finite():
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        made = changes((1e6, 0), (0, 1e6), load=20.0)
        assert np.isfinite(made.by_ship).all()
        assert (made.by_ship > 0).all()


def test_what_ships_and_land_do_is_learned_from_simulated_changes():
    """A fifth of them with a ship: 3 of 4 load, the others unload, unless land moved something."""
    rng = np.random.default_rng(0)
    days, share = 2.0, np.array([0.0, 0.75, 0.25, 0.0])
    inflow, outflow = 0.12, 0.02
    moved = 1 - np.exp(-days * (inflow + outflow))
    pairs, ship = [], []
    for _ in range(600):
        old = rng.uniform(30, 80)
        ship.append(float(rng.random() < 0.2))
        by_land = rng.random() < moved
        down = rng.random() < (outflow / (inflow + outflow) if by_land else share[LOADS])
        new = old
        if (by_land or ship[-1]) and down:
            new = old * rng.uniform(0.0, 1.0 if by_land else 0.3)
        elif by_land or ship[-1]:
            new = old + rng.exponential(LOAD / 2)
        pairs.append((old, max(0.0, new + rng.normal(0, SD))))
    made = changes(*pairs, gap=days)
    prior = PierParameters.prior(PierRole.YARD, True, np.array([LOAD])).cargo
    cargo = prior
    for _ in range(20):
        cargo = made.learn(cargo, prior, np.array(ship))
    assert cargo.handling.sum() == pytest.approx(1.0)
    assert cargo.handling[LOADS] == pytest.approx(share[LOADS], abs=0.12)
    assert cargo.handling[UNLOADS] == pytest.approx(share[UNLOADS], abs=0.12)
    assert cargo.inflow_per_d == pytest.approx(inflow, rel=0.25)
    assert cargo.outflow_per_d < 0.5 * PRIOR_FLOW_PER_D


def test_without_changes_the_prior_is_kept():
    prior = CargoHabits(load=LOAD)
    nothing = CargoChanges.of(PierObservations.of([pier_count(0, 50)]), LOAD)
    assert len(nothing) == 0
    learned = nothing.learn(prior, prior, np.empty(0))
    assert learned.inflow_per_d == pytest.approx(prior.inflow_per_d)
    assert learned.outflow_per_d == pytest.approx(prior.outflow_per_d)
    assert learned.handling == pytest.approx(prior.handling)
