"""Arrivals: scenes that come while a place is watched, each once all of it is there."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from pathlib import Path

from cv.errors import SceneError
from cv.scene.discovery.scene_folder import find_scenes
from cv.scene.discovery.sidecar_files import scene_files

FileState = tuple[tuple[str, int, int], ...]
"""Name, bytes and time of change (nanoseconds) of each file of a scene; 0, 0 of a missing one."""

RETRY_S = 3600.0
"""What could not be counted is tried again after so long, seconds."""


@dataclass
class NewScenes:
    """What came to `place`, look by look."""

    place: Path
    """A folder, or a STAC catalogue."""
    settled_s: float
    """A scene whose files were not changed for so long is whole; so is one that is the same at two
    looks, whatever the clocks of computers that share the folder say."""
    _wrong: str = ""
    """Why it could not be read at the last look."""
    _before: dict[Path, FileState] = field(default_factory=dict)
    _due: dict[Path, float] = field(default_factory=dict)
    _told: dict[Path, FileState] = field(default_factory=dict)

    def poll(self) -> tuple[Path, ...]:
        """Scenes that are whole, and new or changed since they were told.

        Masks, metadata and what an Item names belong to their scene: when one comes later, the
        scene is told again. Raises SceneError where the place cannot be read, as while a catalogue
        is written: once for each reason, and what comes is told by a later look.
        """
        try:
            marks = _marks(find_scenes(self.place))
        except SceneError as error:
            if str(error) == self._wrong:
                return ()
            self._wrong = str(error)
            raise
        self._wrong = ""
        whole = {path: mark for path, mark in marks.items() if self._is_whole(path, mark)}
        due = {path for path, when in self._due.items() if when <= time.monotonic()}
        fresh = tuple(p for p, mark in whole.items() if self._told.get(p) != mark or p in due)
        self._due = {path: self._due[path] for path in self._due if path not in fresh}
        self._before = marks
        self._told = {path: self._told[path] for path in self._told if path in marks} | whole
        return fresh

    def retry(self, path: Path) -> None:
        """Has `path` told once more in an hour, although its files may be the same then."""
        if path in self._told:
            self._due[path] = time.monotonic() + RETRY_S

    def _is_whole(self, path: Path, mark: FileState) -> bool:
        newest = max(changed for _, _, changed in mark) / 1e9
        return self._before.get(path) == mark or time.time() - newest > self.settled_s


def _marks(paths: tuple[Path, ...]) -> dict[Path, FileState]:
    """The files of each scene: those beside it that have its name, and an Item's.

    Without scenes of which a file went away meanwhile.
    """
    beside = {folder: _beside(folder) for folder in {path.parent for path in paths}}
    marks = {path: _mark(path, beside[path.parent]) for path in paths}
    return {path: mark for path, mark in marks.items() if mark}


def _beside(folder: Path) -> list[str]:
    """Names of files in `folder` that may belong to a scene, sorted; none if it is missing."""
    try:
        names = [entry.name for entry in folder.iterdir()]
    except FileNotFoundError:
        return []
    except OSError as error:
        raise SceneError(
            folder, error.strerror or str(error), "a readable folder is needed", "Check it."
        ) from error
    return sorted(names)


def _mark(path: Path, names: list[str]) -> FileState:
    try:
        files = scene_files(path, names) if path.exists() else ()
    except OSError:
        return ()
    return tuple(map(_stamp, files))


def _stamp(file: Path) -> tuple[str, int, int]:
    """Of a file that may be missing, or cannot be looked at."""
    try:
        stat = file.stat()
    except OSError:
        return str(file), 0, 0
    return str(file), stat.st_size, stat.st_mtime_ns
