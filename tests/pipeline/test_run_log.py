"""The log of a batch: one line per scene, a summary, and metrics."""

from __future__ import annotations

import io
import json
import logging
import re
import sys
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from cv.cli import main
from cv.errors import InputError
from cv.pipeline.run_log import RunLog
from cv.pipeline.scene_outcome import PierSummary, SceneOutcome, SceneStatus, Timing

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


def metrics(path: Path) -> dict[tuple[str, str], float]:
    """The value of each metric by its name and its label."""
    return {
        (sample.name, "".join(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(path.read_text())
        for sample in family.samples
    }


def test_text_has_a_line_per_scene_and_unknown_is_not_zero(tmp_path):
    with RunLog(tmp_path / "batch.log") as run_log:
        run_log.add(COUNTED)
        run_log.add(REFUSED)
    first, second, sums = (tmp_path / "batch.log").read_text().splitlines()
    assert re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ recorded +day 1; 2.5 MB, open 0.01 s", first)
    assert "Export pier: containers 12, hulls 0 (counted)" in first
    assert "Import pier: containers unknown, hulls unknown (not_visible)" in first
    assert "refused" in second
    assert "truncated" in second
    assert "batch of 2 scenes" in sums
    assert "1 recorded, 0 known, 0 failed, 1 refused" in sums


def test_json_lines_hold_the_same_as_text(tmp_path):
    with RunLog(tmp_path / "batch.jsonl") as run_log:
        run_log.add(COUNTED)
        run_log.add(REFUSED)
    first, second, sums = map(json.loads, (tmp_path / "batch.jsonl").read_text().splitlines())
    assert first["count_s"] == 1.25
    assert first["bytes"] == 2_500_000
    assert first["piers"][1]["containers"] is None
    assert second["scene"] == "bad\nname.tif"
    assert sums["batch"]["complete"]
    assert sums["batch"]["scenes"] == 2
    assert sums["batch"]["fates"]["refused"] == 1
    assert sums["batch"]["record_s"] == 0.5


def test_metrics_count_every_status(tmp_path):
    with RunLog(metrics=tmp_path / "pierwatch.prom") as run_log:
        run_log.add(COUNTED)
    found = metrics(tmp_path / "pierwatch.prom")
    for status in SceneStatus:
        value = int(status is SceneStatus.RECORDED)
        assert found["pierwatch_batch_scenes", status.value] == value
    assert found["pierwatch_batch_complete", ""] == 1
    assert found["pierwatch_batch_stage_seconds", "count"] == 1.25
    assert found["pierwatch_batch_bytes", ""] == 2_500_000
    names = {name for name, _ in found}
    ends = ("scenes", "complete", "seconds", "stage_seconds", "bytes", "end_timestamp_seconds")
    assert names == {f"pierwatch_batch_{end}" for end in ends}
    assert 'pierwatch_batch_scenes{fate="recorded"} 1' in (tmp_path / "pierwatch.prom").read_text()
    assert [path.name for path in tmp_path.iterdir()] == ["pierwatch.prom"]


def interrupted_batch(run_log: RunLog) -> None:
    with run_log:
        run_log.add(COUNTED)
        raise KeyboardInterrupt


def test_an_interrupted_batch_is_logged_as_such(tmp_path):
    for log in ("batch.log", "batch.jsonl"):
        with pytest.raises(KeyboardInterrupt):
            interrupted_batch(RunLog(tmp_path / log, tmp_path / "p.prom"))
    assert "interrupted batch of 1 scene" in (tmp_path / "batch.log").read_text()
    sums = json.loads((tmp_path / "batch.jsonl").read_text().splitlines()[-1])
    assert sums["batch"]["complete"] is False
    assert metrics(tmp_path / "p.prom")["pierwatch_batch_complete", ""] == 0


def test_logging_of_the_application_and_of_other_batches_is_left_alone(tmp_path, monkeypatch):
    printed = io.StringIO()
    monkeypatch.setattr(logging.getLogger(), "handlers", [logging.StreamHandler(printed)])
    handlers = list(logging.getLogger("pierwatch").handlers)
    with RunLog(tmp_path / "a.log") as first, RunLog(tmp_path / "b.log") as second:
        first.add(COUNTED)
        second.add(REFUSED)
    assert "refused bad" not in (tmp_path / "a.log").read_text()
    assert "recorded day 1" not in (tmp_path / "b.log").read_text()
    assert printed.getvalue() == ""
    assert logging.getLogger("pierwatch").handlers == handlers


def test_a_file_that_cannot_be_written_is_reported_at_the_beginning(tmp_path):
    with pytest.raises(InputError, match="writable"):
        RunLog(tmp_path / "none" / "batch.log").check()
    with pytest.raises(InputError, match="folder"):
        RunLog(None, tmp_path / "none" / "p.prom").check()


def test_metrics_need_prometheus_client(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "prometheus_client", None)
    with pytest.raises(InputError, match=r"pierwatch\[metrics\]"):
        RunLog(None, tmp_path / "p.prom").check()


def test_a_log_that_fails_does_not_stop_the_batch(tmp_path):
    run_log = RunLog(Path("/dev/full"), tmp_path / "p.prom")
    with run_log:
        run_log.add(COUNTED)
        run_log.add(REFUSED)
    assert "No space left" in str(run_log.trouble)
    assert metrics(tmp_path / "p.prom")["pierwatch_batch_scenes", "recorded"] == 1


def test_monitor_writes_log_and_metrics(tmp_path, capsys, monkeypatch):
    folder = tmp_path / "scenes"
    folder.mkdir()
    (folder / "bad.tif").write_bytes(b"II*\0 truncated")
    (tmp_path / "site.geojson").write_text(
        '{"type": "FeatureCollection", "features": [{"type": "Feature", "properties": '
        '{"name": "A", "role": "export"}, "geometry": {"type": "Polygon", "coordinates": '
        "[[[130, 42], [130.01, 42], [130.01, 42.01], [130, 42]]]}}]}"
    )
    command = [
        "monitor", str(folder), "--site", str(tmp_path / "site.geojson"),
        "--ledger", str(tmp_path / "port.db"), "--log", str(tmp_path / "batch.jsonl"),
        "--metrics", str(tmp_path / "p.prom"),
    ]  # fmt: skip
    for workers in ([], ["--workers", "1"]):
        assert main([*command, *workers]) == 2
    lines = [json.loads(line) for line in (tmp_path / "batch.jsonl").read_text().splitlines()]
    assert [line.get("fate") for line in lines] == ["refused", None, "refused", None]
    assert metrics(tmp_path / "p.prom")["pierwatch_batch_scenes", "refused"] == 1
    assert main([*command[:-4], "--log", str(tmp_path / "batch.tif")]) == 2
    capsys.readouterr()
    full = InputError("batch.log", "No space left", "it must be writable", "Check the disk.")
    monkeypatch.setattr(RunLog, "_write", lambda run_log, *_: setattr(run_log, "trouble", full))
    main(command)
    assert "No space left" in capsys.readouterr().err
