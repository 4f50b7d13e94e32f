"""What the playground shows: made from atlases, with the losses and pulls that the package itself gives."""

import json

import numpy as np
import pytest
from pictures import playground
from PIL import Image

from nst_helpers import StyleTransfer
from nst_helpers.course.influence import InfluenceMeter
from nst_helpers.course.notebooks import REPOSITORY
from nst_helpers.files.atlas_folder import AtlasFolder, Grid, Painted
from nst_helpers.files.images import encode, to_pixels
from nst_helpers.files.recipe import Picture, Recipe
from nst_helpers.settings import Settings

GRID = Grid((1,), (1e3, 1e6), (0,), (10, 30))


@pytest.fixture
def atlas(noise, tmp_path):
    """A small atlas of noise, whose content is one of data/, and whose style nobody knows."""
    content = Picture("content.jpg", Picture.of(playground.DATA / "chelsea.jpg").sha256)
    recipe = Recipe(content, Picture("my/own_wave.jpg", "2"), 64, 30, Settings())
    folder = AtlasFolder.create(tmp_path / "atlas", recipe, GRID, (noise(48, 64), noise(40, 40, seed=1)))
    for cell in GRID.cells:
        pictures = [encode(to_pixels(noise(48, 64, seed=iteration)), ".jpg") for iteration in GRID.iterations]
        losses = {"content": 1.23456, "style": 2e-4, "tv": 0.3}
        folder.save(cell, [Painted(*each, losses) for each in zip(GRID.iterations, pictures, strict=True)])
    return folder


def read(path):
    """The value that a script gives to its name."""
    return json.loads(path.read_text(encoding="utf-8").partition(" = ")[2].rstrip(";\n"))


@pytest.fixture
def found(atlas, weights, tmp_path, monkeypatch):
    """What the maker writes for that atlas."""
    monkeypatch.setattr(playground, "gram", lambda: {})
    (tmp_path / "page").mkdir()
    playground.main([str(atlas.path), "--output", str(tmp_path / "page")])
    return read(tmp_path / "page" / "atlases.js")["atlases"][0]


def test_atlas_is_described_with_pictures_that_are_there(found, tmp_path):
    assert (found["content"]["title"], found["style"]["title"]) == ("A cat", "Own wave")
    assert (found["width"], found["height"], found["iterations"]) == (64, 48, [0, 10, 30])
    pictures = [found[kind]["picture"] for kind in ("content", "style")]
    pictures += [f"{found['folder']}/{cell}/iteration_{i:05d}.webp" for cell in found["cells"] for i in (10, 30)]
    for name in pictures:
        with Image.open(tmp_path / "page" / name) as picture:
            picture.load()
    assert set(found["cells"]) == {"c1,s1000,t0", "c1,s1000000,t0"}


def check_row(row, content, style, image):
    """Compare a row with a run that begins at the image, so that nothing was evaluated before."""
    transfer = StyleTransfer(content, style, init=image)
    losses = transfer.snapshot.losses
    np.testing.assert_allclose(row[:3], [losses.content, losses.style, losses.tv], rtol=0.02)
    np.testing.assert_allclose(row[3:], list(InfluenceMeter(transfer).lengths().values()), rtol=0.02)


def test_rows_hold_the_losses_and_the_pulls_of_what_is_shown(found, atlas):
    for (cell, rows), weights in zip(found["cells"].items(), GRID.cells, strict=True):
        assert cell == playground.name_of(weights)
        assert rows[0][0] == rows[0][3] == 0  # nothing of the photograph is lost yet
        images = [atlas.content, *(atlas.image(weights, iteration) for iteration in GRID.iterations)]
        for row, image in zip(rows, images, strict=True):
            check_row(row, atlas.content, atlas.style, image)


def test_too_many_pictures_are_refused_before_they_are_measured(atlas, tmp_path, monkeypatch):
    monkeypatch.setattr(playground, "measured", lambda atlas: pytest.fail("measured"))
    monkeypatch.setattr(playground, "LARGEST", 1000)
    with pytest.raises(SystemExit, match="fewer atlases"):
        playground.main([str(atlas.path), "--output", str(tmp_path)])


def test_maps_begin_with_the_pair_whose_likeness_came_from_the_painting(noise):
    channels = 16
    painting = np.random.default_rng(0).random((20, 30, channels), np.float32)
    painting[..., 3] = painting[..., 7] = 3 * (painting[..., 3] > 0.7)  # always together
    photograph = np.random.default_rng(1).random((20, 30, channels), np.float32)
    photograph[..., 3], photograph[..., 7] = photograph[..., 3] > 0.7, photograph[..., 3] < 0.3  # never
    shown = playground.maps({"painting": painting, "photograph": photograph, "result": painting})
    assert [shown["channels"][i] for i in shown["begin"]] == [3, 7]
    assert len(shown["channels"]) == playground.SHOWN


@pytest.mark.parametrize("name", sorted(path.stem for path in playground.DATA.glob("*.jpg")))
def test_every_picture_of_data_has_a_title(name):
    assert name in ("content", "style") or playground.title(name) in playground.TITLES.values()


def test_every_picture_of_the_playground_ships():
    total = 0
    for atlas in read(playground.PLAYGROUND / "atlases.js")["atlases"]:
        names = [
            f"{cell}/iteration_{i:05d}{atlas['ending']}" for cell in atlas["cells"] for i in atlas["iterations"][1:]
        ]
        pictures = [f"{atlas['folder']}/{name}" for name in names]
        for picture in [*pictures, atlas["content"]["picture"], atlas["style"]["picture"]]:
            total += (playground.PLAYGROUND / picture).stat().st_size
    assert total < 6_000_000


def test_what_ships_is_of_the_atlas_that_ships(weights):
    atlas = AtlasFolder.open(playground.ATLAS)
    course = read(playground.PLAYGROUND / "atlases.js")
    assert course["repository"] == REPOSITORY
    shipped = next(each for each in course["atlases"] if each["folder"] == "../../data/atlas")
    assert set(shipped["cells"]) == {playground.name_of(cell) for cell in atlas.grid.cells}
    for cell, k in ((atlas.grid.cells[0], 0), (atlas.grid.cells[-1], -1)):
        row = shipped["cells"][playground.name_of(cell)][1:][k]
        check_row(row, atlas.content, atlas.style, atlas.image(cell, atlas.grid.iterations[k]))
