"""A file appears whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from cv.errors import InputError
from cv.io.atomic_files import atomic_output, atomic_path, write_atomically


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_new_file(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    with atomic_path(path) as draft:
        assert draft.name == "a.txt"
        draft.write_text("one")
        (draft.parent / "a.txt-journal").write_text("side file")
        assert not path.exists()
    assert path.read_text() == "one"
    assert names(tmp_path) == ["a.txt"]


def test_an_error_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("old")

    def interrupted() -> None:
        with atomic_path(path) as draft:
            draft.write_text("half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert path.read_text() == "old"
    assert names(tmp_path) == ["a.txt"]


def test_a_block_that_writes_nothing_leaves_the_old_file(tmp_path: Path) -> None:
    write_atomically(tmp_path / "a", b"old")
    with pytest.raises(FileNotFoundError), atomic_path(tmp_path / "a"):
        pass
    assert (tmp_path / "a").read_bytes() == b"old"


def test_a_taken_name_is_not_overwritten_when_asked_not_to(tmp_path: Path) -> None:
    path = tmp_path / "a"

    def beaten() -> None:
        with atomic_path(path, overwrite=False) as draft:
            draft.write_text("mine")
            path.write_text("theirs, in the meantime")

    with pytest.raises(FileExistsError):
        beaten()
    assert path.read_text() == "theirs, in the meantime"
    with atomic_path(tmp_path / "b", overwrite=False) as draft:
        draft.write_text("mine")
    assert names(tmp_path) == ["a", "b"]


def test_file_systems_without_hard_links(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_links(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", no_links)
    with atomic_path(tmp_path / "a", overwrite=False) as draft:
        draft.write_text("one")
    with pytest.raises(FileExistsError), atomic_path(tmp_path / "a", overwrite=False) as draft:
        draft.write_text("two")
    assert (tmp_path / "a").read_text() == "one"
    assert names(tmp_path) == ["a"]


def test_a_link_is_followed_and_stays(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real" / "a")
    write_atomically(tmp_path / "link", "Größe")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real" / "a").read_text(encoding="utf-8") == "Größe"


def test_permissions_are_those_of_any_new_file(tmp_path: Path) -> None:
    (tmp_path / "plain").write_text("")
    write_atomically(tmp_path / "whole", "")
    assert (tmp_path / "whole").stat().st_mode == (tmp_path / "plain").stat().st_mode


def test_a_missing_folder_is_told(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        write_atomically(tmp_path / "no" / "a", b"")


def test_output_that_cannot_be_written_is_an_input_error(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("old")

    def failing() -> None:
        with atomic_output(tmp_path / "a", ValueError):
            raise ValueError("a column is missing")

    with pytest.raises(InputError, match=r"cannot be written \(a column is missing\)"):
        failing()
    assert (tmp_path / "a").read_text() == "old"
    with pytest.raises(InputError, match="No such file"), atomic_output(tmp_path / "no" / "a"):
        pass


def test_names_as_long_as_the_system_allows(tmp_path: Path) -> None:
    for name in ("a" * 250, "é" * 120):
        write_atomically(tmp_path / name, "whole")
        assert (tmp_path / name).read_text() == "whole"
    assert len(names(tmp_path)) == 2
