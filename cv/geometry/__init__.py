"""Geometry without I/O: grids, oriented boxes and tilings."""
