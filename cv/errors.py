"""Every error that Pierwatch raises on purpose.

Each message says what was got, what the limit is and what to do::

    PierwatchError
    +-- InputError                 the caller's data or arguments; exit code 2
    |   +-- SceneError             a scene that cannot be read or is not declared well enough
    |   |   +-- RadiometryError    bands or limits that do not fit the declared profile
    |   |   +-- TimeError          no acquisition time where one is needed
    |   +-- SiteError              a site file that is not a valid list of piers
    |   +-- ModelError             a model without, or with wrong, metadata or digest
    |   +-- CoverageError          the site does not overlap the scene
    |   +-- LedgerError            a ledger that cannot be used
    |   +-- DatasetError           a training dataset that cannot be used
    +-- InferenceError             the network answered something that is not a number
"""

from __future__ import annotations

from pathlib import Path


class PierwatchError(Exception):
    """Base of all errors raised on purpose."""


class InputError(PierwatchError):
    """The caller's data or arguments are not usable as they are.

    `subject` names the file or argument, `found` what it holds, `limit` what is accepted and
    `remedy` what to do about it.
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
    """A scene cannot be read, or is not declared well enough to be counted."""


class RadiometryError(SceneError):
    """Bands, data type or limits do not fit the declared radiometry."""


class TimeError(SceneError):
    """A scene has no acquisition time where one is needed."""


class SiteError(InputError):
    """A site file is not a valid list of piers."""


class ModelError(InputError):
    """A model file cannot be loaded, or its metadata or digest is wrong."""


class CoverageError(InputError):
    """No pier of the site overlaps the scene."""


class LedgerError(InputError):
    """A ledger cannot be opened, read or written."""


class DatasetError(InputError):
    """A training dataset cannot be used."""


class InferenceError(PierwatchError):
    """The network answered values that are not finite numbers."""
