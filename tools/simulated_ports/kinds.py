"""Kinds of simulated ports: each a region of wide distributions that a port's parameters are from.

`usual_*` draw parameters over wide ranges; a kind changes what makes it one. The ranges are guesses
about ports in general. None was fitted to the engine, and none is taken from it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from math import inf
from zlib import crc32

import numpy as np

from cv.site import PierRole
from simulated_ports.cloud_cover import CloudClimate
from simulated_ports.hull_scores import FALSE_CANDIDATES_PER_TRUE, FALSE_PER_TRUE
from simulated_ports.pier_observation import (
    ImageTimes,
    ObservationParameters,
    ObservedPier,
    StandingObject,
    observe_pier,
)
from simulated_ports.pier_traffic import (
    PierHistory,
    Regime,
    Spread,
    TrafficParameters,
    simulate_pier,
    simulate_two_piers,
)

_SHAPES = ("gamma", "lognormal", "uniform")


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
        climate=_climate(rng, 0.35, 0.9),
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


def _climate(rng: np.random.Generator, least: float, most: float) -> CloudClimate:
    """Draw a climate with a share of usable days in a range."""
    usable = uniform(rng, least, most)
    imaged = uniform(rng, usable, 1.0)
    return CloudClimate(imaged, 1.0 - usable / imaged)


def _one(
    rng: np.random.Generator, role: PierRole = PierRole.EXPORT
) -> tuple[TrafficParameters, ObservationParameters, PierRole]:
    return usual_traffic(rng), usual_observation(rng), role


def _pier(
    traffic: TrafficParameters, observation: ObservationParameters, role: PierRole
) -> tuple[PierParameters, ...]:
    return (PierParameters(role=role, traffic=traffic, observation=observation),)


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


def _rajin_like(rng: np.random.Generator) -> tuple[PierParameters, ...]:
    observation = replace(usual_observation(rng), climate=_climate(rng, 0.35, 0.7))
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
    if rng.random() < 0.5:
        return _pier(exports, observation, PierRole.EXPORT)
    return (
        *_pier(imports, observation, PierRole.IMPORT),
        *_pier(exports, observation, PierRole.EXPORT),
    )


def _no_stockpile(rng: np.random.Generator) -> tuple[PierParameters, ...]:
    traffic, observation, role = _one(rng)
    own = replace(
        traffic,
        gathering_share=0.0,
        false_gatherings_per_y=0.0,
        quay_wait_d=log_uniform(rng, 0.02, 0.4),
    )
    return _pier(own, observation, role)


def _frequent(rng: np.random.Generator) -> tuple[PierParameters, ...]:
    traffic, observation, role = _one(rng)
    pause = uniform(rng, 1.2, 2.0)
    own = replace(
        traffic,
        pauses_d=spread(rng, (pause, pause), (0.2, 0.6), least=0.2),
        stays_d=spread(rng, (0.6, 1.2), (0.2, 0.4), least=0.3),
        gathering_d=spread(rng, (2.5, 5.0), (0.2, 0.4), least=1.0),
        standing=int(rng.integers(10, 60)),
        halt_share=uniform(rng, 0.0, 0.01),
    )
    return _pier(own, observation, role)


def _bulk(rng: np.random.Generator) -> tuple[PierParameters, ...]:
    traffic, observation, role = _one(rng)
    few = Spread("gamma", uniform(rng, 2.0, 8.0), 0.6, 1.0, 20.0)
    own = replace(
        traffic,
        loads=few,
        fetching_share=uniform(rng, 0.0, 0.4),
        stays_d=spread(rng, (1.5, 4.0), (0.3, 0.6), least=0.4),
        gathering_share=uniform(rng, 0.0, 0.3),
        false_gatherings_per_y=0.0,
        land_batch=few,
        standing=int(rng.integers(0, 12)),
    )
    return _pier(own, observation, role)


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


def _standing_barge(rng: np.random.Generator) -> tuple[PierParameters, ...]:
    traffic, observation, role = _one(rng)
    one = _standing_object(rng, bool(rng.random() < 0.6), (0.88, 0.995))
    return _pier(traffic, replace(observation, standing_objects=(one,)), role)


def _yard_lorries(rng: np.random.Generator) -> tuple[PierParameters, ...]:
    traffic, observation, role = _one(rng, PierRole.YARD)
    own = replace(
        traffic,
        pauses_d=None,
        loads=None,
        gathering_share=0.0,
        land_batches_per_d=log_uniform(rng, 0.05, 1.5),
        land_batch=spread(rng, (8.0, 50.0), (0.3, 0.9)),
        land_dwell_d=spread(rng, (3.0, 20.0), (0.3, 0.9), least=0.2),
        false_gatherings_per_y=0.0,
        standing=int(rng.integers(0, 60)),
    )
    return _pier(own, replace(observation, has_berth=bool(rng.random() < 0.7)), role)


def _weak_detector(rng: np.random.Generator) -> tuple[PierParameters, ...]:
    traffic, observation, role = _one(rng)
    return _pier(traffic, replace(observation, hull_recall=uniform(rng, 0.22, 0.38)), role)


def _slow_gathering(rng: np.random.Generator) -> tuple[PierParameters, ...]:
    traffic, observation, role = _one(rng)
    own = replace(
        traffic,
        pauses_d=spread(rng, (11.0, 18.0), (0.2, 0.5), least=3.0),
        gathering_d=spread(rng, (8.0, 12.0), (0.15, 0.35), least=4.0),
        lumps=int(rng.choice([0, 8, 12])),
        gathering_share=uniform(rng, 0.9, 1.0),
    )
    return _pier(own, observation, role)


def _no_halts(rng: np.random.Generator) -> tuple[PierParameters, ...]:
    traffic, observation, role = _one(rng)
    regular = spread(rng, (4.0, 12.0), (0.1, 0.35), least=1.0)
    return _pier(replace(traffic, halt_share=0.0, pauses_d=regular), observation, role)


def _regimes(rng: np.random.Generator) -> tuple[PierParameters, ...]:
    traffic, observation, role = _one(rng)
    stops = uniform(rng, 90.0, 200.0)
    resumes = stops + uniform(rng, 40.0, 110.0)
    rhythm, load = log_uniform(rng, 0.4, 2.5), log_uniform(rng, 0.4, 2.0)
    changes = (Regime(stops, inf, 1.0), Regime(resumes, rhythm, load))
    return _pier(replace(traffic, halt_share=0.0, regimes=changes), observation, role)


def _weekly_liner(rng: np.random.Generator) -> tuple[PierParameters, ...]:
    traffic, observation, role = _one(rng)
    stay = uniform(rng, 0.5, 1.3)
    own = replace(
        traffic,
        pauses_d=Spread("gamma", 7.0 - stay, uniform(rng, 0.03, 0.1), 3.0),
        stays_d=Spread("lognormal", stay, uniform(rng, 0.1, 0.25), 0.3),
        lengths_m=spread(rng, (110.0, 190.0), (0.01, 0.06), least=80.0),
        halt_share=uniform(rng, 0.0, 0.02),
    )
    return _pier(own, observation, role)


def _import_lorries(rng: np.random.Generator) -> tuple[PierParameters, ...]:
    traffic, observation, role = _one(rng, PierRole.IMPORT)
    return _pier(_importing(rng, traffic), observation, role)


def _transshipment(rng: np.random.Generator) -> tuple[PierParameters, ...]:
    role = PierRole.EXPORT if rng.random() < 0.5 else PierRole.YARD
    traffic, observation, role = _one(rng, role)
    own = replace(
        traffic,
        pauses_d=spread(rng, (3.0, 9.0), (0.2, 0.7), least=0.4),
        stays_d=spread(rng, (1.0, 3.0), (0.2, 0.5), least=0.5),
        gathering_share=uniform(rng, 0.2, 0.6),
        unloads=spread(rng, (40.0, 200.0), (0.2, 0.6), least=10.0, most=600.0),
        clearance_d=spread(rng, (2.0, 7.0), (0.4, 0.9), least=0.1),
        transshipped_share=uniform(rng, 0.4, 1.0),
    )
    return _pier(own, observation, role)


def _false_hulls(rng: np.random.Generator) -> tuple[PierParameters, ...]:
    traffic, observation, role = _one(rng)
    number = int(rng.integers(0, 3))
    sticky = tuple(_standing_object(rng, False, (0.05, 0.5)) for _ in range(number))
    own = replace(
        observation, false_hulls=log_uniform(rng, 0.05, 0.2), standing_objects=sticky
    )  # fmt: skip
    return _pier(traffic, own, role)


def _cloudy(rng: np.random.Generator) -> tuple[PierParameters, ...]:
    traffic, observation, role = _one(rng)
    return _pier(traffic, replace(observation, climate=_climate(rng, 0.2, 0.3)), role)


def _twice_daily(rng: np.random.Generator) -> tuple[PierParameters, ...]:
    traffic, observation, role = _one(rng)
    own = replace(
        observation,
        climate=_climate(rng, 0.5, 0.95),
        second_share=uniform(rng, 0.8, 1.0),
        second_gap_d=(0.0006, uniform(rng, 0.002, 0.02)),
    )
    return _pier(traffic, own, role)


def _long_stays(rng: np.random.Generator) -> tuple[PierParameters, ...]:
    traffic, observation, role = _one(rng)
    own = replace(
        traffic,
        pauses_d=spread(rng, (6.0, 16.0), (0.2, 0.7), least=1.0),
        stays_d=spread(rng, (5.0, 10.0), (0.15, 0.4), least=2.0),
        rate_per_d=log_uniform(rng, 20.0, 120.0),
    )
    return _pier(own, observation, role)


def _short_calls(rng: np.random.Generator) -> tuple[PierParameters, ...]:
    traffic, observation, role = _one(rng)
    own = replace(
        traffic,
        stays_d=Spread("uniform", uniform(rng, 0.3, 0.4), 0.25, 0.2, 0.5),
        rate_per_d=log_uniform(rng, 400.0, 1000.0),
    )
    return _pier(own, observation, role)


def _false_containers(rng: np.random.Generator) -> tuple[PierParameters, ...]:
    traffic, observation, role = _one(rng)
    own = replace(
        traffic,
        pauses_d=None if rng.random() < 0.6 else spread(rng, (15.0, 40.0), (0.3, 0.9), least=2.0),
        loads=None,
        gathering_share=0.0,
        land_batches_per_d=0.0,
        land_at_call_share=0.0,
        false_gatherings_per_y=0.0,
        standing=0,
    )
    false = replace(
        observation,
        standing_false=int(rng.integers(2, 16)),
        false_containers=log_uniform(rng, 0.5, 4.0),
    )
    return _pier(own, false, role)


def _two_ships(rng: np.random.Generator) -> tuple[PierParameters, ...]:
    traffic, observation, role = _one(rng)
    own = replace(
        traffic,
        berths=2,
        pauses_d=spread(rng, (4.0, 12.0), (0.2, 0.8), least=0.4),
        stays_d=spread(rng, (1.5, 4.0), (0.2, 0.5), least=0.5),
        halt_share=uniform(rng, 0.0, 0.02),
    )
    return _pier(own, observation, role)


KINDS = (
    PortKind(
        name="rajin_like",
        meaning="a ship a week, a stockpile before it, one pier or two",
        draw=_rajin_like,
    ),
    PortKind(
        name="no_stockpile",
        meaning="cargo comes when the ship is there",
        draw=_no_stockpile,
        gathers=False,
    ),
    PortKind(
        name="frequent",
        meaning="a ship every two to three days, the stack is never empty",
        draw=_frequent,
    ),
    PortKind(name="bulk", meaning="ships without containers, few boxes", draw=_bulk, gathers=False),
    PortKind(
        name="standing_barge",
        meaning="a barge or a jetty always shows as a hull, ships beside it",
        draw=_standing_barge,
    ),
    PortKind(
        name="yard_lorries",
        meaning="lorries and trains alone, no ship",
        draw=_yard_lorries,
        ships=False,
        gathers=False,
    ),
    PortKind(
        name="weak_detector",
        meaning="seven of ten ships are missed",
        draw=_weak_detector,
        finds_hulls=False,
    ),
    PortKind(
        name="slow_gathering", meaning="cargo gathers over about ten days", draw=_slow_gathering
    ),
    PortKind(name="no_halts", meaning="ships never stop coming", draw=_no_halts),
    PortKind(
        name="regimes", meaning="traffic stops and resumes with another rhythm", draw=_regimes
    ),
    PortKind(name="weekly_liner", meaning="a ship a week, regularly", draw=_weekly_liner),
    PortKind(
        name="import_lorries",
        meaning="ships bring containers, lorries fetch them",
        draw=_import_lorries,
        gathers=False,
    ),
    PortKind(
        name="transshipment",
        meaning="one ship unloads and loads",
        draw=_transshipment,
        gathers=False,
    ),
    PortKind(
        name="false_hulls",
        meaning="many hulls that are none, some of them always at one place",
        draw=_false_hulls,
    ),
    PortKind(name="cloudy", meaning="20 to 30 % of the days are usable", draw=_cloudy),
    PortKind(
        name="twice_daily", meaning="two images minutes apart, with one error", draw=_twice_daily
    ),
    PortKind(name="long_stays", meaning="ships stay for five to ten days", draw=_long_stays),
    PortKind(
        name="short_calls",
        meaning="ships stay for 0.2 to 0.5 days",
        draw=_short_calls,
    ),
    PortKind(
        name="false_containers",
        meaning="a few false containers are always there, the pier is empty",
        draw=_false_containers,
        gathers=False,
    ),
    PortKind(name="two_ships", meaning="two berths, stays overlap", draw=_two_ships),
)  # fmt: skip
"""Every kind, in the order of the tables."""
KIND_BY_NAME = {kind.name: kind for kind in KINDS}
