"""Values and files on the command line: what is understood, and what is refused."""

from __future__ import annotations

import argparse
from argparse import ArgumentTypeError, Namespace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cv.cli import argument_types, main, options
from cv.errors import InputError
from cv.events.event import EventKind
from cv.io.terminal_text import quantity


@given(st.floats(1e-6, 999.0), st.floats(1e-6, 999.0))
def test_a_gsd_is_read_as_it_was_written(x, y):
    assert argument_types.gsd_m(f"{x}") == (x, x)
    assert argument_types.gsd_m(f"{x},{y}") == (x, y)


@given(st.datetimes(timezones=st.just(UTC)), st.integers(-11, 12))
def test_times_keep_their_moment_in_any_zone(moment, hours):
    shifted = f"{moment.replace(tzinfo=None).isoformat()}{hours:+03d}:00"
    assert argument_types.utc_time(shifted) + timedelta(hours=hours) == moment
    assert argument_types.utc_date_or_time(shifted) == argument_types.utc_time(shifted)


def test_a_date_is_its_beginning_in_utc():
    expected = datetime(2024, 3, 1, tzinfo=UTC)
    assert argument_types.utc_date_or_time("2024-03-01") == expected
    with pytest.raises(ArgumentTypeError, match="no time zone"):
        argument_types.utc_date_or_time("2024-03-01T10:00")


@pytest.mark.parametrize(
    ("parse", "text"),
    [
        (argument_types.fraction, "1.01"),
        (argument_types.fraction, "nan"),
        (argument_types.fraction, "-0.1"),
        (argument_types.length_m, "0"),
        (argument_types.non_negative_int, "-1"),
        (argument_types.positive_int, "1.5"),
        (argument_types.gsd_m, ""),
        (argument_types.gsd_m, "0.5,"),
    ],
)
def test_values_out_of_range_are_refused(parse, text):
    with pytest.raises((ArgumentTypeError, ValueError)):
        parse(text)


@pytest.mark.parametrize("parse", [argument_types.utc_time, argument_types.utc_date_or_time])
@pytest.mark.parametrize("text", ["yesterday", "2024-13-10", "20240310"])
def test_a_time_that_is_none_is_refused_with_an_example(parse, text):
    with pytest.raises(
        ArgumentTypeError, match=f"{text}.*such as 2024-03-10T01:30:00Z|no time zone"
    ):
        parse(text)


@given(st.integers(0, 10**6))
def test_only_one_is_singular(number):
    assert quantity(number, "hull") == f"{number} hull{'' if number == 1 else 's'}"


@pytest.mark.parametrize("kind", ["", "sinking"])
def test_an_unknown_kind_of_event_is_refused_with_the_list(kind, capsys):
    with pytest.raises(SystemExit) as stopped:
        main(["events", "--ledger", "none.db", "--kind", kind])
    assert stopped.value.code == 2
    printed = capsys.readouterr().err
    assert all(f"{known.value}" in printed for known in EventKind)


@pytest.fixture
def files(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("chips").mkdir()
    for name in ("scene.png", "chips/a.png", "other.png", "mask.png"):
        Path(name).write_text(name)
    Path("link.png").symlink_to("scene.png")
    return Namespace(scene=Path("scene.png"), dataset=Path("chips"), ledger="postgresql://h/d")


@pytest.mark.parametrize(
    ("output", "words"),
    [
        ("scene.png", "an input"),
        ("link.png", "an input"),
        ("chips/../scene.png", "an input"),
        ("chips/a.png", "an input"),
        ("mask.png", "an input"),
        ("chips", "ends in ''"),
        ("new.txt", "ends in '.txt'"),
        ("none/new.png", "folder does not exist"),
    ],
)
def test_an_output_replaces_no_input(files, output, words):
    with pytest.raises(InputError, match=words):
        options.check_output(files, Path(output), ".png", inputs=[Path("mask.png")])


@pytest.mark.parametrize("output", ["new.png", "other.png", "chips/new.png", "NEW.PNG"])
def test_other_files_are_written_or_replaced(files, output):
    options.check_output(files, Path(output), ".png")
    options.check_output(files, None, ".png")


def test_a_docstring_becomes_the_help_of_a_command():
    commands = argparse.ArgumentParser().add_subparsers()
    text = """Count ships.

    Counts ships
    in SCENE.

    example: pierwatch x a.tif
    """
    command = options.add_command(commands, "x", lambda args: 0, text)
    assert (command.description, command.epilog) == (
        "Counts ships in SCENE.",
        "example: pierwatch x a.tif",
    )
    assert command.get_default("run")(Namespace()) == 0
    (listed,) = commands._choices_actions
    assert listed.help == "count ships"
