"""The table of docs/reference/python.md is what the signatures of the public names say."""

from __future__ import annotations

import dataclasses
import enum
import inspect
import os
from collections.abc import Iterator
from typing import Any

import pytest

import cv
from tests.fixtures.documentation import DOCS

PAGE = DOCS / "reference" / "python.md"
REFRESH = bool(os.environ.get("PIERWATCH_REFRESH_DOCS"))
HEADING = "| name | arguments | result | |\n|---|---|---|---|\n"
BEGIN, END = "<!-- begin: public names -->\n", "<!-- end: public names -->\n"


def table() -> str:
    """A row for each public function, and for each public class and its methods."""
    rows = [row for name in cv.__all__ for row in rows_of(name, getattr(cv, name))]
    return HEADING + "".join(f"| {' | '.join(row)} |\n" for row in rows)


def rows_of(name: str, value: Any) -> Iterator[tuple[str, str, str, str]]:
    if inspect.isfunction(value):
        yield call_row(name, value)
    elif inspect.ismodule(value):
        for member, function in inspect.getmembers(value, inspect.isfunction):
            if function.__module__ == value.__name__ and not member.startswith("_"):
                yield call_row(f"{name}.{member}", function)
    elif issubclass(value, enum.Enum):
        values = ", ".join(f"`{one.name}`" for one in value)
        yield f"`{name}`", values, "", summary(value)
    else:
        yield f"`{name}`", members_of(value), "", summary(value)
        for member, raw in vars(value).items():
            method = getattr(value, member)
            if not member.startswith("_") and isinstance(raw, classmethod | type(rows_of)):
                yield call_row(f"{name}.{member}", method)


def members_of(value: type) -> str:
    """The members of a record, or the arguments of a class that is called."""
    if dataclasses.is_dataclass(value):
        fields = [field.name for field in dataclasses.fields(value)]
        return "has " + ", ".join(f"`{name}`" for name in fields if not name.startswith("_"))
    return arguments_of(vars(value)["__init__"]) if "__init__" in vars(value) else ""


def call_row(name: str, function: Any) -> tuple[str, str, str, str]:
    result = inspect.signature(function).return_annotation
    cell = "" if result is inspect.Signature.empty else code(result)
    return f"`{name}`", arguments_of(function), cell, summary(function)


def arguments_of(function: Any) -> str:
    named = [one for one in inspect.signature(function).parameters.values() if one.name != "self"]
    return ", ".join(code(argument(one)) for one in named)


def argument(one: inspect.Parameter) -> str:
    """An argument with its type and, if that is a plain value, its default."""
    text = f"{one.name}: {one.annotation}"
    if one.default is inspect.Parameter.empty:
        return text
    plain = one.default is None or isinstance(one.default, bool | int | float | str | tuple)
    default = one.default.value if isinstance(one.default, enum.Enum) else one.default
    return f"{text} = {default!r}" if plain else f"{text} = ..."


def code(text: str) -> str:
    return "`" + text.replace("|", "\\|") + "`"


def summary(value: Any) -> str:
    return (inspect.getdoc(value) or "").splitlines()[0].replace("|", "\\|")


def test_the_table_lists_every_public_name_as_it_is():
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(BEGIN)
    shown, _, after = rest.partition(END)
    assert after, "the page has no table"
    if REFRESH:
        PAGE.write_text(before + BEGIN + table() + END + after, encoding="utf-8")
    else:
        assert shown == table()


@pytest.mark.parametrize("name", cv.__all__)
def test_every_public_name_has_a_row_with_a_summary(name):
    rows = [row for row in table().splitlines() if row.startswith((f"| `{name}` ", f"| `{name}."))]
    assert rows
    assert all(row.rstrip("| ")[-1:] in ".:`" for row in rows)
