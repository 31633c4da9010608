"""What a check of a dataset found."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from cv.errors import DatasetError


class Severity(Enum):
    """How bad a finding is."""

    ERROR = "error"
    """Training or judging with this dataset would go wrong."""
    WARNING = "warning"
    """Worth a look; may be as meant."""


@dataclass(frozen=True)
class CheckFinding:
    """One thing that is wrong or odd."""

    severity: Severity
    """Error or warning."""
    rule: str
    """Short name of what was checked, such as "outside"."""
    file: str
    """The file it is about."""
    line: int
    """Line in that file, from 1; 0 for all of it."""
    text: str
    """What was found."""

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else self.file
        return f"{self.severity.value}: {place}: {self.text}"


@dataclass(frozen=True)
class DatasetStatistics:
    """How much a dataset holds."""

    images: int
    """Images that could be read."""
    empty: int
    """Images without an object."""
    classes: tuple[tuple[str, int], ...]
    """Name and number of objects of each class."""
    per_image: tuple[int, int, int]
    """Least, median and most objects of an image."""
    widths_px: tuple[tuple[str, float, float, float], ...]
    """Class, and the 5th, 50th and 95th percentile of its short sides, pixels."""
    gsd_m: float | None
    """Metres a pixel, where all images declare the same."""


@dataclass(frozen=True)
class CheckReport:
    """The result of a check."""

    totals: DatasetStatistics | None
    """None where nothing could be read."""
    findings: tuple[CheckFinding, ...]
    """In order of the files; what concerns all of the dataset last."""

    @property
    def errors(self) -> int:
        """How many findings are errors."""
        return sum(finding.severity is Severity.ERROR for finding in self.findings)


def error_finding(rule: str, file: object, text: str, line: int = 0) -> CheckFinding:
    """A finding that is an error."""
    return CheckFinding(Severity.ERROR, rule, str(file), line, text)


def warning_finding(rule: str, file: object, text: str) -> CheckFinding:
    """A finding that is a warning."""
    return CheckFinding(Severity.WARNING, rule, str(file), 0, text)


def unreadable_finding(rule: str, fault: DatasetError) -> CheckFinding:
    """The finding of a file that cannot be used at all."""
    return error_finding(rule, fault.subject, f"{fault.found}; {fault.limit}. {fault.remedy}")
