"""Kinds and proportions of ships."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cv.rendering.canvas import Points
from cv.rendering.materials import Rng

KINDS = (
    "container",
    "bulker",
    "tanker",
    "general",
    "roro",
    "barge",
    "hopper",
    "tug",
    "patrol",
    "fishing",
)
_LONGEST = {
    "barge": 110.0,
    "hopper": 110.0,
    "tug": 45.0,
    "patrol": 150.0,
    "roro": 230.0,
    "general": 180.0,
    "fishing": 75.0,
}
_SHORTEST = {"container": 85.0, "bulker": 75.0, "tanker": 45.0, "roro": 60.0, "hopper": 35.0}
_SLIM = {
    "barge": (3.2, 7.5),
    "hopper": (4.5, 7.5),
    "tug": (2.6, 3.6),
    "patrol": (6.0, 9.5),
    "fishing": (3.4, 5.2),
}
_LOW = ("barge", "hopper", "tug", "fishing")


@dataclass(frozen=True, kw_only=True)
class ShipModel:
    """A ship afloat."""

    kind: str
    """One of KINDS."""
    length: float
    """Length over all, metres."""
    beam: float
    """Beam, metres."""
    centre: Points
    """X, y metres."""
    heading: float
    """Direction of the bow, radians from +x towards +y."""
    deck: float
    """Deck above the quay, metres."""
    loaded: float = 0.7
    """Share of deck slots with containers, 0..1."""

    def at(self, along: float, across: float) -> Points:
        """Return the canvas position (metres) `along` to the bow and `across` to starboard."""
        cos, sin = np.cos(self.heading), np.sin(self.heading)
        step = np.array([cos * along - sin * across, sin * along + cos * across])
        return np.asarray(self.centre + step)


def random_ship(rng: Rng, centre: Points, heading: float, longest: float = 400.0) -> ShipModel:
    """Return a ship of plausible kind and proportions no longer than longest (metres)."""
    usual = float(rng.choice([32.0, 55.0, 105.0, 230.0], p=[0.20, 0.17, 0.43, 0.20]))
    length = float(np.clip(np.exp(rng.normal(np.log(usual), 0.5)), 18, min(400.0, longest)))
    fitting = [
        kind for kind in KINDS if _SHORTEST.get(kind, 10.0) <= length <= _LONGEST.get(kind, 400.0)
    ]
    kind = str(rng.choice(fitting)) if fitting else "general"
    if length > 90 and rng.random() < 0.3:
        kind = "container"
    return make_ship(rng, kind, length, centre, heading)


def make_ship(rng: Rng, kind: str, length: float, centre: Points, heading: float) -> ShipModel:
    """Return a ship of one of KINDS and a length (metres)."""
    beam = min(62.0, length / rng.uniform(*_SLIM.get(kind, (5.2, 7.6))))
    deck = float(np.clip(rng.normal(2 + length / 40, 2), 0.3, 12))
    if kind in _LOW:
        deck = float(rng.uniform(-1.0, 1.5))
    return ShipModel(
        kind=kind,
        length=length,
        beam=beam,
        centre=np.asarray(centre),
        heading=heading,
        deck=deck,
        loaded=rng.uniform(0, 1.0),
    )


def deck_outline(ship: ShipModel, rng: Rng) -> Points:
    """Return the convex outline of the deck (n, 2; metres)."""
    half_l, half_b = ship.length / 2, ship.beam / 2
    if ship.kind in ("barge", "hopper"):
        cut = rng.uniform(0.0, 0.06) * ship.length
        spots = [(-half_l, -1), (half_l - cut, -1), (half_l, -0.7)]
    else:
        start = rng.uniform(0.55, 0.85)
        blunt = rng.uniform(0.55, 0.8)
        tail = rng.uniform(0.6, 1.0)
        spots = [
            (-half_l, -tail * 0.85),
            (-half_l * 0.92, -1),
            (half_l * start, -1),
            (half_l * (start + 1) / 2, -blunt),
            (half_l * 0.985, -0.2),
        ]
        if ship.kind == "patrol":
            spots = [(-half_l, -0.75), (half_l * 0.1, -1), (half_l * 0.6, -0.6), (half_l, -0.03)]
    port = [ship.at(along, side * half_b) for along, side in spots]
    starboard = [ship.at(along, -side * half_b) for along, side in reversed(spots)]
    return np.array(port + starboard)
