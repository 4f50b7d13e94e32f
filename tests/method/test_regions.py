"""A style is painted where its mask is, the loss there is that of the region alone, and a blend may be changed."""

import numpy as np
import pytest
import tensorflow as tf
from conftest import compilations
from numpy.testing import assert_allclose

from nst_helpers.errors import InputError
from nst_helpers.losses import gram_matrix, moments
from nst_helpers.regions import carried, checked_mask, position_weights
from nst_helpers.transfer import StyleTransfer

SMALL = {
    "weights": None,
    "content_layers": "block2_conv1",
    "style_layers": ["block1_conv1", "block2_conv1"],
    "precision": "float32",
    "beta": 100,
}


def last(transfer, n):
    *_, snapshot = transfer.steps(n)
    return snapshot


def halves(height, width):
    """White on the left, black on the right."""
    mask = np.zeros((height, width), np.float32)
    mask[:, : width // 2] = 1
    return mask


@pytest.mark.parametrize("dtype", ["float32", "bfloat16", "float16"])
def test_weighted_moments_are_those_of_the_positions_that_count(dtype):
    features = np.random.default_rng(0).random((1, 6, 8, 5), np.float32)
    weights = tf.constant(halves(6, 8) / 24)
    part = moments(tf.constant(features[:, :, :4]))
    whole = moments(tf.cast(features, dtype), weights)
    for a, b in zip(part, whole, strict=True):
        assert_allclose(a, b, rtol=1e-5 if dtype == "float32" else 0.02)
    grams = gram_matrix(tf.constant(features[:, :, :4])), gram_matrix(tf.constant(features), weights=weights)
    assert_allclose(*grams, rtol=1e-5)


def test_gradient_of_weighted_moments():
    random = np.random.default_rng(1)
    features, weights = tf.constant(random.random((1, 3, 4, 5), np.float32)), random.random((3, 4)).astype("f4")
    weights /= weights.sum()
    wanted_mean, wanted_second = random.random(5, np.float32), random.random((5, 5), np.float32)

    def by(function):
        with tf.GradientTape() as tape:
            tape.watch(features)
            mean, second = function(features)
            loss = tf.reduce_sum(mean * wanted_mean) + tf.reduce_sum(second * wanted_second)
        return loss, tape.gradient(loss, features)

    def plain(f):
        flat, share = tf.reshape(f, [12, 5]), tf.reshape(weights, [12, 1])
        return tf.reduce_sum(flat * share, 0), tf.matmul(flat * share, flat, transpose_a=True)

    for a, b in zip(by(lambda f: moments(f, tf.constant(weights))), by(plain), strict=True):
        assert_allclose(a, b, rtol=1e-5)


def test_a_mask_is_carried_as_far_as_receptive_fields_reach():
    mask = tf.constant(halves(32, 64))
    seen = carried(mask, ["block1_conv1", "block3_conv1"])
    assert seen["block1_conv1"].shape == (32, 64)
    assert seen["block3_conv1"].shape == (8, 16)
    edge = seen["block3_conv1"].numpy()[4]
    assert edge[0] == 1
    assert edge[-1] == 0
    assert (np.diff(edge) <= 0).all()
    assert 2 <= np.sum((edge > 0) & (edge < 1)) <= 6
    weights, share = position_weights(seen["block3_conv1"])
    assert float(tf.reduce_sum(weights)) == pytest.approx(1)
    assert float(share) == pytest.approx(0.5, abs=0.02)


def test_a_white_mask_changes_nothing(noise):
    images = noise(32, 40), noise(36, 36, 1)
    plain, masked = (last(StyleTransfer(*images, **SMALL, **more), 3) for more in ({}, {"masks": [np.ones((4, 4))]}))
    assert masked.losses.total == pytest.approx(plain.losses.total, rel=1e-4)
    assert_allclose(masked.image, plain.image, atol=2e-3)


@pytest.mark.parametrize("distance", ["wasserstein", "squared"])
def test_each_style_is_painted_where_its_mask_is(noise, distance):
    """Two plain styles, one dark and one bright, on a gray content."""
    content = 0.5 + 0.02 * (noise(32, 64) - 0.5)
    dark, bright = 0.2 * noise(32, 32, 1), 1 - 0.2 * noise(32, 32, 2)
    left = halves(32, 64)
    run = StyleTransfer(
        content, [dark, bright], masks=[left, 1 - left], style_distance=distance, **SMALL | {"alpha": 0, "gamma": 0}
    )
    image = last(run, 30).image[0]
    assert image[:, :24].mean() < 0.4
    assert image[:, 40:].mean() > 0.6


def test_where_no_style_is_painted_the_content_stays(noise):
    content, style = noise(32, 96), 0.2 * noise(32, 32, 1)
    image = last(StyleTransfer(content, style, masks=[halves(32, 96)], **SMALL), 5).image
    assert np.abs(image - content)[:, :, :48].mean() > 0.01
    assert_allclose(image[:, :, 48:], content[:, :, 48:], atol=1e-6)


def test_what_is_gray_is_painted_partly(noise):
    content, style = noise(32, 32), 0.2 * noise(32, 32, 1)
    whole, half = (
        last(StyleTransfer(content, style, masks=[np.full((4, 4), gray)], **SMALL), 5).image for gray in (1, 0.5)
    )
    moved = np.abs(half - content).mean() / np.abs(whole - content).mean()
    assert 0.3 < moved < 0.7


def test_only_a_part_of_the_style_is_looked_at(noise):
    """Its left half is dark, its right half bright."""
    content, style = 0.5 + 0.02 * (noise(32, 32) - 0.5), 0.2 * noise(32, 64, 1)
    style[:, :, 32:] += 0.8
    for mask, darker in ((halves(32, 64), True), (1 - halves(32, 64), False)):
        run = StyleTransfer(content, style, style_masks=[mask], learning_rate=0.05, **SMALL | {"alpha": 0, "gamma": 0})
        assert (last(run, 30).image.mean() < 0.5) == darker


def test_what_is_kept_is_the_content(noise):
    content, kept = noise(32, 40), halves(32, 40)
    image = last(StyleTransfer(content, noise(32, 32, 1), keep=kept, **SMALL), 5).image
    assert_allclose(image[:, :, :20], content[:, :, :20], atol=1e-6)
    assert np.abs(image - content)[:, :, 20:].mean() > 0.01


def test_masks_at_every_size(noise):
    left = halves(20, 20)
    run = StyleTransfer(noise(64, 64), noise(64, 64, 1), masks=[left], keep=1 - left, scales={32: 2, 45: 2}, **SMALL)
    assert [snapshot.size for snapshot in run.steps(5)] == [32, 32, 45, 45, 64]


def test_a_blend_counts_as_its_weights_say(noise):
    content, styles = noise(32, 32), [noise(32, 32, 1), 0.5 * noise(32, 32, 2)]
    alone = StyleTransfer(content, styles[1], **SMALL).snapshot.losses.style
    blended = StyleTransfer(content, styles, style_weights=[0, 3], **SMALL)
    assert blended.settings.style_weights == (0, 1)
    assert blended.snapshot.losses.style == pytest.approx(alone, rel=1e-3)
    twice = StyleTransfer(content, [styles[0], styles[0], styles[1]], **SMALL).snapshot.losses.style
    assert StyleTransfer(content, styles, style_weights=[2, 1], **SMALL).snapshot.losses.style == pytest.approx(
        twice, rel=1e-3
    )


@pytest.mark.parametrize("distance", ["wasserstein", "squared"])
def test_a_blend_may_be_changed_between_steps_without_compiling(noise, distance):
    content, styles = noise(32, 32), [noise(32, 32, 1), 0.3 * noise(32, 32, 2)]
    run = StyleTransfer(content, styles, style_distance=distance, **SMALL)
    last(run, 2)
    traced = compilations(run.objective)
    for weights in ([1, 0], [0.2, 0.8]):
        run.style_weights = weights
        image = run.image
        fresh = StyleTransfer(content, styles, style_distance=distance, style_weights=weights, init=image, **SMALL)
        assert run.snapshot.losses.style == pytest.approx(fresh.snapshot.losses.style, rel=1e-3)
        last(run, 1)
    assert compilations(run.objective) == traced


def test_strength_of_the_contents_colors_may_be_changed_after_the_run(noise):
    content = noise(32, 32)
    run = StyleTransfer(content, noise(32, 32, 1), colors="luminance", **SMALL)
    full = last(run, 3).image
    run.color_strength = 0
    none = run.snapshot.image
    assert_allclose(none, last(StyleTransfer(content, noise(32, 32, 1), **SMALL), 3).image)
    run.color_strength = 0.5
    assert_allclose(run.snapshot.image, (full + none) / 2, atol=1e-6)


def test_several_content_layers_with_weights(noise):
    images = noise(32, 32), noise(32, 32, 1)
    layers = {"block1_conv1": 0.5, "block2_conv1": 2.0}
    both = StyleTransfer(*images, **SMALL | {"content_layers": layers}, init=noise(32, 32, 2)).snapshot.losses.content
    alone = [
        StyleTransfer(*images, **SMALL | {"content_layers": layer}, init=noise(32, 32, 2)).snapshot.losses.content
        for layer in layers
    ]
    assert both == pytest.approx(0.5 * alone[0] + 2 * alone[1], rel=1e-4)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"masks": [np.zeros((4, 4))]}, "black everywhere"),
        ({"masks": [np.full((4, 4), np.nan)]}, "0 to 1"),
        ({"masks": [np.full((4, 4), 255.0)]}, "divide"),
        ({"masks": [np.ones((4, 4, 3))]}, r"shape \[H, W\]"),
        ({"masks": [np.ones((4, 4))] * 2}, "masks: 2, styles: 1"),
        ({"style_masks": [None] * 2}, "style masks: 2, styles: 1"),
        ({"keep": np.ones((4, 4))}, "keep covers everything"),
        ({"masks": ["mask.png"]}, "a mask must be an array, not 'mask.png'"),
        ({"keep": "mask.png"}, "keep must be an array"),
        ({"style_weights": [1]}, "style_weights"),
        ({"color_strength": 2}, "color_strength must be a number from 0 to 1"),
    ],
)
def test_what_cannot_work_is_refused(noise, options, message):
    with pytest.raises(InputError, match=message):
        StyleTransfer(noise(), noise(seed=1), **SMALL | options)


def test_styles_with_a_mask_each_have_no_weights(noise):
    styles, masks = [noise(seed=1), noise(seed=2)], [np.tri(8), 1 - np.tri(8)]
    with pytest.raises(InputError, match="no weights; make a mask grey"):
        StyleTransfer(noise(), styles, masks=masks, style_weights=[1, 2], **SMALL)
    run = StyleTransfer(noise(), styles, masks=masks, **SMALL)
    with pytest.raises(InputError, match="no weights; make a mask grey"):
        run.style_weights = [1, 2]
    assert run.style_weights == ()


def test_masks_are_checked():
    assert checked_mask("a mask", [[0, 1]]).dtype == np.float32
