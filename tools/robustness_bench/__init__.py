"""Perturbed scenes, pictures that are no scenes, and how counts of them are judged."""
