"""Options say what they should, in whatever way they are written; a recipe becomes the command that made it."""

import argparse
import shlex
from dataclasses import replace

import pytest
from conftest import DATA

from nst_helpers.commands import cli
from nst_helpers.commands.options import build_parser, command_line
from nst_helpers.errors import InputError
from nst_helpers.files.recipe import Picture, Recipe
from nst_helpers.settings import Settings

pytestmark = pytest.mark.quick

CONTENT, STYLE, SECOND, THIRD = (
    Picture.of(DATA / f"{name}.jpg") for name in ("summer_palace", "great_wave", "auvers", "composition_viii")
)
PLAIN = Recipe(CONTENT, STYLE, 100, 7, Settings())


def recipe_of(*words):
    given = vars(build_parser().parse_args([CONTENT.path, STYLE.path, *map(str, words)]))
    return cli._recipe(given, None)


TEN = "output size iterations beta style_scale blend colors masks keep init"


def test_help_shows_first_the_ten_options_that_matter():
    first = next(group for group in build_parser()._action_groups if group.title in ("options", "optional arguments"))
    names = [action.dest for action in first._group_actions if not isinstance(action, argparse._HelpAction)]
    assert names == TEN.split()


@pytest.mark.parametrize(
    ("blend", "weights"),
    [
        ([SECOND.path], ()),
        ([f"{SECOND.path}:1"], ()),
        ([f"{SECOND.path}:0.25"], (0.8, 0.2)),
        ([f"{SECOND.path}:2", THIRD.path], (0.25, 0.5, 0.25)),
        ([f"{SECOND.path}:0"], (1, 0)),
    ],
)
def test_weights_of_a_blend(blend, weights):
    recipe = recipe_of(*(word for each in blend for word in ("--blend", each)))
    assert recipe.blend == (SECOND, THIRD)[: len(blend)]
    assert recipe.settings.style_weights == weights


def test_colons_in_names(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    data = (DATA / "auvers.jpg").read_bytes()
    for name in ("a:b.jpg", "x.jpg:0.3", "C:", "C:5"):
        (tmp_path / name).write_bytes(data)

    def first(text):
        recipe = recipe_of("--blend", text)
        return recipe.blend[0].path.rpartition("/")[2], recipe.settings.style_weights

    assert first("a:b.jpg") == ("a:b.jpg", ())
    assert first("a:b.jpg:3") == ("a:b.jpg", (0.25, 0.75))
    assert first("x.jpg:0.3") == ("x.jpg:0.3", ())
    assert first("x.jpg:0.3:3") == ("x.jpg:0.3", (0.25, 0.75))
    assert first("C:5") == ("C:5", ())
    assert first("C::3") == ("C:", (0.25, 0.75))


@pytest.mark.parametrize("given", ["0.5", "0.5,0.5"])
def test_one_style_scale_is_for_all_styles(given):
    recipe = recipe_of("--style-scale", given, "--blend", SECOND.path)
    assert recipe.style_scale == (0.5, 0.5)
    assert recipe.style_sizes == [192, 192]
    assert recipe_of("--style-scale", "1").style_scale == ()


def test_original_size_is_the_contents():
    assert recipe_of("--size", "original").size == 640


def test_the_image_may_start_as_a_picture_or_as_what_has_a_name(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert recipe_of("--init", "noise").settings.init == "noise"
    (tmp_path / "noise").write_bytes((DATA / "auvers.jpg").read_bytes())
    assert recipe_of("--init", "noise").init_picture is None
    named = recipe_of("--init", "./noise")
    assert (named.settings.init, named.init_picture.sha256) == ("image", SECOND.sha256)


FULL = {
    "weights of a blend": {"blend": [SECOND, THIRD], "settings": Settings(style_weights=[1, 0.3, 2.5])},
    "a blend of equals": {"blend": [SECOND]},
    "style scales": {"blend": [SECOND], "style_scale": [0.5, 2]},
    "masks": {"blend": [SECOND], "masks": [CONTENT, THIRD], "style_masks": [STYLE, SECOND], "keep": CONTENT},
    "a start": {"init_picture": THIRD, "settings": Settings(init="image")},
    "an output": {"enlarge": True, "bits": 16},
    "layers": {"settings": Settings(content_layers={"block4_conv2": 2, "block5_conv2": 0.1})},
    "some colours": {"settings": Settings(colors="luminance", color_strength=0.25)},
}


@pytest.mark.parametrize("kind", FULL)
def test_a_recipe_becomes_its_command_and_json_and_comes_back(kind):
    recipe = replace(PLAIN, **FULL[kind])
    words = shlex.split(command_line(recipe, "out.png"))[1:]
    made = cli._recipe(vars(build_parser().parse_args(words)), None)
    assert replace(made, output="", settings=recipe.settings) == recipe
    assert made.settings.style_weights == pytest.approx(recipe.settings.style_weights)
    assert replace(made.settings, style_weights=recipe.settings.style_weights) == recipe.settings
    assert Recipe.from_json(recipe.to_json()) == recipe


def test_a_first_style_without_weight_is_no_command():
    recipe = replace(PLAIN, blend=[SECOND], settings=Settings(style_weights=[0, 1]))
    with pytest.raises(InputError, match="first style has no weight"):
        command_line(recipe, "out.png")
