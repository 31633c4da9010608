"""What of a dataset is judged."""

from __future__ import annotations

import pytest

from cv.evaluation.dataset_adapter import held_out
from cv.labels.labelled_image import LabelledDataset, LabelledImage


@pytest.mark.parametrize(
    ("splits", "judged"),
    [
        (("train", "val", "test", "train"), "bc"),
        (("train", "", "val", ""), "c"),
        (("train", "train", "train", "train"), "abcd"),
        (("", "", "", ""), "abcd"),
    ],
)
def test_training_images_are_not_evaluated(splits, judged):
    images = tuple(
        LabelledImage(name, None, (), None, split)
        for name, split in zip("abcd", splits, strict=True)
    )
    dataset = held_out(LabelledDataset(("container",), images))
    assert "".join(image.name for image in dataset.images) == judged
