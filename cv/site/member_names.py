"""Names of the members of a site file, which people type: in any case, and with slips noticed."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from cv.errors import SiteError

COLLECTION = ("type", "features", "name", "aliases", "crs", "alerts")
"""Members of the collection."""
PROPERTIES = ("name", "kind", "role", "aliases", "pier")
"""Properties of a feature."""
_SIMILARITY = 0.8
"""How alike (0 to 1) a slip and the name that was meant are: `roles` and `role`, not `rule`."""


def with_known_names(
    path: Path, where: str, members: dict[str, Any], known: Sequence[str]
) -> dict[str, Any]:
    """Return `members` under the names in `known`, which they may spell in any case.

    Null is absent, as QGIS writes empty fields. Others stay as they are. Raises SiteError, which
    names `where`, for a name with two values, and for a slip of a known name that is missing.
    """
    given = {key: value for key, value in members.items() if value is not None}
    named: dict[str, Any] = {}
    for key, value in given.items():
        name = key.strip().lower()
        name = name if name in known else key
        if name in named and named[name] != value:
            found, limit = f"{where} has {name!r} twice, as {key!r} too", "one value is needed"
            raise SiteError(path, found, limit, "Remove one of them.")
        named[name] = value
    for key in named.keys() - set(known):
        meant = nearest(key, [name for name in known if name not in named])
        if meant:
            found, limit = f"{where} has {key!r}", f"known are {', '.join(known)}"
            remedy = f"Did you mean {meant!r}? Rename it."
            raise SiteError(path, found, limit, remedy)
    return named


def nearest(text: str, choices: Sequence[str], similarity: float = _SIMILARITY) -> str | None:
    """Return the one of `choices` that `text` is a slip of, None if it resembles none."""
    close = get_close_matches(text.strip().lower(), choices, 1, similarity)
    return close[0] if close else None
