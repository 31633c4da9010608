"""Kinds of simulated ports that differ in what images and the detector show of them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from simulated_ports.observation_parameters import StandingObject
from simulated_ports.parameter_draws import climate, log_uniform, spread, uniform
from simulated_ports.port_kind import PierParameters, usual_pier


def _standing_object(
    rng: np.random.Generator, is_hull: bool, seen: tuple[float, float]
) -> StandingObject:
    """Draw a barge or a jetty beside the quay."""
    length = uniform(rng, 45.0, 120.0)
    return StandingObject(
        position_m=-length / 2 - uniform(rng, 5.0, 80.0),
        length_m=length,
        beam_m=length / uniform(rng, 3.0, 6.0),
        seen_share=uniform(rng, *seen),
        is_hull=is_hull,
    )


def standing_barge(rng: np.random.Generator) -> tuple[PierParameters, ...]:
    """Draw a pier with a barge or a jetty that always shows as a hull, and ships beside it."""
    pier = usual_pier(rng)
    one = _standing_object(rng, bool(rng.random() < 0.6), (0.88, 0.995))
    observation = replace(pier.observation, standing_objects=(one,))
    return (replace(pier, observation=observation),)


def weak_detector(rng: np.random.Generator) -> tuple[PierParameters, ...]:
    """Draw a pier at which seven of ten ships are missed."""
    pier = usual_pier(rng)
    observation = replace(pier.observation, hull_recall=uniform(rng, 0.22, 0.38))
    return (replace(pier, observation=observation),)


def false_hulls(rng: np.random.Generator) -> tuple[PierParameters, ...]:
    """Draw a pier with many false hulls, some of them always at one place."""
    pier = usual_pier(rng)
    number = int(rng.integers(0, 3))
    sticky = tuple(_standing_object(rng, False, (0.05, 0.5)) for _ in range(number))
    observation = replace(
        pier.observation, false_hulls=log_uniform(rng, 0.05, 0.2), standing_objects=sticky
    )
    return (replace(pier, observation=observation),)


def cloudy(rng: np.random.Generator) -> tuple[PierParameters, ...]:
    """Draw a pier with 20 to 30 % usable days."""
    pier = usual_pier(rng)
    observation = replace(pier.observation, climate=climate(rng, 0.2, 0.3))
    return (replace(pier, observation=observation),)


def twice_daily(rng: np.random.Generator) -> tuple[PierParameters, ...]:
    """Draw a pier with two images minutes apart, which share one error."""
    pier = usual_pier(rng)
    observation = replace(
        pier.observation,
        climate=climate(rng, 0.5, 0.95),
        second_share=uniform(rng, 0.8, 1.0),
        second_gap_d=(0.0006, uniform(rng, 0.002, 0.02)),
    )
    return (replace(pier, observation=observation),)


def false_containers(rng: np.random.Generator) -> tuple[PierParameters, ...]:
    """Draw an empty pier on which a few false containers always show."""
    pier = usual_pier(rng)
    traffic = replace(
        pier.traffic,
        pauses_d=None if rng.random() < 0.6 else spread(rng, (15.0, 40.0), (0.3, 0.9), least=2.0),
        loads=None,
        gathering_share=0.0,
        land_batches_per_d=0.0,
        land_at_call_share=0.0,
        false_gatherings_per_y=0.0,
        standing=0,
    )
    observation = replace(
        pier.observation,
        standing_false=int(rng.integers(2, 16)),
        false_containers=log_uniform(rng, 0.5, 4.0),
    )
    return (replace(pier, traffic=traffic, observation=observation),)
