"""A recipe says all that decides a result, survives JSON, and takes hostile text calmly."""

import io
import json
from dataclasses import asdict, replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import ExifTags, Image

from nst_helpers.errors import InputError
from nst_helpers.files.images import encode, load_image, save_image, to_pil, to_pixels
from nst_helpers.files.recipe import ASCII, Picture, Recipe, read_recipe
from nst_helpers.settings import CHOICES, LARGEST_WEIGHT, Settings

pytestmark = pytest.mark.quick

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
    if chosen["reduction"] == "sum":
        chosen["style_distance"] = "squared"
    chosen["scales"] = {136: data.draw(st.integers(1, 99)), 192: 5}
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
def test_differences_are_reported(name):
    assert RECIPE.differences(replace(RECIPE, **{name: OTHER[name]}))


def test_each_setting_that_differs_is_named_with_both_values():
    other = replace(RECIPE, settings=OTHER["settings"])
    assert RECIPE.differences(other) == ["gamma is 11.0, was 10.0", "seed is 1, was 0"]


OTHER_FILE = Picture("/a/other.png", "77")


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"blend": [OTHER_FILE]}, "the pictures blended with the style are others"),
        ({"masks": [OTHER_FILE]}, "the masks are others"),
        ({"style_masks": [OTHER_FILE]}, "the style masks are others"),
        ({"keep": OTHER_FILE}, "the mask of what is kept is another one"),
        ({"style_scale": [0.5]}, "style_scale is (0.5,), was ()"),
        ({"enlarge": True}, "enlarge is True, was False"),
    ],
)
def test_every_picture_and_every_size_counts(changes, told):
    assert RECIPE.differences(replace(RECIPE, **changes)) == [told]


def test_the_picture_to_start_from_counts():
    start = replace(RECIPE, init_picture=OTHER_FILE, settings=Settings(init="image"))
    other = replace(start, init_picture=Picture("/a/other.png", "78"))
    assert start.differences(other) == ["the picture to start from is another one"]


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"masks": [OTHER_FILE] * 2}, "masks: 2, styles: 1"),
        (
            {"masks": [OTHER_FILE] * 2, "blend": [OTHER_FILE] * 2},
            "masks: 2, styles: 3; give one mask for each style, or one for",
        ),
        (
            {"style_masks": [OTHER_FILE], "blend": [OTHER_FILE]},
            "style masks: 1, styles: 2; give one style mask for each",
        ),
        ({"style_scale": [1, 2]}, "2 style scales for 1 styles"),
        ({"style_scale": [0]}, "style_scale must be a number from 0.01 to 100"),
        ({"style_scale": ["big"]}, "style_scale must be a number"),
        ({"bits": 12}, "bits 8, 16 or nothing"),
        ({"init_picture": OTHER_FILE}, "starts as content, not as a picture"),
        (
            {"masks": [OTHER_FILE] * 2, "blend": [OTHER_FILE], "settings": Settings(style_weights=[1, 2])},
            "styles with a mask each have no weights",
        ),
    ],
)
def test_what_does_not_go_together_is_refused(changes, told):
    with pytest.raises(InputError, match=told):
        replace(RECIPE, **changes)


NEW = ("style_scale", "masks", "style_masks", "keep", "init_picture", "enlarge", "bits")


def test_recipe_from_before_there_were_masks_and_scales_is_read():
    assert Recipe.from_json(json.dumps({name: value for name, value in VALUES.items() if name not in NEW})) == RECIPE


def test_recipe_with_all_its_pictures_survives_json_and_exif(tmp_path):
    pictures = {"blend": [OTHER_FILE], "masks": [OTHER_FILE] * 2, "style_masks": [OTHER_FILE] * 2, "keep": OTHER_FILE}
    full = replace(
        RECIPE, **pictures, style_scale=[1, 2], init_picture=OTHER_FILE, settings=Settings(init="image"), enlarge=True
    )
    assert Recipe.from_json(full.to_json()) == full
    assert [each.sha256 for each in full.pictures] == ["11", "22", *["77"] * 7]
    save_image(IMAGE, tmp_path / "a.webp", recipe=full)
    read = read_recipe(tmp_path / "a.webp")
    assert {each.path for each in read.pictures} == {"content.jpg", "style.jpg", "other.png"}
    assert full.differences(read) == []
    for line in ("keep           /a/other.png, SHA-256 77", "style scale    1.0; 2.0", "enlarge        True"):
        assert line in full.describe()


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
    "output is a number": json.dumps(VALUES | {"output": 5}),
    "no iterations": json.dumps(VALUES | {"iterations": 0}),
    "unknown setting": json.dumps(VALUES | {"settings": {"exec": "1"}}),
    "layer is a list": json.dumps(VALUES | {"settings": {"content_layers": []}}),
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


# Inside a picture

IMAGE = np.random.default_rng(0).random((1, 9, 7, 3), np.float32)
SCALES = {136: 50, 192: 40}
FULL = replace(
    RECIPE, content=Picture("/a/secret/my content.jpg", "11"), machine="a machine", settings=Settings(scales=SCALES)
)


@pytest.mark.parametrize("name", ["out.jpg", "out.JPEG", "out.png", "out.webp", "out.tiff"])
def test_picture_carries_its_recipe(tmp_path, name):
    save_image(IMAGE, tmp_path / name, recipe=FULL)
    recipe = read_recipe(tmp_path / name)
    assert recipe.content == Picture("my content.jpg", "11")
    assert recipe.pixels_sha256 == Recipe.from_json(recipe.to_json()).pixels_sha256 != ""
    assert replace(recipe, content=FULL.content, style=FULL.style, pixels_sha256="", bits=None) == FULL
    assert b"secret" not in (tmp_path / name).read_bytes()


def test_checksum_is_of_the_pixels(tmp_path):
    found = []
    for image, name in ((IMAGE, "a.png"), (IMAGE, "b.jpg"), (IMAGE[:, :, ::-1], "c.png")):
        save_image(image, tmp_path / name, recipe=FULL)
        found.append(read_recipe(tmp_path / name).pixels_sha256)
    assert found[0] == found[1] != found[2]


@pytest.mark.parametrize("name", ["out.jpg", "out.png"])
def test_recipe_does_not_change_the_picture(tmp_path, name):
    save_image(IMAGE, tmp_path / f"with {name}", recipe=FULL)
    save_image(IMAGE, tmp_path / name)
    arrays = [load_image(tmp_path / each, report=pytest.fail) for each in (name, f"with {name}")]
    np.testing.assert_array_equal(*arrays)


def test_description_names_all_there_is():
    reported = replace(FULL, pixels_sha256="33").describe()
    for word in (
        "my content.jpg",
        "SHA-256 11",
        "beta           10000",
        "block4_conv1:1",
        "136:50, 192:40",
        "seed",
        "tensorflow",
    ):
        assert word in reported
    assert "\x1b" not in replace(FULL, machine="\x1b[2J\n").describe()


def test_other_surroundings_are_reported():
    other = replace(FULL, versions={**FULL.versions, "numpy": "9"}, machine="another")
    assert FULL.environment_changes(FULL) == []
    assert FULL.environment_changes(other) == [
        f"numpy is 9, was {FULL.versions['numpy']}",
        "machine is another, was a machine",
    ]


def with_comment(comment, tag=ExifTags.Base.UserComment, suffix="JPEG", **options):
    """A picture file with this EXIF comment."""
    exif = Image.Exif()
    exif.get_ifd(ExifTags.IFD.Exif)[tag] = comment
    file = io.BytesIO()
    to_pil(IMAGE).save(file, suffix, exif=exif, **options)
    return file.getvalue()


GOOD = encode(to_pixels(IMAGE), ".png", FULL)
HOSTILE_FILES = {
    "no picture": b"{}",
    "nothing": b"",
    "no recipe": encode(to_pixels(IMAGE), ".jpg"),
    "no recipe, png": encode(to_pixels(IMAGE), ".png"),
    "another comment": with_comment(ASCII + b"a day at the sea"),
    "binary": with_comment(bytes(range(256))),
    "deep": with_comment(ASCII + b"[" * 60_000),
    "deep objects": with_comment(ASCII + b'{"a":' * 10_000),
    "huge": with_comment(ASCII + b'"' + b"x" * 10**7, suffix="PNG"),
    "huge number": with_comment(ASCII + json.dumps(VALUES)[:-1].encode() + b', "size": 1' + b"0" * 9999 + b"}"),
    "a number for a comment": with_comment(5, ExifTags.Base.ExifVersion),
    "half": GOOD[: len(GOOD) // 3],
    "exif of an exif": with_comment(ASCII + with_comment(b"{}")),
    "another format": b"GIF89a" + bytes(50),
}


@pytest.mark.parametrize("kind", [*HOSTILE_FILES, *HOSTILE])
def test_file_without_a_usable_recipe_is_refused(tmp_path, kind):
    data = HOSTILE_FILES.get(kind)
    if data is None:
        text = HOSTILE[kind]
        data = with_comment(ASCII + (text if isinstance(text, bytes) else text.encode()), suffix="PNG")
    (tmp_path / "x.jpg").write_bytes(data)
    with pytest.raises(InputError, match=r"x\.jpg holds no recipe") as caught:
        read_recipe(tmp_path / "x.jpg")
    assert len(str(caught.value)) < 1000


@pytest.mark.parametrize("name", ["missing.jpg", "."])
def test_no_file_is_refused(tmp_path, name):
    with pytest.raises(InputError, match="name a picture"):
        read_recipe(tmp_path / name)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    data=st.sampled_from([GOOD, encode(to_pixels(IMAGE), ".jpg", FULL)]),
    changes=st.lists(st.tuples(st.floats(0, 0.999), st.integers(0, 255)), max_size=6),
    share=st.floats(0.2, 1),
)
def test_damaged_pictures_give_a_recipe_or_a_sentence(tmp_path, data, changes, share):
    damaged = bytearray(data[: int(share * len(data))])
    for where, byte in changes:
        damaged[int(where * len(damaged))] = byte
    (tmp_path / "x.png").write_bytes(damaged)
    try:
        recipe = read_recipe(tmp_path / "x.png")
    except InputError:
        return
    assert Recipe.from_json(recipe.to_json()) == recipe
