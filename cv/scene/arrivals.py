"""Arrivals: scenes that come while a place is watched, each once all of it is there."""

from __future__ import annotations

import time
from bisect import bisect_left
from dataclasses import dataclass, field
from itertools import takewhile
from pathlib import Path

from cv.errors import SceneError
from cv.scene.folder import scenes_at
from cv.scene.planet_names import parse

Mark = tuple[tuple[str, int, int], ...]
"""Name, bytes and time of change (nanoseconds) of each file of a scene."""


@dataclass
class Arrivals:
    """What came to `place`, look by look."""

    place: Path
    """A folder, or a STAC catalogue."""
    settled_s: float
    """A scene whose files were not changed for so long is whole; so is one that is the same at two
    looks, whatever the clocks of computers that share the folder say."""
    _before: dict[Path, Mark] = field(default_factory=dict)
    _told: dict[Path, Mark] = field(default_factory=dict)

    def look(self) -> tuple[Path, ...]:
        """Scenes that are whole, and new or changed since they were told; an empty folder has none.

        Masks and metadata belong to their scene: when one comes later, the scene is told again.
        """
        try:
            paths = scenes_at(self.place)
        except SceneError:
            if not self.place.is_dir():
                raise
            paths = ()
        marks = {path: mark for path, mark in zip(paths, _marks(paths), strict=True) if mark}
        whole = {path: mark for path, mark in marks.items() if self._is_whole(path, mark)}
        fresh = tuple(path for path, mark in whole.items() if self._told.get(path) != mark)
        self._before = marks
        self._told = {path: self._told[path] for path in self._told if path in marks} | whole
        return fresh

    def _is_whole(self, path: Path, mark: Mark) -> bool:
        newest = max(changed for _, _, changed in mark) / 1e9
        return self._before.get(path) == mark or time.time() - newest > self.settled_s


def _marks(paths: tuple[Path, ...]) -> list[Mark]:
    """The files of each scene: those beside it whose names begin as its own."""
    names = {
        folder: sorted(entry.name for entry in folder.iterdir())
        for folder in {path.parent for path in paths}
        if folder.is_dir()
    }
    return [_mark(path, names.get(path.parent, [])) for path in paths]


def _mark(path: Path, names: list[str]) -> Mark:
    """Empty where a file went away meanwhile."""
    asset = parse(path.name)
    start = asset.item if asset else path.stem
    first = bisect_left(names, start)
    own = takewhile(lambda name: name.startswith(start), names[first:])
    try:
        stats = [(name, (path.parent / name).stat()) for name in own]
    except OSError:
        return ()
    return tuple((name, stat.st_size, stat.st_mtime_ns) for name, stat in stats)
