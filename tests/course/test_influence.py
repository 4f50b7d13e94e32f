"""The influence meter against the gradient of the total, against finite differences, and where nothing pulls."""

import numpy as np
import pytest
import tensorflow as tf

from nst_helpers import StyleTransfer
from nst_helpers.course.influence import CONTENT, VARIATION, InfluenceMeter, shares, term_weights
from nst_helpers.tiles import TiledObjective

LAYERS = {"block1_conv1": 0.5, "block2_conv1": 2.0}


@pytest.fixture(scope="module")
def transfer():
    images = np.random.default_rng(0).random((2, 1, 16, 24, 3), np.float32)
    options = {"content_layers": "block2_conv2", "style_layers": LAYERS, "precision": "float32", "weights": None}
    transfer = StyleTransfer(*images, alpha=3, beta=200, gamma=0.7, **options)
    for _ in transfer.steps(3):
        pass
    return transfer


@pytest.fixture(scope="module")
def meter(transfer):
    return InfluenceMeter(transfer)


def test_weighted_gradients_add_up_to_that_of_the_total(transfer, meter):
    weights = term_weights(transfer.settings)
    gradients = meter.gradients()
    assert list(gradients) == list(weights) == [CONTENT, *LAYERS, VARIATION]
    assert weights == {CONTENT: 3, "block1_conv1": 100, "block2_conv1": 400, VARIATION: pytest.approx(0.7)}
    whole = tf.add_n([weights[name] * gradient for name, gradient in gradients.items()]).numpy()
    _, right = transfer._evaluate_once()
    np.testing.assert_allclose(whole, right, atol=1e-4 * np.abs(right).max())


def test_a_picture_in_tiles_has_the_same_gradients(transfer, meter, monkeypatch):
    whole = meter.gradients()
    given = transfer.originals.content, transfer.originals.styles, transfer.settings, transfer.features
    monkeypatch.setattr(transfer, "objective", TiledObjective(*given, pixels=1e4))
    for name, gradient in meter.gradients().items():
        np.testing.assert_allclose(gradient, whole[name], atol=1e-4 * np.abs(whole[name]).max(), err_msg=name)


@pytest.mark.parametrize("name", [CONTENT, *LAYERS, VARIATION])
def test_gradient_of_each_term_is_the_slope_along_itself(transfer, meter, name):
    def loss(image):
        content, style, variation = transfer.objective.terms(tf.constant(image))
        return float({CONTENT: content, VARIATION: variation, **dict(zip(LAYERS, style, strict=True))}[name])

    image, gradient = transfer.image.numpy(), meter.gradients()[name].numpy()
    length = np.linalg.norm(gradient)
    assert meter.lengths()[name] == pytest.approx(length, rel=1e-4)
    step = 0.02 * gradient / length
    slope = (loss(image + step) - loss(image - step)) / 0.04
    assert slope == pytest.approx(length, rel=0.03)


def test_shares_are_parts_of_one(meter, transfer):
    found = meter.shares()
    assert sum(found.values()) == pytest.approx(1)
    lengths, weights = meter.lengths(), term_weights(transfer.settings)
    assert found[CONTENT] / found[VARIATION] == pytest.approx(
        weights[CONTENT] * lengths[CONTENT] / (weights[VARIATION] * lengths[VARIATION])
    )


def test_other_weights_take_no_new_measurement_and_another_image_does(transfer, meter, monkeypatch):
    before = meter.shares()
    monkeypatch.setattr(transfer.objective, "gradients", lambda image: pytest.fail("measured again"))
    transfer.beta = 2000
    assert meter.shares()["block2_conv1"] > 2 * before["block2_conv1"]
    transfer.beta = 200
    assert meter.shares() == before
    monkeypatch.undo()
    for _ in transfer.steps(1):
        pass
    assert meter.shares() != before


def test_another_blend_is_measured_again():
    content, *styles = np.random.default_rng(1).random((3, 1, 16, 24, 3), np.float32)
    options = {"content_layers": "block2_conv2", "style_layers": LAYERS, "precision": "float32", "weights": None}
    run = StyleTransfer(content, [styles[0], 0.3 * styles[1]], **options)
    meter = InfluenceMeter(run)
    before = meter.lengths()
    run.style_weights = (0, 1)
    assert not meter.is_fresh
    assert meter.lengths()["block2_conv1"] != pytest.approx(before["block2_conv1"], rel=0.01)
    assert meter.is_fresh


def test_a_restored_run_is_measured_again(meter, transfer, monkeypatch):
    before = meter.shares()
    state = transfer.state()
    transfer.restore(state | {"image": np.full_like(state["image"], 0.5)})
    assert meter.shares()[VARIATION] == 0
    transfer.restore(state)
    assert meter.shares() == before


def test_where_nothing_pulls_all_shares_are_zero():
    assert shares({"a": 0.0, "b": 2.0}, {"a": 1.0, "b": 0.0}) == {"a": 0.0, "b": 0.0}
