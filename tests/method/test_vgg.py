"""Our VGG19 is Keras's VGG19, and what we add to it does what it says."""

import independent
import numpy as np
import pytest
import tensorflow as tf
from benchmarks.constants import average_gains, mean_activations
from conftest import DATA

from nst_helpers.errors import InputError
from nst_helpers.files.images import load_image
from nst_helpers.layers import CONV_LAYERS, LAYERS, smallest_side
from nst_helpers.machine.kernels import trained_kernels
from nst_helpers.vgg import (
    AVERAGE_GAIN,
    CAFFE_MEAN,
    MEAN_ACTIVATION,
    FeatureExtractor,
    preprocess,
)

POOLS = [layer for layer in LAYERS if "pool" in layer]


@pytest.fixture(scope="module")
def ours(weights, photo):
    return FeatureExtractor(LAYERS, weights=weights, normalize=False, border="zeros")(photo)


@pytest.fixture(scope="module")
def keras(weights, photo):
    model = tf.keras.applications.VGG19(include_top=False, weights=str(weights))
    model = tf.keras.Model(model.input, {layer: model.get_layer(layer).output for layer in LAYERS})
    return model(tf.keras.applications.vgg19.preprocess_input(photo * 255))


@pytest.fixture(scope="module")
def numpy(weights, photo):
    return independent.vgg19(weights, photo)


def agree(a, b, tolerance=1e-4):
    b = np.asarray(b, np.float64)
    np.testing.assert_allclose(np.asarray(a, np.float64), b, rtol=tolerance, atol=tolerance * np.abs(b).mean())


@pytest.mark.parametrize("layer", LAYERS)
def test_equals_keras(ours, keras, layer):
    agree(ours[layer], keras[layer])


@pytest.mark.parametrize("layer", LAYERS)
def test_equals_plain_numpy(ours, numpy, layer):
    agree(ours[layer][0], numpy[layer])


def test_preprocessing_is_that_of_keras(photo):
    agree(preprocess(photo), tf.keras.applications.vgg19.preprocess_input(photo * 255), 1e-5)
    black = preprocess(np.zeros((1, 1, 1, 3), np.float32))
    np.testing.assert_allclose(black[0, 0, 0], [-value for value in CAFFE_MEAN])


def test_normalising_divides_by_the_table(weights, photo, ours):
    normalized = FeatureExtractor(LAYERS, weights=weights, border="zeros")(photo)
    for layer, mean in MEAN_ACTIVATION["max"].items():
        agree(normalized[layer], ours[layer] / mean)
    for pool in POOLS:
        agree(normalized[pool], ours[pool] / MEAN_ACTIVATION["max"][LAYERS[LAYERS.index(pool) - 1]])


@pytest.fixture(scope="module")
def pictures():
    others = ("content", "style", "stained_glass")  # two copies, and what the project drew later
    paths = [path for path in sorted(DATA.glob("*.jpg")) if path.stem not in others]
    return [load_image(path, 256, report=None) for path in paths]


@pytest.mark.parametrize("pooling", ["max", "avg"])
def test_table_is_what_is_measured_on_photographs_and_paintings(weights, monkeypatch, pictures, pooling):
    monkeypatch.setenv("NST_VGG19_WEIGHTS", str(weights))
    table = MEAN_ACTIVATION[pooling]
    assert mean_activations(pictures, pooling) == {name: pytest.approx(mean, rel=5e-4) for name, mean in table.items()}


def test_gains_let_averages_excite_the_next_layer_as_maxima_do(weights, monkeypatch, pictures):
    monkeypatch.setenv("NST_VGG19_WEIGHTS", str(weights))
    assert average_gains(pictures) == {pool: pytest.approx(gain, rel=1e-3) for pool, gain in AVERAGE_GAIN.items()}


def test_average_pooling(weights, photo):
    pooled = FeatureExtractor(["block2_pool"], weights=weights, pooling="avg", normalize=False)(photo)
    expected = independent.vgg19(weights, photo, "avg", "repeat", AVERAGE_GAIN)["block2_pool"]
    agree(pooled["block2_pool"][0], expected)


def test_the_first_convolution_sees_the_border_repeated(weights, photo):
    ours = FeatureExtractor(["block1_conv1", "block2_conv2"], weights=weights, normalize=False)(photo)
    expected = independent.vgg19(weights, photo, border="repeat")
    for layer, features in ours.items():
        agree(features[0], expected[layer])


@pytest.mark.parametrize("layer", ["block1_conv1", "block3_pool", "block5_conv4"])
def test_is_cut_at_the_deepest_layer(layer):
    extractor = FeatureExtractor(["block1_conv1", layer], weights=None)
    assert extractor.path == LAYERS[: LAYERS.index(layer) + 1]


def test_gives_the_layers_asked_for(photo):
    features = FeatureExtractor(["block3_conv1", "block1_pool"], weights=None)(np.concatenate([photo, photo]))
    assert {name: tuple(f.shape) for name, f in features.items()} == {
        "block3_conv1": (2, photo.shape[1] // 4, photo.shape[2] // 4, 256),
        "block1_pool": (2, photo.shape[1] // 2, photo.shape[2] // 2, 64),
    }


@pytest.mark.parametrize(
    ("wrong", "near"),
    [
        ("block5_conv5", "block5_conv"),
        ("conv4_2", "conv"),
        ("Block1_Conv1", "block1_conv1"),
        ("block4_pol", "block4_pool"),
    ],
)
def test_unknown_layer_suggests_the_nearest(wrong, near):
    with pytest.raises(InputError, match=f"no layer '{wrong}'; did you mean .*{near}"):
        FeatureExtractor([wrong], weights=None)


@pytest.mark.parametrize("layers", [[], [5], [None], [["block1_conv1"]]])
def test_what_is_no_layer_is_refused(layers):
    with pytest.raises(InputError):
        FeatureExtractor(layers, weights=None)


@pytest.mark.parametrize("layer", ["block1_conv2", "block3_conv1", "block5_conv2", "block5_pool"])
def test_smallest_image(layer, noise):
    extractor, side = FeatureExtractor([layer], weights=None), smallest_side([layer])
    assert extractor(noise(side, side + 1))[layer].shape[1:3] == (1, 2 if side == 1 else 1)
    if side > 1:
        with pytest.raises(InputError, match=f"{layer} needs at least {side} on each side"):
            extractor(noise(side - 1, 64))


def test_untrained_network_is_always_the_same(photo):
    first, second = (FeatureExtractor(["block5_conv2"], weights=None)(photo)["block5_conv2"] for _ in range(2))
    np.testing.assert_array_equal(first, second)


def test_untrained_activations_are_of_order_one(photo, noise):
    for image in (photo, noise(64, 64)):
        for layer, features in FeatureExtractor(CONV_LAYERS, weights=None)(image).items():
            assert 0.2 < float(tf.reduce_mean(features)) < 5, layer


def test_kernels_of_one_s_own_are_the_trained_ones_but_for_a_factor_a_layer(weights, photo, monkeypatch):
    monkeypatch.setenv("NST_VGG19_WEIGHTS", str(weights))
    layers = ["block1_conv1", "block2_conv1", "block3_conv2"]
    trained = FeatureExtractor(layers, weights=weights)(photo)
    given = FeatureExtractor(layers, weights=trained_kernels(layers))(photo)
    for layer in layers:
        factor = tf.reduce_mean(given[layer]) / tf.reduce_mean(trained[layer])
        agree(given[layer] / factor, trained[layer])


@pytest.mark.parametrize("pooling", ["max", "avg"])
def test_kernels_of_one_s_own_have_mean_activation_one_on_noise(noise, pooling):
    random = np.random.default_rng(1)
    kernels = {
        "block1_conv1": (random.standard_normal((3, 3, 3, 64)), 100 * random.random(64)),
        "block1_conv2": (0.01 * random.standard_normal((3, 3, 64, 64)), np.zeros(64)),
        "block2_conv1": (random.standard_normal((3, 3, 64, 128)), random.random(128)),
    }
    for layer, features in FeatureExtractor(kernels, weights=kernels, pooling=pooling)(noise(64, 64)).items():
        assert float(tf.reduce_mean(features)) == pytest.approx(1, abs=1e-3), layer


def test_kernels_that_do_not_fit_are_refused():
    kernel, bias = np.ones((3, 3, 3, 64)), np.zeros(64)
    with pytest.raises(InputError, match="the kernels lack block1_conv2; give one for each convolution up to block1_"):
        FeatureExtractor(["block1_conv2"], weights={"block1_conv1": (kernel, bias)})
    for wrong in ((kernel[..., :32], bias), (kernel, bias[:32]), (kernel.transpose(3, 0, 1, 2), bias)):
        with pytest.raises(InputError, match="kernel and bias of block1_conv1 must have the shapes"):
            FeatureExtractor(["block1_conv1"], weights={"block1_conv1": wrong})


def test_dead_layer_is_no_division_by_zero():
    dead = {"block1_conv1": (np.zeros((3, 3, 3, 64)), np.zeros(64))}
    features = FeatureExtractor(["block1_conv1"], weights=dead)(np.zeros((1, 4, 4, 3), np.float32))
    assert not np.asarray(features["block1_conv1"]).any()


@pytest.mark.parametrize(("precision", "tolerance"), [("bfloat16", 0.03), ("float16", 0.01)])
def test_half_precision_is_close(weights, photo, precision, tolerance):
    layers = ["block1_conv1", "block3_conv1", "block5_conv2"]
    exact = FeatureExtractor(layers, weights=weights)(photo)
    rough = FeatureExtractor(layers, weights=weights, precision=precision)(photo)
    for layer in layers:
        assert rough[layer].dtype == precision
        difference = tf.cast(rough[layer], tf.float32) - exact[layer]
        assert float(tf.norm(difference) / tf.norm(exact[layer])) < tolerance


def test_raw_activations_do_not_run_in_float16():
    assert FeatureExtractor(["block1_conv1"], weights=None, normalize=False, precision="float16").precision == "float32"
