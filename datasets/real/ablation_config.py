"""What the ablations compare: the lines of ablations.toml as values."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path

from cv.errors import InputError

PLAN = Path(__file__).resolve().parent / "ablations.toml"


@dataclass(frozen=True)
class Budget:
    """What every training run may spend."""

    start: str
    """File name of the checkpoint to start from."""
    chips: int
    """Rendered chips."""
    first_seed: int
    """Of those chips."""
    epochs: int
    batch: int
    """Chips a step."""
    rate: float
    """Learning rate of AdamW."""
    seed: int
    """Of the training."""


@dataclass(frozen=True)
class Run:
    """A model that has to be trained."""

    name: str
    what: str
    """How it differs, in a few words."""
    start: str = ""
    """Another checkpoint than the budget's, or an architecture (.yaml) with random weights."""
    graft: str = ""
    """Architecture, a file beside the plan, that the checkpoint's weights are put into first."""
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
class Look:
    """One model, seen through at another working GSD."""

    name: str
    container_m: float = 0.0
    """Of the pass for containers, metres a pixel; 0: not samples."""
    hull_m: float = 0.0
    """Of the pass for hulls, metres a pixel; 0: not samples."""

    @property
    def what(self) -> str:
        """How it differs, in a few words."""
        return "released model, this working GSD"


@dataclass(frozen=True)
class Plan:
    """All lines."""

    budget: Budget
    runs: tuple[Run, ...]
    looks: tuple[Look, ...]

    @classmethod
    def read(cls, path: Path = PLAN) -> Plan:
        """The plan in the file `path`; raises ValueError where a name is there twice."""
        record = tomllib.loads(path.read_text(encoding="utf-8"))
        lists = ("without", "options")
        runs = tuple(
            Run(**{k: tuple(v) if k in lists else v for k, v in entry.items()})
            for entry in record.get("run", ())
        )
        looks = tuple(Look(**entry) for entry in record.get("look", ()))
        names = [line.name for line in (*runs, *looks)]
        if len(set(names)) < len(names):
            raise ValueError(f"{path}: a line's name must be there once; got {sorted(names)}")
        return cls(Budget(**record["budget"]), runs, looks)

    def run(self, name: str) -> Run:
        """The run called `name`; raises InputError, naming those there are."""
        found = [run for run in self.runs if run.name == name]
        if not found:
            names = ", ".join(run.name for run in self.runs)
            raise InputError("run", repr(name), f"there are {names}", "Name one of them.")
        return found[0]
