"""A picture in tiles has the losses and the gradient of the whole, and tiles are taken where the whole does not fit."""

import numpy as np
import pytest
import tensorflow as tf
from numpy.testing import assert_allclose

from nst_helpers.errors import InputError
from nst_helpers.machine import memory
from nst_helpers.machine.grid import cut, smallest_tile, step_and_overlap
from nst_helpers.objective import Objective
from nst_helpers.settings import Settings
from nst_helpers.tiles import TiledObjective
from nst_helpers.transfer import StyleTransfer
from nst_helpers.vgg import FeatureExtractor

SHALLOW = {"content_layers": {"block2_conv1": 1, "block3_conv1": 0.5}, "style_layers": ["block3_conv1", "block1_conv1"]}
WEIGHTS = tf.constant([1.0, 1e4, 10.0])
SIDE = smallest_tile(["block3_conv1"])


def both(content, styles, settings, *masks, pixels=SIDE**2, precision="float32"):
    """The same objective in tiles and whole."""
    features = FeatureExtractor(
        settings.layers,
        weights=None,
        pooling=settings.pooling,
        normalize=settings.reduction == "mean",
        precision=precision,
    )
    tiled = TiledObjective(content, styles, settings, features, *masks, pixels=pixels)
    return tiled, Objective(content, styles, settings, features, *masks)


def assert_alike(tiled, whole, image, value=1e-5, gradient=1e-4):
    weights = WEIGHTS, tf.constant(list(tiled.settings.style_layers.values()))
    (ours, our_gradient), (theirs, their_gradient) = (each.evaluate(image, *weights) for each in (tiled, whole))
    assert_allclose(ours, theirs, rtol=value)
    assert_allclose(our_gradient, their_gradient, atol=gradient * np.abs(their_gradient).max())


@pytest.fixture
def pictures(noise):
    """Two styles, larger and smaller than a tile, a content, and an image; sides are odd, but for the styles."""
    return [noise(60, 190, 1), 0.5 * noise(48, 48, 2) ** 2], *(tf.constant(noise(101, 187, seed)) for seed in (0, 3))


@pytest.mark.parametrize(
    "settings",
    [
        {"pooling": "avg"},
        {"style_distance": "squared"},
        {"reduction": "sum", "style_weights": [0.2, 0.8]},
    ],
)
def test_losses_and_gradient_are_those_of_the_whole(pictures, settings):
    styles, content, image = pictures
    tiled, whole = both(content, styles, Settings(**SHALLOW, **settings))
    assert len(tiled.tiles) > 4
    assert_alike(tiled, whole, image)
    for a, b in zip(tf.nest.flatten(tiled.terms(image)), tf.nest.flatten(whole.terms(image)), strict=True):
        assert_allclose(a, b, rtol=1e-5)


@pytest.mark.parametrize("distance", ["wasserstein", "squared"])
def test_regions_in_tiles(pictures, distance):
    styles, content, image = pictures
    left = np.zeros(content.shape[1:3], np.float32)
    left[:, :40] = 1  # elsewhere are tiles that have nothing of it
    masks = [tf.constant(left), tf.constant(1 - left)], [tf.random.stateless_uniform((60, 190), [1, 2]), None]
    tiled, whole = both(content, styles, Settings(**SHALLOW, style_distance=distance), *masks)
    assert_alike(tiled, whole, image)


def test_layers_of_a_run_are_seen_as_far_as_they_reach(noise):
    """Block 5, whose positions see 70 pixels beyond their own: only the picture's content in tiles is looked at."""
    content, style = tf.constant(noise(177, 530)), noise(64, 64, 1)
    settings = Settings(content_layers="block5_conv1", style_layers=["block5_conv1"])
    tiled, whole = both(content, [style], settings, pixels=200 * 352)
    assert len(tiled.tiles) == 2
    assert_alike(tiled, whole, tf.constant(noise(177, 530, 2)))


@pytest.mark.parametrize("precision", ["bfloat16", "float16"])
def test_half_precision(pictures, precision):
    styles, content, image = pictures
    for settings in ({}, {"style_distance": "squared"}):
        assert_alike(*both(content, styles, Settings(**SHALLOW, **settings), precision=precision), image, 0.03, 0.05)


def test_a_blend_may_be_changed(pictures):
    styles, content, image = pictures
    objectives = both(content, styles, Settings(**SHALLOW))
    for objective in objectives:
        objective.blend([0.9, 0.1])
    assert_alike(*objectives, image)


@pytest.mark.parametrize("layers", [["block1_conv1"], ["block3_conv1"], ["block5_conv2"], ["block5_pool"]])
@pytest.mark.parametrize("sides", [(50, 70), (333, 1000), (1500, 811)])
def test_tiles_cover_a_picture_once_and_see_enough(layers, sides):
    step, overlap = step_and_overlap(layers)
    least = smallest_tile(layers) ** 2
    for pixels in (least, 3 * least, 10**7):
        tiles = cut([1, *sides, 3], layers, pixels)
        times = np.zeros(sides, int)
        for spans in tiles:
            for (start, stop, begin, end), side in zip(spans, sides, strict=True):
                assert start % step == begin % step == 0 and 0 <= start <= begin < end <= stop <= side
                assert begin - start >= (overlap if begin else 0) and stop - end >= (overlap if end < side else 0)
            times[tuple(slice(span.begin, span.end) for span in spans)] += 1
        assert (times == 1).all()
        assert len({tuple(span.stop - span.start for span in spans) for spans in tiles}) == 1
        assert all(np.prod([span.stop - span.start for span in spans]) <= pixels for spans in tiles)
    assert len(tiles) == 1


def little_memory(monkeypatch, shape, settings, pixels=SIDE**2):
    """Leave so much memory that tiles of so many pixels fit."""
    left = memory.peak_bytes(shape, shape, settings, "float32", pixels)
    monkeypatch.setattr(memory, "FIXED", 0)
    monkeypatch.setattr(memory, "available_bytes", lambda: left - 60e6)


def test_tiles_are_taken_and_told_where_the_whole_does_not_fit(noise, monkeypatch):
    content, style = noise(301, 201), noise(64, 64, 1)
    run = {"weights": None, "precision": "float32", "scales": {64: 2}} | SHALLOW
    whole = StyleTransfer(content, style, **run)
    little_memory(monkeypatch, content.shape, whole.settings)
    with pytest.warns(
        UserWarning, match=r"^the picture is painted in \d+ tiles, because the whole needs about 0.\d GB"
    ):
        tiled = StyleTransfer(content, style, **run)
    for ours, theirs in zip(tiled.steps(4), whole.steps(4), strict=True):
        assert ours.losses.total == pytest.approx(theirs.losses.total, rel=1e-3)
    assert [type(each) for each in tiled._objectives.values()] == [Objective, TiledObjective]
    assert np.abs(tiled.image - whole.image).mean() < 1e-3


def test_a_large_style_alone_is_nothing_to_be_told(noise, monkeypatch, recwarn):
    content, style = noise(40, 40), noise(401, 301, 1)
    settings = Settings(**SHALLOW)
    little_memory(monkeypatch, style.shape, settings)
    run = StyleTransfer(content, style, weights=None, precision="float32", **SHALLOW)
    assert isinstance(run.objective, TiledObjective) and len(run.objective.tiles) == 1
    *_, last = run.steps(2)
    assert last.iteration == 2 and not recwarn


def test_another_statistic_is_refused_where_the_whole_does_not_fit(noise, monkeypatch):
    content = noise(301, 201)

    class Other(StyleTransfer):
        class Objective(Objective):
            def statistic(self, features, weights=None):
                return tf.reduce_mean(features, axis=(1, 2))

    little_memory(monkeypatch, content.shape, Settings(**SHALLOW))
    with pytest.raises(InputError, match="take a size of at most"):
        Other(content, content, weights=None, precision="float32", **SHALLOW)
