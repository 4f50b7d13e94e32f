"""The small network of notebook 13: its form, its file, and that training makes its loss smaller."""

import itertools

import numpy as np
import pytest
import tensorflow as tf

from nst_helpers.course.feed_forward import (
    HELD_OUT,
    SHIPPED,
    FeedForward,
    Trainer,
    random_crops,
    training_photographs,
)
from nst_helpers.course.notebooks import picture, picture_path

pytestmark = pytest.mark.quick

PHOTOGRAPH = np.random.default_rng(0).random((1, 32, 48, 3), np.float32)


def test_a_picture_has_the_photograph_s_shape_and_is_within_range():
    painted = FeedForward()(PHOTOGRAPH).numpy()
    assert painted.shape == PHOTOGRAPH.shape
    assert painted.min() >= 0 and painted.max() <= 1


def test_the_contrast_of_the_photograph_does_not_matter():
    network = FeedForward()
    faint = 0.5 + 0.5 * (PHOTOGRAPH - 0.5)
    np.testing.assert_allclose(network(faint), network(PHOTOGRAPH), atol=1e-2)


def test_a_file_holds_the_network_in_half_precision(tmp_path):
    network = FeedForward(seed=3)
    network.save(tmp_path / "network.npz")
    again = FeedForward.load(tmp_path / "network.npz")
    np.testing.assert_allclose(again(PHOTOGRAPH), network(PHOTOGRAPH), atol=0.02)


def test_the_shipped_network_is_small_and_paints_in_the_style_s_colours():
    assert picture_path(SHIPPED).stat().st_size < 1e6
    photograph, style = picture(HELD_OUT, 128)[:, :84], picture("great_wave.jpg", 128)
    painted = FeedForward.load()(photograph).numpy()
    means = [x.mean((0, 1, 2)) for x in (photograph, painted, style)]
    assert np.abs(means[1] - means[2]).sum() < np.abs(means[0] - means[2]).sum()


def test_crops_are_squares_within_range_and_always_the_same():
    photographs = [np.random.default_rng(i).random((1, 60, 90, 3), np.float32) for i in range(2)]
    some, again = (list(itertools.islice(random_crops(photographs, 32), 5)) for _ in range(2))
    np.testing.assert_array_equal(some, again)
    assert all(crop.shape == (1, 32, 32, 3) and crop.dtype == np.float32 for crop in some)
    assert min(map(np.min, some)) >= 0 and max(map(np.max, some)) <= 1


def test_the_held_out_photograph_is_not_trained_on():
    held_out = picture(HELD_OUT, 512)
    assert len(training_photographs()) == 3
    assert all(each.shape != held_out.shape or (each != held_out).any() for each in training_photographs())


def test_training_makes_the_loss_smaller(weights):
    network, style = FeedForward(), np.random.default_rng(5).random((1, 32, 32, 3), np.float32)
    trainer = Trainer(network, style, steps=30)
    losses = trainer.train(itertools.repeat(PHOTOGRAPH[:, :, :32]), 12)
    assert losses[-1] < 0.9 * losses[0]
    assert float(trainer.loss(tf.constant(PHOTOGRAPH[:, :, :32]), tf.constant(PHOTOGRAPH[:, :, :32]))) > 0
