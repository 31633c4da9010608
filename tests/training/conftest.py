"""Shared by the tests of training: one thread everywhere, and what is expensive is made once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fixtures.malicious_pickle import MaliciousCheckpoint
from tests.fixtures.small_chips import paint_chips


@pytest.fixture(scope="session", autouse=True)
def few_threads() -> Iterator[None]:
    """One thread for torch and OpenCV and for runs: no thread pools beside those of other tests."""
    torch, cv2 = pytest.importorskip("torch"), pytest.importorskip("cv2")
    before = torch.get_num_threads(), cv2.getNumThreads()
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("OMP_NUM_THREADS", "1")
        torch.set_num_threads(1)
        cv2.setNumThreads(1)
        yield
    torch.set_num_threads(before[0])
    cv2.setNumThreads(before[1])


@pytest.fixture
def malicious(tmp_path: Path) -> MaliciousCheckpoint:
    return MaliciousCheckpoint(tmp_path / "canary")


@pytest.fixture(scope="session")
def rendered_batch():
    """Four rendered chips, (4, 3, 320, 320) in 0..1: the middle of chips at 0.25 m."""
    from cv.training.onnx_to_torch import calibration_batches

    return calibration_batches(4)[0][..., 160:480, 160:480]


@pytest.fixture(scope="session")
def small_chips(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """dataset.yaml of six chips to train on, 64 px."""
    return paint_chips(tmp_path_factory.mktemp("chips"))


@pytest.fixture(scope="session")
def scratch_run(small_chips: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Run folder of an epoch from random weights."""
    from cv.training.config import TrainingConfig
    from cv.training.train import train_model

    config = TrainingConfig(
        data=small_chips,
        weights=Path("yolo26n-obb.yaml"),
        out=tmp_path_factory.mktemp("runs") / "scratch",
        epochs=1,
        batch=4,
        side=64,
    )
    return train_model(config).parents[1]
