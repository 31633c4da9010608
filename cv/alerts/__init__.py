"""Alerts: what of the findings is worth telling, told once, and corrected where it changed."""
