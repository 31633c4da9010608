"""Pierwatch."""
