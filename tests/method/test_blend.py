"""Colours kept and styles blended, on the command line: recorded, resumed and made again like anything else."""

import signal
from pathlib import Path

import numpy as np
import pytest
from conftest import DATA
from PIL import Image

from nst_helpers.color import with_chroma_of
from nst_helpers.commands import cli
from nst_helpers.commands.cli import BAD_INPUT, DONE
from nst_helpers.commands.options import command_line
from nst_helpers.errors import InputError
from nst_helpers.files.images import load_image, save_image, to_pil
from nst_helpers.files.recipe import Picture, Recipe, read_recipe
from nst_helpers.settings import Settings
from nst_helpers.transfer import StyleTransfer

CONTENT, STYLE, SECOND, THIRD = (
    str(DATA / f"{name}.jpg") for name in ("summer_palace", "great_wave", "auvers", "composition_viii")
)
FAST = {"content_layers": "block1_conv2", "style_layers": ["block1_conv1"], "precision": "float32"}
RUN = ("--content-layer", "block1_conv2", "--style-layers", "block1_conv1", "--precision", "float32", "--size", "32")


@pytest.fixture
def nst(tmp_path, monkeypatch, capsys):
    """A function that runs the command in an empty folder: exit code, what it said, and what it complained of."""
    monkeypatch.chdir(tmp_path)

    def nst(*arguments):
        handler = signal.getsignal(signal.SIGTERM)
        try:
            code = cli.main([str(argument) for argument in arguments])
        finally:
            signal.signal(signal.SIGTERM, handler)
        return code, *capsys.readouterr()

    return nst


def small(path):
    return load_image(path, 32, report=None)


def test_command_blends_keeps_colours_resumes_and_makes_it_again(weights, nst, tmp_path):
    run = (CONTENT, STYLE, "--blend", SECOND, "--blend", THIRD, "--colors", "luminance", *RUN)
    code, out, _ = nst(*run, "--iterations", 4, "-o", "whole.png")
    assert code == DONE
    assert [line.split(",")[0].split()[-1] for line in out.splitlines()[:4]] == [
        "summer_palace.jpg",
        "great_wave.jpg",
        "auvers.jpg",
        "composition_viii.jpg",
    ]
    whole = np.asarray(Image.open("whole.png"))

    styles = [small(each) for each in (STYLE, SECOND, THIRD)]
    plain = StyleTransfer(small(CONTENT), styles, weights=weights, **FAST).run(4, progress=False)[-1].image
    finished = with_chroma_of(small(CONTENT), plain)
    np.testing.assert_array_equal(whole, np.asarray(to_pil(finished)))

    recipe = read_recipe("whole.png")
    assert [each.sha256 for each in recipe.styles] == [Picture.of(each).sha256 for each in (STYLE, SECOND, THIRD)]
    assert recipe.settings.colors == "luminance"

    assert nst(*run, "--iterations", 2, "--snapshots", 2, "-o", "half.png")[0] == DONE
    code, _, err = nst("--resume", "runs", "--blend", SECOND, "--iterations", 4)
    assert code == BAD_INPUT and "the pictures blended with the style are others" in err
    assert nst("--resume", "runs", "--iterations", 4, "-o", "resumed.png")[0] == DONE
    np.testing.assert_array_equal(np.asarray(Image.open("resumed.png")), whole)
    save_image(finished, "finished.jpg")
    name = f"{Path(CONTENT).stem}_{Path(STYLE).stem}"
    snapshot = Image.open(tmp_path / "runs" / name / "c1,s10000,t10" / "iteration_00004.jpg")
    np.testing.assert_array_equal(np.asarray(snapshot), np.asarray(Image.open("finished.jpg")))

    again = ("reproduce", "whole.png", "--content", CONTENT, "--style", STYLE, "--style", SECOND, "--quiet")
    code, out, _ = nst(*again, "--style", THIRD)
    assert (code, out) == (DONE, "whole_again.png: bit-identical\n")
    code, _, err = nst(*again)
    assert code == BAD_INPUT and "blended with the style are others" in err


def test_blend_that_is_no_picture_is_refused_before_the_run(nst):
    code, _, err = nst(CONTENT, STYLE, "--blend", "nowhere.jpg", *RUN)
    assert code == BAD_INPUT and "nowhere.jpg does not exist" in err


def test_output_must_not_be_the_blended_picture(nst, tmp_path):
    Image.open(SECOND).save(tmp_path / "second.png")
    code, _, err = nst(CONTENT, STYLE, "--blend", "second.png", "-o", "second.png", *RUN)
    assert code == BAD_INPUT and "second.png is one of the pictures to read" in err


def test_recipe_keeps_the_blend_through_json_and_as_a_command():
    pictures = Picture("/a/content.jpg", "11"), Picture("/a/style.jpg", "22")
    recipe = Recipe(*pictures, 384, 200, Settings(colors="matched"), blend=[Picture("/a/b c.jpg", "33")])
    assert Recipe.from_json(recipe.to_json()) == recipe
    assert "/a/b c.jpg, SHA-256 33" in recipe.describe()
    assert "--blend '/a/b c.jpg'" in command_line(recipe, "out.jpg")
    assert "--colors matched" in command_line(recipe, "out.jpg")


def test_recipe_from_before_there_were_blends_is_read():
    recipe = Recipe(Picture("a", "1"), Picture("b", "2"), 96, 20, Settings())
    old = recipe.to_json().replace(',\n  "blend": []', "").replace(',\n    "colors": "style"', "")
    assert "blend" not in old and "colors" not in old
    assert Recipe.from_json(old) == recipe


@pytest.mark.parametrize("blend", ["5", '"ab"', '[{"path": "x"}]', '[["x", "y"]]', '{"path": "x"}'])
def test_damaged_blend_is_refused(blend):
    recipe = Recipe(Picture("a", "1"), Picture("b", "2"), 96, 20, Settings())
    with pytest.raises(InputError, match="not a recipe"):
        Recipe.from_json(recipe.to_json().replace('"blend": []', f'"blend": {blend}'))
