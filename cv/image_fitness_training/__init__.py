"""Training of the fitness model: degraded images and the recall that the detectors keep in them."""
