"""Settings that cannot work are refused, each with a sentence that says what would."""

from dataclasses import FrozenInstanceError, replace

import pytest

from nst_helpers.errors import InputError
from nst_helpers.layers import STYLE_LAYERS
from nst_helpers.settings import CHOICES, DEFAULTS, LARGEST_WEIGHT, METHOD, Settings, coarse_to_fine, whole_number

pytestmark = pytest.mark.quick

NO_NUMBERS = [-1, float("nan"), float("inf"), 1e308, 10**400, "much", None, [1]]


NUMBERS = ["alpha", "beta", "gamma", "learning_rate", "seed"]
BAD = {(name, str(value)): value for name in NUMBERS for value in NO_NUMBERS}
del BAD["learning_rate", "None"]  # takes the rate that suits the schedule


@pytest.mark.parametrize(("key", "value"), BAD.items(), ids=map("-".join, BAD))
def test_bad_number(key, value):
    name, _ = key
    with pytest.raises(InputError, match=rf"^{name} must be a number from .* not .*\.$"):
        Settings(**{name: value})


@pytest.mark.parametrize("value", [value for value in NO_NUMBERS if value is not None])
def test_bad_layer_weight(value):
    with pytest.raises(InputError, match="the weight of block1_conv1 must be a number"):
        Settings(style_layers={"block1_conv1": value})


def test_seed_is_whole():
    with pytest.raises(InputError, match="seed must be a whole number"):
        Settings(seed=1.5)


@pytest.mark.parametrize("name", CHOICES)
@pytest.mark.parametrize("value", ["best", "", 5, []])
def test_bad_choice(name, value):
    with pytest.raises(InputError, match=f"{name} must be one of {CHOICES[name][0]}"):
        Settings(**{name: value})


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"alpha": 0, "beta": 0, "gamma": 0}, "all zero"),
        ({"learning_rate": 0}, "learning_rate must be"),
        ({"init": "random"}, "init must be one of"),
        ({"content_layers": "block5_conv9"}, "did you mean block5_conv"),
        ({"content_layers": None}, "content_layers must be"),
        ({"content_layers": []}, "content_layers is empty"),
        ({"style_layers": ["block1_conv1", "block9_conv1"]}, "did you mean"),
        ({"style_layers": []}, "style_layers is empty"),
        ({"style_layers": {}}, "style_layers is empty"),
        ({"style_layers": 5}, "style_layers must be"),
        ({"style_layers": [["block1_conv1"]]}, "style_layers must be"),
    ],
)
def test_refused(changes, sentence):
    with pytest.raises(InputError, match=sentence):
        Settings(**changes)


@pytest.mark.parametrize("weight", [0, 1e-30, LARGEST_WEIGHT])
def test_extreme_weights_are_accepted(weight):
    assert Settings(alpha=1, beta=weight).beta == weight


@pytest.mark.parametrize("given", [STYLE_LAYERS, list(STYLE_LAYERS), dict.fromkeys(STYLE_LAYERS), iter(STYLE_LAYERS)])
def test_style_layers_become_weights(given):
    assert Settings(style_layers=given) == DEFAULTS


def test_a_layer_weighs_one_unless_told():
    named = {"block1_conv1": None, "block5_conv1": 3}
    for reduction in CHOICES["reduction"]:
        assert Settings(style_layers=named, reduction=reduction).style_layers == {"block1_conv1": 1, "block5_conv1": 3}


def test_the_literal_form_has_squared_differences():
    assert Settings(reduction="sum").style_distance == "squared"
    assert Settings().style_distance == "wasserstein"
    with pytest.raises(InputError, match="literal form"):
        Settings(reduction="sum", style_distance="wasserstein")


@pytest.mark.parametrize(
    ("scales", "sentence"),
    [
        ([128], "must be a dict from size to iterations"),
        ({64: 0}, "iterations of a size must be a number from 1"),
        ({8: 5}, "each size of scales must be a number from 16"),
        ({64.5: 5}, "whole number"),
        ({"wide": 5}, "each size of scales must be"),
        ({64: 5, 32: 5}, "coarse to fine"),
    ],
)
def test_scales_that_cannot_be(scales, sentence):
    with pytest.raises(InputError, match=sentence):
        Settings(scales=scales)


def test_scales_from_json_are_numbers():
    assert Settings(scales={"64": "5", "90": 6.0}).scales == {64: 5, 90: 6}


@pytest.mark.parametrize(
    ("shape", "iterations", "expected"),
    [
        ((1, 256, 384, 3), 200, {136: 50, 192: 50, 272: 50}),
        ((1, 512, 512, 3), 203, {128: 40, 181: 40, 256: 40, 362: 40}),
        ((1, 1024, 128, 3), 100, {512: 33, 724: 33}),  # the shorter side has 64 pixels
        ((1, 150, 150, 3), 100, {}),
        ((1, 384, 384, 3), 3, {}),  # not one for each
    ],
)
def test_coarse_to_fine(shape, iterations, expected):
    assert coarse_to_fine(shape, iterations) == expected


def test_one_style_layer_by_name():
    assert list(Settings(style_layers="block3_conv1").style_layers) == ["block3_conv1"]


def test_layers_are_those_needed_from_the_image_upwards():
    settings = Settings(style_layers=["block3_conv1", "block1_conv1", "block5_conv2"], content_layers="block3_conv1")
    assert settings.layers == ("block1_conv1", "block3_conv1", "block5_conv2")


def test_headline():
    assert (DEFAULTS.alpha, DEFAULTS.beta, DEFAULTS.gamma) == (1, 1e4, 10)
    assert tuple(DEFAULTS.style_layers) == STYLE_LAYERS
    assert Settings(**METHOD).content_layers == {"block5_conv2": 1}


def test_settings_are_frozen():
    with pytest.raises(FrozenInstanceError):
        DEFAULTS.alpha = 2
    assert replace(DEFAULTS, alpha=2).alpha == 2


@pytest.mark.parametrize("value", [0, 11, 2.5, "x", None, float("inf")])
def test_whole_number_refuses(value):
    with pytest.raises(InputError, match="size must be"):
        whole_number("size", value, 1, 10)


def test_whole_number_accepts():
    assert [whole_number("size", value, 1, 10) for value in (1, 10.0, "7")] == [1, 10, 7]


def test_every_setting_is_documented_where_it_is_passed():
    from nst_helpers import StyleTransfer

    for name in vars(DEFAULTS):
        assert f"`{name}`" in StyleTransfer.__doc__ or f"        {name}:" in StyleTransfer.__doc__, name
        assert name in Settings.__doc__.partition("Args:")[2], name


def test_an_unknown_setting_is_refused():
    from nst_helpers import StyleTransfer

    with pytest.raises(TypeError, match="alhpa"):
        StyleTransfer(None, None, alhpa=2)
