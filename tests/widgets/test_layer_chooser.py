"""The layer chooser without a browser: its cards are pressed from Python, as a frontend would press them."""

import io

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("ipywidgets")

from nst_helpers.layers import CONV_LAYERS
from nst_helpers.widgets import layer_chooser
from nst_helpers.widgets.layer_chooser import LayerChooser, layer_textures

STYLE = {"block1_conv1": 1, "block2_conv1": 3}


@pytest.fixture(scope="module")
def pictures():
    random = np.random.default_rng(0)
    return random.random((1, 16, 24, 3), np.float32), random.random((1, 18, 18, 3), np.float32)


@pytest.fixture(scope="module")
def textures():
    random = np.random.default_rng(1)
    return {layer: random.random((1, 4, 4, 3), np.float32) for layer in CONV_LAYERS}


@pytest.fixture(scope="module")
def made(pictures):
    return LayerChooser(*pictures, weights=None, content_layers="block2_conv1", style_layers=STYLE, beta=1e4)


@pytest.fixture
def chooser(made):
    yield made
    for layer in CONV_LAYERS:
        made.factor[layer].value = {"block2_conv1": 3}.get(layer, 1)
        made.style_on[layer].value = layer in STYLE
    made.content_on["block2_conv1"].value = True


def decoded(image) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(image.value)))


def switched_on(chooser) -> dict[str, float]:
    return {layer: weight for layer, weight in chooser.transfer.style_layers.items() if weight}


def test_the_cards_begin_with_the_settings(chooser):
    assert [layer for layer, button in chooser.content_on.items() if button.value] == ["block2_conv1"]
    assert [layer for layer, button in chooser.style_on.items() if button.value] == list(STYLE)
    assert chooser.factor["block2_conv1"].value == pytest.approx(3)
    assert chooser.factor["block5_conv1"].value == 1
    assert switched_on(chooser) == pytest.approx(STYLE)


def test_there_is_a_card_for_each_convolution_in_its_block_s_row(chooser):
    places = {}
    for card in chooser.box.children[2].children[1:]:
        places[card.children[0].value[len("<b>") : -len("</b>")]] = card.layout.grid_area
    assert places == {layer: f"{layer[5]} / {layer[-1]}" for layer in CONV_LAYERS}


def test_thumbnails_show_the_layers_of_the_content(chooser):
    shapes = {layer: decoded(chooser.maps[layer]).shape for layer in CONV_LAYERS}
    assert shapes["block1_conv2"] == (16, 24, 3)
    assert shapes["block5_conv4"] == (1, 1, 3)


def test_a_pressed_style_layer_reaches_the_next_iteration_at_once(chooser):
    before = chooser.transfer
    chooser.style_on["block3_conv2"].value = True
    assert chooser.transfer is before
    assert switched_on(chooser) == pytest.approx(STYLE | {"block3_conv2": 1})
    losses = chooser.transfer.snapshot.losses
    by_hand = sum(chooser.transfer.style_layers[layer] * term for layer, term in losses.style_layers.items())
    assert losses.style == pytest.approx(by_hand, rel=1e-3)
    chooser.style_on["block1_conv1"].value = False
    assert "block1_conv1" not in switched_on(chooser)


def test_a_weight_reaches_the_next_iteration_at_once(chooser):
    chooser.factor["block1_conv1"].value = 5
    assert switched_on(chooser)["block1_conv1"] == pytest.approx(5)
    assert "iteration" in chooser.status.value


def test_a_weight_of_a_layer_that_is_off_waits(chooser):
    chooser.factor["block4_conv4"].value = 2
    assert "block4_conv4" not in switched_on(chooser)
    chooser.style_on["block4_conv4"].value = True
    assert switched_on(chooser)["block4_conv4"] == pytest.approx(2)


def test_another_content_layer_goes_on_from_the_present_picture(chooser):
    chooser.ten.click()
    picture = chooser.transfer.image.numpy()
    chooser.content_on["block1_conv2"].value = True
    assert [layer for layer, button in chooser.content_on.items() if button.value] == ["block1_conv2"]
    assert chooser.transfer.settings.content_layers == {"block1_conv2": 1}
    np.testing.assert_array_equal(chooser.transfer.image, picture)
    assert switched_on(chooser) == pytest.approx(STYLE)
    chooser.again.click()
    assert chooser.transfer.settings.content_layers == {"block1_conv2": 1}
    assert chooser.transfer.snapshot.losses.content == pytest.approx(0, abs=1e-6)


def test_there_is_always_one_content_layer(chooser):
    before = chooser.transfer
    chooser.content_on["block2_conv1"].value = False
    assert chooser.content_on["block2_conv1"].value
    assert chooser.transfer is before


def test_play_and_buttons_run_it(chooser):
    before, ran = chooser.view.value, chooser.transfer.iteration
    chooser.play.value += 1
    assert chooser.transfer.iteration > ran
    assert chooser.view.value != before
    ran = chooser.transfer.iteration
    chooser.ten.click()
    assert chooser.transfer.iteration == ran + 10
    chooser.beta.value = 1e3
    assert chooser.transfer.beta == pytest.approx(1e3)


def test_an_error_is_reported_in_the_status_line(chooser, monkeypatch, capsys):
    def broken(**_):
        raise ValueError("out of paint")

    monkeypatch.setattr(chooser, "_make", broken)
    monkeypatch.setattr("nst_helpers.widgets.layer_chooser.layer_textures", lambda *_, **__: broken())
    before = chooser.transfer
    chooser.content_on["block1_conv1"].value = True
    assert "stopped: out of paint" in chooser.status.value
    assert chooser.transfer is before
    assert [layer for layer, button in chooser.content_on.items() if button.value] == ["block2_conv1"]
    chooser.say("")
    chooser.paint.click()
    assert "stopped: out of paint" in chooser.status.value
    assert capsys.readouterr() == ("", "")
    assert chooser._lock.acquire(blocking=False)
    chooser._lock.release()


def test_textures_are_painted_by_the_button(chooser, monkeypatch, textures, pictures):
    asked = []
    painted = {layer: 1 - texture for layer, texture in textures.items()}
    monkeypatch.setattr(
        "nst_helpers.widgets.layer_chooser.layer_textures",
        lambda style, **options: asked.append((style, options)) or iter(painted.items()),
    )
    chooser.paint.click()
    assert asked == [(pictures[1], {"weights": None})]
    for layer in CONV_LAYERS:
        np.testing.assert_allclose(decoded(chooser.textures[layer]).mean(), 255 * painted[layer].mean(), atol=6)
    assert "16 of 16, about 0 s left" in chooser.status.value
    assert chooser.paint.disabled


def test_each_layer_makes_a_texture_of_its_own(pictures, monkeypatch):
    monkeypatch.setattr(layer_chooser, "TEXTURE_SIDE", 16)
    monkeypatch.setattr(layer_chooser, "TEXTURE_STEPS", 2)
    textures = dict(layer_textures(pictures[1], weights=None))
    assert list(textures) == list(CONV_LAYERS)
    assert len({image.tobytes() for image in textures.values()}) == len(CONV_LAYERS)
    assert {image.shape for image in textures.values()} == {(1, 16, 16, 3)}
