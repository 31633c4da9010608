"""Any sequence of recordings leaves what the rules of `cv.ledger.writer` say."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cv.counting.pier_count import CountStatus
from cv.counting.scene_counts import SceneCounts
from cv.errors import SceneError
from cv.ledger import Ledger
from tests.fixtures.sample_counts import (
    MODEL,
    OTHER_MODEL,
    OTHER_SETTINGS,
    SETTINGS,
    a_count,
    a_scene,
    by,
    identity_of,
)


@dataclass(frozen=True)
class Recording:
    """One attempt to record an image."""

    image: int
    name: str
    model: str
    settings: str
    failed: bool
    knows_clouds: bool

    def scene(self, containers: float) -> SceneCounts:
        """The counts to record; an image has one time."""
        status = CountStatus.FAILED if self.failed else CountStatus.COUNTED
        count = a_count(self.name, containers=containers, status=status, days=float(self.image))
        count = replace(count, visibility="udm2" if self.knows_clouds else "mask")
        counts = [by(count, self.model, self.settings)]
        return a_scene(counts, digest=f"{self.image:064}")


recordings = st.builds(
    Recording,
    image=st.integers(0, 2),
    name=st.sampled_from("abc"),
    model=st.sampled_from([MODEL, OTHER_MODEL]),
    settings=st.sampled_from([SETTINGS, OTHER_SETTINGS]),
    failed=st.booleans(),
    knows_clouds=st.booleans(),
)


@dataclass
class ModelOfALedger:
    """What a ledger holds, by its rules alone."""

    names: dict[int, str] = field(default_factory=dict)
    """The name of each image."""
    counts: list[tuple[Recording, float]] = field(default_factory=list)
    """In the order of recording."""

    def refuses(self, recording: Recording) -> bool:
        if recording.image not in self.names:
            return recording.name in self.names.values()
        return not recording.knows_clouds and any(one.knows_clouds for one in self.of(recording))

    def of(self, recording: Recording) -> list[Recording]:
        return [one for one, _ in self.counts if one.image == recording.image]

    def same_config(self, recording: Recording) -> list[Recording]:
        config = recording.model, recording.settings
        return [one for one in self.of(recording) if (one.model, one.settings) == config]

    def record(self, recording: Recording, containers: float) -> int:
        """Return the number of new counts."""
        self.names.setdefault(recording.image, recording.name)
        for known in self.same_config(recording):
            if recording.failed or not known.failed:
                return 0
            self.counts = [pair for pair in self.counts if pair[0] is not known]
        self.counts.append((recording, containers))
        return 1

    def latest(self) -> dict[str, float | None]:
        """The number of containers by the name of the scene; None: unknown."""
        found: dict[str, float | None] = {}
        for failed in (True, False):
            for recording, containers in self.counts:
                if recording.failed is failed:
                    name = self.names[recording.image]
                    found[name] = None if failed else containers
        return found


@settings(max_examples=40, deadline=None)
@given(sequence=st.lists(recordings, min_size=1, max_size=10))
def test_any_sequence_of_recordings_leaves_what_the_rules_say(sequence: list[Recording]) -> None:
    model = ModelOfALedger()
    with tempfile.TemporaryDirectory() as folder, Ledger(Path(folder) / "l") as ledger:
        for number, recording in enumerate(sequence):
            scene = recording.scene(float(number))
            if model.refuses(recording):
                for refused in (ledger.record, lambda one: ledger.recorded_as(identity_of(one))):
                    with pytest.raises(SceneError):
                        refused(scene)
                continue
            succeeded = [one for one in model.same_config(recording) if not one.failed]
            name = model.names.get(recording.image) if succeeded else None
            assert ledger.recorded_as(identity_of(scene)) == name
            assert ledger.record(scene) == model.record(recording, float(number))
        latest = {one.scene: one.containers.value for one in ledger.counts(latest=True)}
        assert latest == model.latest()
        assert len(ledger.counts()) == len(model.counts)
