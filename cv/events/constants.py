"""Facts that several modules of the engine use, each stated once, with its source.

Where two values of one fact differ, they stand side by side with the reason. A constant that only
one module needs stays in that module.
"""

from __future__ import annotations

MEASURED_LENGTH_ERROR = 0.036
"""Standard deviation of the relative error of one measured hull length, gross errors left out.

Measured: datasets/real/vessel_identification.py, released detector. Used to compare a hull with the
ships of a fleet, where gross errors have a mixture component of their own.
"""
MEASURED_BEAM_ERROR = 0.075
"""The same of a measured beam, from the same script."""
CALL_LENGTH_ERROR = 0.04
"""Relative standard deviation of the hull length that a call reports.

Model tolerance: the measured error, rounded up, because the reported interval has no component for
gross errors.
"""
LENGTH_DIFFERENCE_ERROR = 0.05
"""Standard deviation of the relative difference of two measured lengths of the same hull.

Model tolerance: two independent measurements differ by sqrt(2) times the measured error.
"""

SHIP_RECALL = 0.8
"""Share of ships at a fully visible berth that the detector finds.

Assumed, see `cv.events.model.observation_model`; no script measures it at berths yet.
"""

LIKELY = 0.5
"""Probability from which on something is taken to be so."""
NEAR_CERTAIN = 0.9
"""Probability from which on one observation settles whether a ship was there."""
MIN_PROBABILITY = 0.05
"""A less probable finding is not reported."""
REMAINING_SHARE = 0.4
"""Stored cargo counts as gone when at most this share of it is left."""

DRIFT_SHARE_PER_DAY = 0.02
"""Standard deviation of a number of containers at rest after one day, as a share of the number."""
DRIFT_CONTAINERS_PER_DAY = 0.3
"""The same, as a number of containers; both are added up."""
