"""docs/reference/commands.md and the help of every command agree."""

from __future__ import annotations

import argparse
import re

import pytest

from cv.cli import COMMANDS, parser
from tests.fixtures.documentation import DOCS

PAGE = (DOCS / "reference" / "commands.md").read_text(encoding="utf-8")
SECTIONS = dict(re.findall(r"^## ([a-z]+)\n(.*?)(?=^## |\Z)", PAGE, flags=re.MULTILINE | re.DOTALL))
SHARED = PAGE[PAGE.index("Options that several commands share") : PAGE.index("## count")]


def below(command: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    """The commands below a command, by name."""
    actions = [a for a in command._actions if isinstance(a, argparse._SubParsersAction)]
    return {name: one for action in actions for name, one in action.choices.items()}


def subparsers() -> dict[str, argparse.ArgumentParser]:
    return below(parser())


def with_verbs(command: argparse.ArgumentParser) -> list[argparse.ArgumentParser]:
    """A command, and the commands below it."""
    return [command, *below(command).values()]


def options_of(command: argparse.ArgumentParser) -> set[str]:
    known = {o for one in with_verbs(command) for a in one._actions for o in a.option_strings}
    return {option for option in known if option.startswith("--")} - {"--help"}


def test_every_command_has_a_section_and_every_section_a_command():
    assert set(SECTIONS) == set(COMMANDS)


@pytest.mark.parametrize("name", sorted(SECTIONS))
def test_a_section_names_the_options_of_its_command_and_no_others(name):
    if name not in COMMANDS:
        pytest.fail(f"no command {name}")
    command = subparsers()[name]
    assert set(re.findall(r"`(--[a-z-]+)", SECTIONS[name])) == options_of(command)


@pytest.mark.parametrize("name", sorted(SECTIONS))
def test_a_section_shows_the_examples_of_the_help(name):
    flat = " ".join(SECTIONS[name].replace("\\\n", " ").split())
    for one in with_verbs(subparsers()[name]):
        examples = re.findall(r"pierwatch (?:[^\n\\]|\\\n)+", one.epilog or "")
        assert examples, one.prog
        for example in examples:
            assert " ".join(example.replace("\\", " ").split()) in flat


def test_shared_options_are_options_of_several_commands():
    named = re.findall(r"^\| `(--[a-z-]+)", SHARED, flags=re.MULTILINE)
    for option in named:
        owners = [name for name, command in subparsers().items() if option in options_of(command)]
        assert len(owners) > 1, option
