"""Scenes that arrive while a folder or catalogue is watched, each reported once it is complete."""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from cv.errors import SceneError
from cv.scene.acquisition_time import NamePattern
from cv.scene.discovery.scene_folder import scenes_at
from cv.scene.discovery.sidecar_files import SceneFile, sibling_names

FileState = tuple[tuple[str, int, int], ...]
"""Name, size (bytes) and time of change (ns) of each file of a scene; 0, 0 of a missing one."""

RETRY_S = 3600.0
"""Seconds after which a scene that could not be counted is reported again."""


@dataclass
class NewScenes:
    """What arrives at `place`, poll by poll."""

    place: Path
    """A folder, or a STAC catalogue."""
    settled_s: float
    """A scene is complete when its files did not change for so many seconds, or between two polls
    (the clocks of computers that share a folder may differ)."""
    time_pattern: NamePattern | None = None
    """Where the names of scenes hold their time."""
    _error: str = ""
    """Why `place` could not be read at the last poll."""
    _last: dict[Path, FileState] = field(default_factory=dict)
    """States at the last poll."""
    _reported: dict[Path, FileState] = field(default_factory=dict)
    """States of scenes when they were reported."""
    _retries: dict[Path, float] = field(default_factory=dict)
    """When to report scenes again, by time.monotonic()."""

    def poll(self) -> tuple[Path, ...]:
        """Return scenes that are complete, and new or changed since they were reported.

        Masks, metadata and assets of an Item belong to their scene: when one arrives later, the
        scene is reported again. Raises SceneError where `place` cannot be read, as while a
        catalogue is written: once for each reason; later polls report what arrived.
        """
        try:
            states = _states(scenes_at(self.place, self.time_pattern))
        except SceneError as error:
            if str(error) == self._error:
                return ()
            self._error = str(error)
            raise
        self._error = ""
        complete = {path: state for path, state in states.items() if self._is_complete(path, state)}
        fresh = [path for path, state in complete.items() if self._is_due(path, state)]
        for path in fresh:
            self._retries.pop(path, None)
        self._last = states
        kept = {path: state for path, state in self._reported.items() if path in states}
        self._reported = kept | complete
        return tuple(fresh)

    def retry(self, path: Path) -> None:
        """Report `path` once more after `RETRY_S`, even if its files stay the same."""
        if path in self._reported:
            self._retries[path] = time.monotonic() + RETRY_S

    def _is_complete(self, path: Path, state: FileState) -> bool:
        latest = max(changed for _, _, changed in state) / 1e9
        return self._last.get(path) == state or time.time() - latest > self.settled_s

    def _is_due(self, path: Path, state: FileState) -> bool:
        retry = self._retries.get(path)
        return self._reported.get(path) != state or (
            retry is not None and retry <= time.monotonic()
        )


def _states(scenes: tuple[SceneFile, ...]) -> dict[Path, FileState]:
    """Return the state of each scene that exists and can be read."""
    names = {folder: sibling_names(folder) for folder in {scene.path.parent for scene in scenes}}
    states: dict[Path, FileState] = {}
    for scene in scenes:
        with suppress(OSError):
            files = scene.files(names[scene.path.parent])
            if files:
                states[scene.path] = tuple(map(_file_state, files))
    return states


def _file_state(file: Path) -> tuple[str, int, int]:
    try:
        stat = file.stat()
    except OSError:  # missing, or its name is too long for the system
        return str(file), 0, 0
    return str(file), stat.st_size, stat.st_mtime_ns
