"""The statistics, networks and metrics of notebook 10's showdown."""

import numpy as np
import pytest
import tensorflow as tf

from nst_helpers.course import showdown
from nst_helpers.course.showdown import (
    NETWORKS,
    STATISTICS,
    Contestant,
    CovarianceObjective,
    MeanStdObjective,
    band_distance,
    network,
    palette_alone,
    patch_distance,
    sliced_wasserstein,
    upside_down,
)
from nst_helpers.errors import InputError

pytestmark = pytest.mark.quick

FEATURES = np.random.default_rng(0).random((1, 5, 6, 4), np.float32)
FLAT = FEATURES.reshape(-1, 4)


def painting(seed=0, shape=(1, 64, 80, 3)):
    """Strokes of a sort: noise that is smooth along one direction."""
    noise = np.random.default_rng(seed).random(shape, np.float32)
    return np.clip(sum(np.roll(noise, i, axis=2) for i in range(8)) / 4 - 0.5, 0, 1)


def test_statistics_are_those_of_numpy():
    covariance = CovarianceObjective.statistic(None, tf.constant(FEATURES))
    np.testing.assert_allclose(covariance, np.cov(FLAT.T, bias=True), atol=1e-6)
    mean, std = MeanStdObjective.statistic(None, tf.constant(FEATURES))
    np.testing.assert_allclose(mean, FLAT.mean(0), rtol=1e-5)
    np.testing.assert_allclose(std, FLAT.std(0), rtol=1e-2)


def test_statistics_of_a_mask_are_those_of_its_positions():
    mask = np.zeros((5, 6), np.float32)
    mask[:2] = 1 / 12
    inside = FLAT.reshape(5, 6, 4)[:2].reshape(-1, 4)
    covariance = CovarianceObjective.statistic(None, tf.constant(FEATURES), tf.constant(mask))
    np.testing.assert_allclose(covariance, np.cov(inside.T, bias=True), atol=1e-6)
    with pytest.raises(InputError, match="no masks"):
        showdown.SlicedObjective.statistic(None, tf.constant(FEATURES), tf.constant(mask))


def test_the_sliced_distance_ignores_the_order_and_sees_a_shift():
    directions = np.float32(np.eye(4)) * 3
    shuffled = np.random.default_rng(1).permutation(FLAT)
    assert float(sliced_wasserstein(FLAT, shuffled, directions)) < 1e-9
    assert float(sliced_wasserstein(FLAT, shuffled + 0.5, directions)) == pytest.approx(0.25, rel=1e-3)
    twice = np.repeat(FLAT, 2, axis=0)
    assert float(sliced_wasserstein(twice, FLAT, directions)) < 1e-3


def test_a_shuffled_network_has_the_trained_numbers_and_an_untrained_one_has_no_biases(weights):
    shuffled, again, other = (network("shuffled", seed) for seed in (0, 0, 1))
    kernel = shuffled["block2_conv1"][0]
    trained = showdown.trained_kernels(["block2_conv1"])["block2_conv1"][0]
    np.testing.assert_array_equal(np.sort(kernel, None), np.sort(trained, None))
    assert (kernel == again["block2_conv1"][0]).all() and (kernel != other["block2_conv1"][0]).any()
    assert not any(bias.any() for _, bias in network("untrained").values())
    assert network("trained") == "imagenet"


@pytest.mark.parametrize("statistic", STATISTICS)
def test_a_contestant_makes_its_own_loss_smaller(statistic, weights):
    style = painting()
    start = np.random.default_rng(2).random(style.shape, np.float32)
    run = Contestant(statistic, "untrained").start(start, style, {"block1_conv1": 1.0}, alpha=0, gamma=0)
    first = run.snapshot.losses.style
    assert min(snapshot.losses.style for snapshot in run.steps(30)) < first


def test_balanced_layers_pull_equally_but_for_depth(weights):
    balanced = Contestant("Gram", "untrained").balance(painting(1), painting())
    run = Contestant("Gram", "untrained").start(painting(1), painting(), balanced)
    pulls = []
    for i, weight in enumerate(balanced.values()):
        alone = tf.one_hot(i, len(balanced)) * weight
        pulls.append(float(tf.norm(run.objective.evaluate(run.image, tf.constant([0.0, 1.0, 0.0]), alone)[1])))
    np.testing.assert_allclose(np.array(pulls[:-1]) / pulls[1:], showdown.DEPTH, rtol=0.05)


@pytest.mark.parametrize("distance", [lambda a, b: sum(band_distance(a, b)), patch_distance])
def test_metrics_rank_as_the_eye_does(distance):
    style = painting()
    same, turned = distance(style, style), distance(upside_down(style), style)
    like, grain = distance(painting(1), style), distance(palette_alone(style), style)
    assert same < 1e-9 and turned < like + 1e-9 < grain / 3


def test_scores_are_scaled_by_the_landmarks(weights):
    style = painting()
    metrics = showdown.Metrics(style)
    for landmark, wanted in ((upside_down(style), 0), (palette_alone(style), 100)):
        scores = metrics(landmark)
        assert [scores[name] for name in ("bands", "patches", "Gram")] == pytest.approx([wanted] * 3, abs=1e-6)
        assert scores["palette"] < 0.1


def test_there_are_fifteen_contestants():
    assert len(STATISTICS) * len(NETWORKS) == 15
