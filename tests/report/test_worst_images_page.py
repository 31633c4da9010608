"""The page of the worst: what lies where, and that nothing is run or fetched."""

from __future__ import annotations

import base64
import io
import re
import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest
import shapely
from affine import Affine
from PIL import Image

from cv.detector.detections import Detections
from cv.errors import DatasetError, InputError
from cv.evaluation.box_matching import DetectionMatches
from cv.evaluation.image_evaluation import EvaluationSample, ImageEvaluation
from cv.geometry.oriented_boxes import OrientedBoxes
from cv.report.worst_images_page import write_worst_images
from tests.fixtures.fake_detectors import CARD

GSD = 0.5


def row(columns, y=30.0):
    """Boxes of 12 x 3 m with their middles at the given x, metres."""
    return OrientedBoxes.from_values([[x, y, 12.0, 3.0, 0.0] for x in columns])


def evaluation(tmp_path, name, truth, found, size=(200, 120)) -> ImageEvaluation:
    path = tmp_path / re.sub(r"[^a-z]", "", name)
    path = path.with_suffix(".png")
    Image.new("RGB", size, (70, 80, 90)).save(path)
    scores = np.full(len(found), 0.9)
    return ImageEvaluation(
        sample=EvaluationSample(
            name=name, path=path, gsd_m=(GSD, GSD), kind="container", truth=truth
        ),
        gsd_m=GSD,
        truth=truth,
        found=Detections(found, scores, np.zeros(len(found), np.int64)),
        matches=DetectionMatches.of(found, scores, truth),
        card=CARD,
        outline=shapely.box(0, 0, size[0] * GSD, size[1] * GSD),
        to_pixel=Affine.scale(1 / GSD),
    )


def figures(path):
    """The figures of a page as XML, in order."""
    found = re.findall(r"<figure>.*?</figure>", path.read_text(), flags=re.DOTALL)
    return [ElementTree.fromstring(one) for one in found]


def outlines(figure, kind):
    return [
        [tuple(map(float, point.split(","))) for point in one.get("points").split()]
        for one in figure.iter("polygon")
        if one.get("class") == kind
    ]


def test_outlines_lie_where_the_objects_are_in_the_image(tmp_path):
    one = evaluation(tmp_path, "a.png", row([20, 50]), row([20, 80]))
    write_worst_images("chips", [one], tmp_path / "p.html")
    (figure,) = figures(tmp_path / "p.html")
    for kind, x in (("found", 20), ("missed", 50), ("false", 80)):
        (corners,) = outlines(figure, kind)
        low, high = np.min(corners, axis=0), np.max(corners, axis=0)
        assert [*low, *high] == pytest.approx([2 * x - 12, 57, 2 * x + 12, 63], abs=0.06)
    text = " ".join(figure.itertext())
    assert "1 found, 1 missed, 1 false" in text
    assert "2 true" in " ".join(text.split())


def test_the_worst_come_first_and_no_more_than_asked_for(tmp_path):
    good = evaluation(tmp_path, "good", row([20, 50]), row([20, 50]))
    bad = evaluation(tmp_path, "bad", row([20, 50]), row([80]))
    poor = evaluation(tmp_path, "poor", row([20, 50]), row([50]))
    write_worst_images("chips", [good, bad, poor], tmp_path / "p.html", count=2)
    names = [figure.find(".//h2").text for figure in figures(tmp_path / "p.html")]
    assert names == ["1. bad", "2. poor"]
    assert "the 2 worst of 3 images" in (tmp_path / "p.html").read_text()


def test_of_a_large_image_the_part_where_most_is_wrong_is_shown(tmp_path):
    truth = row([100, 700, 720, 740], y=200.0)
    one = evaluation(tmp_path, "large", truth, row([]), size=(3000, 900))
    write_worst_images("chips", [one], tmp_path / "p.html")
    (figure,) = figures(tmp_path / "p.html")
    assert figure.find("svg").get("viewBox") == "0 0 800 800"
    inside = [c for c in outlines(figure, "missed") if 0 < np.mean(c, axis=0)[0] < 800]
    assert len(inside) == 3
    assert "a part is shown" in " ".join(figure.itertext())


def test_pictures_lie_in_the_page_and_nothing_is_run_or_fetched(tmp_path):
    one = evaluation(tmp_path, "<script>alert(1)</script>", row([20]), row([20]))
    write_worst_images("<b>chips</b> & more", [one], tmp_path / "p.html")
    text = (tmp_path / "p.html").read_text()
    assert "<script" not in text
    assert "<b>chips" not in text
    assert not re.findall(r"https?://|file:|(?:src|href)=\"(?!data:)", text)
    assert str(tmp_path) not in text
    (data,) = re.findall(r"data:image/jpeg;base64,([^\"]+)", text)
    with Image.open(io.BytesIO(base64.b64decode(data))) as picture:
        assert picture.format == "JPEG"
        assert np.asarray(picture).mean(axis=(0, 1)) == pytest.approx([70, 80, 90], abs=3)
    assert "default-src 'none'" in text


def test_unreadable_images_and_unwritable_paths_raise(tmp_path):
    one = evaluation(tmp_path, "a", row([20]), row([20]))
    with pytest.raises(InputError, match="cannot be written"):
        write_worst_images("chips", [one], tmp_path / "none" / "p.html")
    one.sample.path.write_bytes(b"x")
    with pytest.raises(DatasetError, match="unreadable image"):
        write_worst_images("chips", [one], tmp_path / "p.html")
    assert not (tmp_path / "p.html").exists()
