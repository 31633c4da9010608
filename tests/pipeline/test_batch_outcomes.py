"""What became of the scenes of a batch: the summary that Python and the command print."""

from __future__ import annotations

from cv.counting.distant_pier import DistantPier
from cv.pipeline.batch_outcomes import BatchOutcomes
from cv.pipeline.scene_outcome import PierSummary, SceneOutcome, SceneStatus

COUNTED = PierSummary("East", "counted", 12.0, None, 1.0)
BERTH_ONLY = PierSummary("East", "partial", None, 1.0, 0.0, "seen: 0% of the pier")
CLOUDED = PierSummary("East", "not_visible", None, None, 0.0, "nothing of the pier was seen")


def recorded(scene: str, *piers: PierSummary, distant: tuple[DistantPier, ...] = ()):
    return SceneOutcome(scene, SceneStatus.RECORDED, "", piers=piers, distant=distant)


def refused(scene: str):
    return SceneOutcome(scene, SceneStatus.REFUSED, f"{scene}: no time")


def test_a_batch_in_which_all_is_well_is_one_line():
    outcomes = BatchOutcomes([recorded("a", COUNTED), recorded("b", BERTH_ONLY)])
    assert str(outcomes) == "scenes: 2 recorded, 0 known, 0 failed, 0 refused, 0 quarantined"
    assert not outcomes.unfinished + outcomes.without_number
    assert outcomes.distant == ()


def test_scenes_without_a_number_are_not_taken_for_counted_ones():
    outcomes = BatchOutcomes([recorded("a", CLOUDED, CLOUDED), recorded("b", CLOUDED, COUNTED)])
    first, last = str(outcomes).splitlines()
    assert first == "recorded without a number: a: nothing of the pier was seen"
    assert last.startswith("scenes: 2 recorded (1 without a number), 0 known")
    assert [one.scene for one in outcomes.without_number] == ["a"]


def test_scenes_that_were_not_counted_are_shown_with_their_reasons():
    failed = SceneOutcome("c", SceneStatus.FAILED, "broke\noff")
    outcomes = BatchOutcomes([refused("b.tif"), recorded("a", COUNTED), failed])
    assert [one.scene for one in outcomes.unfinished] == ["b.tif", "c"]
    assert str(outcomes).splitlines()[:2] == ["refused: b.tif: no time", "failed: c: broke\\noff"]
    assert repr(outcomes) == (
        "BatchOutcomes(3 scenes: 1 recorded, 0 known, 1 failed, 1 refused, 0 quarantined; "
        "refused: b.tif: no time, ...)"
    )


def test_a_pier_is_far_only_if_no_scene_is_near_it():
    west, north = DistantPier("West", 8000.4), DistantPier("North", 90.0)
    one = recorded("a", COUNTED, distant=(west, north))
    two = recorded("b", COUNTED, distant=(DistantPier("West", 7000.4), north))
    outcomes = BatchOutcomes([one, two])
    assert [pier.pier for pier in outcomes.distant] == ["West", "North"]
    assert "piers far from all scenes: West (7,000 km away), North (90 km away)" in str(outcomes)
    near = recorded("c", PierSummary("West", "counted", 1.0, 0.0, 1.0))
    assert [pier.pier for pier in BatchOutcomes([one, two, near]).distant] == ["North"]


def test_what_to_do_is_said_once_for_all_scenes_with_one_problem():
    reason = "no acquisition time; the ledger needs one in UTC. Declare it."
    outcomes = BatchOutcomes(
        SceneOutcome(name, SceneStatus.REFUSED, f"/a/{name}.tif: {reason}") for name in "bcd"
    )
    first, second, third, _ = str(outcomes).splitlines()
    assert first == f"refused: /a/b.tif: {reason}"
    assert (second, third) == tuple(f"refused: /a/{n}.tif: no acquisition time" for n in "cd")
    assert repr(outcomes).endswith(f"/a/b.tif: {reason}, ...)")
