"""Kinds of simulated ports that differ in their ships and cargo."""

from __future__ import annotations

from dataclasses import replace
from math import inf

import numpy as np

from cv.site import PierRole
from simulated_ports.parameter_draws import (
    climate,
    log_uniform,
    spread,
    uniform,
    usual_observation,
    usual_traffic,
)
from simulated_ports.port_kind import PierParameters, usual_pier
from simulated_ports.traffic_parameters import Regime, Spread, TrafficParameters


def _importing(rng: np.random.Generator, traffic: TrafficParameters) -> TrafficParameters:
    """Change a pier to one whose ships bring containers that lorries fetch."""
    return replace(
        traffic,
        loads=None,
        gathering_share=0.0,
        false_gatherings_per_y=0.0,
        unloads=spread(rng, (30.0, 220.0), (0.2, 0.7), least=8.0, most=700.0),
        clearance_d=spread(rng, (1.0, 7.0), (0.4, 1.0), least=0.05),
    )


def rajin_like(rng: np.random.Generator) -> tuple[PierParameters, ...]:
    """Draw a port with a ship a week, a stockpile before it, and one pier or two."""
    observation = replace(usual_observation(rng), climate=climate(rng, 0.35, 0.7))
    exports = replace(
        usual_traffic(rng),
        pauses_d=spread(rng, (5.0, 8.0), (0.4, 0.7), least=0.5),
        stays_d=spread(rng, (1.2, 2.0), (0.3, 0.5), least=0.4),
        lengths_m=spread(rng, (100.0, 130.0), (0.08, 0.15), least=80.0),
        loads=spread(rng, (100.0, 180.0), (0.4, 0.6), least=25.0, most=600.0),
        gathering_share=uniform(rng, 0.85, 0.95),
        gathering_d=spread(rng, (1.8, 2.8), (0.3, 0.5), least=0.5),
        halt_share=uniform(rng, 0.02, 0.06),
    )
    imports = replace(
        _importing(rng, exports),
        stays_d=spread(rng, (0.5, 1.0), (0.3, 0.5), least=0.25),
        land_at_call_share=0.0,
    )
    export_pier = PierParameters(role=PierRole.EXPORT, traffic=exports, observation=observation)
    if rng.random() < 0.5:
        return (export_pier,)
    return replace(export_pier, role=PierRole.IMPORT, traffic=imports), export_pier


def no_stockpile(rng: np.random.Generator) -> tuple[PierParameters, ...]:
    """Draw a pier whose cargo comes when the ship is there."""
    pier = usual_pier(rng)
    traffic = replace(
        pier.traffic,
        gathering_share=0.0,
        false_gatherings_per_y=0.0,
        quay_wait_d=log_uniform(rng, 0.02, 0.4),
    )
    return (replace(pier, traffic=traffic),)


def frequent(rng: np.random.Generator) -> tuple[PierParameters, ...]:
    """Draw a pier with a ship every two to three days, whose stack is never empty."""
    pier = usual_pier(rng)
    pause = uniform(rng, 1.2, 2.0)
    traffic = replace(
        pier.traffic,
        pauses_d=spread(rng, (pause, pause), (0.2, 0.6), least=0.2),
        stays_d=spread(rng, (0.6, 1.2), (0.2, 0.4), least=0.3),
        gathering_d=spread(rng, (2.5, 5.0), (0.2, 0.4), least=1.0),
        standing=int(rng.integers(10, 60)),
        halt_share=uniform(rng, 0.0, 0.01),
    )
    return (replace(pier, traffic=traffic),)


def bulk(rng: np.random.Generator) -> tuple[PierParameters, ...]:
    """Draw a pier of ships without containers, and few boxes."""
    pier = usual_pier(rng)
    few = Spread("gamma", uniform(rng, 2.0, 8.0), 0.6, 1.0, 20.0)
    traffic = replace(
        pier.traffic,
        loads=few,
        fetching_share=uniform(rng, 0.0, 0.4),
        stays_d=spread(rng, (1.5, 4.0), (0.3, 0.6), least=0.4),
        gathering_share=uniform(rng, 0.0, 0.3),
        false_gatherings_per_y=0.0,
        land_batch=few,
        standing=int(rng.integers(0, 12)),
    )
    return (replace(pier, traffic=traffic),)


def yard_lorries(rng: np.random.Generator) -> tuple[PierParameters, ...]:
    """Draw a yard with lorries and trains alone."""
    pier = usual_pier(rng, PierRole.YARD)
    traffic = replace(
        pier.traffic,
        pauses_d=None,
        loads=None,
        gathering_share=0.0,
        land_batches_per_d=log_uniform(rng, 0.05, 1.5),
        land_batch=spread(rng, (8.0, 50.0), (0.3, 0.9)),
        land_dwell_d=spread(rng, (3.0, 20.0), (0.3, 0.9), least=0.2),
        false_gatherings_per_y=0.0,
        standing=int(rng.integers(0, 60)),
    )
    observation = replace(pier.observation, has_berth=bool(rng.random() < 0.7))
    return (replace(pier, traffic=traffic, observation=observation),)


def slow_gathering(rng: np.random.Generator) -> tuple[PierParameters, ...]:
    """Draw a pier on which cargo gathers over about ten days."""
    pier = usual_pier(rng)
    traffic = replace(
        pier.traffic,
        pauses_d=spread(rng, (11.0, 18.0), (0.2, 0.5), least=3.0),
        gathering_d=spread(rng, (8.0, 12.0), (0.15, 0.35), least=4.0),
        lumps=int(rng.choice([0, 8, 12])),
        gathering_share=uniform(rng, 0.9, 1.0),
    )
    return (replace(pier, traffic=traffic),)


def no_halts(rng: np.random.Generator) -> tuple[PierParameters, ...]:
    """Draw a pier that ships never stop coming to."""
    pier = usual_pier(rng)
    regular = spread(rng, (4.0, 12.0), (0.1, 0.35), least=1.0)
    traffic = replace(pier.traffic, halt_share=0.0, pauses_d=regular)
    return (replace(pier, traffic=traffic),)


def regimes(rng: np.random.Generator) -> tuple[PierParameters, ...]:
    """Draw a pier whose traffic stops and resumes with another rhythm."""
    pier = usual_pier(rng)
    stops = uniform(rng, 90.0, 200.0)
    resumes = stops + uniform(rng, 40.0, 110.0)
    rhythm, load = log_uniform(rng, 0.4, 2.5), log_uniform(rng, 0.4, 2.0)
    changes = (Regime(stops, inf, 1.0), Regime(resumes, rhythm, load))
    traffic = replace(pier.traffic, halt_share=0.0, regimes=changes)
    return (replace(pier, traffic=traffic),)


def weekly_liner(rng: np.random.Generator) -> tuple[PierParameters, ...]:
    """Draw a pier with a ship a week, regularly."""
    pier = usual_pier(rng)
    stay = uniform(rng, 0.5, 1.3)
    traffic = replace(
        pier.traffic,
        pauses_d=Spread("gamma", 7.0 - stay, uniform(rng, 0.03, 0.1), 3.0),
        stays_d=Spread("lognormal", stay, uniform(rng, 0.1, 0.25), 0.3),
        lengths_m=spread(rng, (110.0, 190.0), (0.01, 0.06), least=80.0),
        halt_share=uniform(rng, 0.0, 0.02),
    )
    return (replace(pier, traffic=traffic),)


def import_lorries(rng: np.random.Generator) -> tuple[PierParameters, ...]:
    """Draw a pier to which ships bring containers that lorries fetch."""
    pier = usual_pier(rng, PierRole.IMPORT)
    return (replace(pier, traffic=_importing(rng, pier.traffic)),)


def transshipment(rng: np.random.Generator) -> tuple[PierParameters, ...]:
    """Draw a pier at which one ship unloads and loads."""
    role = PierRole.EXPORT if rng.random() < 0.5 else PierRole.YARD
    pier = usual_pier(rng, role)
    traffic = replace(
        pier.traffic,
        pauses_d=spread(rng, (3.0, 9.0), (0.2, 0.7), least=0.4),
        stays_d=spread(rng, (1.0, 3.0), (0.2, 0.5), least=0.5),
        gathering_share=uniform(rng, 0.2, 0.6),
        unloads=spread(rng, (40.0, 200.0), (0.2, 0.6), least=10.0, most=600.0),
        clearance_d=spread(rng, (2.0, 7.0), (0.4, 0.9), least=0.1),
        transshipped_share=uniform(rng, 0.4, 1.0),
    )
    return (replace(pier, traffic=traffic),)


def long_stays(rng: np.random.Generator) -> tuple[PierParameters, ...]:
    """Draw a pier at which ships stay for five to ten days."""
    pier = usual_pier(rng)
    traffic = replace(
        pier.traffic,
        pauses_d=spread(rng, (6.0, 16.0), (0.2, 0.7), least=1.0),
        stays_d=spread(rng, (5.0, 10.0), (0.15, 0.4), least=2.0),
        rate_per_d=log_uniform(rng, 20.0, 120.0),
    )
    return (replace(pier, traffic=traffic),)


def short_calls(rng: np.random.Generator) -> tuple[PierParameters, ...]:
    """Draw a pier at which ships stay for 0.2 to 0.5 days."""
    pier = usual_pier(rng)
    traffic = replace(
        pier.traffic,
        stays_d=Spread("uniform", uniform(rng, 0.3, 0.4), 0.25, 0.2, 0.5),
        rate_per_d=log_uniform(rng, 400.0, 1000.0),
    )
    return (replace(pier, traffic=traffic),)


def two_ships(rng: np.random.Generator) -> tuple[PierParameters, ...]:
    """Draw a pier of two berths, at which stays overlap."""
    pier = usual_pier(rng)
    traffic = replace(
        pier.traffic,
        berths=2,
        pauses_d=spread(rng, (4.0, 12.0), (0.2, 0.8), least=0.4),
        stays_d=spread(rng, (1.5, 4.0), (0.2, 0.5), least=0.5),
        halt_share=uniform(rng, 0.0, 0.02),
    )
    return (replace(pier, traffic=traffic),)
