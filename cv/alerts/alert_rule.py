"""Alert rules: which findings are reported, read from the site file."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from pathlib import Path
from typing import Any

from cv.errors import SiteError
from cv.events.event import Event, EventKind
from cv.site import Site, load_site_document, ordinal

_KEYS = ("name", "kinds", "piers", "least_confidence", "least_size")
_DEFAULT_KINDS = (
    EventKind.STOCKPILE,
    EventKind.WARNING,
    EventKind.UNSEEN_CALL,
    EventKind.HALT,
    EventKind.RESUMPTION,
    EventKind.STANDING_HULL,
)


@dataclass(frozen=True)
class AlertRule:
    """Which events are reported."""

    name: str
    kinds: frozenset[EventKind]
    piers: frozenset[str]
    """Names of piers."""
    min_confidence: float = 0.0
    """0 to 1."""
    min_size: float = 0.0
    """In the unit of the kind's size (containers, days, metres), without regard to its sign."""

    def matches(self, event: Event) -> bool:
        """Return whether `event` is reported by this rule."""
        size = abs(event.size.value) if event.size else 0.0
        return (
            event.kind in self.kinds
            and event.pier in self.piers
            and event.confidence >= self.min_confidence
            and size >= self.min_size
        )


def read_alert_rules(path: str | Path, site: Site) -> tuple[AlertRule, ...]:
    """Read the rules in the file `path` of `site`, in their order.

    The FeatureCollection's member `alerts` is a list of objects: `name` (default: the kinds),
    `kinds` (a list of kinds of events), `piers` (a list of names or aliases, default all),
    `least_confidence` (0 to 1) and `least_size` (default 0). Without that member there is one rule:
    arrival warnings, unseen calls, halts, resumptions and standing hulls from a confidence of 0.5
    on. Raises SiteError.
    """
    path = Path(path)
    listed = load_site_document(path).get("alerts")
    if listed is None:
        piers = frozenset(pier.name for pier in site)
        return (AlertRule("usual", frozenset(_DEFAULT_KINDS), piers, min_confidence=0.5),)
    if not isinstance(listed, list):
        raise _invalid(path, f"alerts is {str(listed)[:60]}", "it must be a list of rules")
    rules = enumerate(listed, start=1)
    return tuple(_rule(path, f"the {ordinal(i)} rule", raw, site) for i, raw in rules)


def _rule(path: Path, where: str, raw: Any, site: Site) -> AlertRule:
    if not isinstance(raw, dict):
        raise _invalid(path, f"{where} is {str(raw)[:60]}", "it must be an object")
    for key in raw:
        if key not in _KEYS:
            raise _invalid(path, f"{where} has {key!r}", f"a rule has {', '.join(_KEYS)}")
    kinds = _texts(path, where, raw, "kinds")
    parsed, limit = [], f"a kind is one of {EventKind.list_names()}"
    for kind in kinds:
        try:
            parsed.append(EventKind.parse(kind))
        except ValueError as error:
            raise _invalid(path, f"{where} has the kind {kind!r}", limit) from error
    if not parsed:
        raise _invalid(path, f"{where} has no kinds", limit)
    names = _texts(path, where, raw, "piers")
    piers = [site.pier(name).name for name in names] or [pier.name for pier in site]
    name = raw.get("name", ", ".join(kinds))
    if not isinstance(name, str):
        raise _invalid(path, f"{where}: name is {str(name)[:60]}", "it must be a text")
    return AlertRule(
        name,
        frozenset(parsed),
        frozenset(piers),
        _number(path, where, raw, "least_confidence", 1.0),
        _number(path, where, raw, "least_size", inf),
    )


def _texts(path: Path, where: str, raw: dict[str, Any], key: str) -> list[str]:
    texts = raw.get(key, [])
    if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
        raise _invalid(path, f"{where}: {key} is {str(texts)[:60]}", "it must be a list of texts")
    return texts


def _number(path: Path, where: str, raw: dict[str, Any], key: str, maximum: float) -> float:
    value = raw.get(key, 0.0)
    if type(value) not in (int, float) or not 0 <= value <= maximum:
        found = f"{where}: {key} is {str(value)[:60]}"
        raise _invalid(path, found, f"it must be a number, 0 to {maximum:g}")
    return float(value)


def _invalid(path: Path, found: str, limit: str) -> SiteError:
    return SiteError(path, found, limit, "Correct the member `alerts`.")
