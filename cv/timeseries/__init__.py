"""Counts of one pier over time, as tables and series."""
