"""Rules: which findings are worth an alert, read from the site's file."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite
from pathlib import Path
from typing import Any

from cv.errors import SiteError
from cv.events.event import Event, EventKind
from cv.site import Site, load_site_document

SITE_MEMBER = "alerts"
"""The member of the site's FeatureCollection that lists them."""
_KEYS = ("name", "kinds", "piers", "least_confidence", "least_size")
_USUAL = (
    EventKind.WARNING,
    EventKind.UNSEEN_CALL,
    EventKind.HALT,
    EventKind.RESUMPTION,
    EventKind.STANDING_HULL,
)


@dataclass(frozen=True)
class AlertRule:
    """What an event must be for an alert."""

    name: str
    kinds: frozenset[EventKind]
    piers: frozenset[str]
    """Names of piers."""
    min_confidence: float = 0.0
    """0 to 1."""
    min_size: float = 0.0
    """In the unit of the kind's size: containers, days, metres; of a change, either way."""

    def matches(self, event: Event) -> bool:
        """Whether `event` is worth an alert by this rule."""
        size = abs(event.size.value) if event.size else 0.0
        return (
            event.kind in self.kinds
            and event.pier in self.piers
            and event.confidence >= self.min_confidence
            and size >= self.min_size
        )


def read_alert_rules(path: str | Path, site: Site) -> tuple[AlertRule, ...]:
    """The rules in the site file `path`, which is that of `site`, in their order.

    The FeatureCollection's member `alerts` is a list of objects: `name` (a text, default: the
    kinds), `kinds` (a list of kinds of events), `piers` (a list of names or aliases, default all),
    `least_confidence` (0 to 1) and `least_size` (default 0). Without that member there is one rule:
    ships that are due, calls that no look shows, halts, resumptions and standing hulls, each from
    a confidence of 0.5 on. Raises SiteError.
    """
    path = Path(path)
    listed = load_site_document(path).get(SITE_MEMBER)
    every = frozenset(pier.name for pier in site)
    if listed is None:
        return (AlertRule("usual", frozenset(_USUAL), every, min_confidence=0.5),)
    if not isinstance(listed, list):
        raise _refused(path, f"{SITE_MEMBER} is {str(listed)[:60]}", "it must be a list of rules")
    return tuple(_rule(path, f"rule {i}", raw, site) for i, raw in enumerate(listed))


def _rule(path: Path, where: str, raw: Any, site: Site) -> AlertRule:
    if not isinstance(raw, dict):
        raise _refused(path, f"{where} is {str(raw)[:60]}", "it must be an object")
    unknown = [key for key in raw if key not in _KEYS]
    if unknown:
        raise _refused(path, f"{where} has {unknown[0]!r}", f"a rule has {', '.join(_KEYS)}")
    kinds = [_kind(path, where, text) for text in _texts(path, where, raw, "kinds")]
    if not kinds:
        raise _refused(path, f"{where} has no kinds", "at least one kind of event is needed")
    names = _texts(path, where, raw, "piers")
    piers = [site.pier(name).name for name in names] or [pier.name for pier in site]
    name = raw.get("name", ", ".join(kinds))
    if not isinstance(name, str):
        raise _refused(path, f"{where}: name is {str(name)[:60]}", "it must be a text")
    return AlertRule(
        name,
        frozenset(kinds),
        frozenset(piers),
        _number(path, where, raw, "least_confidence", 1.0),
        _number(path, where, raw, "least_size", 1e9),
    )


def _kind(path: Path, where: str, text: str) -> EventKind:
    try:
        return EventKind(text)
    except ValueError as error:
        limit = f"one of {', '.join(EventKind)} is needed"
        raise _refused(path, f"{where}: kind {text!r}", limit) from error


def _texts(path: Path, where: str, raw: dict[str, Any], key: str) -> list[str]:
    texts = raw.get(key, [])
    if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
        raise _refused(path, f"{where}: {key} is {str(texts)[:60]}", "it must be a list of texts")
    return texts


def _number(path: Path, where: str, raw: dict[str, Any], key: str, most: float) -> float:
    value = raw.get(key, 0.0)
    sound = isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value)
    if not sound or not 0 <= value <= most:
        raise _refused(
            path, f"{where}: {key} is {str(value)[:60]}", f"it must be a number, 0 to {most:g}"
        )
    return float(value)


def _refused(path: Path, found: str, limit: str) -> SiteError:
    return SiteError(path, found, limit, f"Correct the member `{SITE_MEMBER}`.")
