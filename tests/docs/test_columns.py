"""docs/reference/columns.md lists every column and member that is written, and no others."""

from __future__ import annotations

import csv
import dataclasses
import json
import re
from pathlib import Path

import pyogrio
import pytest

import cv
import cv.events.site_events  # makes every kind of event known
from cv.events.event import Event
from cv.events.serialization import event_to_dict
from tests.fixtures.documentation import DOCS

PAGE = (DOCS / "reference" / "columns.md").read_text(encoding="utf-8")
SITE = "--site datasets/sample_pier/site.geojson"
LEDGER = "--ledger out/demo/port.db"
SCENE = "out/demo/scenes/20250916_022442_ssc4_u0001_visual.tif"


def tables(section: str) -> list[list[list[str]]]:
    """The tables of a section: rows of cells, without headings."""
    text = re.split(rf"^## {re.escape(section)}\n", PAGE, flags=re.MULTILINE)[1]
    text = re.split(r"^## ", text, flags=re.MULTILINE)[0]
    found = re.findall(r"((?:^\|.*\n?)+)", text, flags=re.MULTILINE)
    return [
        [[cell.strip() for cell in row.strip("|").split("|")] for row in table.splitlines()[2:]]
        for table in found
    ]


def names(section: str, table: int = 0, column: int = 0) -> set[str]:
    """The names in a column of a table of a section."""
    rows = tables(section)[table]
    return {name for row in rows for name in re.findall(r"`(\w+)`", row[column])}


def run(shell, command: str, exit_code: int = 0) -> str:
    done = shell.run(command)
    assert done.returncode == exit_code, done.stderr
    return str(done.stdout)


def header(path: str) -> set[str]:
    with Path(path).open(newline="", encoding="utf-8") as file:
        return set(next(csv.reader(file)))


def fields_of(layer: str) -> set[str]:
    return set(pyogrio.read_info("out/demo/port.gpkg", layer=layer)["fields"])


def test_exports_have_the_listed_columns(shell):
    run(shell, f"pierwatch export {LEDGER} counts.csv && pierwatch export {LEDGER} d.geojson")
    assert header("counts.csv") == names("Counts")
    (features,) = [json.loads(Path("d.geojson").read_text())["features"]]
    assert set(features[0]["properties"]) == names("Detections")
    assert fields_of("counts") == names("Counts")
    assert fields_of("detections") == names("Detections")
    assert fields_of("piers") == names("Piers in a GeoPackage")


def test_the_daily_series_has_the_listed_columns(shell):
    run(shell, f'pierwatch series {LEDGER} --pier "Export pier" --daily daily.csv')
    assert header("daily.csv") == names("Counts") | names("Daily series")
    with cv.Ledger.open("out/demo/port.db", readonly=True) as ledger:
        table = cv.daily_levels(cv.Series.read(ledger, "Export pier"))
    assert header("daily.csv") == {"date", *table}


def test_counts_as_json_have_the_listed_members(shell):
    printed = run(shell, f"pierwatch count {SCENE} {SITE} --json --boxes boxes.json")
    whole = json.loads(printed)
    assert set(whole) == {"scene", "digest", "piers", "distant"}
    (pier,) = [pier for pier in whole["piers"] if pier["berthed"]]
    assert set(pier) == names("Counts as JSON")
    parts = {
        row[0].strip("`"): set(re.findall(r"`(\w+)`", row[3]))
        for row in tables("Counts as JSON")[0]
    }
    assert set(pier["stacks"][0]) == parts["stacks"]
    assert set(pier["berthed"][0]) == parts["berthed"]
    boxes = json.loads(Path("boxes.json").read_text())
    assert set(boxes[0]) == names("Boxes")


def test_events_have_the_listed_members():
    kinds = [kind for kind in Event.__subclasses__() if dataclasses.is_dataclass(kind)]
    written = {kind: written_members(kind) for kind in (Event, *kinds)}
    assert written[Event] == names("Events")
    own = set().union(*written.values()) - written[Event]
    assert own == names("Events", table=1, column=1)


def written_members(kind) -> set[str]:
    """The members of an event of a class, whatever their values."""
    return set(event_to_dict(kind(**dict.fromkeys(f.name for f in dataclasses.fields(kind)))))


def test_printed_events_and_alerts_have_the_listed_members(shell):
    events = [
        json.loads(line) for line in run(shell, f"pierwatch events {LEDGER} --json").splitlines()
    ]
    for kind in {event["kind"] for event in events}:
        rows = [row for row in tables("Events")[1] if row[0] == f"`{kind}`"]
        own = {row[1].strip("`") for row in rows}
        (event, *_) = [event for event in events if event["kind"] == kind]
        assert set(event) == names("Events") | own
    alerts = Path("out/demo/alerts.jsonl").read_text().splitlines()
    assert set(json.loads(alerts[0])) == names("Alerts")


def test_ships_and_voyages_have_the_listed_members(shell):
    Path("fleet.csv").write_text("name,aliases,length_m,beam_m,bridge\nMaria,,125,18,aft\n")
    Path("ais.csv").write_text(
        "time,mmsi,longitude,latitude\n2025-09-18T03:00:00Z,273000001,130.6003,42.0968\n"
    )
    printed = run(shell, f"pierwatch ships {LEDGER} {SITE} --fleet fleet.csv --ais ais.csv --json")
    call = json.loads(printed.splitlines()[0])
    rows = tables("Ships and voyages as JSON")
    assert set(call) == names("Ships and voyages as JSON")
    listed = {
        row[0].strip("`"): set(re.findall(r"`(\w+)`", row[1])) for table in rows for row in table
    }
    assert set(call["candidates"][0]) == listed["candidates"]
    assert set(call["ais"]) == listed["ais"] - {"broadcast", "silent"} | {"broadcast"}
    voyages = json.loads(run(shell, f"pierwatch voyages {LEDGER} {SITE} --json"))
    assert set(voyages) == names("Ships and voyages as JSON", table=1)
    assert set(voyages["visits"][0]) == listed["visits"]
    assert set(voyages["counts"][0]) == listed["counts"]


def test_the_run_log_has_the_listed_members(shell):
    page = (DOCS / "reference" / "file-formats.md").read_text(encoding="utf-8")
    text = page[page.index("## Run log") : page.index("## Model card")]
    scene_text, batch_text = text.split("The object of a batch")
    run(shell, f"pierwatch monitor out/demo/scenes {SITE} {LEDGER} --log log.jsonl")
    scene, *_, batch = map(json.loads, Path("log.jsonl").read_text().splitlines())
    assert set(scene) == members(scene_text)
    assert set(batch) == {"at", "batch"}
    assert set(batch["batch"]) == members(batch_text)


def members(text: str) -> set[str]:
    cells = re.findall(r"^\| (`[^|]+) \|", text, flags=re.MULTILINE)
    return {name for cell in cells for name in re.findall(r"`(\w+)`", cell)} - {"batch"}


@pytest.mark.parametrize("section", re.findall(r"^## (.+)$", PAGE, flags=re.MULTILINE))
def test_every_section_has_a_table(section):
    assert tables(section)
