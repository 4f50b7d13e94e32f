"""What is minimised: every layer has its say, and the tables that see to it are what is measured."""

import numpy as np
import pytest
import tensorflow as tf
from benchmarks.constants import typical_pulls
from conftest import compilations

from nst_helpers import losses
from nst_helpers.course.notebooks import PAINTINGS, PHOTOGRAPHS, picture
from nst_helpers.layers import CONV_LAYERS, STYLE_LAYERS
from nst_helpers.losses import (
    STYLE_SCALE,
    TYPICAL_PULL,
    gaussian,
    gram_loss,
    gram_matrix,
    moments,
    style_unit,
    wasserstein_loss,
)
from nst_helpers.objective import KEPT, Objective
from nst_helpers.settings import Settings
from nst_helpers.vgg import FeatureExtractor

DISTANCES = tuple(TYPICAL_PULL)


@pytest.fixture
def pictures(weights, monkeypatch):
    """A function from a size to data/'s photographs and paintings."""
    monkeypatch.setenv("NST_VGG19_WEIGHTS", str(weights))
    return lambda size: [[picture(name, size) for name in names] for names in (PHOTOGRAPHS, PAINTINGS)]


def test_table_is_what_is_measured(pictures):
    layers = ["block1_conv2", "block3_conv1"]
    for distance, pulls in typical_pulls(*pictures(384), layers).items():
        assert pulls == {layer: pytest.approx(TYPICAL_PULL[distance][layer], rel=0.02) for layer in layers}


def test_no_layer_has_more_than_half_of_the_style(pictures):
    features = FeatureExtractor(STYLE_LAYERS)
    losses, pulls = ({distance: [] for distance in DISTANCES} for _ in range(2))
    for photograph, painting in zip(*pictures(192), strict=True):
        found, style = features(photograph), features(painting)
        terms = {
            "wasserstein": [wasserstein_loss(gaussian(moments(style[n])), moments(found[n])) for n in STYLE_LAYERS],
            "squared": [gram_loss(gram_matrix(style[n]), gram_matrix(found[n])) for n in STYLE_LAYERS],
        }
        measured = typical_pulls([photograph], [painting], STYLE_LAYERS)
        for distance in DISTANCES:
            units = np.array([style_unit(layer, distance) for layer in STYLE_LAYERS])
            for shares, values in ((losses, terms[distance]), (pulls, list(measured[distance].values()))):
                shares[distance].append(np.float64(values) / units / np.sum(np.float64(values) / units))
    for shares in (*losses.values(), *pulls.values()):
        assert np.mean(shares, axis=0).max() <= 0.5


@pytest.mark.parametrize("distance", DISTANCES)
def test_units_are_there_for_all_layers(distance):
    assert set(TYPICAL_PULL[distance]) == set(CONV_LAYERS)
    assert style_unit("block3_conv4", distance) == STYLE_SCALE[distance] * TYPICAL_PULL[distance]["block3_conv4"]
    assert style_unit("block3_pool", distance) == style_unit("block3_conv4", distance)


def test_blended_styles_share_means_and_second_moments(noise):
    features = FeatureExtractor(["block1_conv1"], weights=None)
    settings = Settings(content_layers="block1_conv1", style_layers=["block1_conv1"])
    halves = [noise(16, 24, seed) * scale for seed, scale in ((0, 0.3), (1, 1.0))]
    side_by_side = tf.concat([features(each)["block1_conv1"] for each in halves], axis=2)

    class Known(FeatureExtractor):
        """Features that are known beforehand, so that no border comes between the two halves."""

        def __call__(self, image):
            return {"block1_conv1": side_by_side} if image.shape[2] == 48 else super().__call__(image)

    known = Known(["block1_conv1"], weights=None)
    content = noise(16, 16, 2)
    blended, whole = (
        Objective(content, styles, settings, known) for styles in (halves, [np.concatenate(halves, axis=2)])
    )
    for ours, expected in zip(blended.terms(content)[1], whole.terms(content)[1], strict=True):
        assert float(ours) == pytest.approx(float(expected), rel=1e-3)


class Means(Objective):
    """Compares one number for each channel."""

    def statistic(self, features, weights=None):
        return tf.reduce_mean(tf.cast(features, tf.float32), [0, 1, 2])[:, None]


def test_a_statistic_may_have_any_shape(noise):
    settings = Settings(content_layers="block1_conv1", style_layers=["block1_conv1"])
    network = FeatureExtractor(["block1_conv1"], weights=None)
    objective = Means(noise(16, 16), [noise(16, 16, 1)], settings, network)
    values, gradient = objective.evaluate(tf.constant(noise(16, 16, 2)), tf.constant([0.0, 1.0, 0.0]), tf.ones(1))
    assert values[2] > 0 and float(tf.norm(gradient)) > 0


def test_what_is_compiled_for_many_sizes_is_not_kept_for_ever(noise):
    settings = Settings(content_layers="block1_conv1", style_layers=["block1_conv1"])
    network = FeatureExtractor(["block1_conv1"], weights=None)
    first, *_, last = (Objective(noise(16, 8 + n), [noise(16, 16, 1)], settings, network) for n in range(KEPT + 3))
    assert len(network.compiled) == KEPT
    for objective, width in ((first, 8), (last, 8 + KEPT + 2)):
        values, _ = objective.evaluate(tf.constant(noise(16, width)), tf.ones(3), tf.ones(1))
        assert float(values[1]) == pytest.approx(0, abs=1e-6) and float(values[2]) > 0


def test_a_style_is_measured_once_for_all_runs_that_compare_it_alike(noise, monkeypatch):
    layers = ["block1_conv1", "block2_conv1"]
    network, measured, solved = FeatureExtractor(layers, weights=None), [], []
    measure, solve = Objective._statistics, losses.gaussian
    monkeypatch.setattr(Objective, "_statistics", lambda self, *given: measured.append(1) or measure(self, *given))
    monkeypatch.setattr(losses, "gaussian", lambda moments: solved.append(1) or solve(moments))
    one, other = noise(24, 20, 1), noise(24, 20, 2)
    expected = 0
    for content_seed, styles, settings, new in (
        (3, [one], {}, 1),
        (4, [one], {"alpha": 5}, 0),
        (4, [one, other], {}, 1),
        (4, [other], {"style_distance": "squared"}, 1),
        (4, [other], {"style_layers": layers[:1]}, 1),
    ):
        settings = Settings(**{"content_layers": layers[0], "style_layers": layers} | settings)
        objective = Objective(noise(24, 20, content_seed), styles, settings, network)
        expected += new
        assert len(measured) == expected
        alone = Alone(noise(24, 20, content_seed), styles, settings, network)
        measured[-len(styles) :] = []  # it measures for itself
        for ours, theirs in zip(objective.terms(noise(24, 20))[1], alone.terms(noise(24, 20))[1], strict=True):
            assert float(ours) == pytest.approx(float(theirs), rel=1e-4)
    assert len(network.measured) == expected
    assert len(solved) == 2 * 2 + 2 + 2 * 2 + 2  # two layers, ours and alone; alone; the blend, as at first; one layer


class Alone(Objective):
    """The same losses; a subclass, which may have another statistic, shares nothing."""


@pytest.mark.parametrize("distance", ["wasserstein", "squared"])
def test_other_pictures_of_the_same_shapes_compile_nothing_and_mix_nothing_up(noise, distance):
    layers = ["block1_conv1", "block2_conv1"]
    settings = Settings(content_layers=layers[0], style_layers=layers, style_distance=distance)
    network = FeatureExtractor(layers, weights=None)
    image, masks = tf.constant(noise(24, 20)), [tf.constant(noise(24, 20)[0, ..., 0])]
    weights = tf.constant([1.0, 1e4, 10.0]), tf.constant([1.0, 0.5])
    compiled = []
    for seed, scale in ((1, 1.0), (3, 0.2)):  # a style that varies less has fewer directions
        content, style = noise(24, 20, seed), scale * noise(24, 20, seed + 1)
        for given in ({}, {"masks": masks}):
            shared, alone = (kind(content, [style], settings, network, **given) for kind in (Objective, Alone))
            for ours, expected in zip(shared.evaluate(image, *weights), alone.evaluate(image, *weights), strict=True):
                np.testing.assert_allclose(ours, expected, rtol=1e-4, atol=1e-4 * np.abs(expected).max())
            compiled.append(compilations(shared))
    assert compiled == [1, 2, 2, 2]
