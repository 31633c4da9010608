"""Findings from counts: pure functions from what a pier's looks saw to dated, doubted events."""
