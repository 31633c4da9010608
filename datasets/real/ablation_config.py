"""The plan of the ablations: the entries of ablations.toml as dataclasses."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path

from cv.errors import InputError

PLAN = Path(__file__).resolve().parent / "ablations.toml"


@dataclass(frozen=True)
class Budget:
    """The settings that all training runs share."""

    start: str
    """File name of the checkpoint to start from."""
    chips: int
    """Rendered chips."""
    first_seed: int
    """First seed of those chips."""
    epochs: int
    batch: int
    """Chips a step."""
    rate: float
    """Learning rate of AdamW."""
    seed: int
    """Seed of the training."""


@dataclass(frozen=True)
class Run:
    """A model to train."""

    name: str
    what: str
    """How it differs, in a few words."""
    start: str = ""
    """Another checkpoint than the budget's, or an architecture (.yaml) with random weights."""
    architecture: str = ""
    """Architecture file that the checkpoint's weights are transferred to first."""
    without: tuple[str, ...] = ()
    """Switches of the renderer that are off."""
    real: int = 0
    """Chips of each real image that may be trained on."""
    options: tuple[str, ...] = ()
    """More arguments of train.py."""

    @property
    def folder(self) -> str:
        """Name of its folder."""
        return self.name.replace(" ", "-")


@dataclass(frozen=True)
class ScaleRun:
    """The released model, run at another working GSD."""

    name: str
    container_m: float = 0.0
    """Working GSD of the pass for containers, metres a pixel; 0: not measured."""
    hull_m: float = 0.0
    """Working GSD of the pass for hulls, metres a pixel; 0: not measured."""

    @property
    def what(self) -> str:
        """How it differs, in a few words."""
        return "released model, this working GSD"


@dataclass(frozen=True)
class Plan:
    """All entries of the plan."""

    budget: Budget
    runs: tuple[Run, ...]
    scales: tuple[ScaleRun, ...]

    @classmethod
    def read(cls, path: Path = PLAN) -> Plan:
        """Read the plan in the file `path`; raises ValueError where a name is not unique."""
        record = tomllib.loads(path.read_text(encoding="utf-8"))
        lists = ("without", "options")
        runs = tuple(
            Run(**{k: tuple(v) if k in lists else v for k, v in entry.items()})
            for entry in record.get("run", ())
        )
        scales = tuple(ScaleRun(**entry) for entry in record.get("scale", ()))
        names = [line.name for line in (*runs, *scales)]
        if len(set(names)) < len(names):
            raise ValueError(f"{path}: names must be unique; got {sorted(names)}")
        return cls(Budget(**record["budget"]), runs, scales)

    def run(self, name: str) -> Run:
        """Return the run called `name`; raises InputError."""
        found = [run for run in self.runs if run.name == name]
        if not found:
            names = ", ".join(run.name for run in self.runs)
            raise InputError("run", repr(name), f"there are {names}", "Name one of them.")
        return found[0]
