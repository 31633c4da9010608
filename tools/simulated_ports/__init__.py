"""A simulated port with ships, cargo, clouds and counting errors, drawn from a seed."""
