"""Scenes: pixels, time, grid and visibility of one acquisition."""
