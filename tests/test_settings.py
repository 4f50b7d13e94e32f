"""Settings that cannot work are refused, each with a sentence that says what would."""

from dataclasses import FrozenInstanceError, replace

import numpy as np
import pytest

from nst_helpers.errors import InputError
from nst_helpers.layers import STYLE_LAYERS
from nst_helpers.settings import CHOICES, DEFAULTS, LARGEST_WEIGHT, Settings, balanced_weight, whole_number

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
@pytest.mark.parametrize("value", ["best", "", None, []])
def test_bad_choice(name, value):
    with pytest.raises(InputError, match=f"{name} must be one of {CHOICES[name][0]}"):
        Settings(**{name: value})


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"alpha": 0, "beta": 0, "gamma": 0}, "all zero"),
        ({"learning_rate": 0}, "learning_rate must be"),
        ({"init": "random"}, "init must be one of"),
        ({"content_layer": "block5_conv9"}, "did you mean block5_conv"),
        ({"content_layer": None}, "no layer None"),
        ({"content_layer": ["block1_conv1"]}, "no layer"),
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


def test_layers_are_balanced_unless_told():
    named = {"block1_conv1": None, "block5_conv1": 3}
    assert Settings(style_layers=named).style_layers == {"block1_conv1": 0.64**2, "block5_conv1": 3}
    assert Settings(style_layers=named, reduction="sum").style_layers == {"block1_conv1": 1, "block5_conv1": 3}


def test_beta_is_ten_thousand_times_that_of_grams_not_divided_by_channels():
    features = np.random.default_rng(0).random((2, 30, 128))
    grams = [np.einsum("nc,nd->cd", f, f) / 30 for f in features]
    ours = 1e4 * balanced_weight("block2_conv1") * np.mean((grams[0] / 128 - grams[1] / 128) ** 2)
    assert ours == pytest.approx(np.mean((grams[0] - grams[1]) ** 2))


def test_one_style_layer_by_name():
    assert list(Settings(style_layers="block3_conv1").style_layers) == ["block3_conv1"]


def test_layers_are_those_needed_from_the_image_upwards():
    settings = Settings(style_layers=["block3_conv1", "block1_conv1", "block5_conv2"])
    assert settings.layers == ("block1_conv1", "block3_conv1", "block5_conv2")


def test_headline():
    assert (DEFAULTS.alpha, DEFAULTS.beta, DEFAULTS.gamma) == (1, 1e4, 10)
    assert DEFAULTS.content_layer == "block5_conv2"
    assert tuple(DEFAULTS.style_layers) == STYLE_LAYERS


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
