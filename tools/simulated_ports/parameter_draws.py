"""Draws of the parameters of a simulated port from wide distributions.

The ranges are guesses about ports in general. None was fitted to the engine, and none is taken from
it.
"""

from __future__ import annotations

from math import inf

import numpy as np

from simulated_ports.cloud_cover import CloudClimate
from simulated_ports.hull_scores import FALSE_CANDIDATES_PER_TRUE, FALSE_PER_TRUE
from simulated_ports.observation_parameters import ObservationParameters
from simulated_ports.traffic_parameters import Regime, Spread, TrafficParameters

_SHAPES = ("gamma", "lognormal", "uniform")


def uniform(rng: np.random.Generator, low: float, high: float) -> float:
    """Draw evenly between two numbers."""
    return float(rng.uniform(low, high))


def log_uniform(rng: np.random.Generator, low: float, high: float) -> float:
    """Draw evenly between the logarithms of two numbers."""
    return float(np.exp(rng.uniform(np.log(low), np.log(high))))


def sometimes(rng: np.random.Generator, share: float, value: float) -> float:
    """Return a value with a probability of `share`, and else 0."""
    return value if rng.random() < share else 0.0


def spread(
    rng: np.random.Generator,
    mean: tuple[float, float],
    variation: tuple[float, float],
    least: float = 0.0,
    most: float = inf,
) -> Spread:
    """Draw a distribution of any shape whose mean and variation are in two ranges."""
    shape = str(rng.choice(_SHAPES))
    varies = uniform(rng, *variation)
    varies = min(varies, 0.55) if shape == "uniform" else varies
    return Spread(shape, log_uniform(rng, *mean), varies, least, most)


def usual_traffic(rng: np.random.Generator) -> TrafficParameters:
    """Draw an export pier before most of whose ships cargo gathers."""
    change = Regime(
        uniform(rng, 60.0, 300.0), log_uniform(rng, 0.6, 1.8), log_uniform(rng, 0.6, 1.6)
    )
    return TrafficParameters(
        regimes=(change,) if rng.random() < 0.15 else (),
        pauses_d=spread(rng, (4.0, 14.0), (0.2, 0.9), least=0.3),
        stays_d=spread(rng, (0.8, 3.5), (0.2, 0.6), least=0.3),
        lengths_m=spread(rng, (80.0, 180.0), (0.05, 0.3), least=65.0, most=330.0),
        halt_share=uniform(rng, 0.0, 0.06),
        halts_d=Spread("uniform", uniform(rng, 30.0, 60.0), uniform(rng, 0.1, 0.4)),
        loads=spread(rng, (40.0, 260.0), (0.2, 0.7), least=10.0, most=900.0),
        gathering_share=uniform(rng, 0.75, 1.0),
        gathering_d=spread(rng, (1.2, 5.0), (0.2, 0.6), least=0.5),
        lumps=int(rng.integers(0, 8)),
        lateness=log_uniform(rng, 0.6, 2.0),
        late_share=uniform(rng, 0.0, 0.2),
        left_share=uniform(rng, 0.0, 0.1),
        rate_per_d=log_uniform(rng, 120.0, 700.0),
        land_batches_per_d=sometimes(rng, 0.5, log_uniform(rng, 0.01, 0.2)),
        land_batch=spread(rng, (4.0, 15.0), (0.3, 0.8)),
        land_dwell_d=spread(rng, (2.0, 12.0), (0.4, 1.0), least=0.1),
        land_at_call_share=sometimes(rng, 0.5, uniform(rng, 0.0, 0.2)),
        false_gatherings_per_y=uniform(rng, 0.0, 1.0),
        standing=int(sometimes(rng, 0.3, uniform(rng, 1.0, 40.0))),
    )


def usual_observation(rng: np.random.Generator) -> ObservationParameters:
    """Draw how a port is imaged and counted: 35 to 90 % of its days."""
    shared = uniform(rng, 0.03, 0.08)
    return ObservationParameters(
        climate=climate(rng, 0.35, 0.9),
        second_share=sometimes(rng, 0.5, uniform(rng, 0.0, 0.3)),
        pass_h=uniform(rng, 1.0, 5.0),
        pass_sd_h=uniform(rng, 0.1, 1.2),
        bad_share=uniform(rng, 0.0, 0.025),
        shared_sd=shared,
        slow_sd=shared * uniform(rng, 0.0, 0.7),
        own_variance=uniform(rng, 0.2, 0.7),
        false_containers=log_uniform(rng, 0.1, 2.0),
        standing_false=int(sometimes(rng, 0.1, uniform(rng, 1.0, 6.0))),
        stated_factor=float(np.clip(rng.lognormal(0.0, 0.15), 0.7, 1.5)),
        hull_recall=uniform(rng, 0.72, 0.9),
        stay_correlation=uniform(rng, 0.2, 0.7),
        false_hulls=FALSE_PER_TRUE * log_uniform(rng, 0.05, 0.4),
        false_candidates=FALSE_CANDIDATES_PER_TRUE * log_uniform(rng, 0.01, 0.05),
        length_error=uniform(rng, 0.02, 0.06),
        beam_error=uniform(rng, 0.05, 0.1),
        position_error_m=uniform(rng, 1.0, 6.0),
        missed=uniform(rng, 0.01, 0.12),
        missed_per_km2=log_uniform(rng, 0.005, 0.3),
    )


def climate(rng: np.random.Generator, least: float, most: float) -> CloudClimate:
    """Draw a climate with a share of usable days in a range."""
    usable = uniform(rng, least, most)
    imaged = uniform(rng, usable, 1.0)
    return CloudClimate(imaged, 1.0 - usable / imaged)
