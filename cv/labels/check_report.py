"""The findings of a dataset check."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Severity(Enum):
    """How serious a finding is."""

    ERROR = "error"
    """Training or evaluation with this dataset would go wrong."""
    WARNING = "warning"
    """Unusual, but possibly intended."""


@dataclass(frozen=True)
class CheckFinding:
    """One thing that is wrong or odd."""

    severity: Severity
    """Whether it is an error or a warning."""
    rule: str
    """Short name of the check, such as "outside"."""
    file: str
    """The file that it concerns."""
    line: int
    """Line in that file, from 1; 0 for the whole file."""
    text: str
    """What is wrong."""

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else self.file
        return f"{self.severity.value}: {place}: {self.text}"


@dataclass(frozen=True, kw_only=True)
class DatasetStatistics:
    """Numbers of images and objects of a dataset."""

    images: int
    """Images that could be read."""
    empty: int
    """Images without an object."""
    classes: tuple[tuple[str, int], ...]
    """Name and number of objects of each class."""
    per_image: tuple[int, int, int]
    """Minimum, median and maximum number of objects per image."""
    widths_px: tuple[tuple[str, float, float, float], ...]
    """Class, and the 5th, 50th and 95th percentile of its short sides, pixels."""
    gsd_m: float | None
    """Metres per pixel, where all images declare the same."""


@dataclass(frozen=True)
class CheckReport:
    """The result of a check."""

    totals: DatasetStatistics | None
    """None where the dataset could not be read."""
    findings: tuple[CheckFinding, ...]
    """In order of the files; those about the whole dataset last."""

    @property
    def errors(self) -> int:
        """Number of findings that are errors."""
        return sum(finding.severity is Severity.ERROR for finding in self.findings)


def error_finding(rule: str, file: object, text: str, line: int = 0) -> CheckFinding:
    """Return a finding that is an error."""
    return CheckFinding(Severity.ERROR, rule, str(file), line, text)


def warning_finding(rule: str, file: object, text: str) -> CheckFinding:
    """Return a finding that is a warning."""
    return CheckFinding(Severity.WARNING, rule, str(file), 0, text)
