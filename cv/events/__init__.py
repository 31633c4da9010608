"""Findings from counts: pure functions from the observations of piers to dated events."""
