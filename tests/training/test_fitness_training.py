"""The fitness model is trained by one command, from places whose labels are known."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from cv.detector.model_zoo import released_model
from cv.detector.onnx_model import OnnxModel
from cv.image_fitness.fitness_model import FitnessModel
from cv.image_fitness.unfit_reasons import REASONS, FitnessReason
from cv.image_fitness_training import fitness_samples, hull_recall, scene_pairs
from cv.image_fitness_training.__main__ import main
from cv.image_fitness_training.curve_targets import coarse_ground, degraded_ground, non_scene
from cv.image_fitness_training.detector_recall import found_objects
from cv.image_fitness_training.fitness_samples import FitnessSample, write_samples
from cv.image_fitness_training.ground_images import Ground, GroundPool, plain_ground
from cv.image_fitness_training.image_sources import ImageSources
from cv.image_fitness_training.network_fitting import FittingSettings, fit_network
from cv.image_fitness_training.random_degradations import (
    KINDS,
    degrade_image,
    draw_degradation_kinds,
)
from cv.image_fitness_training.recall_curves import RecallCurve, container_curves
from cv.image_fitness_training.training_mixture import TrainingMixture
from cv.image_fitness_training.training_targets import patch_targets
from cv.synthetic.chip_renderer import FINE_GSD

SEED = 41


@pytest.fixture(scope="module")
def pair():
    return scene_pairs.rendered_pair(SEED)


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """Samples of two places."""
    folder = tmp_path_factory.mktemp("samples")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fitness_samples, "_SPRITE_SEEDS", range(77_000_000, 77_000_003))
        write_samples(folder, ImageSources(), 0, 2)
    return folder


def test_a_pair_differs_where_containers_stand_and_nowhere_else(pair):
    assert pair.occupied.shape == pair.bare.shape == (640, 640, 3)
    assert len(pair.corners) > 30
    middles = pair.corners.mean(1).astype(int).clip(0, 639)
    changed = np.abs(pair.occupied.astype(int) - pair.bare.astype(int)).max(2)
    assert (changed[middles[:, 1], middles[:, 0]] > 8).mean() > 0.8
    assert (changed == 0).mean() > 0.2


def test_the_detector_finds_what_stands_there_and_not_what_does_not(pair):
    model = OnnxModel.load(released_model("pierwatch-n"))
    found = found_objects(
        model, pair.reference, pair.corners, "container", fitness_samples.REACH_PX
    )
    assert found.mean() > 0.8
    bare = found_objects(model, pair.bare, pair.corners, "container", fitness_samples.REACH_PX)
    assert bare.mean() < 0.1


@pytest.mark.parametrize("kind", KINDS)
def test_a_degradation_is_the_same_for_both_images_of_a_pair(pair, kind):
    first, again = (degrade_image(pair.bare, (kind,), 5, FINE_GSD) for _ in range(2))
    assert np.array_equal(first.image, again.image)
    other = degrade_image(pair.occupied, (kind,), 5, FINE_GSD)
    assert first.blur_sigma_m == other.blur_sigma_m
    assert first.effects.keys() == other.effects.keys()
    for name, value in first.effects.items():
        assert np.array_equal(value, other.effects[name]), name
    if kind == "clear":
        assert np.array_equal(first.image, pair.bare)
        assert not first.effects


def test_kinds_are_drawn_from_those_that_exist():
    rng = np.random.default_rng(1)
    drawn = {kind for _ in range(500) for kind in draw_degradation_kinds(rng)}
    assert drawn == set(KINDS) | {"stretch", "smooth"}


def test_a_curve_falls_and_follows_the_trials():
    severity = np.linspace(0, 1, 400)
    found = (np.random.default_rng(1).random(400) < 1 - severity).astype(float)
    curve = RecallCurve.fitted(severity, found)
    assert (np.diff(curve.recall) <= 0).all()
    assert curve.at(np.array([0.5])) == pytest.approx(0.5, abs=0.15)


def test_curves_of_containers_follow_what_was_found():
    grid = (scene_pairs.CELLS, scene_pairs.CELLS)
    haze = REASONS.index(FitnessReason.HAZE)
    many = [
        FitnessSample(
            image=np.zeros((640, 640, 3), np.uint8),
            kinds="haze",
            expected=np.full(grid, 4, np.int16),
            found=np.full(grid, found, np.int16),
            reason=np.full(grid, haze, np.int8),
            strength=np.full(grid, strength, np.float32),
            detail_m=0.5,
            used=np.ones(grid, bool),
        )
        for strength, found in ((0.2, 4), (0.6, 2), (0.95, 0))
    ]
    curves = container_curves(many)
    assert set(curves) == {"haze", f"reason {haze}"}
    assert curves["haze"].at(np.array([0.2, 0.6, 0.95])) == pytest.approx([1, 0.5, 0], abs=0.05)


def test_a_degraded_ground_has_the_recall_of_the_curves():
    rng = np.random.default_rng(4)
    ground = Ground(rng.integers(0, 256, (640, 640, 3), dtype=np.uint8), 0.25)
    pool = GroundPool((ground,), coarse=(ground,))
    falling = RecallCurve(np.array([0.0, 1.0]), np.array([1.0, 0.0]))
    curves = {f"reason {index}": falling for index in range(1, len(REASONS))}
    clear = hidden = 0
    for _ in range(60):
        taught = degraded_ground(pool, curves, curves, 3, rng)
        assert taught.image.shape == (240, 240, 3)
        recall = taught.targets.containers
        assert ((recall >= 0) & (recall <= 1)).all()
        assert taught.targets.reasons.sum(0) == pytest.approx(np.ones((3, 3)))
        assert not taught.clear or (recall == 1).all()
        clear += taught.clear
        hidden += bool((recall < 0.2).any())
    assert clear > 5
    assert hidden > 5


def test_pictures_and_coarse_images_have_no_recall_and_full_weight():
    rng = np.random.default_rng(5)
    picture = non_scene(4, rng)
    assert picture.image.shape == (320, 320, 3)
    assert picture.targets.containers.max() == 0
    assert picture.targets.containers_weight.min() == 1
    ground = Ground(rng.integers(0, 256, (640, 640, 3), dtype=np.uint8), 3.0)
    coarse = coarse_ground(GroundPool((), coarse=(ground,)), 4, rng).targets
    assert coarse.containers.max() == 0
    assert coarse.containers_weight.min() == 1
    assert coarse.log2_gsd == pytest.approx(np.full((4, 4), np.log2(3)))


def test_plain_grounds_are_neither_black_nor_white():
    rng = np.random.default_rng(6)
    means = [plain_ground(240, rng).image.mean() for _ in range(60)]
    assert min(means) > 4
    assert max(means) < 235
    assert np.ptp(means) > 60


def test_samples_are_written_once_and_read_as_they_were(written):
    paths = sorted(written.glob("*.npz"))
    assert len(paths) == 2 * fitness_samples.DRAWS
    times = [path.stat().st_mtime_ns for path in paths]
    write_samples(written, ImageSources(), 0, 2)
    assert times == [path.stat().st_mtime_ns for path in paths]
    for path in paths:
        sample = FitnessSample.load(path)
        assert sample.image.shape == (640, 640, 3)
        assert (sample.found <= sample.expected).all()
        assert (sample.found >= 0).all()


def test_targets_follow_from_what_was_found(written):
    grid = (scene_pairs.CELLS, scene_pairs.CELLS)
    haze = REASONS.index(FitnessReason.HAZE)
    sample = FitnessSample(
        image=np.full((640, 640, 3), 200, np.uint8),
        kinds="haze",
        expected=np.full(grid, 4, np.int16),
        found=np.full(grid, 1, np.int16),
        reason=np.full(grid, haze, np.int8),
        strength=np.full(grid, 0.9, np.float32),
        detail_m=0.5,
        used=np.ones(grid, bool),
    )
    curve = RecallCurve(np.array([0.0, 1.0]), np.array([1.0, 0.0]))
    targets = patch_targets(sample, {"haze": curve})
    assert targets.containers == pytest.approx(np.full(grid, 0.25))
    assert targets.hulls == pytest.approx(np.full(grid, 0.1), abs=1e-6)
    assert targets.reasons[haze] == pytest.approx(np.full(grid, 0.75))
    assert targets.reasons.sum(0) == pytest.approx(np.ones(grid))
    assert targets.gsd_weight.max() == 0  # a plain image shows no detail


def test_a_fit_that_is_resumed_ends_with_the_same_weights(written, tmp_path):
    paths = sorted(written.glob("*.npz"))
    mixture = TrainingMixture.collect(paths, ImageSources(), {})
    settings = FittingSettings(epochs=2, steps=2, batch=4)
    whole = fit_network(mixture, settings, tmp_path / "whole.pt").state_dict()

    class StoppedError(Exception):
        pass

    def stop(*_, **__):
        raise StoppedError

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("builtins.print", stop)  # after the first epoch is stored
        with pytest.raises(StoppedError):
            fit_network(mixture, settings, tmp_path / "part.pt")
    resumed = fit_network(mixture, settings, tmp_path / "part.pt").state_dict()
    for name, value in whole.items():
        assert torch.equal(value, resumed[name]), name


def test_one_command_makes_a_model_that_judges(tmp_path, monkeypatch):
    monkeypatch.setattr(fitness_samples, "_SPRITE_SEEDS", range(77_000_000, 77_000_003))
    out = tmp_path / "small.onnx"
    main(
        ["--work", str(tmp_path / "work"), "--places", "2", "--held-back", "1", "--ports", "1",
         "--epochs", "1", "--steps", "2", "--out", str(out)]
    )  # fmt: skip
    found = FitnessModel.load(out).judge(np.zeros((160, 160, 3), np.uint8))
    assert found.container_recall.shape == (2, 2)
    trials = hull_recall.read_hull_trials(tmp_path / "work" / "hulls.json")
    assert all(0 <= trial.reason < len(REASONS) for trial in trials)
