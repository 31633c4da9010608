"""The probabilities of the model itself, without the calibration that is fitted to them."""

from __future__ import annotations

from cv.events import confidence


def state_model_probabilities() -> None:
    """Make this process state the probabilities of the model itself: for a worker of its own."""
    confidence.CALIBRATIONS = {}
    confidence.LEAST_STATED = {}
