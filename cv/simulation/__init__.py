"""A port with ships, cargo, weather and a camera, from a seed: what happened, and what was seen."""
