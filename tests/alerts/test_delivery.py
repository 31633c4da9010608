"""Alerts from a ledger: each change reported once, with the late scenes that caused it."""

from __future__ import annotations

import json
import random
import re
import sqlite3
from dataclasses import replace
from hashlib import sha256

import pytest

from cv.alerts.alert_delivery import AlertMessage, deliver_alerts, pending_messages
from cv.alerts.alert_rule import AlertRule
from cv.cli import main
from cv.counting.scene_counts import SceneCounts
from cv.errors import InputError, LedgerError
from cv.events.event import EventKind
from cv.events.site_events import find_events
from cv.ledger import Ledger
from cv.site import Site
from tests.fixtures.observations import pier_count

PIERS = ("Pier 2", "Pier 3")
RULES = (AlertRule("every", frozenset(EventKind), frozenset(PIERS)),)


def site_file(folder, *names, **members):
    features = []
    for i, name in enumerate(names):
        x = 130.0 + 0.1 * i
        ring = [[x, 42.0], [x + 0.001, 42.0], [x + 0.001, 42.001], [x, 42.001], [x, 42.0]]
        features.append(
            {
                "type": "Feature",
                "properties": {"name": name, "role": "export"},
                "geometry": {"type": "Polygon", "coordinates": [ring]},
            }
        )
    path = folder / f"{'-'.join(names)}.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features, **members}))
    return path


@pytest.fixture
def site(tmp_path):
    return Site.read(site_file(tmp_path, "Pier 2"))


@pytest.fixture
def ledger(tmp_path):
    with Ledger.open(tmp_path / "port.db") as opened:
        yield opened


def record(ledger, *counts):
    for count in counts:
        digest = sha256(count.scene.encode()).hexdigest()
        ledger.record(SceneCounts(count.scene, digest, (count,), ()))


def month():
    """A call with its cargo, seen from day 4 on; its ship is at the berth on days 4 and 5."""
    sizes = [0, 0, 40, 80, 80, 10, 5, 5, 5, 5]
    return [pier_count(i, n, 110 if i in (4, 5) else None) for i, n in enumerate(sizes)]


def delivered(ledger, site, rules=RULES, since=None):
    messages: list[AlertMessage] = []
    assert deliver_alerts(ledger, site, rules, since, messages.append) == len(messages)
    return messages


def test_delivered_alerts_are_recorded(ledger, site):
    record(ledger, *month())
    first = delivered(ledger, site)
    assert {one.alert.change for one in first} == {"new"}
    assert [one.alert.id for one in first] == list(range(1, len(first) + 1))
    assert EventKind.CALL in {one.alert.event.kind for one in first}
    assert delivered(ledger, site) == pending_messages(ledger, site, RULES) == []
    assert len(ledger.alerts()) == len(first)


def test_pending_messages_are_not_recorded(ledger, site):
    record(ledger, *month())
    assert pending_messages(ledger, site, RULES) == pending_messages(ledger, site, RULES) != []
    assert ledger.alerts() == ()


def test_a_failed_delivery_is_repeated(ledger, site):
    record(ledger, *month())

    def broken(message):
        raise BrokenPipeError

    with pytest.raises(BrokenPipeError):
        deliver_alerts(ledger, site, RULES, None, broken)
    assert ledger.alerts() == ()
    assert delivered(ledger, site)


def test_a_late_scene_is_named(ledger, site):
    counts = month()
    late = [one for one in counts if one.scene in ("scene 4", "scene 5")]
    record(ledger, *(one for one in counts if one not in late))
    first = delivered(ledger, site)
    record(ledger, *late, pier_count(11, 5))
    second = delivered(ledger, site)
    corrected = [one for one in second if one.alert.change != "new"]
    assert corrected
    assert {one.late_scenes for one in corrected} == {
        ("scene 4", "scene 5")
    }  # not scene 11: it is the latest
    assert {one.late_scenes for one in second if one.alert.change == "new"} <= {()}
    assert not {one.alert.id for one in second if one.alert.change == "new"} & {
        one.alert.id for one in first
    }


def test_the_alerts_of_other_sites_stay(ledger, site, tmp_path):
    record(ledger, *month(), *(replace(o, pier="Pier 3", scene=f"b {o.scene}") for o in month()))
    first = delivered(ledger, site)
    other = Site.read(site_file(tmp_path, "Pier 3"))
    second = delivered(ledger, other)
    assert {one.alert.event.pier for one in second} == {"Pier 3"}
    assert min(one.alert.id for one in second) == len(first) + 1
    assert delivered(ledger, site) == delivered(ledger, other) == []


def test_twenty_orders_of_arrival_leave_the_same_alerts(tmp_path, site):
    counts = month()
    expected = find_events({"Pier 2": counts})
    for seed in range(20):
        arrived = [*counts, *counts[:3]]
        random.Random(seed).shuffle(arrived)
        with Ledger.open(tmp_path / f"{seed}.db") as ledger:
            for i, one in enumerate(arrived):
                record(ledger, one)
                if i % 4 == 0:
                    delivered(ledger, site)
            delivered(ledger, site)
            kept = [json.loads(one.event) for one in ledger.alerts() if one.standing]
        assert len(kept) == len(expected)
        assert {one["kind"] for one in kept} == {one.kind for one in expected}


def test_an_invalid_recorded_event_is_refused(ledger, site, tmp_path):
    record(ledger, *month())
    delivered(ledger, site)
    raw = sqlite3.connect(tmp_path / "port.db")
    raw.execute("UPDATE alerts SET event = '{}' WHERE id = 1")
    raw.commit()
    raw.close()
    with pytest.raises(LedgerError, match="alert 1 is not readable"):
        delivered(ledger, site)


def test_the_command_prints_json_and_its_exit_code_shows_whether_anything_was_new(tmp_path, capsys):
    path = site_file(tmp_path, "Pier 2", alerts=[{"name": "ships", "kinds": ["call"]}])
    with Ledger.open(tmp_path / "port.db") as ledger:
        record(ledger, *month())
    command = ["alerts", "--ledger", str(tmp_path / "port.db"), "--site", str(path)]
    assert main([*command, "--dry-run"]) == 3
    dry = capsys.readouterr().out
    assert main([*command, "--since", "2024-02-01"]) == 0
    shown = capsys.readouterr()
    assert shown.out == ""
    reason = "left out: 1 finding that ended before 2024-02-01 00:00 UTC"
    assert shown.err == f"no alerts; {reason}\n"
    assert main(command) == 3
    out = capsys.readouterr().out
    assert out == dry
    (line,) = out.splitlines()
    alert = json.loads(line)
    assert (alert["alert"], alert["change"], alert["rules"]) == (1, "new", ["ships"])
    assert alert["event"]["kind"] == "call"
    assert alert["before"] is None
    assert main(command) == 0
    assert capsys.readouterr() == ("", "")
    assert main([*command, "--since", "2024-02-01"]) == 0
    assert capsys.readouterr() == ("", "no alerts; nothing new meets a rule\n")


def test_a_missing_ledger_is_not_created(tmp_path, capsys):
    path = site_file(tmp_path, "Pier 2")
    assert main(["alerts", "--ledger", str(tmp_path / "none.db"), "--site", str(path)]) == 2
    assert "no such file" in capsys.readouterr().err
    assert not (tmp_path / "none.db").exists()


def test_a_site_without_a_pier_of_the_ledger_is_refused_and_not_silent(tmp_path, capsys):
    path = site_file(tmp_path, "Pier 9")
    with Ledger.open(tmp_path / "port.db") as ledger:
        assert pending_messages(ledger, Site.read(path), RULES) == []  # nothing was counted yet
        record(ledger, *month())
        named = re.escape(f"none of the piers of site {path}; its piers are Pier")
        with pytest.raises(InputError, match=named):
            pending_messages(ledger, Site.read(path), RULES)
        with pytest.raises(InputError, match="none of the piers"):
            delivered(ledger, Site.read(path))
        assert not ledger.alerts()
    options = ["--ledger", str(tmp_path / "port.db"), "--site", str(path)]
    picture, table = str(tmp_path / "p.png"), str(tmp_path / "t.csv")
    for command in (
        ["alerts", *options],
        ["alerts", "--dry-run", *options],
        ["events", *options],
        ["timeline", "--picture", picture, *options],
        ["export", table, *options],
    ):
        assert main(command) == 2
        shown = capsys.readouterr()
        assert f"none of the piers of site {path}; its piers are Pier 2." in shown.err
        assert shown.out == ""
    both = site_file(tmp_path, "Pier 2", "Pier 9")
    assert main(["events", "--ledger", str(tmp_path / "port.db"), "--site", str(both)]) == 0


def test_the_json_of_a_message_has_what_it_was_before(ledger, site):
    counts = month()
    record(ledger, *counts[:-3])
    first = {one.alert.id: json.loads(one.to_json()) for one in delivered(ledger, site)}
    assert all(one["before"] is None for one in first.values())
    record(ledger, *counts[-3:], pier_count(40, 90, 120))
    for message in delivered(ledger, site):
        written = json.loads(message.to_json())
        if written["change"] != "new":
            assert written["before"] == first[written["alert"]]["event"]
