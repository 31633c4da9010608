"""Geometry without I/O: grids, oriented bounding boxes and tilings."""
