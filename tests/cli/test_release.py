"""`pierwatch release`: its options."""

from __future__ import annotations

import pytest

from cv.cli import main


@pytest.mark.parametrize("scores", [[], ["--container", "1.5"], ["--hull", "nan"], ["--hull", "x"]])
def test_a_minimum_score_between_0_and_1_is_needed(tmp_path, capsys, scores):
    words = ["release", "a.pt", str(tmp_path / "out"), "--name", "x", "--version", "1"]
    with pytest.raises(SystemExit) as ended:
        main([*words, "--data", "none", *scores])
    assert ended.value.code == 2
    assert "--container" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
