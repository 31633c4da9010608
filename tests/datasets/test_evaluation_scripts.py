"""The scripts that evaluate models: plans, tables, baselines, and chips without containers."""

from __future__ import annotations

import math
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import shapely
import torch
from affine import Affine
from PIL import Image
from pyproj import CRS, Transformer

from cv import Detector, Scene
from cv.detector.detections import Detections
from cv.errors import InputError
from cv.evaluation.image_evaluation import EvaluationSample, evaluate_image, score_detections
from cv.geometry.oriented_boxes import OrientedBoxes, map_points
from cv.geometry.tiling import Tile
from cv.synthetic.chip_renderer import render_chip
from cv.synthetic.render_config import SWITCHES
from cv.training.initial_weights import read_architecture, read_checkpoint
from tests.fixtures.fake_detectors import CARD, painted_detector
from tests.fixtures.painted_pier import CONTAINERS, paint, projection

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "datasets" / "real"))

import ablation
import baseline
import baselines
import calibrate
import cross_validation
import csv_records
import false_containers
import gsd_sensitivity
import intervals
import model_card_text
import model_figures
import synthetic_evaluation
import transfer_weights
from ablation_config import Plan, ScaleRun

LONLAT = (129.0, 42.27238)
UTM, SIZE, GSD = CRS.from_epsg(32652), 700, 0.45


@pytest.fixture(scope="module")
def sample(tmp_path_factory):
    """A painted pier with 24 containers, georeferenced."""
    place = Affine.translation(5e5 - SIZE * GSD / 2, 4.68e6 + SIZE * GSD / 2)
    place = place @ Affine.scale(GSD, -GSD)
    path = paint(tmp_path_factory.mktemp("painted") / "scene.tif", UTM, place, LONLAT, SIZE)
    back = Transformer.from_crs(projection(LONLAT), UTM, always_xy=True)
    corners = CONTAINERS.corners()
    x, y = back.transform(corners[..., 0], corners[..., 1])
    pixels = np.stack([(x - place.c) / GSD, (place.f - y) / GSD], axis=-1)
    return EvaluationSample(
        name="painted",
        path=path,
        gsd_m=None,
        kind="container",
        truth=OrientedBoxes.from_corners(pixels),
    )


class Oracle:
    """A baseline that reads the red objects off the picture it gets."""

    def __init__(self, names, kind):
        self.names = names
        self.kind = kind

    def detect(self, frame):
        found = painted_detector()
        size = max(frame.rgb.shape[:2])
        square = np.zeros((size, size, 3), np.uint8)
        square[: frame.rgb.shape[0], : frame.rgb.shape[1]] = frame.rgb
        rows = found.models[0].run(square)[0, 1:]
        rows = rows[rows[:, 5] == 0]
        classes = np.full(len(rows), self.kind, np.int64)
        boxes = OrientedBoxes.from_values(rows[:, [0, 1, 2, 3, 6]])
        return Detections(boxes, rows[:, 4].astype(float), classes)


def test_the_plan_names_switches_and_budget_and_every_line_once():
    plan = Plan.read()
    assert plan.budget.chips > 0
    off = {switch for run in plan.runs for switch in run.without}
    assert off == set(SWITCHES)
    names = [run.name for run in plan.runs] + [scale.name for scale in plan.scales]
    assert len(names) == len(set(names))
    with pytest.raises(InputError, match="there are all, "):
        plan.run("nothing")


def test_a_name_that_is_there_twice_is_refused(tmp_path):
    text = Path(ablation.__file__).with_name("ablations.toml").read_text()
    path = tmp_path / "plan.toml"
    path.write_text(text + '\n[[run]]\nname = "all"\nwhat = "again"\n')
    with pytest.raises(ValueError, match="must be unique"):
        Plan.read(path)


def test_runs_differ_in_what_they_say_and_in_nothing_else(tmp_path):
    plan = Plan.read()
    folders = tmp_path / "weights", tmp_path / "root", tmp_path / "work"
    whole = ablation.commands(plan.run("all"), plan.budget, *folders)
    bare = ablation.commands(plan.run("no lean"), plan.budget, *folders)

    def said(lines):
        return [" ".join(map(str, line)).replace("no-lean", "all") for line in lines]

    chips, *others = said(bare)
    assert chips == f"{said(whole)[0]} --without lean"
    assert others[:-1] == said(whole)[1:-1]
    record = tmp_path / "work" / "all" / "run" / "run.json"
    record.parent.mkdir(parents=True)
    record.touch()
    resumed = ablation.commands(plan.run("all"), plan.budget, *folders)
    assert "--resume" in resumed[2]
    assert "--weights" not in resumed[2]
    assert len(ablation.commands(plan.run("no real chips"), plan.budget, *folders)) == 3


def test_missing_results_are_marked(tmp_path, monkeypatch):
    path = tmp_path / "figures.csv"
    monkeypatch.setattr(model_figures, "RESULTS_CSV", path)
    model_figures.record(model_figures.Figures("all", "2026-01-01", "ab", container_nmae=0.0625))
    model_figures.record(model_figures.Figures("mine", "2026-01-02", "cd", hull_ap50=0.75))
    model_figures.record(model_figures.Figures("all", "2026-01-03", "ef", container_nmae=0.125))
    lines = ablation.printed(Plan.read()).splitlines()
    assert len(model_figures.read()) == 2
    (line,) = (one for one in lines if one.startswith("all "))
    assert "0.125" in line
    (line,) = (one for one in lines if one.startswith("no lean"))
    assert line.endswith("not measured")
    (line,) = (one for one in lines if one.startswith("mine"))
    assert "0.750" in line


def test_records_come_back_as_they_were(tmp_path):
    lines = [
        false_containers.ResultRow('chips, "odd"', "2026-01-01", "ab", 50, 184.32, 7, 3),
        false_containers.ResultRow("none", "2026-01-01", "ab", 0, float("nan"), 0, 0),
    ]
    csv_records.write_rows(lines, tmp_path / "l.csv")
    back = csv_records.read_rows(false_containers.ResultRow, tmp_path / "l.csv")
    assert back[0] == lines[0]
    assert math.isnan(back[1].hectares)
    assert csv_records.read_rows(false_containers.ResultRow, tmp_path / "none.csv") == []


def test_another_scale_keeps_the_metres_that_tiles_share():
    finer = ablation.at_scale(CARD, ScaleRun("finer", container_m=0.2))
    fine, coarse = finer.passes
    assert fine.gsd_m == 0.2
    assert fine.overlap_px * fine.gsd_m == pytest.approx(96 * 0.3)
    assert coarse == CARD.passes[1]
    near = ablation.at_scale(CARD, ScaleRun("near", hull_m=0.5)).passes[1]
    assert near.overlap_px <= 0.6 * CARD.tile_px


@pytest.mark.parametrize("gsd", [None, 0.3])
def test_a_baseline_that_sees_everything_has_full_scores(sample, gsd):
    oracle = Oracle({3: "large vehicle"}, 3)
    with Scene.open(sample.path) as scene:
        frame = baseline.Frame.of(scene, gsd)
        found = oracle.detect(frame)
        found = found.transformed(scene.grid.local_plane().from_pixel @ frame.to_pixel)
        assert len(found) == 24
        chosen = baselines.relabel("container", found, [3], CARD)
        evaluation = score_detections(sample, scene.grid, chosen, CARD)
    assert (evaluation.true, evaluation.counted) == (24, 24)
    assert evaluation.matches.average_precision() == 1


def test_a_baseline_is_evaluated_for_every_class_that_it_has(sample):
    oracle = Oracle({3: "large vehicle", 4: "ship"}, 3)
    use = baselines.Use("x", "a way", 0.3, "ab", lambda: oracle, CARD)
    (line,) = baselines.baseline_rows("container", [sample], use)
    assert (line.pixels, line.classes, line.nmae) == ("0.3 m", "large vehicle", 0)
    (blind,) = baselines.baseline_rows("hull", [sample], use)
    assert blind.classes == "ship"
    assert blind.images == 1


def test_existing_results_are_not_measured_again(sample, tmp_path, monkeypatch):
    monkeypatch.setattr(baselines, "RESULTS_CSV", tmp_path / "baselines.csv")
    monkeypatch.setattr(baselines, "labelled_samples", lambda root: [sample])
    monkeypatch.setattr(Detector, "load", lambda *_, **__: painted_detector())
    oracle, loads = Oracle({3: "large vehicle"}, 3), []

    def use(model):
        def load():
            loads.append(model)
            return oracle

        return baselines.Use("x", "a way", None, model, load, CARD)

    for every in ([use("ab")], [use("ab"), use("cd")], [use("cd")]):
        baselines.measure("container", tmp_path, every, again=False)
    assert loads == ["ab", "cd"]
    lines = csv_records.read_rows(baselines.ResultRow, tmp_path / "baselines.csv")
    assert sorted(line.model for line in lines) == ["0" * 64, "ab", "cd"]
    baselines.measure("container", tmp_path, [use("cd")], again=True)
    assert loads == ["ab", "cd", "cd"]
    assert len(csv_records.read_rows(baselines.ResultRow, tmp_path / "baselines.csv")) == 3


def test_pierwatch_on_the_whole_image_gives_the_count_of_the_product(sample):
    detector = painted_detector()
    with Scene.open(sample.path) as scene:
        evaluation = score_detections(
            sample, scene.grid, baseline.pierwatch_detections(scene, detector), CARD
        )
    assert evaluation.counted == evaluate_image(sample, detector).counted == 24


def test_one_object_under_two_names_is_one():
    boxes = OrientedBoxes.from_values(
        [[0, 0, 12, 2.4, 0], [0.5, 0, 12, 2.4, 0], [40, 0, 12, 2.0, 0]]
    )
    found = Detections(boxes, np.array([0.9, 0.5, 0.4]), np.array([9, 10, 11]))
    both = baselines.relabel("container", found, [9, 10], CARD)
    assert both.scores.tolist() == [0.9]
    assert set(both.classes) == {CARD.classes.index("container")}


def test_the_best_way_of_each_baseline_is_marked_with_its_ratio():
    def line(name, way, classes, nmae):
        words = ("container", name, way, "as delivered", classes, "2026-01-01", "ab", 10)
        return baselines.ResultRow(*words, nmae, 0.0, nmae, 0.5, 0.5, 0.5, 1.0)

    lines = [
        line("pierwatch-n", "pierwatch count", "container", 0.1),
        line("dota", "own size", "large vehicle", 0.9),
        line("dota", "sliced 1024", "large vehicle", 0.5),
        line("dota", "SAHI 640", "large vehicle", 0.4),
    ]
    rows = baselines.table(lines).splitlines()
    assert [row.partition(" * ")[2] for row in rows[2:]] == [
        "",
        "",
        "5.0 x Pierwatch",
        "4.0 x Pierwatch",
    ]


def test_what_is_cut_at_the_edge_is_black_outside():
    rgb = np.full((100, 60, 3), 200, np.uint8)
    part = baseline._read_tile(rgb, Tile(50, -20, 80))
    assert part.shape == (80, 80, 3)
    assert (part[:50, 20:] == 200).all()
    assert not part[50:].any()
    assert not part[:, :20].any()


def test_chips_without_containers_are_the_same_every_time(tmp_path):
    (samples,) = synthetic_evaluation.without_containers(tmp_path, 1, 9_600_000)
    (again,) = synthetic_evaluation.without_containers(tmp_path, 1, 9_600_000)
    assert samples.name == again.name
    with Image.open(samples.path) as image:
        assert image.size == (640, 640)
    assert not len(samples.truth)
    chip = render_chip(int(samples.path.stem), coarse=False)
    assert all(label.class_name != "container" for label in chip.labels)
    for seed in range(9_600_000, int(samples.path.stem)):
        assert any(o.class_name == "container" for o in render_chip(seed, coarse=False).labels)


def test_false_containers_are_reported_per_hectare(sample):
    bare = replace(sample, truth=OrientedBoxes.empty())
    evaluation = evaluate_image(bare, painted_detector())
    line = false_containers.result_row([evaluation, evaluation], "painted", "ab")
    assert (line.number, line.false, line.most) == (2, 48, 24)
    assert line.hectares == pytest.approx(2 * (SIZE * GSD / 100) ** 2, rel=1e-3)
    assert "48" in false_containers.table([line])


def test_a_scene_is_evaluated_with_a_fit_on_all_others(sample):
    plain = calibrate.without_calibrations(painted_detector())
    short = replace(sample, truth=sample.truth[np.arange(12)])
    evaluation, odd = evaluate_image(sample, plain), evaluate_image(short, plain)
    chips, scenes = [evaluation] * 4, [evaluation, evaluation, odd]
    others = cross_validation.leave_one_out(scenes, chips)
    assert others[2] == cross_validation.Fold.fit([evaluation, evaluation], chips)
    assert others[2] != cross_validation.Fold.fit(scenes, chips)
    for side, number in ((0.0, 3), (100.0, 3 * len(evaluation.windows(100.0)))):
        judged = cross_validation.cross_fitted(scenes, others, side)
        assert len(judged) == number
        assert {part.threshold for part in judged} == {fold.threshold for fold in others}
    whole = cross_validation.cross_fitted(scenes, others, 0.0)
    assert whole[2].card.calibration("container") == others[2].calibration
    assert intervals.result_row(whole, "painted", "cross-fitted", plain).nmae > 0


def test_lines_of_other_models_are_kept(tmp_path):
    path = tmp_path / "lines.csv"

    def lines(model, number):
        return [false_containers.ResultRow("painted", "2026-01-01", model, number, 2.0, 1, 1)]

    for model, number in (("ab", 1), ("cd", 2), ("ab", 3)):
        csv_records.replace_model_rows(lines(model, number), path)
    assert csv_records.rows_of_model(false_containers.ResultRow, path, "ab") == lines("ab", 3)
    assert csv_records.rows_of_model(false_containers.ResultRow, path, "cd") == lines("cd", 2)


def test_the_card_has_all_results_and_marks_missing_ones(sample):
    detector = painted_detector()
    text = model_card_text.page(detector, [evaluate_image(sample, detector)])
    assert text.startswith(f"# {CARD.name} {CARD.version}")
    assert text.count("Not measured for this model.") == 3
    assert "painted" in text
    assert CARD.training_data in text
    assert "0.15 to\n0.9 m" in text or "0.15 to 0.9 m" in text
    corners = map_points(Affine.identity(), sample.truth.corners())
    assert shapely.polygons(corners).all()


def test_a_coarser_camera_sees_the_same_objects_in_the_same_places(sample, tmp_path):
    seen = gsd_sensitivity.coarser(sample, 2 * GSD, tmp_path)
    assert seen is not None
    before, after = (
        evaluate_image(sample, painted_detector()),
        evaluate_image(seen, painted_detector()),
    )
    assert after.gsd_m == pytest.approx(2 * GSD, rel=0.01)
    assert len(after.truth) == len(before.truth) == 24
    np.testing.assert_allclose(after.truth.lengths, before.truth.lengths, rtol=0.01)
    middle = before.truth.centers.mean(axis=0)
    moved = after.truth.centers - after.truth.centers.mean(axis=0)
    np.testing.assert_allclose(moved, before.truth.centers - middle, atol=0.3)


def test_what_is_as_coarse_already_is_left_out(sample, tmp_path):
    assert gsd_sensitivity.coarser(sample, GSD / 2, tmp_path) is None


def test_weights_are_transferred_to_layers_of_the_same_shape(tmp_path):
    here = Path(ablation.__file__).parent
    known = read_architecture(Path("yolo26n-obb.yaml"), 15)
    torch.save({"model": known, "train_args": {}}, tmp_path / "known.pt")
    kept, numbers = transfer_weights.transfer_weights(
        tmp_path / "known.pt", here / "yolo26n-obb-p2.yaml", tmp_path / "start.pt"
    )
    assert 0.5 < kept / numbers < 0.9
    made = read_checkpoint(tmp_path / "start.pt")
    assert made.stride.tolist() == [4, 8, 16, 32]
    torch.testing.assert_close(made.model[4].state_dict(), known.model[4].state_dict())


def test_a_run_may_start_from_transferred_or_random_weights(tmp_path):
    plan = Plan.read()
    folders = tmp_path / "weights", tmp_path / "root", tmp_path / "work"
    lines = ablation.commands(plan.run("stride 4"), plan.budget, *folders)
    (transfer,) = (line for line in lines if "datasets/real/transfer_weights.py" in line)
    assert transfer[2] == str(folders[0] / plan.budget.start)
    (training,) = (line for line in lines if "train" in line)
    assert training[training.index("--weights") + 1] == transfer[-1]
    lines = ablation.commands(plan.run("s from random"), plan.budget, *folders)
    (training,) = (line for line in lines if "train" in line)
    assert training[training.index("--weights") + 1] == "yolo26s-obb.yaml"


def test_the_row_of_pierwatch_is_of_the_requested_class(sample):
    detector = painted_detector()
    bare = evaluate_image(replace(sample, kind="hull", truth=OrientedBoxes.empty()), detector)
    assert bare.counted
    corners = map_points(bare.to_pixel, bare.found.boxes.corners())
    samples = replace(sample, kind="hull", truth=OrientedBoxes.from_corners(corners))
    assert baselines.pierwatch_row("hull", [samples], detector).recall == 1
