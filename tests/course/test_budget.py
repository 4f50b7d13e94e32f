"""A plan names a run's time and memory."""

import types

import numpy as np
import pytest

from nst_helpers.course import budget
from nst_helpers.settings import Settings


def test_plan(monkeypatch):
    """With steps of 1 s at 96×48 pixels and 4 s at 192×96: 1 s for every 4608 pixels."""

    def time_step(content, style, size, settings):
        features = types.SimpleNamespace(precision="float32")
        return size * size // 2, size * size / 96 / 96, types.SimpleNamespace(settings=Settings(), features=features)

    monkeypatch.setattr(budget, "_time_step", time_step)
    monkeypatch.setattr(budget, "available_bytes", lambda: 2 * 10**9)
    monkeypatch.setattr(budget, "SIZES", (96, 384, 2048))
    image = np.zeros((1, 50, 100, 3), np.float32)
    costs = budget.budget(image, image, 10)
    assert [cost.seconds_per_step for cost in costs] == pytest.approx([1, 16, (2048 / 96) ** 2])
    assert [cost.seconds for cost in costs] == pytest.approx([10, 160, 10 * (2048 / 96) ** 2])
    assert [cost.fits for cost in costs] == [True, True, False]
    assert [cost.peak_bytes for cost in costs] == sorted(cost.peak_bytes for cost in costs)


def test_real_steps_are_timed(noise, monkeypatch):
    monkeypatch.setattr(budget, "SIZES", (96,))
    (cost,) = budget.budget(
        noise(20, 40), noise(), 7, weights=None, content_layers="block1_conv1", style_layers=["block1_conv1"]
    )
    assert 0 < cost.seconds_per_step < 60
    assert cost.seconds == pytest.approx(7 * cost.seconds_per_step)
    assert cost.fits
