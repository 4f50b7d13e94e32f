"""The reader's own program paints, its functions are the package's, and what a reader keeps is used from then on."""

import numpy as np
import pytest
import tensorflow as tf
from numpy.testing import assert_allclose

from nst_helpers import FeatureExtractor, losses
from nst_helpers.course import my_nst, notebooks
from nst_helpers.vgg import preprocess

FEATURES = np.random.default_rng(0).random((1, 4, 6, 5), np.float32)
OTHER = np.random.default_rng(1).random((1, 4, 6, 5), np.float32)


def test_its_functions_are_the_packages(noise):
    image = noise(8, 9)
    assert_allclose(my_nst.vgg_input(image), preprocess(image), rtol=1e-6)
    assert_allclose(my_nst.gram(FEATURES), losses.gram_matrix(FEATURES)[0], rtol=1e-5)
    assert_allclose(my_nst.content_loss(FEATURES, OTHER), losses.content_loss(FEATURES, OTHER), rtol=1e-5)
    grams = [{"a": my_nst.gram(each), "b": 2 * my_nst.gram(each)} for each in (FEATURES, OTHER)]
    assert_allclose(my_nst.style_loss(*grams), losses.style_loss(*grams), rtol=1e-5)
    variation = losses.total_variation_loss(tf.constant(image)) * losses.CONTRAST**2
    assert_allclose(my_nst.total_variation(image), variation, rtol=1e-5)
    weights = np.zeros((4, 6), np.float32)
    weights[:, :3] = 1
    assert_allclose(my_nst.masked_gram(FEATURES, weights), my_nst.gram(FEATURES[:, :, :3]), rtol=1e-5)


def test_it_paints(noise):
    content, style = tf.constant(noise(16, 20)), tf.constant(noise(16, 16, 1) ** 3)
    features = FeatureExtractor(["block1_conv1", "block2_conv1"], weights=None)
    grams = {layer: my_nst.gram(each) for layer, each in features(style).items()}

    def loss(image):
        return 1e6 * my_nst.style_loss(grams, {layer: my_nst.gram(each) for layer, each in features(image).items()})

    painted = my_nst.paint(content, loss, 20)
    assert float(loss(painted)) < 0.5 * float(loss(content))
    plain = tf.Variable(content)
    adam = tf.keras.optimizers.Adam(0.02, epsilon=1e-8)
    for _ in range(3):
        with tf.GradientTape() as tape:
            value = loss(plain)
        adam.apply_gradients([(tape.gradient(value, plain), plain)])
        plain.assign(tf.clip_by_value(plain, 0, 1))
    assert_allclose(my_nst.paint(content, loss, 3), plain, atol=2e-4)


def test_what_a_reader_keeps_is_used(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert notebooks.mine("gram") is my_nst.gram

    def gram(features):
        return 1

    def vgg_input(image):
        return 2

    monkeypatch.setattr(notebooks.inspect, "getsource", lambda f: f"def {f.__name__}(x):\n    return {f(0)}\n")
    notebooks.keep(gram)
    notebooks.keep(vgg_input)
    notebooks.keep(gram)
    assert (tmp_path / "my_nst.py").read_text().count("def gram(") == 1
    assert notebooks.mine("gram")(FEATURES) == 1
    assert notebooks.mine("vgg_input")(FEATURES) == 2
    assert notebooks.mine("style_loss") is my_nst.style_loss


def test_a_decorated_function_is_kept_beside_the_others(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    sources = {"gram": "def gram(x):\n    return 1\n", "step": "@tf.function\ndef step(x):\n    return 2\n"}
    monkeypatch.setattr(notebooks.inspect, "getsource", lambda f: sources[f.__name__])

    def gram(x): ...

    def step(x): ...

    for function in (gram, step, gram, step):
        notebooks.keep(function)
    text = (tmp_path / "my_nst.py").read_text()
    assert [text.count(each) for each in ("def gram(", "@tf.function\ndef step(")] == [1, 1]


@pytest.mark.parametrize("value", [None, 3.0, "block2", True])
def test_a_guess_that_nobody_made_prints_nothing(value, capsys):
    guess = notebooks.predict("How many?", value)
    assert (capsys.readouterr().out == "") == (value is None)
    notebooks.score(guess, 3.0 if not isinstance(value, str) else "block3")
    said = capsys.readouterr().out
    assert said.startswith("Measured: ")
    assert ("Your guess" in said) == (value is not None)
