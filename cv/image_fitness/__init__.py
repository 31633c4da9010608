"""Fitness of images: whether containers and hulls would be seen where they stand."""
