"""Arrivals: scenes that come while a place is watched, each once all of it is there."""

from __future__ import annotations

import time
from bisect import bisect_left
from dataclasses import dataclass, field
from itertools import takewhile
from pathlib import Path

from cv.errors import SceneError
from cv.scene.folder import assets_of, listed_at
from cv.scene.planet_names import parse

Mark = tuple[tuple[str, int, int], ...]
"""Name, bytes and time of change (nanoseconds) of each file of a scene; 0, 0 of a missing one."""


@dataclass
class Arrivals:
    """What came to `place`, look by look."""

    place: Path
    """A folder, or a STAC catalogue."""
    settled_s: float
    """A scene whose files were not changed for so long is whole; so is one that is the same at two
    looks, whatever the clocks of computers that share the folder say."""
    _wrong: str = ""
    """Why it could not be read at the last look."""
    _before: dict[Path, Mark] = field(default_factory=dict)
    _told: dict[Path, Mark] = field(default_factory=dict)

    def look(self) -> tuple[Path, ...]:
        """Scenes that are whole, and new or changed since they were told.

        Masks, metadata and what an Item names belong to their scene: when one comes later, the
        scene is told again. Raises SceneError where the place cannot be read, as while a catalogue
        is written: once for each reason, and what comes is told by a later look.
        """
        try:
            paths = listed_at(self.place)
        except SceneError as error:
            if str(error) == self._wrong:
                return ()
            self._wrong = str(error)
            raise
        self._wrong = ""
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
    """The files of each scene: those beside it whose names begin as its own, and an Item's."""
    names = {
        folder: sorted(entry.name for entry in folder.iterdir())
        for folder in {path.parent for path in paths}
        if folder.is_dir()
    }
    return [_mark(path, names.get(path.parent, [])) for path in paths]


def _mark(path: Path, names: list[str]) -> Mark:
    """Empty where a file beside it went away meanwhile."""
    asset = parse(path.name)
    start = asset.item if asset else path.stem
    first = bisect_left(names, start)
    own = takewhile(lambda name: name.startswith(start), names[first:])
    try:
        beside = [_stamp(path.parent / name) for name in own]
        named = assets_of(path) if beside and path.suffix.lower() == ".json" else ()
    except OSError:
        return ()
    return (*beside, *(_stamp(file) if file.is_file() else (str(file), 0, 0) for file in named))


def _stamp(file: Path) -> tuple[str, int, int]:
    stat = file.stat()
    return str(file), stat.st_size, stat.st_mtime_ns
