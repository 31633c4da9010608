"""Events and true stays with what is known of each: rows of the machine-readable output."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class PortId:
    """Which simulated port it is."""

    kind: str
    seed: int
    number: int


@dataclass(frozen=True, kw_only=True)
class JudgedEvent:
    """An event with its truth; a row of the machine-readable output."""

    port_kind: str
    seed: int
    port: int
    """Number of the port."""
    pier: str
    kind: str
    stated: float
    """Its confidence."""
    true: bool | None
    """None: the history ends too early to say."""
    strictly_true: bool | None
    """The same by a stricter definition: of a call, that it also arrived and left in the stated
    intervals; of a halt, that no ship was there; else the same."""
    begins_after: float | None
    """Days since the start; None if unknown."""
    begins_by: float | None
    ends_after: float | None
    ends_by: float | None
    size: float | None
    size_low: float | None
    size_high: float | None
    true_size: float | None
    """What the size truly was, where that is defined."""


@dataclass(frozen=True, kw_only=True)
class JudgedStay:
    """A true stay with what images show of it and whether it was found."""

    port_kind: str
    seed: int
    port: int
    pier: str
    arrival_d: float
    departure_d: float
    loaded: int
    unloaded: int
    gathered: int
    clear_images: int
    shown_likely: int
    """Clear images whose detection of this ship has a probability of one half or more."""
    shown_certainly: int
    """Those of them whose hull count has a lower end of one or more."""
    found_as: str
    """"call", "unseen_call", or empty."""
