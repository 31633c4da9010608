"""Batches: count many scenes, survive the bad ones, record every outcome."""
