"""Every command and snippet of README and of the documentation runs, on what `make demo` leaves."""

from __future__ import annotations

import contextlib
import io
import os
import re
import shutil
import sqlite3
import textwrap
from pathlib import Path

import pytest

import cv
from tests.fixtures.documentation import (
    ROOT,
    Block,
    Shell,
    blocks,
    check_arguments,
    commands,
    demo_commands,
    is_shown,
    page_name,
    pages,
)

SERVER = os.environ.get("PIERWATCH_TEST_POSTGRES", "")
REFRESH = bool(os.environ.get("PIERWATCH_REFRESH_DOCS"))
"""Write what commands print into the pages, instead of comparing."""
SLOW = ("docs/guides/fine-tune.md",)
MOST_SKIPPED = 30
RUN = ("console", "python", "sql")
PAGES = [page for page in pages() if any(block.language in RUN for block in blocks(page))]


@pytest.fixture
def ledger_address():
    """The address of a ledger in a schema of its own on the server for tests; empty without one."""
    if not SERVER:
        yield ""
        return
    import psycopg

    name = f"docs_{os.getpid()}"
    with psycopg.connect(SERVER, autocommit=True) as server:
        server.execute(f"CREATE SCHEMA {name}")
        try:
            mark = "&" if "?" in SERVER else "?"
            yield f"{SERVER}{mark}options=-csearch_path%3D{name}"
        finally:
            server.execute(f"DROP SCHEMA {name} CASCADE")


@pytest.mark.parametrize(
    "page",
    [
        pytest.param(page, marks=[pytest.mark.slow] if page_name(page) in SLOW else [])
        for page in PAGES
    ],
    ids=page_name,
)
def test_the_page_runs(page, shell, ledger_address):
    if ledger_address:
        shell.environment["LEDGER"] = ledger_address
    if not shutil.which("bash"):
        pytest.skip("the pages show commands of a POSIX shell")
    names: dict[str, object] = {"__name__": "__main__"}
    printed = ""
    shown_anew: list[tuple[Block, str]] = []
    for block in blocks(page):
        where = f"{page_name(page)}:{block.line}"
        if block.file:
            path = Path(block.file)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(block.text + "\n", encoding="utf-8")
        elif block.is_output:
            assert REFRESH or is_shown(block.text.splitlines(), printed), f"{where}\n{printed}"
            shown_anew.append((block, printed.rstrip()))
        elif block.skipped or block.language not in RUN:
            continue
        elif block.language == "python":
            with contextlib.redirect_stdout(io.StringIO()) as stream:
                exec(compile(block.text, where, "exec"), names)
            printed = stream.getvalue()
        elif block.language == "sql":
            _run_query(block.text, ledger_address)
        else:
            shown_anew.append((block, _run_console(block, shell, where)))
    if REFRESH:
        _write_blocks(page, shown_anew)


def _run_console(block: Block, shell: Shell, where: str) -> str:
    """Run the commands of a block; returns the block with what they printed where it differs."""
    wanted = commands(block)
    shown = block.text
    for command in wanted:
        if command.text.startswith("make "):
            continue
        if "$LEDGER" in command.text and "LEDGER" not in shell.environment:
            continue
        done = shell.run(command.text)
        last = command is wanted[-1]
        assert done.returncode == (block.exit_code if last else 0), (
            f"{where}: {command.text}\n{done.stdout}{done.stderr}"
        )
        if not command.output or is_shown(command.output, done.stdout):
            continue
        assert REFRESH, f"{where}: {command.text}\nshows another output than\n{done.stdout}"
        old = f"$ {command.text}\n" + "\n".join(command.output)
        new = f"$ {command.text}\n{done.stdout.rstrip()}"
        shown = shown.replace(old, new)
    return shown


def _run_query(query: str, ledger_address: str) -> None:
    """Run a query on the demo's ledger, and on the server where the page has filled one."""
    with contextlib.closing(sqlite3.connect("out/demo/port.db")) as ledger:
        assert ledger.execute(query).fetchall()
    if ledger_address:
        import psycopg

        with psycopg.connect(ledger_address) as server:
            server.execute(query)


def _write_blocks(page: Path, changed: list[tuple[Block, str]]) -> None:
    lines = page.read_text(encoding="utf-8").splitlines()
    for block, text in reversed(changed):
        new = [line.rstrip() for line in text.splitlines()]
        lines[block.line : block.line + len(block.text.splitlines())] = new
    page.write_text("\n".join(lines) + "\n", encoding="utf-8")


@pytest.mark.parametrize("page", pages(), ids=page_name)
def test_commands_that_are_not_run_have_options_that_exist(page):
    for block in blocks(page):
        if block.language in ("console", "powershell", "sh", "ini", "cron", "text", "yaml"):
            prompts = block.language == "console"
            lines = [c.text for c in commands(block)] if prompts else _lines(block)
            for line in lines:
                check_arguments(line)


def _lines(block: Block) -> list[str]:
    text = block.text.replace("`\n", " ").replace("\\", "/")
    return [line for line in text.splitlines() if "pierwatch" in line and line[:1] != "#"]


def test_few_blocks_are_not_run_and_each_has_a_reason():
    skipped = [
        (page_name(page), block)
        for page in pages()
        for block in blocks(page)
        if block.skipped or block.language in ("powershell", "sh")
    ]
    assert len(skipped) <= MOST_SKIPPED
    for name, block in skipped:
        assert len(block.skipped) > 10, f"{name}:{block.line} has no reason"


def test_the_make_commands_that_are_shown_are_targets():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    shown = {
        command.text.split()[1]
        for page in [*pages(), ROOT / "CONTRIBUTING.md"]
        for block in blocks(page)
        if block.language == "console"
        for command in commands(block)
        if command.text.startswith("make ")
    }
    assert {"demo", "test"} <= shown
    for target in shown:
        assert re.search(rf"^{re.escape(target)}:", makefile, flags=re.MULTILINE), target


def test_the_demo_on_windows_is_that_of_make():
    (page,) = (page for page in pages() if page.name == "windows.md")
    (block,) = (block for block in blocks(page) if "render.py" in block.text)
    typed = [line for line in _lines(block) if "$scene" not in line]
    made = [line.split(" || ")[0] for line in demo_commands()[1:]]
    assert typed == [line for line in made if "pierwatch" in line and "$(ls" not in line]


def test_the_readme_is_short():
    assert len((ROOT / "README.md").read_text(encoding="utf-8").splitlines()) <= 150


@pytest.mark.parametrize("page", pages(), ids=page_name)
def test_the_words_of_the_old_dialect_are_gone(page):
    text = page.read_text(encoding="utf-8")
    for column in ("`looks`", "`told`"):
        text = text.replace(column, "")  # names in files that programs read
    words = re.findall(r"\b(looks?|told|tell(?:s|er)?|culprit|crew|story)\b", text, re.IGNORECASE)
    assert not words, words


@pytest.mark.parametrize("page", pages(), ids=page_name)
def test_links_lead_to_files_and_headings(page):
    text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if target.startswith(("https://", "http://")):
            continue
        path, _, heading = target.partition("#")
        file = (page.parent / path).resolve() if path else page
        assert file.exists(), target
        if heading and file.suffix == ".md":
            assert heading in _anchors(file), target


def _anchors(page: Path) -> set[str]:
    text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    headings = re.findall(r"^#+ (.+)$", text, flags=re.MULTILINE)
    explicit = re.findall(r"^\((.+)\)=$", text, flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", h).strip().lower().replace(" ", "-") for h in headings} | set(
        explicit
    )


def test_the_reader_of_blocks_knows_prompts_and_comments(tmp_path):
    page = tmp_path / "page.md"
    page.write_text(
        textwrap.dedent(
            """\
            text
            <!-- exit: 3 -->
            ```console
            $ one \\
              two
            $ three
            printed 1
            ```

            <!-- not run: needs a cluster -->

            ```console
            $ pierwatch count a.tif | head
            ```
            <!-- file: a/b.csv -->
            ```text
            x
            ```
            """
        )
    )
    first, second, third = blocks(page)
    assert [c.text for c in commands(first)] == ["one \\\n  two", "three"]
    assert commands(first)[1].output == ("printed 1",)
    assert (first.exit_code, first.line) == (3, 3)
    assert second.skipped == "needs a cluster"
    assert (third.file, third.text) == ("a/b.csv", "x")


@pytest.mark.parametrize(
    ("shown", "printed", "same"),
    [
        (["a 1"], "a 2", True),
        (["a 1", "...", "z"], "a 2\nb\nc\nz\n", True),
        (["a 1"], "a 2\nb\n", False),
        (["a 1"], "b 1\n", False),
        (["x  counted   ##--"], "x counted ####-", True),
    ],
)
def test_shown_output_is_compared_without_its_numbers(shown, printed, same):
    assert is_shown(shown, printed) is same


@pytest.mark.parametrize(
    "line",
    [
        "pierwatch count a.tif --no-such-option",
        "15 3 * * * /opt/bin/pierwatch monitor /data --ledger x.db",
        "ExecStart=/opt/pierwatch/bin/pierwatch monitr /data --site a --ledger b",
    ],
)
def test_wrong_options_are_noticed(line, capsys):
    with pytest.raises(SystemExit):
        check_arguments(line)


def test_the_reference_lists_every_public_name():
    text = (ROOT / "docs" / "reference" / "python.md").read_text(encoding="utf-8")
    listed = set(re.findall(r"^\.\. auto\w+:: cv\.(\w+)", text, flags=re.MULTILINE))
    assert set(cv.__all__) <= listed


@pytest.mark.parametrize("page", pages(), ids=page_name)
def test_commands_stand_in_blocks_that_run(page):
    text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    assert not re.findall(
        r"^(?: {4}|\t)(?:\$ )?(?:pierwatch|python|pip|make) .+", text, re.MULTILINE
    )
