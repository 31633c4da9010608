"""A kind of simulated port: a region of the distributions that a port's parameters are from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from zlib import crc32

import numpy as np

from cv.site import PierRole
from simulated_ports.image_times import ImageTimes
from simulated_ports.observation_parameters import ObservationParameters
from simulated_ports.parameter_draws import usual_observation, usual_traffic
from simulated_ports.pier_history import PierHistory
from simulated_ports.pier_observation import ObservedPier, observe_pier
from simulated_ports.pier_traffic import simulate_pier, simulate_two_piers
from simulated_ports.traffic_parameters import TrafficParameters


@dataclass(frozen=True, kw_only=True)
class PierParameters:
    """All parameters of a pier."""

    role: PierRole
    traffic: TrafficParameters
    observation: ObservationParameters


@dataclass(frozen=True, kw_only=True)
class PortKind:
    """A kind of port, and what is expected of findings there."""

    name: str
    meaning: str
    draw: Callable[[np.random.Generator], tuple[PierParameters, ...]]
    """Draws the parameters of a port: of one pier, or of two between which ships shift."""
    ships: bool = True
    """Whether ships ever come."""
    gathers: bool = True
    """Whether a stockpile comes before most ships."""
    finds_hulls: bool = True
    """Whether the detector finds about four of five ships."""

    def simulate(self, seed: int, number: int, days: int = 365) -> tuple[ObservedPier, ...]:
        """Return the piers of port `number` of this kind and seed, observed over `days`."""
        rng = np.random.default_rng([seed, crc32(self.name.encode()), number])
        piers = self.draw(rng)
        quay_m = float(rng.uniform(200.0, 420.0))
        histories: tuple[PierHistory, ...]
        if len(piers) == 2:
            first, second = (pier.traffic for pier in piers)
            histories = simulate_two_piers(rng, first, second, float(days), quay_m)
        else:
            histories = (simulate_pier(rng, piers[0].traffic, float(days), quay_m),)
        images = ImageTimes.draw(rng, piers[0].observation, days)
        return tuple(
            observe_pier(
                rng,
                f"{pier.role.value} pier",
                pier.role,
                history,
                pier.observation,
                images,
                quay_m,
            )
            for pier, history in zip(piers, histories, strict=True)
        )


def usual_pier(rng: np.random.Generator, role: PierRole = PierRole.EXPORT) -> PierParameters:
    """Draw a pier over the wide ranges that all kinds start from."""
    traffic = usual_traffic(rng)
    return PierParameters(role=role, traffic=traffic, observation=usual_observation(rng))
