"""Scores of the events engine at simulated ports of many kinds, and their tables."""
