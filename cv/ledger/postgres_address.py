"""Addresses of ledgers in PostgreSQL."""

from __future__ import annotations

import re

SCHEMES = ("postgresql://", "postgres://")
"""How the address of a ledger in PostgreSQL begins."""


def is_postgres_address(text: object) -> bool:
    """Return whether `text` is the address of a ledger in PostgreSQL."""
    return isinstance(text, str) and text.lower().startswith(SCHEMES)


def without_password(text: str) -> str:
    """Return `text`, an address or a message that names one, with its password left out."""
    return re.sub(r"(?i)(://[^/@:]*):[^@]*@", r"\1:***@", re.sub(r"(?i)password=[^&]*", "", text))
