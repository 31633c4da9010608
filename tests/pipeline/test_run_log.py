"""The journal of a batch: what it says is what happened, on one line a scene."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from cv.cli import main
from cv.errors import InputError
from cv.pipeline.outcome import PierSummary, SceneOutcome, SceneStatus, Timing
from cv.pipeline.run_log import RunLog

COUNTED = SceneOutcome(
    "day 1",
    SceneStatus.RECORDED,
    "",
    Timing(0.01, 1.25, 0.5, 2_500_000),
    (
        PierSummary("Export pier", "counted", 12.0, 0.0, 1.0),
        PierSummary("Import pier", "not_visible", None, None, 0.0),
    ),
)
REFUSED = SceneOutcome("bad\nname.tif", SceneStatus.REFUSED, "bad\nname.tif: truncated")


def test_text_is_a_line_a_scene_and_unknown_is_not_zero(tmp_path):
    with RunLog(tmp_path / "night.log") as journal:
        journal.add(COUNTED)
        journal.add(REFUSED)
    first, second, sums = (tmp_path / "night.log").read_text().splitlines()
    assert re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ recorded +day 1; 2.5 MB, open 0.01 s", first)
    assert "Export pier: containers 12, hulls 0 (counted)" in first
    assert "Import pier: containers unknown, hulls unknown (not_visible)" in first
    assert "refused" in second
    assert "truncated" in second
    assert "batch of 2 scenes" in sums
    assert "1 recorded, 0 known, 0 failed, 1 refused" in sums


def test_json_lines_hold_the_same(tmp_path):
    with RunLog(tmp_path / "night.jsonl") as journal:
        journal.add(COUNTED)
        journal.add(REFUSED)
    first, second, sums = map(json.loads, (tmp_path / "night.jsonl").read_text().splitlines())
    assert first["count_s"] == 1.25
    assert first["bytes"] == 2_500_000
    assert first["piers"][1]["containers"] is None
    assert second["scene"] == "bad\nname.tif"
    assert sums["batch"]["complete"]
    assert sums["batch"]["scenes"] == 2
    assert sums["batch"]["fates"]["refused"] == 1
    assert sums["batch"]["record_s"] == 0.5


def test_prometheus_gets_every_fate(tmp_path):
    with RunLog(metrics=tmp_path / "pierwatch.prom") as journal:
        journal.add(COUNTED)
    text = (tmp_path / "pierwatch.prom").read_text()
    for fate in SceneStatus:
        value = int(fate is SceneStatus.RECORDED)
        assert f'pierwatch_batch_scenes{{fate="{fate}"}} {value}\n' in text
    assert "pierwatch_batch_complete 1\n" in text
    for line in text.splitlines():
        assert line.startswith("# ") or re.fullmatch(r'[a-z_]+(\{[a-z]+="[a-z]+"\})? [\d.]+', line)


def test_a_batch_that_breaks_off_says_so(tmp_path):
    for log in ("night.log", "night.jsonl"):
        journal = RunLog(tmp_path / log, tmp_path / "p.prom")
        journal.add(COUNTED)
        with pytest.raises(KeyboardInterrupt), journal:
            raise KeyboardInterrupt
    assert "interrupted batch of 1 scenes" in (tmp_path / "night.log").read_text()
    sums = json.loads((tmp_path / "night.jsonl").read_text().splitlines()[-1])
    assert sums["batch"]["complete"] is False
    assert "pierwatch_batch_complete 0\n" in (tmp_path / "p.prom").read_text()


def test_a_log_that_cannot_be_written_is_told(tmp_path):
    with pytest.raises(InputError, match="writable"):
        RunLog(tmp_path / "none" / "night.log").check()
    with pytest.raises(InputError, match="folder"):
        RunLog(None, tmp_path / "none" / "p.prom").check()


def test_a_line_that_was_cut_is_ended(tmp_path):
    log = tmp_path / "night.jsonl"
    log.write_text('{"at": "2026-')
    with RunLog(log) as journal:
        journal.add(COUNTED)
    cut, first, sums = log.read_text().splitlines()
    assert cut == '{"at": "2026-'
    assert json.loads(first)["scene"] == "day 1"
    assert json.loads(sums)["batch"]["scenes"] == 1


def test_a_log_that_breaks_off_ends_no_batch(tmp_path):
    journal = RunLog(Path("/dev/full"), tmp_path / "p.prom")
    with journal:
        journal.add(COUNTED)
        journal.add(REFUSED)
    assert "No space left" in str(journal.trouble)
    assert 'fate="recorded"} 1' in (tmp_path / "p.prom").read_text()


def test_a_night_is_written_down(tmp_path, capsys, monkeypatch):
    folder = tmp_path / "scenes"
    folder.mkdir()
    (folder / "bad.tif").write_bytes(b"II*\0 truncated")
    (tmp_path / "site.geojson").write_text(
        '{"type": "FeatureCollection", "features": [{"type": "Feature", "properties": '
        '{"name": "A", "role": "export"}, "geometry": {"type": "Polygon", "coordinates": '
        "[[[130, 42], [130.01, 42], [130.01, 42.01], [130, 42]]]}}]}"
    )
    asked = [
        "monitor", str(folder), "--site", str(tmp_path / "site.geojson"),
        "--ledger", str(tmp_path / "port.db"), "--log", str(tmp_path / "night.jsonl"),
        "--metrics", str(tmp_path / "p.prom"),
    ]  # fmt: skip
    for workers in ([], ["--workers", "1"]):
        assert main([*asked, *workers]) == 2
    lines = [json.loads(line) for line in (tmp_path / "night.jsonl").read_text().splitlines()]
    assert [line.get("fate") for line in lines] == ["refused", None, "refused", None]
    assert 'fate="refused"} 1' in (tmp_path / "p.prom").read_text()
    assert main([*asked[:-4], "--log", str(tmp_path / "night.tif")]) == 2
    capsys.readouterr()
    full = InputError("night.log", "No space left", "it must be writable", "Check the disk.")
    monkeypatch.setattr(RunLog, "_write", lambda journal, _: setattr(journal, "trouble", full))
    main(asked)
    assert "No space left" in capsys.readouterr().err
