"""A run under changing weights: what it remembers, that it restarts exactly, that its command repeats its picture."""

import shlex
from dataclasses import replace

import numpy as np
import pytest
from conftest import DATA
from PIL import Image

from nst_helpers import InputError, StyleTransfer, load_image
from nst_helpers.commands import cli
from nst_helpers.commands.options import build_parser, command_line
from nst_helpers.files.recipe import Picture, Recipe, read_recipe
from nst_helpers.settings import Settings
from nst_helpers.widgets.interactive_run import InteractiveRun

CONTENT, STYLE = DATA / "summer_palace.jpg", DATA / "great_wave.jpg"
SMALL = {"content_layers": "block1_conv2", "style_layers": ["block1_conv1"], "precision": "float32"}


def recipe(size=32, iterations=100, **settings):
    return Recipe(Picture.of(CONTENT), Picture.of(STYLE), size, iterations, Settings(**SMALL | settings))


@pytest.fixture(scope="module")
def run():
    return InteractiveRun(recipe(), weights=None)


@pytest.fixture
def fresh(run):
    run.change(alpha=1, beta=1e4, gamma=10, learning_rate=0.2)
    run.restart()
    return run


def test_history_holds_the_weighted_losses_of_every_iteration(fresh):
    fresh.advance(2)
    fresh.change(beta=1e5)
    fresh.advance(1)
    assert [row[0] for row in fresh.history] == [0, 1, 2, 3]
    losses = fresh.transfer.snapshot.losses
    np.testing.assert_allclose(fresh.history[-1][1:], [losses.content, 1e5 * losses.style, 10 * losses.tv])
    assert sum(fresh.history[-1][1:]) == pytest.approx(losses.total, rel=1e-4)
    np.testing.assert_array_equal(fresh.image, fresh.transfer.snapshot.image)


def test_changes_are_kept_by_iteration_and_only_if_they_change_something(fresh):
    fresh.change(beta=50)  # before the first iteration, which is no change on the way
    fresh.advance(2)
    fresh.change(beta=50, gamma=10)
    assert fresh.changes == {}
    fresh.change(beta=60)
    fresh.change(gamma=0, beta=70)
    fresh.advance(1)
    fresh.change(learning_rate=0.05)
    assert fresh.changes == {2: {"gamma": 0, "beta": 70}, 3: {"learning_rate": 0.05}}


def test_change_that_cannot_be_changes_nothing(fresh):
    before = fresh.transfer.settings
    for wrong in ({"alpha": 0, "beta": 0, "gamma": 0}, {"beta": 5, "gamma": -1}, {"learning_rate": 0}):
        with pytest.raises(InputError):
            fresh.change(**wrong)
        assert fresh.transfer.settings == before
    fresh.change(alpha=0, beta=0)
    fresh.change(alpha=1, gamma=0)  # never all zero, whichever is set first
    assert (fresh.transfer.alpha, fresh.transfer.beta, fresh.transfer.gamma) == (1, 0, 0)


@pytest.mark.parametrize("optimizer", ["adam", "lbfgs"])
def test_restarted_run_is_the_same_to_the_last_bit(optimizer):
    run = InteractiveRun(recipe(optimizer=optimizer, init="noise"), weights=None)
    run.advance(6)
    first = run.image
    run.change(beta=1, learning_rate=0.02)
    run.advance(2)
    run.restart()
    assert (run.iteration, run.history, run.changes, run.pace) == (0, [], {}, None)
    run.change(beta=1e4, learning_rate=0.2)
    run.advance(6)
    np.testing.assert_array_equal(run.image, first)


def test_restarted_run_keeps_the_rate_that_was_set(fresh):
    fresh.change(learning_rate=0.02)
    fresh.restart()
    fresh.advance(3)
    images = (load_image(path, 32) for path in (CONTENT, STYLE))
    plain = StyleTransfer(*images, **SMALL, learning_rate=0.02, weights=None)
    np.testing.assert_array_equal(fresh.image, list(plain.steps(3))[-1].image)


def test_seconds_end_an_advance_and_pace_tells_the_time_left(fresh):
    assert fresh.pace is fresh.seconds_left is None
    fresh.advance(50, seconds=0)
    assert fresh.iteration == 1
    fresh.advance(3)
    assert 0 < fresh.pace < 60
    assert fresh.seconds_left == pytest.approx(96 * fresh.pace)


def test_remembered_picture_does_not_change_any_more(fresh):
    fresh.advance(1)
    kept = fresh.remember()
    image = kept.image.copy()
    fresh.change(beta=7)
    fresh.advance(2)
    np.testing.assert_array_equal(kept.image, image)
    s = kept.settings
    assert (s.alpha, s.beta, s.gamma, s.learning_rate) == (1, 1e4, 10, 0.2)


def test_obstacles(fresh):
    assert "untrained" in fresh.obstacle
    fresh.trained = True
    try:
        fresh.change(beta=3)
        assert fresh.obstacle == ""
        fresh.advance(1)
        fresh.change(beta=4)
        assert "at iteration 1" in fresh.obstacle
        fresh.restart()
        assert fresh.obstacle == ""
    finally:
        fresh.trained = False


def test_exported_command_makes_the_exported_picture_to_the_last_bit(weights, tmp_path, monkeypatch, capsys):
    run = InteractiveRun(recipe(gamma=3, optimizer="lbfgs", init="noise"), weights=weights)
    run.change(beta=12300, learning_rate=0.05)
    run.advance(4)
    run.advance(3, seconds=0)
    path, command = run.save(tmp_path)
    assert run.obstacle == ""
    assert read_recipe(path).iterations == run.iteration == 5
    (tmp_path / "again").mkdir()
    monkeypatch.chdir(tmp_path / "again")
    assert cli.main(shlex.split(command)[1:]) == 0
    assert (tmp_path / "again" / path.name).read_bytes() == path.read_bytes()


@pytest.mark.parametrize("share", [0.3, 1])
def test_command_of_all_that_the_explorer_offers_makes_the_same_picture(share, weights, tmp_path, monkeypatch):
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    Image.fromarray(np.uint8([[0, 0, 255]] * 2)).resize((48, 32)).save(temporary / "keep.png")
    chosen = {
        "blend": [Picture.of(DATA / "auvers.jpg")],
        "style_scale": [0.5],
        "keep": Picture.of(temporary / "keep.png"),
    }
    run = InteractiveRun(replace(recipe(), **chosen), weights=weights)
    run.change(style_weights=(1 - share, share))
    run.advance(4)
    run.change(color_strength=0.4)
    path, command = run.save(tmp_path, temporary)
    assert run.obstacle == ""
    assert (tmp_path / "explorer-1-keep.png").exists()
    (tmp_path / "again").mkdir()
    monkeypatch.chdir(tmp_path / "again")
    assert cli.main(shlex.split(command)[1:]) == 0
    made, again = (np.asarray(Image.open(each)) for each in (path, tmp_path / "again" / path.name))
    np.testing.assert_array_equal(made, again)
    mine, its = read_recipe(path), read_recipe(tmp_path / "again" / path.name)
    assert [each.sha256 for each in mine.pictures] == [each.sha256 for each in its.pictures]
    assert mine.style_scale == its.style_scale == (0.5, 0.5)
    assert its.settings.style_weights == pytest.approx(
        mine.settings.style_weights
    )  # of which the command has 12 digits


def test_picture_of_changed_weights_carries_no_false_recipe(fresh, tmp_path):
    fresh.advance(1)
    path, _ = fresh.save(tmp_path)
    assert fresh.obstacle
    with pytest.raises(InputError, match="holds no recipe"):
        read_recipe(path)


def test_pictures_from_a_temporary_folder_are_copied(fresh, tmp_path):
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    (temporary / "1-mine.jpg").write_bytes(STYLE.read_bytes())
    run = InteractiveRun(
        Recipe(Picture.of(CONTENT), Picture.of(temporary / "1-mine.jpg"), 32, 9, Settings(**SMALL)), weights=None
    )
    with pytest.raises(InputError, match="run some iterations first"):
        run.save(tmp_path, temporary)
    run.advance(1)
    _, command = run.save(tmp_path, temporary)
    assert (tmp_path / "explorer-1-style.jpg").read_bytes() == STYLE.read_bytes()
    assert shlex.split(command)[1:3] == [str(CONTENT.resolve()), str(tmp_path / "explorer-1-style.jpg")]


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"alpha": 0, "beta": 12345.678901234567, "gamma": 1e-7},
        {"schedule": "constant"},
        {"schedule": "constant", "learning_rate": 0.1},
        {"reduction": "sum", "style_layers": ["block1_conv1", "block3_conv1"]},
        {"style_layers": {"block1_conv1": None, "block2_conv2": 0.1}, "content_layers": "block3_conv2"},
        {"style_distance": "squared", "scales": {32: 2, 45: 3}},
        {"content_layers": {"block4_conv2": 2.5, "block2_conv1": 0.125}},
        {"colors": "luminance", "color_strength": 0.25},
        {"optimizer": "lbfgs", "init": "noise", "seed": 7, "pooling": "avg", "precision": "float32"},
    ],
)
def test_command_says_just_what_the_recipe_says(settings):
    made = Recipe(Picture.of(CONTENT), Picture.of(STYLE), 100, 7, Settings(**settings))
    words = shlex.split(command_line(made, "out put.png"))
    assert words[0] == "nst"
    given = vars(build_parser().parse_args(words[1:]))
    assert given.pop("output") == "out put.png"
    given = {name: value for name, value in given.items() if name != "quiet"}
    assert cli._recipe(given, None) == made
    assert len([word for word in words if word.startswith("--")]) == 3 + len({*settings, "scales"})  # said always


def test_run_from_an_image_of_its_own_has_no_command():
    with pytest.raises(InputError, match="image that is not a file"):
        command_line(recipe(init="image"), "a.png")
