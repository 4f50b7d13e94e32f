"""A recipe says all that decides a result, survives JSON, and takes hostile text calmly."""

import json
from dataclasses import asdict, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nst_helpers.errors import InputError
from nst_helpers.recipe import Picture, Recipe
from nst_helpers.settings import CHOICES, LARGEST_WEIGHT, Settings

RECIPE = Recipe(Picture("/a/content.jpg", "11"), Picture("/a/style.jpg", "22"), 384, 200, Settings())
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
weights = st.floats(0, LARGEST_WEIGHT)


@given(alpha=weights.filter(bool), beta=weights, gamma=weights, seed=st.integers(0, 2**32 - 1), data=st.data())
def test_round_trip(alpha, beta, gamma, seed, data):
    chosen = {name: data.draw(st.sampled_from(choices)) for name, choices in CHOICES.items()}
    layers = {"block1_conv1": data.draw(weights), "block4_conv4": 0.5}
    recipe = replace(
        RECIPE, settings=Settings(alpha=alpha, beta=beta, gamma=gamma, seed=seed, style_layers=layers, **chosen)
    )
    assert Recipe.from_json(recipe.to_json()) == recipe
    assert recipe.differences(Recipe.from_json(recipe.to_json().encode())) == []


def test_picture_is_known_by_its_bytes(tmp_path, monkeypatch):
    (tmp_path / "a.jpg").write_bytes(b"abc")
    monkeypatch.chdir(tmp_path)
    picture = Picture.of("a.jpg")
    assert picture.path == str((tmp_path / "a.jpg").resolve())
    assert picture.sha256 == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


def test_versions_are_recorded():
    assert {"python", "tensorflow", "numpy", "nst-helpers"} <= set(RECIPE.versions)


OTHER = {
    "content": Picture("/a/content.jpg", "99"),
    "style": Picture("/a/style.jpg", "99"),
    "size": 385,
    "settings": Settings(gamma=11, seed=1),
    "weights_sha256": "0",
}


@pytest.mark.parametrize("name", OTHER)
def test_differences_are_told(name):
    assert RECIPE.differences(replace(RECIPE, **{name: OTHER[name]}))


def test_each_setting_that_differs_is_named_with_both_values():
    other = replace(RECIPE, settings=OTHER["settings"])
    assert RECIPE.differences(other) == ["gamma is 11.0, was 10.0", "seed is 1, was 0"]


def test_places_plans_and_versions_do_not_count():
    elsewhere = replace(RECIPE, content=Picture("/b/c.jpg", "11"), iterations=5, versions={"numpy": "9"})
    assert RECIPE.differences(elsewhere) == []


VALUES = asdict(RECIPE)
HOSTILE = {
    "nothing": "",
    "no json": "{",
    "binary": b"\x89PNG\r\n\xff\xfe\x00",
    "a number": "5",
    "null": "null",
    "a list": "[]",
    "deep": "[" * 100_000,
    "deep but short": "[" * 50_000,
    "long": json.dumps(VALUES | {"versions": {"x": "x" * 10**6}}),
    "a huge number": json.dumps(VALUES)[:-1] + ', "size": 1' + "0" * 10_000 + "}",
    "missing": json.dumps({k: v for k, v in VALUES.items() if k != "style"}),
    "unknown": json.dumps(VALUES | {"__class__": "os.system"}),
    "picture is text": json.dumps(VALUES | {"content": "content.jpg"}),
    "path is a number": json.dumps(VALUES | {"content": {"path": 5, "sha256": "11"}}),
    "size is text": json.dumps(VALUES | {"size": "wide"}),
    "size is infinite": json.dumps(VALUES | {"size": float("inf")}),
    "no iterations": json.dumps(VALUES | {"iterations": 0}),
    "unknown setting": json.dumps(VALUES | {"settings": {"exec": "1"}}),
    "layer is a list": json.dumps(VALUES | {"settings": {"content_layer": []}}),
    "layers are a number": json.dumps(VALUES | {"settings": {"style_layers": 5}}),
    "weight is NaN": json.dumps(VALUES | {"settings": {"alpha": float("nan")}}),
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_hostile_text_is_refused(kind):
    with pytest.raises(InputError, match="not a recipe of nst"):
        Recipe.from_json(HOSTILE[kind])


@settings(deadline=None)
@given(name=st.sampled_from([*VALUES, *(f"settings.{s}" for s in VALUES["settings"])]), value=json_values)
def test_any_value_in_any_place_is_used_or_refused(name, value):
    outer, _, inner = name.partition(".")
    changed = {outer: VALUES[outer] | {inner: value}} if inner else {outer: value}
    try:
        recipe = Recipe.from_json(json.dumps(VALUES | changed))
    except InputError:
        return
    assert Recipe.from_json(recipe.to_json()).differences(recipe) == []


@given(text=st.text(max_size=200) | st.binary(max_size=200))
def test_any_text_is_refused(text):
    with pytest.raises(InputError):
        Recipe.from_json(text)
