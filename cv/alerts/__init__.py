"""Alerts: which findings are new, changed or withdrawn, each reported once."""
