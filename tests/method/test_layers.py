"""Layers by the names of other programs: what means one layer is taken, and said; the rest is suggested rightly."""

import warnings

import pytest

from nst_helpers.errors import InputError
from nst_helpers.layers import CONV_LAYERS, LAYERS, check_layer, layer_named
from nst_helpers.settings import Settings

pytestmark = pytest.mark.quick

MEANT = {
    "block4_conv2": "conv4_2 relu4_2 r42 R4_2 relu42 conv42 conv_4_2 conv4-2 Block4_Conv2 block4conv2 features.22 21",
    "block1_conv1": "conv1_1 relu1_1 r11 features.0 features.1",
    "block5_conv4": "conv5_4 relu5_4 r54 conv_16 relu_16 features.34",
    "block3_conv2": "conv3_2 conv_6",
    "block4_conv1": "conv4_1 conv9 conv_9",
    "block4_pool": "pool4 maxpool4 p4 pool_12 features.27",
    "block1_pool": "pool1 p1 features.4",
}


@pytest.mark.parametrize(("layer", "names"), MEANT.items())
def test_names_of_other_programs(layer, names):
    for name in names.split():
        with pytest.warns(UserWarning, match=f"^{name} is read as {layer}[.]$"):
            assert list(Settings(content_layers=name).content_layers) == [layer]
        with pytest.warns(UserWarning, match=f"^{name} is read as {layer}[.]$"):
            assert list(Settings(style_layers={name: 0.5}).style_layers.items()) == [(layer, 0.5)]


def test_every_layer_goes_by_its_number_in_torchvision_and_in_caffe():
    """torchvision's vgg19().features: a convolution and its ReLU for each number, M for a pool."""
    plan = [64, 64, "M", 128, 128, "M", *[256] * 4, "M", *[512] * 4, "M", *[512] * 4, "M"]
    place = 0
    for layer, what in zip(LAYERS, plan, strict=True):
        assert layer_named(f"features.{place}") == layer
        place += 1 if what == "M" else 2
    for count, layer in enumerate(CONV_LAYERS, 1):
        assert layer_named(f"conv{layer[5]}_{layer[-1]}") == layer
        assert count <= 5 or layer_named(f"conv_{count}") == layer


SUGGESTED = {
    "relu_4": "block2_conv2, block4_conv1, block4_conv2, block4_conv3 or block4_conv4",
    "conv4": "block2_conv2, block4_conv1, block4_conv2, block4_conv3 or block4_conv4",
    "pool_4": "block2_pool or block4_pool",
    "conv12": "block1_conv2 or block4_conv4",
    "conv4_5": "block4_conv4",
    "conv6_1": "block5_conv1",
    "relu5_5": "block5_conv4",
    "block3_conv0": "block3_conv1",
    "pool6": "block5_pool",
    "blok1_conv1": "block1_conv1",
}


@pytest.mark.parametrize(("name", "suggestion"), SUGGESTED.items())
def test_what_may_be_meant(name, suggestion):
    with pytest.raises(InputError, match=f"no layer '{name}'; did you mean {suggestion}[?]"):
        Settings(content_layers=name)


def test_where_names_are_taken_literally_the_right_one_is_suggested():
    with pytest.raises(InputError, match=r"did you mean block4_conv2\?"):
        check_layer("conv4_2")


def test_own_names_are_not_worth_a_word():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert list(Settings(content_layers="block4_conv2", style_layers=LAYERS).content_layers) == ["block4_conv2"]


def test_one_layer_under_two_names_is_refused():
    with pytest.warns(UserWarning), pytest.raises(InputError, match="names a layer twice"):
        Settings(style_layers={"conv1_1": 1, "block1_conv1": 2})


@pytest.mark.parametrize("name", ["", " ", "\n", "block", "conv", "4_2", "é", "conv4_2\x00"])
def test_nonsense_is_refused(name):
    with pytest.raises(InputError, match="no layer"):
        Settings(content_layers=name)


@pytest.mark.parametrize("name", [None, 21, ("conv4_2",)])
def test_what_is_no_name_is_refused(name):
    with pytest.raises(InputError, match="no layer"):
        Settings(style_layers=[name, "block1_conv1"])
