"""The bench of perturbed scenes: its perturbations, its judgement, and its tables."""

from __future__ import annotations

import math
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely
from affine import Affine

from cv import CountStatus, Detector
from cv.events.event import EventKind
from cv.geometry.oriented_boxes import map_points
from cv.rendering.renderer import RenderedLabel
from cv.synthetic.chip_renderer import RenderedChip

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "datasets" / "real"))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "datasets" / "sample_pier"))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tools"))

import robustness
from page_sections import marks
from robustness_bench import declarations, months, pictures, port_views, scenes
from robustness_bench.deliveries import DELIVERIES, count_delivery
from robustness_bench.months import MonthFinding, count_month
from robustness_bench.perturbations import BY_NAME, PERTURBATIONS
from robustness_bench.pier_view import PierView, Quantity, Ships
from robustness_bench.summary import (
    deliveries_table,
    delivery_rows,
    false_findings,
    levels,
    levels_table,
    months_table,
    perturbations_table,
    summary,
)
from robustness_bench.trial import Outcome, Trial, count_view, truth_bounds


def textured_view(gsd=(0.5, 0.4), shape=(150, 200)):
    """Return a pier of 60 x 30 m in a textured image, with one container at (50, 30) m."""
    rng = np.random.default_rng(1)
    image = rng.integers(40, 200, (*shape, 3)).astype(np.uint8)
    container = np.array([[[47, 29], [53, 29], [53, 31.5], [47, 31.5]]], float)
    return PierView(
        name="textured",
        source="rendered",
        image=image,
        to_ground=Affine.scale(*gsd),
        outline=shapely.box(20, 15, 80, 45),
        containers=container,
        truth=1,
    )


def trial(**values):
    """Return a count of 40 (35 to 45) where 40 containers stand, changed by `values`."""
    usual: dict[str, Any] = {
        "group": "real", "scene": "a", "perturbation": "fog", "strength": 0.5,
        "status": "counted", "reason": "", "visible": 1.0, "truth": 40.0, "truth_low": 40.0,
        "truth_high": 40.0, "value": 40.0, "low": 35.0, "high": 45.0, "ungated": 40.0,
    }  # fmt: skip
    return Trial(**(usual | values))


CLEAR = (("a", 1.0), ("b", 0.9))
"""Scenes in clear weather, and the visible share of their pier."""


def no_number(**values):
    nan = float("nan")
    return trial(status="unfit", value=nan, low=nan, high=nan, **values)


CASES = [(one, strength) for one in PERTURBATIONS for strength in one.strengths]


@pytest.mark.parametrize(
    ("perturbation", "strength"), CASES, ids=[f"{p.name}-{s:g}" for p, s in CASES]
)
def test_a_perturbation_changes_the_view_and_repeats_with_its_seed(perturbation, strength):
    view = textured_view()
    before = view.image.copy()
    first, again = (perturbation.perturbed(view, strength, 3) for _ in range(2))
    np.testing.assert_array_equal(view.image, before)
    assert first.image.dtype == np.uint8
    assert first.shape == view.shape
    assert first.truth == view.truth
    np.testing.assert_array_equal(first.image, again.image)
    assert first.outline.equals(again.outline)
    same_image = first.image.shape == before.shape and np.array_equal(first.image, before)
    assert not (same_image and first.outline.equals(view.outline))


def test_names_are_unique_and_strengths_are_several():
    assert len({one.name for one in PERTURBATIONS}) == len(PERTURBATIONS) >= 40
    assert all(3 <= len(set(one.strengths)) == len(one.strengths) for one in PERTURBATIONS)


@pytest.mark.parametrize("name", ["even_haze", "fog", "thin_cloud", "thick_cloud_whole"])
def test_what_veils_the_ground_takes_contrast(name):
    view = textured_view()
    veiled = [BY_NAME[name].perturbed(view, s, 0) for s in BY_NAME[name].strengths[:3]]
    contrast = [float(np.diff(one.light, axis=1).std()) for one in (view, *veiled)]
    assert contrast == sorted(contrast, reverse=True)
    assert contrast[-1] < 0.5 * contrast[0]


def test_even_haze_keeps_the_share_of_contrast_that_it_says():
    view = textured_view()
    hazy = BY_NAME["even_haze"].perturbed(view, 0.7, 0)
    noise = 0.002**2 + (1 / 255) ** 2 / 6  # of the camera, and of 8 bits
    kept = math.sqrt(float(hazy.light.var(axis=(0, 1)).mean()) - noise)
    assert kept == pytest.approx(0.3 * math.sqrt(view.light.var(axis=(0, 1)).mean()), rel=0.05)


@pytest.mark.parametrize("name", ["thick_cloud_half", "scattered_cloud", "white_bars"])
def test_the_covered_share_of_the_pier_is_the_strength(name):
    view = textured_view()
    dark = view.with_image(np.full_like(view.image, 20))
    changed = BY_NAME[name].perturbed(dark, 0.5, 0)
    lit = changed.image.mean(axis=2) > 60
    assert lit[view.pier_mask].mean() == pytest.approx(0.5, abs=0.1)


def test_noise_has_its_levels():
    view = textured_view()
    plain = view.with_image(np.full_like(view.image, 127))
    for levels_ in (5, 20):
        noisy = BY_NAME["sensor_noise"].perturbed(plain, levels_, 0)
        assert noisy.image.std() == pytest.approx(levels_, rel=0.03)


def test_nearest_repeats_pixels_of_the_coarse_camera():
    view = textured_view(gsd=(0.5, 0.5), shape=(152, 200))
    blocky = BY_NAME["oversampled_nearest"].perturbed(view, 2.0, 0).image
    blocks = blocky.reshape(38, 4, 50, 4, 3)
    assert np.mean(blocks == blocks[:, :1, :, :1]) == 1


@pytest.mark.parametrize("name", ["rotated_tile", "off_nadir"])
@pytest.mark.parametrize("strength", [15.0, 45.0])
def test_ground_stays_where_the_view_says(name, strength):
    """A white roof is where the changed view has its container."""
    view = textured_view()
    image = np.zeros_like(view.image)
    (x0, y0), (x1, y1) = view.containers_px[0][[0, 2]].round().astype(int)
    image[y0:y1, x0:x1] = 255
    changed = BY_NAME[name].perturbed(view.with_image(image), strength, 2)
    rows, columns = np.nonzero(changed.image[..., 0] > 128)
    seen = np.array([columns.mean(), rows.mean()]) + 0.5
    np.testing.assert_allclose(seen, changed.containers_px[0].mean(axis=0), atol=0.6)
    assert changed.outline.contains(shapely.Point(changed.containers[0].mean(axis=0)))


def test_a_rotated_tile_keeps_square_corners():
    turned = BY_NAME["rotated_tile"].perturbed(textured_view(), 30, 0)
    a, b, _, d, e, *_ = turned.to_ground
    assert a * b + d * e == pytest.approx(0, abs=1e-9)
    assert turned.gsd_m == pytest.approx((0.5, 0.4))


def test_wrong_declarations_are_as_wrong_as_they_say():
    view, rng = textured_view(), np.random.default_rng(0)
    small = declarations.wrong_gsd(view, 0.6, rng)
    assert small.gsd_m == pytest.approx((0.3, 0.24))
    assert small.outline_px.equals_exact(view.outline_px, 1e-6)
    moved = declarations.outline_shift(view, 15, rng)
    assert moved.outline.centroid.distance(view.outline.centroid) == pytest.approx(15)


def test_bounds_are_what_stands_on_the_ground_that_was_seen():
    """Ten boxes in a row; of 4 m of unseen ground one box is hidden, and half of the next."""
    box = np.array([[0, 0], [2.4, 0], [2.4, 6], [0, 6]], float)
    corners = np.stack([np.add(box, (22 + 3 * i, 25)) for i in range(10)])
    hull = np.array([[[0, 100], [100, 100], [100, 120], [0, 120]]], float)
    ships = Ships(berth=shapely.box(0, 95, 120, 130), hulls=hull, truth=1, aboard=0)
    view = replace(textured_view(), containers=corners, truth=10, ships=ships)
    bounds = {name: truth_bounds(view, name, shapely.box(20, 0, 26.4, 90)) for name in Quantity}
    assert bounds[Quantity.CONTAINERS] == (8, 9)
    assert bounds[Quantity.HULLS] == (1, 1)
    assert truth_bounds(view, Quantity.HULLS, shapely.box(0, 95, 40, 130)) == (1, 1)
    assert truth_bounds(view, Quantity.HULLS, shapely.box(0, 95, 60, 130)) == (0, 1)
    assert truth_bounds(view, Quantity.HULLS, ships.berth) == (0, 0)
    assert truth_bounds(view, Quantity.CONTAINERS, shapely.Polygon()) == (10, 10)


def test_outcomes():
    clear = trial(perturbation="clear", strength=0.0)
    assert trial().outcome(clear) is Outcome.HELD
    assert trial(low=30.0, high=45.0).outcome(clear) is Outcome.WIDENED
    assert trial(low=30.0, high=44.0).outcome(clear) is Outcome.HELD
    assert trial(value=30.0, low=25.0, high=39.0).outcome(clear) is Outcome.WRONG
    assert no_number().outcome(clear) is Outcome.REFUSED
    part = trial(status="partial", value=20.0, low=18.0, high=24.0, truth_low=15.0, truth_high=30.0)
    assert part.outcome(clear) is Outcome.HELD
    assert part.error == 0
    assert trial(value=30.0).error == pytest.approx(0.25)
    assert trial(visible=0.9, visible_truth=0.5).outcome(clear) is Outcome.WRONG


def test_a_false_zero_is_a_zero_where_containers_stand():
    assert trial(value=0.0, low=0.0, high=0.0).false_zero
    assert not trial(value=0.0, low=0.0, high=4.0).false_zero
    nothing = {"value": 0.0, "low": 0.0, "high": 0.0, "truth_low": 0.0}
    assert not trial(truth=0.0, truth_high=0.0, **nothing).false_zero
    assert not trial(status="partial", **nothing).false_zero
    assert not no_number().false_zero


def test_tables_and_limits():
    trials = [trial(perturbation="clear", strength=0.0, scene=name) for name in "abcd"]
    trials += [trial(scene="a"), no_number(scene="b")]
    trials += [trial(scene="c", value=0.0, low=0.0, high=0.0, ungated=0.0), trial(scene="d")]
    rows = levels(trials)
    assert [str(row) for row in rows] == ["clear 0", "fog 0.5"]
    assert (rows[1].wrong, rows[1].refused, rows[1].false_zeros) == (0.25, 0.25, 1)
    assert rows[1].kept == 0.75
    assert levels([replace(no_number(), status="out_of_range"), trial()])[0].kept == 1
    assert "| fog | 0.5 | 4 | 2 | 0 | 1 | 1 | 1 | 0 |" in levels_table(rows)
    assert "| fog | share of light lost: 0.5 | 25 | 25 | 1 | 0 |" in perturbations_table(rows)
    trials += [trial(group="negative", scene=str(i)) for i in range(24)]
    trials += [no_number(group="negative", scene="x")]
    text = summary(trials)
    assert "at most 25 % (fog 0.5); above 12 % at 1 of 2 strengths" in text
    assert "false zeros: 1 of 8" in text
    assert "at 2 strengths: at least 75 % of the scenes keep their number (fog 0.5)" in text
    assert "below 90 % at 1\n" in text
    assert "negative: 1 of 25 without a number (4.0 %; limit 3 %): x" in text


def test_clouds_are_judged_by_how_much_they_cover():
    half, wrong = {"perturbation": "thick_cloud_half"}, {"value": 9.0, "low": 5.0, "high": 12.0}
    trials = [trial(perturbation="clear", strength=0.0, scene=s, visible=v) for s, v in CLEAR]
    trials += [trial(**half, strength=0.25, **wrong), trial(**half, strength=0.9, **wrong)]
    trials += [no_number(**half, strength=0.75), no_number(**half, strength=0.9, scene="b")]
    text = summary(trials)
    assert "opaque cloud: 2 of 3 without a number or held (67 %; limit 95 %)" in text
    assert "clear ground called unseen: 5.0 % (limit 2 %)" in text


def test_pictures_are_no_scenes_and_differ(tmp_path):
    images = list(pictures.picture_images(tmp_path, 2, seed=0))
    assert len(images) == 2 * len(pictures.DRAWN)
    contents = {image.path.read_bytes() for image in images}
    assert len(contents) == len(images)
    assert all(image.empty for image in images)


def test_a_limit_spreads_over_the_whole_list():
    assert scenes.spread(range(10), 4) == [0, 3, 6, 9]
    assert scenes.spread(range(3), None) == [0, 1, 2]


def test_a_view_is_counted_on_its_pier(tmp_path):
    _, view = scenes.rendered_views(2)  # on the first one a ship overlaps the outline
    detector = Detector.load(threads=1)
    (clear,) = count_view(view, "clear", 0.0, 0, detector, tmp_path)
    assert clear.status == CountStatus.COUNTED
    assert clear.holds
    assert clear.ungated == clear.value
    (black,) = count_view(view, "constant_colour", 0.0, 0, detector, tmp_path)
    assert black.outcome(clear) is Outcome.REFUSED
    (half,) = count_view(view, "black_bars", 0.5, 0, detector, tmp_path)
    assert half.status == CountStatus.PARTIAL
    assert half.visible == pytest.approx(0.5, abs=0.05)


def test_rendered_truth_is_the_number_of_roofs_on_the_pier():
    view = next(iter(scenes.rendered_views(1)))
    centres = map_points(view.to_ground, view.containers_px).mean(axis=1)
    assert view.truth == sum(view.outline.contains(point) for point in shapely.points(centres))
    assert view.truth >= scenes.MIN_CONTAINERS


def test_jobs_are_all_strengths_of_all_views():
    jobs = list(robustness.view_jobs([textured_view()] * 2, ["fog", "grey"], seed=0))
    assert len(jobs) == 2 * (1 + 5 + 4)
    assert {job.perturbation for job in jobs} == {"clear", "fog", "grey"}


def test_a_rendered_view_has_no_ship_on_its_pier(monkeypatch):
    """A ship on an outline shows that the outline is wrong: its deck cargo is not the pier's."""

    def label(name, corners):
        return RenderedLabel(
            class_name=name, corners=corners, visible=1.0, aboard=False, stack=0, tiers=1
        )

    def chip(seed, *ships):
        boxes = np.array([[x, 300.0] for x in range(130, 500, 20)])
        corners = boxes[:, None] + np.array([[0, 0], [10, 0], [10, 48], [0, 48]])
        labels = [label("container", one) for one in corners] + [label("hull", s) for s in ships]
        return RenderedChip(seed, 0.25, np.full((640, 640, 3), 99, np.uint8), tuple(labels))

    beside, on = (np.array([[0, y], [640, y], [640, y + 90], [0, y + 90]]) for y in (0, 90))
    chips = chip(1, on), chip(2, beside), chip(3)
    monkeypatch.setattr(scenes, "clear_chips", lambda _: iter(chips))
    assert [view.name for view in scenes.rendered_views(2)] == ["rendered 2", "rendered 3"]


@pytest.fixture(scope="module")
def detector():
    return Detector.load(threads=1)


@pytest.fixture(scope="module")
def port():
    """A pier of the sample port with a ship that loads."""
    return port_views.port_view(port_views.FIRST_SEED, port_views.LOADING_DAY)


def test_in_the_port_ships_and_their_decks_are_judged_too(tmp_path, detector, port):
    found = count_view(port, "clear", 0.0, 0, detector, tmp_path)
    assert [one.quantity for one in found] == list(Quantity)
    assert [one.truth for one in found] == [48, 1, 24]
    assert all(one.holds for one in found)


def test_ships_follow_what_is_declared(port):
    small = declarations.wrong_gsd(port, 0.5, np.random.default_rng(0))
    assert small.ships.berth.area == pytest.approx(port.ships.berth.area / 4)
    np.testing.assert_allclose(small.ships.hulls, port.ships.hulls / 2)
    moved = declarations.outline_moved(port, 3.0, 4.0)
    assert moved.ships.berth.centroid.distance(port.ships.berth.centroid) == pytest.approx(5)
    np.testing.assert_array_equal(moved.ships.hulls, port.ships.hulls)


@pytest.mark.parametrize(
    "name", ["mask in scene.tif.msk: half", "cloud, Item with encoded names: all"]
)
def test_a_delivery_is_counted_as_it_lies_in_its_folder(tmp_path, detector, port, name):
    (row,) = delivery_rows(count_delivery(DELIVERIES[name], port, detector, tmp_path))
    assert row.right
    assert "| yes |" in deliveries_table([row])


def test_a_delivery_that_is_not_as_wanted_is_named():
    usual = {"group": "delivery", "perturbation": "cloud mask among the scenes", "strength": 0.0}
    (one,) = delivery_rows([trial(**usual)])
    assert one.right
    (refused,) = delivery_rows([no_number(**usual)])
    (twice,) = delivery_rows([trial(**usual), trial(**(usual | {"strength": 1.0}))])
    hulls = trial(**usual, quantity=Quantity.HULLS, value=0.0, low=0.0, high=0.0)
    (no_ship,) = delivery_rows([trial(**usual), hulls])
    assert not any(row.right for row in (refused, twice, no_ship))
    assert deliveries_table([twice]).count("**no**") == 1


def test_names_of_deliveries_and_what_they_are_compared_with_exist():
    assert all(one.clear in DELIVERIES for one in DELIVERIES.values())


def test_a_month_is_counted_into_a_ledger(tmp_path, detector, port, monkeypatch):
    monkeypatch.setattr(months, "DAYS", 2)
    results = count_month("cloud with mask", port, 0, detector, tmp_path)
    images = [one for one in results if isinstance(one, Trial)]
    assert len(images) == 2 * len(Quantity)
    assert len(list(tmp_path.glob("*_udm2.tif"))) == 2
    assert {one.status for one in images} <= {"counted", "partial", "not_visible", "unfit"}


def test_false_findings_are_counted_by_kind():
    day = {"group": "month", "perturbation": "fog"}
    trials = [trial(**day), no_number(**day), trial(**day, value=9.0, low=5.0, high=12.0)]
    kinds = (EventKind.DWELL, EventKind.UNSEEN_CALL, EventKind.WARNING)
    found = [MonthFinding("fog", 0, kind, "37 containers", 0.9) for kind in kinds]
    assert "| 3 | 1 | 1 | 1 | 0 | 1 | 1 | 0 | 0 |" in months_table(trials, found)
    assert false_findings(found).splitlines()[0] == "fog, seed 0: unseen_call 37 containers, 90 %"
    assert len(false_findings(found).splitlines()) == 2


def test_the_report_goes_between_the_marks_of_a_page(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("before\n<!-- robustness: begin -->\nold\n<!-- robustness: end -->\nafter\n")
    parts = robustness.report([trial(), trial(quantity=Quantity.HULLS)])
    robustness.write_report(parts, page)
    text = page.read_text()
    assert text.startswith("before\n<!-- robustness: begin -->\n\n### Perturbed, 1 piers: cont")
    assert text.endswith("```\n\n<!-- robustness: end -->\nafter\n")
    assert "old" not in text
    assert "piers: hulls" in text


def test_the_page_of_accuracy_has_the_marks():
    text = robustness._PAGE.read_text(encoding="utf-8")
    assert all(text.count(mark) == 1 for mark in marks(robustness._SECTION))
