"""The losses against plain loops over numbers, as the formulas are written."""

import independent
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

import nst_helpers
from nst_helpers.losses import (
    LEAST_VARIANCE,
    content_loss,
    gaussian,
    gram_loss,
    gram_matrix,
    moments,
    style_loss,
    total_variation_loss,
    wasserstein_loss,
)

pytestmark = pytest.mark.quick

REDUCTIONS = ("mean", "sum")
shapes = st.tuples(st.just(1), st.integers(2, 6), st.integers(2, 6), st.integers(1, 5))
seeds = st.integers(0, 2**32 - 1)
with_random_shapes = settings(max_examples=25, deadline=None)


def draw(shape, seed):
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


def gram_by_loops(features, reduction):
    _, height, width, channels = features.shape
    gram = np.zeros((channels, channels))
    for i in range(channels):
        for j in range(channels):
            for y in range(height):
                for x in range(width):
                    gram[i, j] += float(features[0, y, x, i]) * float(features[0, y, x, j])
    return gram / (height * width * (channels if reduction == "mean" else 1))


def squares(a, b):
    return [(float(x) - float(y)) ** 2 for x, y in zip(np.ravel(a), np.ravel(b), strict=True)]


def reduced(values, reduction):
    return sum(values) / (len(values) if reduction == "mean" else 1)


@pytest.mark.parametrize("reduction", REDUCTIONS)
@with_random_shapes
@given(shape=shapes, seed=seeds)
def test_gram_matrix(reduction, shape, seed):
    features = draw(shape, seed)
    gram = gram_matrix(tf.constant(features), reduction=reduction)
    assert gram.shape == (1, shape[3], shape[3])
    np.testing.assert_allclose(gram[0], gram_by_loops(features, reduction), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("reduction", REDUCTIONS)
@with_random_shapes
@given(shape=shapes, seed=seeds)
def test_content_loss(reduction, shape, seed):
    content, generated = draw((2, *shape), seed)
    expected = 0.5 * reduced(squares(content, generated), reduction)
    assert float(content_loss(content, generated, reduction=reduction)) == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("reduction", REDUCTIONS)
@with_random_shapes
@given(shape=shapes, seed=seeds, weights=st.lists(st.floats(0, 10), min_size=2, max_size=2))
def test_style_loss(reduction, shape, seed, weights):
    channels = shape[3]
    style = {"a": draw((1, channels, channels), seed), "b": draw((1, 3, 3), seed)}
    generated = {"a": draw((1, channels, channels), seed + 1), "b": draw((1, 3, 3), seed + 1)}
    layer_weights = dict(zip("ab", weights, strict=True))
    expected = sum(w * reduced(squares(style[n], generated[n]), reduction) for n, w in layer_weights.items())
    found = style_loss(style, generated, layer_weights=layer_weights, reduction=reduction)
    assert float(found) == pytest.approx(expected, rel=1e-5, abs=1e-6)


@pytest.mark.parametrize("reduction", REDUCTIONS)
@with_random_shapes
@given(height=st.integers(2, 6), width=st.integers(2, 6), seed=seeds)
def test_total_variation_loss(reduction, height, width, seed):
    image = draw((1, height, width, 3), seed)
    down, across = [], []
    for channel in range(3):
        for y in range(height):
            for x in range(width):
                here = float(image[0, y, x, channel])
                if y + 1 < height:
                    down.append((float(image[0, y + 1, x, channel]) - here) ** 2)
                if x + 1 < width:
                    across.append((float(image[0, y, x + 1, channel]) - here) ** 2)
    expected = (reduced(down, reduction) + reduced(across, reduction)) * (16 if reduction == "mean" else 1)
    assert float(total_variation_loss(image, reduction=reduction)) == pytest.approx(expected, rel=1e-5)


def test_layers_weigh_one_unless_told():
    style, generated = (
        {"a": draw((1, 2, 2), 0), "b": draw((1, 3, 3), 0)},
        {"a": draw((1, 2, 2), 1), "b": np.zeros((1, 3, 3))},
    )
    assert float(style_loss(style, generated)) == pytest.approx(
        sum(float(gram_loss(style[name], generated[name])) for name in style), rel=1e-6
    )


@pytest.mark.parametrize("reduction", REDUCTIONS)
def test_gram_gradient_is_that_of_the_plain_formula(reduction):
    features = tf.constant(draw((2, 4, 5, 6), 0))
    upstream = tf.constant(draw((2, 6, 6), 1))  # not symmetric: the gradient must not count on that
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(features)
        ours = tf.reduce_sum(gram_matrix(features, reduction=reduction) * upstream)
        divisor = 4 * 5 * (6 if reduction == "mean" else 1)
        plain = tf.reduce_sum(tf.einsum("bhwc,bhwd->bcd", features, features) / divisor * upstream)
    np.testing.assert_allclose(tape.gradient(ours, features), tape.gradient(plain, features), rtol=1e-4, atol=1e-6)


def test_gram_gradient_is_the_slope():
    features, direction, upstream = draw((1, 3, 3, 4), 0), draw((1, 3, 3, 4), 1), draw((1, 4, 4), 2)

    def value(step):
        return np.sum(gram_by_loops(features + step * np.float64(direction), "mean") * upstream[0])

    with tf.GradientTape() as tape:
        variable = tf.Variable(features)
        loss = tf.reduce_sum(gram_matrix(variable) * upstream)
    slope = float(tf.reduce_sum(tape.gradient(loss, variable) * direction))
    assert slope == pytest.approx((value(1e-4) - value(-1e-4)) / 2e-4, rel=1e-4)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_gram_of_half_precision_is_float32_and_does_not_overflow(dtype):
    features = tf.fill([1, 64, 64, 4], tf.constant(30.0, dtype))
    gram = gram_matrix(features, reduction="sum")
    assert gram.dtype == tf.float32
    np.testing.assert_allclose(gram, np.full((1, 4, 4), 900.0), rtol=1e-2)


def test_gram_is_symmetric():
    gram = gram_matrix(tf.constant(draw((1, 7, 5, 9), 0)))[0]
    np.testing.assert_allclose(gram, tf.transpose(gram), rtol=1e-6, atol=1e-7)


def test_gram_forgets_where():
    features = draw((1, 6, 6, 5), 0)
    shuffled = np.random.default_rng(1).permutation(features.reshape(36, 5)).reshape(features.shape)
    np.testing.assert_allclose(
        gram_matrix(tf.constant(features)), gram_matrix(tf.constant(shuffled)), rtol=1e-4, atol=1e-6
    )


def test_gram_of_a_batch_keeps_images_apart():
    features = draw((3, 4, 4, 5), 0)
    grams = gram_matrix(tf.constant(features))
    for i in range(3):
        np.testing.assert_allclose(
            grams[i : i + 1], gram_matrix(tf.constant(features[i : i + 1])), rtol=1e-5, atol=1e-6
        )


def wasserstein(style, generated):
    return wasserstein_loss(gaussian(moments(tf.constant(style))), moments(tf.constant(generated)))


@with_random_shapes
@given(shape=st.tuples(st.just(1), st.integers(3, 6), st.integers(3, 6), st.integers(1, 6)), seed=seeds)
def test_wasserstein_distance_is_that_of_plain_numpy(shape, seed):
    style, generated = draw(shape, seed), 2 * draw(shape, seed + 1) + 1
    expected = independent.wasserstein(style[0], generated[0], LEAST_VARIANCE)
    assert float(wasserstein(style, generated)) == pytest.approx(expected, rel=1e-3, abs=1e-4)


def test_wasserstein_gradient_is_the_slope():
    style, generated, direction = (draw((1, 5, 6, 4), seed) for seed in range(3))

    def value(step):
        return independent.wasserstein(style[0], generated[0] + step * np.float64(direction[0]), LEAST_VARIANCE)

    with tf.GradientTape() as tape:
        variable = tf.Variable(generated)
        loss = wasserstein_loss(gaussian(moments(tf.constant(style))), moments(variable))
    slope = float(tf.reduce_sum(tape.gradient(loss, variable) * direction))
    assert slope == pytest.approx((value(1e-4) - value(-1e-4)) / 2e-4, rel=1e-3)


def test_wasserstein_distance_of_two_numbers_is_that_of_means_and_deviations():
    style, generated = (draw((1, 40, 40, 1), seed) * s + m for seed, m, s in ((0, 3, 2), (1, -1, 0.5)))
    expected = (style.mean() - generated.mean()) ** 2 + (style.std() - generated.std()) ** 2
    assert float(wasserstein(style, generated)) == pytest.approx(expected, rel=1e-4)


def test_directions_that_hardly_vary_are_left_out():
    spread = np.float32([1, 0.2, 0.05])  # variances 1, 0.04, 0.0025
    assert gaussian(moments(tf.constant(draw((1, 60, 60, 3), 0) * spread))).root.shape == (3, 2)


@pytest.mark.parametrize("value", [0.0, 2.5])
def test_wasserstein_distance_to_a_style_without_variance(value):
    flat, generated = np.full((1, 4, 4, 3), value, np.float32), draw((1, 4, 4, 3), 0)
    with tf.GradientTape() as tape:
        variable = tf.Variable(generated)
        loss = wasserstein_loss(gaussian(moments(tf.constant(flat))), moments(variable))
    assert float(loss) == pytest.approx(np.mean((generated - value) ** 2), rel=1e-3)
    assert np.isfinite(tape.gradient(loss, variable)).all()


def losses_of(repeats, reduction):
    """Content, style and total variation losses of a pattern laid `repeats` times along each side."""
    a, b = (np.tile(draw((1, 8, 8, 3), seed), (1, repeats, repeats, 1)) for seed in (0, 1))
    grams = [gram_matrix(tf.constant(each), reduction=reduction) for each in (a, b)]
    return np.array(
        [
            content_loss(a, b, reduction=reduction),
            gram_loss(*grams, reduction=reduction),
            total_variation_loss(a, reduction=reduction),
        ]
    )


def test_mean_does_not_depend_on_size():
    np.testing.assert_allclose(losses_of(4, "mean") / losses_of(1, "mean"), 1, rtol=0.1)


def test_sums_grow_with_the_area_but_the_style_loss_does_not():
    np.testing.assert_allclose(losses_of(4, "sum") / losses_of(1, "sum"), [16, 1, 16], rtol=0.2)


def test_losses_of_equal_things_are_zero():
    features, gram = draw((1, 4, 4, 3), 0), draw((1, 3, 3), 0)
    flat = np.full((1, 4, 4, 3), 0.7, np.float32)
    assert (
        float(content_loss(features, features))
        == float(gram_loss(gram, gram))
        == float(total_variation_loss(flat))
        == 0
    )


@pytest.mark.parametrize("name", ["gram_matrix", "content_loss", "style_loss", "total_variation_loss"])
def test_are_importable_from_the_package(name):
    assert getattr(nst_helpers, name) is globals()[name]
