"""The command line: examples, exit codes, output and files."""

from __future__ import annotations

import argparse
import json
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
import shapely
from PIL import Image
from pyproj import Geod

from cv.cli import COMMANDS, main, parser
from cv.events.event import EventKind
from cv.ledger import Ledger
from tests.cli.conftest import RAJIN
from tests.fixtures.label_files import world_geojson, yolo_folder

ROOT = Path(__file__).resolve().parents[2]
SIZE = 700
TRAINING = ("train", "release", "calibrate")
"""Commands whose examples are tested in tests/training/test_documentation.py."""
QUIET = ("show", "alerts", "timeline", "export")
"""Commands that print nothing on success."""


def subparsers():
    (action,) = (a for a in parser()._actions if a.dest == "command")
    return action.choices


def verbs(command: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    """The parsers of the verbs of a command, if it has any."""
    choices: list[Any] = [a.choices for a in command._actions if a.dest == "verb"]
    return dict(choices[0]) if choices else {}


def example(command: argparse.ArgumentParser) -> list[str]:
    text = command.epilog
    assert text.startswith("example: pierwatch ")
    return shlex.split(text.removeprefix("example: pierwatch "))


def labels_of_scenes() -> dict[str, object]:
    """COCO labels of the images in scenes/: one container in each."""
    names = sorted(path.name for path in Path("scenes").iterdir())
    images = [
        {"id": i, "file_name": name, "width": SIZE, "height": SIZE} for i, name in enumerate(names)
    ]
    outline = [300, 300, 327, 300, 327, 306, 300, 306]
    boxes = [
        {"id": i, "image_id": i, "category_id": 1, "segmentation": [outline], "iscrowd": 0}
        for i in range(len(names))
    ]
    for box in boxes:
        box |= {"bbox": [300, 300, 27, 6], "area": 162}
    return {
        "images": images,
        "categories": [{"id": 1, "name": "container"}],
        "annotations": boxes,
    }


def test_every_command_ends_its_help_in_an_example_that_runs(place, capsys):
    order: tuple[str, ...]
    order = ("doctor", "count", "show", "monitor", "series", "events", "alerts", "timeline")
    order += ("ships", "voyages", "export", "ledger", "datasets", "evaluate", "benchmark")
    assert sorted(order + TRAINING) == sorted(COMMANDS)
    yolo_folder(Path("chips"))
    Path("labels.json").write_text(json.dumps(labels_of_scenes()))
    Path("fleet.csv").write_text("name,aliases,length_m,beam_m,bridge\nMaria,,110,17,aft\n")
    Path("visits.csv").write_text("port,from,to,ship,source\nport,2024-03-10,,Maria,press\n")
    for name in order:
        command = subparsers()[name]
        for one in (command, *verbs(command).values()):
            assert main(example(one)) == 0, (one.prog, capsys.readouterr())
            assert capsys.readouterr().out.strip() or name in QUIET
    files = ("boxes.json", "scene.png", "port.db", "pier2.png", "timeline.png", "port.gpkg")
    for file in (*files, "sheet.png", "chips.json"):
        assert Path(file).stat().st_size > 0, file
    with rasterio.open("scene.png") as picture:
        assert min(picture.shape) > 300


def test_count_prints_a_table_with_intervals(place, capsys):
    assert main(["count", "scene.tif", "--site", "port.geojson"]) == 0
    out = capsys.readouterr().out
    assert "2024-03-10 02:30:00 UTC" in out
    assert re.search(r"Pier 2\s+counted\s+24 \(\d+ to \d+\)", out)
    assert "not calibrated" in out
    assert "clouds would count as seen" in out


def test_count_prints_json(place, capsys):
    assert main(["count", "scene.tif", "--site", "port.geojson", "--json"]) == 0
    (pier,) = json.loads(capsys.readouterr().out)["piers"]
    assert pier["containers"]["value"] == 24
    assert pier["acquired"] == "2024-03-10T02:30:00+00:00"
    assert pier["status"] == "counted"


def test_boxes_are_in_pixels_of_the_scene(place):
    assert main(["count", "scene.tif", "--boxes", "b.json"]) == 0
    boxes = json.loads(Path("b.json").read_text())
    assert {box["class"] for box in boxes} == {"container", "hull"}
    assert set(boxes[0]) == {"class", "score", "corners", "length_m", "width_m", "aboard"}
    with rasterio.open("scene.tif") as source:
        red, _, blue = source.read()
    for box in boxes:
        x, y = (sum(axis) / 4 for axis in zip(*box["corners"], strict=True))
        layer = red if box["class"] == "container" else blue
        assert layer[int(y), int(x)] == 255
        area = shapely.Polygon(box["corners"]).area * 0.45**2
        assert area == pytest.approx(box["length_m"] * box["width_m"], rel=0.02)


def test_pixels_that_are_not_square_are_resampled(place):
    with rasterio.open("scene.tif") as source:
        squeezed = source.read(out_shape=(3, SIZE // 2, SIZE))
    with rasterio.open(
        "s.png", "w", driver="PNG", width=SIZE, height=SIZE // 2, count=3, dtype="uint8"
    ) as out:
        out.write(squeezed)
    assert main(["count", "s.png", "--gsd", "0.45,0.9", "--boxes", "b.json"]) == 0
    (hull,) = (b for b in json.loads(Path("b.json").read_text()) if b["class"] == "hull")
    assert hull["length_m"] == pytest.approx(130, rel=0.02)


BAD = [
    ["count", "none.tif"],
    ["count", "empty.tif"],
    ["count", "page.tif"],
    ["count", "scene.tif", "--site", "none.geojson"],
    ["count", "scene.tif", "--site", "bad.geojson"],
    ["count", "scene.tif", "--boxes", "nowhere/b.json"],
    ["count", "scene.tif", "--radiometry", "infrared"],
    ["count", "scene.tif", "--gsd", "0.5"],
    ["monitor", "none", "--site", "port.geojson", "--ledger", "l.db"],
    ["monitor", "scenes", "--site", "bad.geojson", "--ledger", "l.db"],
    ["monitor", "scenes", "--site", "port.geojson", "--ledger", "l.db", "--radiometry", "infra"],
    ["monitor", "scenes", "--site", "port.geojson", "--ledger", "l.db", "--time-pattern", "%Y"],
    ["monitor", "scenes", "--site", "port.geojson", "--ledger", "l.db", "--time-pattern", "UTC:%Q"],
    ["monitor", "scenes", "--site", "port.geojson", "--ledger", "page.tif"],
    ["series", "--ledger", "none.db", "--pier", "Pier 2"],
    ["show", "none.tif", "--picture", "p.png"],
    ["show", "scene.tif", "--picture", "p.txt"],
    ["count", "scene.tif", "--boxes", "b.txt"],
    ["series", "--ledger", "kept.csv", "--pier", "Pier 2", "--picture", "p.jpg"],
    ["export", "--ledger", "none.db", "out.csv"],
    ["count", "scene.tif", "--boxes", "scenes"],
    ["count", "scene.tif", "--boxes", "scene.tif"],
    ["count", "scene.tif", "--site", "port.geojson", "--boxes", "port.geojson"],
    ["show", "scene.tif", "--picture", "scene.tif"],
    ["export", "--ledger", "kept.csv", "kept.csv"],
]


@pytest.mark.parametrize("arguments", BAD, ids=lambda a: " ".join(a))
def test_bad_input_exits_with_2_and_writes_nothing(place, capsys, arguments):
    Path("empty.tif").touch()
    Path("page.tif").write_text("<!DOCTYPE html><html></html>")
    Path("bad.geojson").write_text("{")
    Path("kept.csv").write_text("a ledger, perhaps")
    before = {p: p.read_bytes() for p in Path().rglob("*") if p.is_file()}
    assert main(arguments) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("pierwatch: ")
    assert captured.err.count("\n") == 1
    assert {p: p.read_bytes() for p in Path().rglob("*") if p.is_file()} == before


@pytest.mark.parametrize(
    "arguments",
    [
        ["count", "scene.tif"],
        ["monitor", "scenes", "--ledger", "l.db"],
        ["events", "--ledger", "l.db"],
    ],
    ids=lambda arguments: arguments[0],
)
def test_a_wrong_alert_rule_is_an_error_of_every_command_that_reads_the_site(
    place, capsys, arguments
):
    site = json.loads(Path("port.geojson").read_text())
    site["alerts"] = [{"kinds": ["ships"]}]
    Path("port.geojson").write_text(json.dumps(site))
    assert main([*arguments, "--site", "port.geojson"]) == 2
    assert "the kind 'ships'" in capsys.readouterr().err


@pytest.mark.parametrize("kind", ["stockpile_before_loading", "ship due", "Ship_due"])
def test_a_kind_is_named_as_it_is_printed_or_as_in_json(place, capsys, kind):
    assert main(["monitor", "scenes", "--site", "port.geojson", "--ledger", "l.db"]) == 0
    capsys.readouterr()
    assert main(["events", "--ledger", "l.db", "--kind", kind]) == 0
    assert capsys.readouterr().out == "no findings\n"


def test_no_findings_are_one_line(place, capsys):
    site = json.loads(Path("port.geojson").read_text())
    site["features"] = site["features"][:1]
    site["features"][0]["properties"]["role"] = "yard"
    Path("port.geojson").write_text(json.dumps(site))
    assert main(["monitor", "scene.tif", "--site", "port.geojson", "--ledger", "l.db"]) == 0
    capsys.readouterr()
    assert main(["events", "--ledger", "l.db"]) == 0
    assert capsys.readouterr().out == "no findings\n"


def test_an_unknown_kind_is_answered_with_all_kinds(capsys):
    with pytest.raises(SystemExit) as stopped:
        main(["events", "--ledger", "l.db", "--kind", "ships"])
    assert stopped.value.code == 2
    text = capsys.readouterr().err
    assert all(kind.value in text for kind in EventKind)
    assert "stockpile_before_loading (or 'ship due')" in text


def test_monitor_says_how_times_of_many_scenes_are_stated(capsys):
    arguments = ["monitor", "scenes", "--site", "s.geojson", "--ledger", "l.db"]
    with pytest.raises(SystemExit) as stopped:
        main([*arguments, "--acquired", "2024-03-10T01:30:00Z"])
    assert stopped.value.code == 2
    assert "--time-pattern 'UTC:*_%Y%m%d_%H%M%S'" in capsys.readouterr().err


@pytest.mark.parametrize("text", ["0", "-1", "x", "1,2,3", "nan", "0.5,0", "inf"])
def test_a_gsd_must_be_positive(text, capsys):
    with pytest.raises(SystemExit) as stopped:
        main(["count", "s.png", "--gsd", text])
    assert stopped.value.code == 2


@pytest.mark.parametrize("text", ["0", "-1", "x", "1e3", "99999999999999999999"])
def test_threads_must_be_a_sensible_number(text, capsys):
    with pytest.raises(SystemExit) as stopped:
        main(["count", "s.png", "--threads", text])
    assert stopped.value.code == 2


@pytest.mark.parametrize("text", ["yesterday", "2024-03-10", "2024-03-10T02:30:00"])
def test_a_time_needs_a_time_zone(text):
    with pytest.raises(SystemExit) as stopped:
        main(["count", "s.png", "--acquired", text])
    assert stopped.value.code == 2


def test_a_batch_with_a_broken_scene_finishes_and_exits_with_1(place, capsys):
    Path("scenes/broken.tif").write_bytes(Path("scene.tif").read_bytes()[:3000])
    arguments = ["monitor", "scenes", "--site", "port.geojson", "--ledger", "l.db"]
    assert main(arguments) == 1
    out = capsys.readouterr().out
    assert "refused: " in out
    assert "broken.tif" in out
    assert "scenes: 3 recorded, 0 known, 0 failed, 1 refused" in out
    assert out.count("broken.tif: cannot be decoded") == 1
    assert main(["series", "--ledger", "l.db", "--pier", "Pier 9"]) == 2
    assert "it holds Pier 2" in capsys.readouterr().err


def test_a_batch_without_a_readable_scene_records_nothing(place, capsys):
    arguments = ["monitor", "scenes", "--site", "port.geojson", "--ledger", "l.db"]
    assert main([*arguments, "--time-pattern", "UTC:scene_%Y%m%d"]) == 2
    out = capsys.readouterr().out
    assert out.count("no time as in 'UTC:scene_%Y%m%d'") == 3
    assert "scenes: 0 recorded, 0 known, 0 failed, 3 refused" in out
    assert not Path("l.db").exists()
    assert main(arguments) == 0
    assert main([*arguments, "--radiometry", "pan-11bit"]) == 2
    assert Path("l.db").exists()


def with_a_pier_elsewhere() -> None:
    """Add Pier 3 to port.geojson, whose longitude and latitude are swapped as far as they go."""
    site = json.loads(Path("port.geojson").read_text())
    ring = [[42.235, 13.0295], [42.236, 13.0295], [42.236, 13.0305], [42.235, 13.0295]]
    geometry = {"type": "Polygon", "coordinates": [ring]}
    feature = {"type": "Feature", "properties": {"name": "Pier 3"}, "geometry": geometry}
    site["features"].append(feature)
    Path("port.geojson").write_text(json.dumps(site))


def test_a_pier_that_lies_elsewhere_is_named_with_its_distance(place, capsys):
    with_a_pier_elsewhere()
    metres = Geod(ellps="WGS84").inv(*RAJIN, 42.23567, 13.02983)[2]
    distance = f"{metres / 1000:,.0f} km"
    assert main(["count", "scene.tif", "--site", "port.geojson"]) == 0
    assert f"Pier 3: no count, it lies {distance} from the scene" in capsys.readouterr().out
    assert main(["count", "scene.tif", "--site", "port.geojson", "--json"]) == 0
    (distant,) = json.loads(capsys.readouterr().out)["distant"]
    assert distant == {"pier": "Pier 3", "distance_km": pytest.approx(metres / 1000, abs=0.2)}
    assert main(["monitor", "scenes", "--site", "port.geojson", "--ledger", "l.db"]) == 0
    first, last = capsys.readouterr().out.splitlines()
    assert first == f"piers far from all scenes: Pier 3 ({distance} away)"
    assert last == "scenes: 3 recorded, 0 known, 0 failed, 0 refused, 0 quarantined"


def test_an_evaluation_of_hulls_on_small_chips_says_what_it_needs(place, capsys):
    categories = [{"id": 1, "name": "container"}, {"id": 2, "name": "hull"}]
    Path("labels.json").write_text(json.dumps(labels_of_scenes() | {"categories": categories}))
    arguments = ["evaluate", "labels.json", "--images", "scenes"]
    assert main([*arguments, "--kind", "hull"]) == 0
    out = capsys.readouterr().out
    assert "warning: no hull is labelled in them" in out
    assert "warning: 3 of them show less than 400 m, so that ships are cut" in out
    assert main(arguments) == 0
    assert "warning" not in capsys.readouterr().out


def test_images_without_georeference_are_reported_as_left_out(place, capsys):
    Path("scenes/photo.JPG").write_bytes(b"a photo")
    assert main(["monitor", "scenes", "--site", "port.geojson", "--ledger", "l.db"]) == 0
    assert "left out: 1 PNG or JPEG" in capsys.readouterr().out


def test_a_pier_is_found_by_its_alias_in_the_site(place, capsys):
    assert main(["monitor", "scenes", "--site", "port.geojson", "--ledger", "l.db"]) == 0
    site = json.loads(Path("port.geojson").read_text())
    site["features"][0]["properties"]["aliases"] = ["East quay"]
    Path("port.geojson").write_text(json.dumps(site))
    command = ["series", "--ledger", "l.db", "--pier", "East quay"]
    assert main(command) == 2
    assert "--site that knows the alias" in capsys.readouterr().err
    assert main([*command, "--site", "port.geojson"]) == 0
    assert capsys.readouterr().out.startswith("Pier 2 (export)")


def test_a_renamed_pier_is_found_by_its_old_name(place, capsys):
    assert main(["monitor", "scenes", "--site", "port.geojson", "--ledger", "l.db"]) == 0
    site = json.loads(Path("port.geojson").read_text())
    site["features"][0]["properties"] |= {"name": "Quay B", "aliases": ["Pier 2"]}
    site["features"][1]["properties"]["pier"] = "Quay B"
    Path("port.geojson").write_text(json.dumps(site))
    for name in ("Pier 2", "Quay B"):
        command = ["series", "--ledger", "l.db", "--pier", name, "--site", "port.geojson"]
        assert main(command) == 0
    assert main(["export", "--ledger", "l.db", "--site", "port.geojson", "out.csv"]) == 0
    assert len(Path("out.csv").read_text().splitlines()) == 1 + 3


def test_an_export_for_an_unknown_site_writes_no_file(place, capsys):
    assert main(["monitor", "scenes", "--site", "port.geojson", "--ledger", "l.db"]) == 0
    other = Path("port.geojson").read_text().replace("Pier 2", "Quay C")
    Path("other.geojson").write_text(other)
    assert main(["export", "--ledger", "l.db", "--site", "other.geojson", "out.csv"]) == 2
    assert not Path("out.csv").exists()


def test_an_interrupted_first_batch_records_nothing(place, capsys, monkeypatch):
    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("cv.counting.scene_counter.SceneCounter.count", interrupted)
    assert main(["monitor", "scenes", "--site", "port.geojson", "--ledger", "l.db"]) == 130
    with Ledger.open("l.db", readonly=True) as ledger:
        assert ledger.counts() == ()


def test_an_export_with_a_site_holds_only_its_piers(place, capsys):
    old = Path("port.geojson").read_text()
    Path("new.geojson").write_text(old.replace("Pier 2", "Quay B"))
    for site in ("port.geojson", "new.geojson"):
        assert main(["monitor", "scenes", "--site", site, "--ledger", "l.db"]) == 0
    for site, piers in (("port.geojson", {"Pier 2"}), ("new.geojson", {"Quay B"})):
        assert main(["export", "--ledger", "l.db", "--site", site, "out.csv"]) == 0
        assert {row.split(",")[2] for row in Path("out.csv").read_text().splitlines()[1:]} == piers
        assert main(["export", "--ledger", "l.db", "--site", site, "out.geojson"]) == 0
        found = json.loads(Path("out.geojson").read_text())["features"]
        assert {one["properties"]["pier"] for one in found} - {None} == piers
    assert main(["export", "--ledger", "l.db", "out.csv"]) == 0
    assert len(Path("out.csv").read_text().splitlines()) == 1 + 2 * 3


def test_the_version_is_printed(capsys):
    with pytest.raises(SystemExit) as stopped:
        main(["--version"])
    assert stopped.value.code == 0
    assert capsys.readouterr().out.startswith("pierwatch ")


def test_infer_py_is_the_same_program():
    done = subprocess.run(
        [sys.executable, str(ROOT / "infer.py"), "--help"],
        capture_output=True,
        text=True,
        check=True,
        cwd="/",
    )
    assert all(name in done.stdout for name in COMMANDS)


def test_control_characters_in_file_names_are_escaped(place, capsys):
    Path("scenes/day9.tif").rename("scenes/day9\x1b[2J\nscenes.tif")
    Path("scenes/bad\x1b]0;x\x07.tif").write_bytes(b"hello")
    code = main(["monitor", "scenes", "--site", "port.geojson", "--ledger", "port.db"])
    assert main(["count", "scenes/day9\x1b[2J\nscenes.tif", "--site", "port.geojson"]) == 0
    assert main(["count", "scenes/bad\x1b]0;x\x07.tif", "--site", "port.geojson"]) == 2
    printed = capsys.readouterr()
    assert code == 1
    assert "\x1b" not in printed.out + printed.err
    assert "bad\\x1b]0;x\\x07.tif: not an image" in printed.out
    assert "bad\\x1b]0;x\\x07.tif: not an image" in printed.err
    assert printed.out.count("day9\\x1b[2J\\nscenes  2024") == 1


@pytest.mark.parametrize("command", ["count scene.tif", "datasets check chips", "doctor"])
def test_an_unknown_option_prints_the_usage_of_its_command(command, capsys):
    with pytest.raises(SystemExit) as stopped:
        main([*command.split(), "--nope"])
    assert stopped.value.code == 2
    name = " ".join(word for word in command.split() if word not in ("scene.tif", "chips"))
    printed = capsys.readouterr().err
    assert printed.startswith(f"usage: pierwatch {name} [")
    assert printed.endswith(f"pierwatch {name}: error: unrecognized arguments: --nope\n")


def test_polygons_over_a_scene_are_evaluated_with_it(place, capsys):
    with rasterio.open("scene.tif") as image:
        transform, crs = image.transform, image.crs.to_epsg()
    ring = np.array([[300, 300], [327, 300], [327, 306], [300, 306]])
    world_geojson(Path("a.geojson"), transform, [ring], None, crs)
    assert main(["evaluate", "a.geojson"]) == 2
    assert "Name the georeferenced image with --scene" in capsys.readouterr().err
    assert main(["evaluate", "a.geojson", "--scene", "scene.tif"]) == 0
    out = capsys.readouterr().out
    assert re.search(r"^scene\.tif +0\.45 +1 ", out, re.MULTILINE)
    assert re.search(r"the total count is right at 0\.\d+, where nMAE is \d+\.\d{3}$", out, re.M)


def test_blocks_are_judged_in_their_region_only(place, capsys):
    with rasterio.open("scene.tif") as image:
        Image.fromarray(np.moveaxis(image.read(), 0, 2)).save("port.png")
    block = {"quad": [[300, 300], [327, 300], [327, 306], [300, 306]], "cols": 1, "rows": 1}
    labels = {"image": "port.png", "gsd": 0.45, "blocks": [block], "ships": [], "ignore": []}
    counted = []
    for region in ([0, 0, SIZE, SIZE], [290, 290, 60, 30]):
        Path("blocks.json").write_text(json.dumps(labels | {"region": region}))
        assert main(["evaluate", "blocks.json", "--images", "."]) == 0
        out = capsys.readouterr().out
        assert "judged: only what is labelled completely (`region`) of 1 image" in out
        true, count = re.search(r"^port\.png +0\.45 +(\d+) +(\d+) ", out, re.MULTILINE).groups()
        assert true == "1"
        counted.append(int(count))
    assert counted[1] < counted[0]
