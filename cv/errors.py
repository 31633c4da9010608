"""The errors of Pierwatch.

Each message states what was found, what is accepted and what to do about it::

    PierwatchError
    +-- InputError                 the caller's data or arguments; exit code 2
    |   +-- SceneError             a scene that cannot be read or lacks metadata
    |   |   +-- RadiometryError    bands or limits that do not match the radiometric profile
    |   |   +-- GeoreferenceError  neither a georeference nor a GSD is there
    |   |   +-- TimeError          an acquisition time is needed but missing
    |   +-- SiteError              an invalid site file
    |   +-- ModelError             a model with missing or wrong metadata or digest
    |   +-- CoverageError          the site does not overlap the scene
    |   +-- LedgerError            a ledger that cannot be used
    |   +-- DatasetError           a training dataset that cannot be used
    +-- InferenceError             the output of the network is invalid
"""

from __future__ import annotations

from pathlib import Path


class PierwatchError(Exception):
    """Base class of all errors of Pierwatch."""


class InputError(PierwatchError):
    """The caller's data or arguments are invalid.

    >>> error = InputError("port.geojson", "no features", "a pier is needed", "Draw one.")
    >>> print(error)
    port.geojson: no features; a pier is needed. Draw one.

    Args:
        subject: The file or argument.
        found: What it holds.
        limit: What is accepted.
        remedy: What to do about it.
    """

    def __init__(self, subject: str | Path, found: str, limit: str, remedy: str) -> None:
        super().__init__(f"{subject}: {found}; {limit}. {remedy}")
        self.subject = str(subject)
        self.found = found
        self.limit = limit
        self.remedy = remedy

    def __reduce__(self) -> tuple[type[InputError], tuple[str, str, str, str]]:
        return type(self), (self.subject, self.found, self.limit, self.remedy)


class SceneError(InputError):
    """A scene cannot be read, or lacks metadata that counting needs."""


class RadiometryError(SceneError):
    """Bands, data type or limits do not match the radiometric profile."""


class GeoreferenceError(SceneError):
    """A scene is not georeferenced, and no GSD was given."""


class TimeError(SceneError):
    """The acquisition time of a scene is needed but missing."""


class SiteError(InputError):
    """A site file is invalid."""


class ModelError(InputError):
    """A model file cannot be loaded, or its metadata or digest is wrong."""


class CoverageError(InputError):
    """No pier of the site overlaps the scene."""


class LedgerError(InputError):
    """A ledger cannot be opened, read or written."""


class DatasetError(InputError):
    """A training dataset cannot be used."""


class InferenceError(PierwatchError):
    """The network failed, or its output is invalid."""
