"""Facts that several modules of the engine use, each stated once, with its source."""

from __future__ import annotations

MEASURED_LENGTH_ERROR, MEASURED_BEAM_ERROR = 0.036, 0.075
"""Relative standard deviation of one measured hull length, and beam, gross errors left out.

Measured: datasets/real/vessel_identification.py, released detector. Used to compare a hull with the
ships of a fleet, where gross errors have a mixture component of their own.
"""
CALL_LENGTH_ERROR = 0.04
"""The same of the length that a call reports: rounded up, as its interval has no component for
gross errors."""
LENGTH_DIFFERENCE_ERROR = 0.05
"""The same of the difference of two measured lengths of one hull: sqrt(2) times that of one."""

LIKELY, NEAR_CERTAIN = 0.5, 0.9
"""Probability from which on something is taken to be so, and from which on one observation settles
whether a ship was there."""
PLAIN = 0.98
"""Probability from which on a ship is plainly there: where a record has one, ships call."""
MIN_PROBABILITY = 0.05
"""A less probable finding is not reported."""
REMAINING_SHARE = 0.4
"""Stored cargo counts as gone when at most this share of it is left."""

DRIFT_SHARE_PER_DAY, DRIFT_CONTAINERS_PER_DAY = 0.02, 0.3
"""Standard deviation of a number of containers at rest after one day: as a share of the number, and
in containers; both are added up."""
