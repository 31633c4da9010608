"""The design, checked: layers, rooms of heavy packages, public names, cycles, sizes."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "cv"


def table() -> list[tuple[str, set[str]]]:
    """Rooms from the bottom to the top with their heavy packages, as the document lists them."""
    text = (ROOT / "docs" / "architecture.md").read_text()
    rows = [line.strip("| ").split("|") for line in text.splitlines() if line.startswith("| ")]
    cells = [[cell.strip() for cell in row] for row in rows]
    start = next(i for i, row in enumerate(cells) if row[0] == "room")
    return [
        (row[0], {name.strip() for name in "".join(row[2:]).split(",")} - {""})
        for row in cells[start + 1 :]
    ]


LAYERS = [name for name, _ in table()]
ROOMS: dict[str, set[str]] = {}
for _room, _packages in table():
    for _package in _packages:
        ROOMS.setdefault(_package, set()).add(_room)
VERSION_ONLY = {("cli", "sqlite3")}
"""`doctor` names the version of SQLite."""


def room(path: Path) -> str:
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return parts[0]


def modules() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


def imports(path: Path) -> list[str]:
    """Dotted names of what `path` imports anywhere, type-checking blocks left out."""
    tree = ast.parse(path.read_text())
    skipped = {
        id(node)
        for block in ast.walk(tree)
        if isinstance(block, ast.If) and "TYPE_CHECKING" in ast.unparse(block.test)
        for node in ast.walk(block)
    }
    names = []
    for node in ast.walk(tree):
        if id(node) in skipped:
            continue
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are absolute"
            names += [f"{node.module}.{alias.name}" for alias in node.names]
    return names


def own_rooms(path: Path) -> set[str]:
    return {name.split(".")[1] for name in imports(path) if name.startswith("cv.")}


@pytest.mark.parametrize("path", modules(), ids=lambda p: str(p.relative_to(PACKAGE)))
def test_imports_go_down_only(path):
    here = room(path)
    if here == "__init__":
        return
    allowed = set(LAYERS[: LAYERS.index(here) + 1])
    upward = own_rooms(path) - allowed
    assert not upward, f"{path.name} imports {upward}"


@pytest.mark.parametrize("path", modules(), ids=lambda p: str(p.relative_to(PACKAGE)))
def test_heavy_packages_stay_in_their_rooms(path):
    here = room(path)
    for name in imports(path):
        top = name.split(".")[0]
        if top in ROOMS and (here, top) not in VERSION_ONLY:
            assert here in ROOMS[top], f"{here} imports {top}"


def test_the_document_lists_the_rooms_that_there_are():
    found = {path.stem for path in PACKAGE.iterdir() if path.is_dir() and path.name[0] != "_"}
    assert found | {"errors"} == set(LAYERS)
    assert {path.name for path in PACKAGE.glob("*.py")} == {"__init__.py", "errors.py"}


def test_no_class_name_stands_twice():
    names = [
        node.name
        for path in modules()
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_")
    ]
    assert sorted(names) == sorted(set(names))


def test_no_room_is_too_large():
    sizes = dict.fromkeys(LAYERS, 0)
    for path in modules():
        if room(path) != "__init__":
            sizes[room(path)] += path.read_text().count("\n")
    assert max(sizes.values()) <= 0.12 * sum(sizes.values()), sizes


def test_there_is_no_cycle_between_modules():
    graph = {}
    for path in modules():
        dotted = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
        graph[dotted] = {name for name in imports(path) if name.startswith("cv")}
    graph = {
        module: {
            other
            for name in names
            for other in (name, name.rpartition(".")[0])
            if other in graph and other != module and not module.startswith(other + ".")
        }
        for module, names in graph.items()
    }
    done: set[str] = set()

    def visit(module: str, trail: tuple[str, ...]) -> None:
        assert module not in trail, " -> ".join((*trail, module))
        if module not in done:
            for other in graph[module]:
                visit(other, (*trail, module))
            done.add(module)

    for module in graph:
        visit(module, ())


def run_python(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return done.stdout


def test_public_names_are_listed_and_few():
    import cv

    assert len(cv.__all__) <= 24
    assert sorted(cv.__all__) == list(cv.__all__) == dir(cv)
    for name in cv.__all__:
        assert getattr(cv, name).__doc__, name
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = cv.nothing


def test_importing_cv_imports_nothing_else():
    code = (
        "import sys; before = set(sys.modules); import cv;"
        "new = {name.split('.')[0] for name in set(sys.modules) - before};"
        "others = new - set(sys.stdlib_module_names);"
        "print(sorted(others))"
    )
    assert run_python(code).strip() == "['cv']"


def test_counting_imports_neither_torch_nor_opencv():
    code = (
        "import sys; from cv import count, monitor, Detector, Scene, Site, Ledger, Series;"
        "import cv.cli, cv.report.counts_text, cv.report.data_files, cv.report.draw;"
        "import cv.labels.dataset_check, cv.report.contact_sheet;"
        "print({'torch', 'torchvision', 'ultralytics', 'cv2', 'albumentations'} & set(sys.modules))"
    )
    assert run_python(code).strip() == "set()"


@pytest.mark.parametrize("path", modules(), ids=lambda p: str(p.relative_to(PACKAGE)))
def test_sizes(path):
    text = path.read_text()
    assert text.count("\n") <= 400
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef):
            assert node.end_lineno - node.lineno < 60, node.name
            arguments = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
            named = [a for a in arguments if a.arg not in ("self", "cls")]
            assert len(named) <= 8, node.name


def test_datasets_are_no_package():
    assert not list((ROOT / "datasets").rglob("__init__.py"))
    for name in ("train.py", "infer.py"):
        path = ROOT / name
        assert len(path.read_text().splitlines()) < 60
