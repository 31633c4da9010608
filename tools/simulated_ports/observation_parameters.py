"""Parameters of how a simulated pier is imaged and counted."""

from __future__ import annotations

from dataclasses import dataclass

from simulated_ports.cloud_cover import CloudClimate


@dataclass(frozen=True, kw_only=True)
class StandingObject:
    """A barge or a jetty: something that shows as a hull now and then, or always, at one place."""

    position_m: float
    """Its middle, metres along the quay; negative before the beginning of it."""
    length_m: float
    beam_m: float
    seen_share: float
    """Share of the images in which it is counted as a hull."""
    is_hull: bool
    """Whether it has the scores of a ship; else those of a false detection."""


@dataclass(frozen=True, kw_only=True)
class ObservationParameters:
    """How a pier is imaged and counted."""

    climate: CloudClimate
    second_share: float = 0.1
    """Share of days with a second image."""
    second_gap_d: tuple[float, float] = (0.1, 0.25)
    """Range of the time to it, days."""
    pass_h: float = 2.0
    """Mean time of the first image, hours UTC."""
    pass_sd_h: float = 0.6
    bad_share: float = 0.01
    """Share of images that show less than all without anybody noticing."""

    shared_sd: float = 0.05
    """Relative error that all containers of an image share."""
    slow_sd: float = 0.02
    """The part of it that lasts for weeks (season, sensor)."""
    own_variance: float = 0.45
    """Variance of the count that each container adds."""
    false_containers: float = 0.6
    """Mean number of false containers in an image."""
    standing_false: int = 0
    """False containers that are at the same places in every image."""
    stated_factor: float = 1.0
    """Stated over true standard deviation of a container count."""

    has_berth: bool = True
    hull_recall: float = 0.8
    """Share of ships in view that are counted."""
    stay_correlation: float = 0.5
    """Correlation of how conspicuous one ship is in two images."""
    false_hulls: float = 0.015
    """Mean number of false hulls in an image, each at a place of its own."""
    false_candidates: float = 0.06
    """The same of candidates below the threshold."""
    standing_objects: tuple[StandingObject, ...] = ()
    length_error: float = 0.036
    """Standard deviation of the relative error of a hull's length."""
    beam_error: float = 0.075
    position_error_m: float = 4.0
    missed: float = 0.05
    """Missed ships as the calibration states them, relative to the detected ones."""
    missed_per_km2: float = 0.02
