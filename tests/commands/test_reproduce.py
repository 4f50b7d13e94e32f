"""A picture is made again from the recipe inside it, and compared honestly."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from conftest import DATA
from PIL import Image

from nst_helpers.commands import cli, reproduce
from nst_helpers.errors import InputError
from nst_helpers.files.images import load_image, save_image
from nst_helpers.files.recipe import Recipe, read_recipe

CONTENT, STYLE, OTHER = (str(DATA / f"{name}.jpg") for name in ("summer_palace", "great_wave", "auvers"))
FAST = ("--content-layer", "block1_conv2", "--style-layers", "block1_conv1", "--size", "32", "--precision", "float32")


@pytest.fixture(scope="module")
def folder(weights, tmp_path_factory):
    """A folder with pictures that the command has made, kept on the way too."""
    folder = tmp_path_factory.mktemp("made")
    snapshots = ("--snapshot-dir", str(folder), "--snapshot-every", "2")
    for name in ("out.png", "out.jpg"):
        options = (*FAST, "--init", "noise", "--seed", "7", "--iterations", "4", "--quiet", "-o", str(folder / name))
        assert cli.main([CONTENT, STYLE, *options, *(snapshots if name == "out.png" else ())]) == cli.DONE
    return folder


def again(nst, picture, *options, content=CONTENT, style=STYLE):
    return nst("reproduce", picture, "--content", content, "--style", style, "--quiet", *options)


@pytest.mark.parametrize("name", ["out.png", "out.jpg", "summer_palace_great_wave/c1,s10000,t10/iteration_00002.jpg"])
def test_picture_and_snapshot_come_out_bit_identical(nst, folder, tmp_path, name):
    code, said = again(nst, folder / name)
    assert (code, said.count("bit-identical"), "not" in said) == (0, 1, False)
    made = tmp_path / said.partition(":")[0]
    assert made.stem.endswith("_again")
    assert made.read_bytes() == (folder / name).read_bytes()


def test_what_was_made_again_before_is_kept_and_a_named_file_replaced_with_a_word(nst, folder, tmp_path):
    names = ("out_again.png", "out_again_2.png", "named.png")
    assert [again(nst, folder / "out.png")[1].partition(":")[0] for _ in range(2)] == list(names[:2])
    for word in ("", "output   named.png, which replaces the picture that is there"):
        options = ("--content", CONTENT, "--style", STYLE, "-o", "named.png")
        code, said = nst("reproduce", folder / "out.png", *options)
        assert code == 0
        assert word in said
    assert len({(tmp_path / name).read_bytes() for name in names}) == 1


@pytest.mark.parametrize("name", ["again.jpg", "again.webp"])
def test_sixteen_bits_are_refused_a_format_of_eight_before_the_run(nst, weights, tmp_path, monkeypatch, name):
    assert nst(CONTENT, STYLE, *FAST, "--iterations", "1", "--bits", "16", "-o", "deep.png", "--quiet")[0] == 0
    monkeypatch.setattr(reproduce, "begin", lambda *_: pytest.fail("it runs"))
    code, said = again(nst, "deep.png", "-o", name)
    assert code == cli.BAD_INPUT and "16 bits" in said
    assert not (tmp_path / name).exists()


@pytest.mark.parametrize("picture", [".", "", "nowhere/."])
def test_what_is_no_file_is_refused_in_a_sentence(nst, picture):
    code, said = again(nst, picture)
    assert code == cli.BAD_INPUT and said.count("\n") == 1 and "Traceback" not in said


def test_picture_is_not_lost_where_it_cannot_be_written_in_the_end(nst, folder, tmp_path, monkeypatch):
    begin = reproduce.begin

    def vanish(*arguments):
        (tmp_path / "gone").rmdir()
        return begin(*arguments)

    (tmp_path / "gone").mkdir()
    monkeypatch.setattr(reproduce, "begin", vanish)
    code, said = again(nst, folder / "out.png", "-o", "gone/again.png")
    assert (code, said.count("bit-identical")) == (0, 1)
    assert Path(said.partition(":")[0]).read_bytes() == (folder / "out.png").read_bytes()


def test_recipe_is_shown(nst, folder):
    code, said = nst("--recipe", folder / "out.jpg")
    assert code == 0
    for word in (
        "summer_palace.jpg, SHA-256 ",
        "seed           7",
        "iterations     4",
        "init           noise",
        "machine",
    ):
        assert word in said
    assert said.splitlines()[-1].split()[:3] == ["again", "nst", "reproduce"]


def test_iterations_in_a_picture_are_those_it_has_had(folder):
    assert read_recipe(folder / "summer_palace_great_wave" / "c1,s10000,t10" / "iteration_00002.jpg").iterations == 2


def test_retouched_file_is_told_from_a_different_result(nst, folder, tmp_path):
    pixels = np.array(Image.open(folder / "out.png"))
    pixels[0, 0] ^= 16
    Image.fromarray(pixels).save(tmp_path / "retouched.png", exif=Image.open(folder / "out.png").info["exif"])
    code, said = again(nst, tmp_path / "retouched.png")
    assert code == reproduce.NOT_IDENTICAL
    assert "the file has been changed since (at most 16 of 255 levels" in said


def test_different_result_is_told_with_what_is_other(nst, folder, tmp_path):
    """The recipe says another seed than the one that the picture was made with, and an old program."""
    recipe = read_recipe(folder / "out.png")
    recipe = replace(recipe, settings=replace(recipe.settings, seed=8), versions=recipe.versions | {"numpy": "1.0"})
    save_image(load_image(folder / "out.png"), tmp_path / "other.png", recipe=recipe)
    code, said = again(nst, tmp_path / "other.png")
    assert code == reproduce.NOT_IDENTICAL
    assert "not bit-identical, the files' pixels differ by at most " in said
    assert "was 1.0" in said


@pytest.mark.parametrize(
    ("content", "style", "told"),
    [
        (OTHER, STYLE, "the content picture is another one"),
        (CONTENT, OTHER, "the style picture is another one"),
        ("missing.jpg", STYLE, "missing.jpg does not exist"),
    ],
)
def test_other_files_are_refused_before_the_run(nst, folder, monkeypatch, content, style, told):
    monkeypatch.setattr(reproduce, "begin", lambda *_: pytest.fail("this should have been refused before"))
    code, said = again(nst, folder / "out.png", content=content, style=style)
    assert code == cli.BAD_INPUT
    assert told in said


def changed(path, picture, **changes):
    """Save a picture at `path` with the recipe of another one, changed."""
    recipe = read_recipe(picture)
    save_image(load_image(picture), path, recipe=replace(recipe, **changes))
    return path


def test_picture_that_cannot_be_its_recipes_is_refused_before_the_run(nst, folder, tmp_path, monkeypatch):
    monkeypatch.setattr(reproduce, "begin", lambda *_: pytest.fail("this should have been refused before"))
    settings = read_recipe(folder / "out.png").settings
    out = folder / "out.png"
    for path, told in (
        (changed(tmp_path / "a.png", out, size=40), "has another size"),
        (changed(tmp_path / "b.png", out, weights_sha256="0"), "the VGG19 weights are others"),
        (changed(tmp_path / "c.png", out, settings=replace(settings, init="image")), "an image that is not a file"),
        (tmp_path / "cut.png", "is damaged or cut off"),
        (DATA / "coffee.jpg", "holds no recipe"),
    ):
        if path.name == "cut.png":
            path.write_bytes(out.read_bytes()[:-300])
        assert told in again(nst, path)[1]


def test_picture_and_run_of_version_0_1_are_read_and_refused(nst, folder, tmp_path, monkeypatch):
    monkeypatch.setattr(reproduce, "begin", lambda *_: pytest.fail("this should have been refused before"))
    values = json.loads(read_recipe(folder / "out.png").to_json())
    new = ("style_distance", "scales", "content_layers", "style_weights", "color_strength")
    settings = {name: value for name, value in values["settings"].items() if name not in new}
    then = ("content", "style", "size", "iterations", "weights_sha256", "machine", "pixels_sha256", "blend")
    old = {name: values[name] for name in then} | {"versions": {"nst-helpers": "0.1.0"}}
    recipe = Recipe.from_json(json.dumps(old | {"settings": settings | {"content_layer": "block1_conv2"}}))
    assert (recipe.settings.style_distance, recipe.settings.content_layers) == ("squared", {"block1_conv2": 1})
    save_image(load_image(folder / "out.png"), tmp_path / "old.png", recipe=recipe)
    assert "nst-helpers 0.1.0" in nst("--recipe", tmp_path / "old.png")[1]
    (tmp_path / "run.json").write_text(recipe.to_json())
    for code, said in (again(nst, tmp_path / "old.png"), nst("--resume", tmp_path, "--iterations", 9)):
        assert code == cli.BAD_INPUT
        assert "was made by nst 0.1, whose losses were different; start it over, or use nst 0.1." in said


def test_picture_itself_is_not_overwritten(nst, folder):
    code, said = again(nst, folder / "out.png", "-o", folder / "out.png")
    assert code == cli.BAD_INPUT
    assert "is one of the pictures to read" in said


def test_picture_made_from_python(nst, tmp_path, weights):
    from nst_helpers import StyleTransfer

    images = load_image(CONTENT, 32), load_image(STYLE, 32)
    transfer = StyleTransfer(*images, content_layers="block1_conv2", style_layers=["block1_conv1"], beta=10)
    with pytest.raises(InputError, match="iterations"):
        Recipe.of(transfer, CONTENT, STYLE, 32)
    (snapshot,) = transfer.steps(1)
    save_image(snapshot.image, tmp_path / "mine.jpg", recipe=Recipe.of(transfer, CONTENT, STYLE, 32))
    code, said = nst("reproduce", "mine.jpg", "--content", CONTENT, "--style", STYLE)
    assert code == 0
    assert "mine_again.jpg: bit-identical" in said.splitlines()
    assert "content  summer_palace.jpg, 32×21" in said
    assert read_recipe("mine_again.jpg").settings.beta == 10
    assert (tmp_path / "mine_again.jpg").read_bytes() == (tmp_path / "mine.jpg").read_bytes()
