"""The loss finds means and variances; a fit resumes to the same weights; the export agrees."""

from __future__ import annotations

import json

import numpy as np
import onnxruntime
import pytest
import torch

from cv.coarse_training import coarse_fitting
from cv.coarse_training.__main__ import coarse_card
from cv.coarse_training.coarse_export import KEY, export_coarse_network
from cv.coarse_training.coarse_fitting import fit_coarse_network, target_batch
from cv.coarse_training.coarse_loss import (
    TargetBatch,
    block_sums,
    coarse_loss,
    error_loss,
    teu_loss,
)
from cv.coarse_training.coarse_mixture import CoarseMixture
from cv.coarse_training.coarse_network import CHANNELS, CoarseNetwork, CoarseOutputs
from cv.coarse_training.coarse_samples import CoarseSample, empty_targets
from cv.training.resumable_fit import FittingSettings, ResumableFit


def outputs(teu, variance, relative):
    like = torch.zeros_like(teu)
    return CoarseOutputs(like, teu, variance, relative, like, like)


def batch(teu):
    like = torch.zeros_like(teu)
    return TargetBatch(like, teu, torch.ones(len(teu), 2), like, like)


def test_block_sums_keep_the_total():
    cells = torch.rand(2, 2, 48, 48)
    for side in (2, 4, 8, 16, 99):
        assert block_sums(cells, side).sum() == pytest.approx(cells.sum().item(), rel=1e-5)


def test_the_teu_loss_is_least_at_the_mean_of_a_skewed_truth():
    """A median would be biased low: most regions are empty, few are full."""
    torch.manual_seed(0)
    truth = torch.zeros(400, 2, 24, 24)
    truth[:80] = torch.rand(80, 1, 1, 1) * 0.2
    factors = torch.linspace(0.5, 1.5, 21)
    mean = truth.mean()
    losses = [
        teu_loss((mean * k).expand_as(truth), truth, torch.ones(400, 2)).item() for k in factors
    ]
    assert factors[int(np.argmin(losses))].item() == pytest.approx(1.0, abs=0.051)


@pytest.mark.parametrize("common", [0.0, 0.3])
def test_the_error_loss_separates_own_from_common_errors(common):
    torch.manual_seed(1)
    expected = torch.full((600, 2, 24, 24), 0.5)
    scale = 1 + common * torch.randn(600, 1, 1, 1)
    truth = expected * scale + 0.2 * torch.randn_like(expected)

    def loss(variance, relative):
        full = torch.full_like(expected, variance), torch.full_like(expected, relative)
        return error_loss(outputs(expected, *full), batch(truth)).item()

    right = loss(0.04, common)
    assert right < loss(0.02, common)
    assert right < loss(0.08, common)
    assert right < loss(0.04, 0.15)


def test_samples_without_known_ships_teach_nothing_about_them():
    image = np.random.default_rng(0).integers(0, 255, (16, 16, 3), dtype=np.uint8)
    bare = CoarseSample(image, 3.0, empty_targets((16, 16)), 1.0, 0.0)
    want = target_batch([bare])
    logits = torch.full((1, 2, 48, 48), -20.0)
    teu = torch.full_like(logits, 1e-6)
    out = CoarseOutputs(logits, teu, teu, teu, torch.full_like(logits, 5.0), logits)
    assert coarse_loss(out, want).item() == pytest.approx(
        coarse_loss(
            CoarseOutputs(logits, teu, teu, teu, torch.full_like(logits, -5.0), logits), want
        ).item()
    )


class _Stripes(CoarseMixture):
    """Bright stripes are containers, without rendering."""

    def draw(self, size, gsd_m, number, rng):
        drawn = []
        for _ in range(number):
            cover = np.zeros((3 * size, 3 * size), np.float32)
            cover[:, : int(rng.integers(1, 3 * size))] = 1
            image = np.repeat(cover[::3, ::3, None] * 120 + 60, 3, 2).astype(np.uint8)
            none = empty_targets((size, size))
            targets = type(none)(
                **{**vars(none), "cover_ashore": cover, "teu_ashore": cover * 0.07}
            )
            drawn.append(CoarseSample(image, float(rng.uniform(*gsd_m)), targets))
        return drawn


@pytest.fixture
def small(monkeypatch):
    def bands():
        return [coarse_fitting._Band(1.0, (2.7, 5.8), 16, 1.0)]

    monkeypatch.setattr(coarse_fitting, "_bands", bands)
    return FittingSettings(epochs=2, steps=3, batch=2, rate=1e-3)


def test_a_resumed_fit_ends_with_the_same_weights(small, tmp_path, monkeypatch):
    torch.set_num_threads(1)
    mixture = _Stripes(())
    whole = fit_coarse_network(mixture, small, tmp_path / "whole.pt").state_dict()
    store = ResumableFit.store

    def stop(self, path, epochs):
        store(self, path, epochs)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(ResumableFit, "store", stop)
        with pytest.raises(KeyboardInterrupt):
            fit_coarse_network(mixture, small, tmp_path / "state.pt")
    again = fit_coarse_network(mixture, small, tmp_path / "state.pt").state_dict()
    assert all(torch.equal(whole[name], again[name]) for name in whole)
    assert not torch.equal(whole["means.weight"], CoarseNetwork().state_dict()["means.weight"])


def test_the_export_gives_what_the_network_gives(tmp_path):
    torch.manual_seed(3)
    network = CoarseNetwork().eval()
    assert 0.3e6 < sum(p.numel() for p in network.parameters()) < 1.5e6
    path = tmp_path / "coarse.onnx"
    export_coarse_network(network, coarse_card("0", CoarseMixture(())), path)
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    assert json.loads(session.get_modelmeta().custom_metadata_map[KEY])["channels"] == [*CHANNELS]
    rng = np.random.default_rng(0)
    for rows, columns, gsd_m in ((16, 24, 3.0), (40, 32, 8.5)):
        image = rng.integers(0, 255, (1, rows, columns, 3), dtype=np.uint8)
        feed = {"image": image, "gsd_m": np.array([gsd_m], np.float32)}
        (out,) = session.run(None, feed)
        assert out.shape == (1, len(CHANNELS), 3 * rows, 3 * columns)
        with torch.no_grad():
            want = network(torch.from_numpy(image).permute(0, 3, 1, 2), torch.tensor([gsd_m]))
        assert out[:, 2:4] == pytest.approx(want.teu.numpy(), abs=1e-4)
        assert out[:, 4:6] == pytest.approx(want.variance.numpy(), rel=1e-2, abs=1e-4)
