"""A run on disk: what is written, that it is whole, and what happens to a folder that is not."""

import csv
import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from nst_helpers.errors import InputError
from nst_helpers.files import run_folder as snapshots
from nst_helpers.files.recipe import Picture, Recipe, read_recipe
from nst_helpers.files.run_folder import LOSSES, RECIPE, STATE, RunFolder, folder_name, picture_name
from nst_helpers.machine import disk as files
from nst_helpers.machine.disk import locked
from nst_helpers.settings import Settings
from nst_helpers.transfer import Losses, Snapshot

pytestmark = pytest.mark.quick


def snapshot(iteration):
    image = np.full((1, 4, 6, 3), 1 / (iteration + 1), np.float32)
    return Snapshot(
        iteration, image, Losses(0.0, 0.0, 0.0, 1 / (iteration + 3), {"block1_conv1": 2 / (iteration + 3)}), 6
    )


def state(iteration):
    return {"image": snapshot(iteration).image, "iteration": iteration}


RUN = Recipe(Picture("a", "1"), Picture("b", "2"), 96, 20, Settings())
AS_RUN = replace(RUN, settings=Settings(precision="float32"))


@pytest.fixture
def run(tmp_path):
    """A run that was kept at iterations 2 and 4."""
    folder = RunFolder.create(tmp_path, RUN)
    folder.begin(snapshot(0), AS_RUN)
    for iteration in (1, 2, 3, 4):
        folder.record(snapshot(iteration))
        if iteration % 2 == 0:
            folder.save(snapshot(iteration), state(iteration))
    return folder


def names(folder):
    return sorted(file.name for file in folder.path.iterdir())


def test_files(run):
    assert run.path.parts[-2:] == ("a_b", "c1,s10000,t10")
    assert names(run) == ["iteration_00002.jpg", "iteration_00004.jpg", LOSSES, RECIPE, STATE]
    assert Image.open(run.path / picture_name(2)).size == (6, 4)


@pytest.mark.parametrize(
    ("weights", "name"),
    [((1, 1e4, 10), "c1,s10000,t10"), ((0.5, 1e-3, 0), "c0.5,s0.001,t0"), ((1e12, 1, 1), "c1e+12,s1,t1")],
)
def test_folder_name(weights, name):
    assert folder_name(Settings(**dict(zip(("alpha", "beta", "gamma"), weights, strict=True)))) == name


def test_each_picture_carries_its_recipe(run):
    for iteration in (2, 4):
        recipe = read_recipe(run.path / picture_name(iteration))
        assert recipe.iterations == iteration
        assert recipe.differences(AS_RUN) == []


def test_losses_table(run):
    rows = list(csv.DictReader((run.path / LOSSES).open()))
    assert [int(row["iteration"]) for row in rows] == [0, 1, 2, 3, 4]
    assert [float(row["total"]) for row in rows] == [1 / (i + 3) for i in range(5)]
    assert [float(row["block1_conv1"]) for row in rows] == [2 / (i + 3) for i in range(5)]


def test_recipe_names_the_arithmetic_that_was_used(run):
    recipe = json.loads((run.path / RECIPE).read_text())
    assert recipe["settings"]["precision"] == "float32"
    assert recipe["content"] == {"path": "a", "sha256": "1"}


def test_open_again(run):
    again = RunFolder.open(run.path)
    assert again.recipe == run.recipe
    loaded = again.load_state()
    np.testing.assert_array_equal(loaded["image"], snapshot(4).image)
    assert int(loaded["iteration"]) == 4
    assert again.rows == run.rows


def test_open_by_the_folder_above(run):
    for above in run.path.parents[:2]:
        assert RunFolder.open(above).path == run.path


def test_losses_after_the_state_are_forgotten(run):
    run.record(snapshot(5))
    run.save(snapshot(5), state(3))  # L-BFGS goes back to its last fresh start
    again = RunFolder.open(run.path)
    again.load_state()
    assert [row["iteration"] for row in again.rows] == [0, 1, 2, 3]


def test_run_killed_before_its_first_snapshot_starts_over(tmp_path):
    RunFolder.create(tmp_path, RUN).begin(snapshot(0), AS_RUN)
    again = RunFolder.open(tmp_path)
    assert int(again.load_state()["iteration"]) == 0
    assert again.rows == []


def test_existing_run_is_not_overwritten(run):
    with pytest.raises(InputError, match="--resume"):
        RunFolder.create(run.path.parents[1], RUN)


def test_a_folder_for_each_pair_of_pictures(run):
    parent = run.path.parents[1]
    other = replace(RUN, content=Picture("/somewhere/photo 1's (best).jpg", "3"))
    assert RunFolder.create(parent, other).path == parent / "photo_1_s_best__b" / "c1,s10000,t10"
    others = [RunFolder.create(parent, replace(RUN, content=Picture("elsewhere/a.png", each))).path for each in "345"]
    assert [path.parent.name for path in others] == ["a_b_2", "a_b_3", "a_b_4"]
    blended = replace(RUN, blend=[Picture("c", "9")])
    assert RunFolder.create(parent, blended).path.parent.name == "a_b_5"
    with pytest.raises(InputError, match="holds a run already"):
        RunFolder.create(parent, blended)
    with pytest.raises(InputError, match=r"holds 6 runs \(a_b.c1,s10000,t10, .*, …\)"):
        RunFolder.open(parent)


@pytest.mark.parametrize("stem", ["x" * 250, "🎨" * 60, "..", "", "a\nb"])
def test_any_name_of_a_picture_makes_a_folder(tmp_path, stem):
    folder = RunFolder.create(tmp_path, replace(RUN, content=Picture(f"/a/{stem}.jpg", "1"), style=Picture(stem, "2")))
    assert folder.path.parents[1] == tmp_path
    assert folder.path.is_dir()


def test_folder_is_claimed_by_one_of_many_at_once(tmp_path):
    def claim(_):
        try:
            return RunFolder.create(tmp_path, RUN)
        except InputError:
            return None

    with ThreadPoolExecutor(8) as threads:
        claimed = list(threads.map(claim, range(40)))
    assert sum(folder is not None for folder in claimed) == 1


def test_folder_of_a_run_that_could_not_begin_is_free_again(tmp_path, run):
    folder = RunFolder.create(tmp_path / "new", RUN)
    folder.discard()
    assert list((tmp_path / "new").iterdir()) == []
    RunFolder.create(tmp_path / "new", RUN)
    run.discard()
    assert RECIPE in names(run)


def test_what_a_resumed_run_is_to_do_is_remembered(run):
    run.resume(replace(RUN, iterations=77, output="/there/out.jpg"))
    again = RunFolder.open(run.path).recipe
    assert (again.iterations, again.output) == (77, "/there/out.jpg")
    assert again.settings == AS_RUN.settings
    run.save(snapshot(5), state(5))
    assert b"/there" not in (run.path / picture_name(5)).read_bytes()


def test_folder_is_kept_to_one_run(run):
    pytest.importorskip("fcntl")
    with locked(run.path), pytest.raises(InputError, match="another run is writing"), locked(run.path):
        pass
    with locked(run.path):
        pass


def test_recipe_too_long_to_be_read_again_is_refused_before_the_run(tmp_path):
    blend = [Picture("x" * 4000, "1")] * 200
    with pytest.raises(InputError, match="blend fewer"):
        RunFolder.create(tmp_path, replace(RUN, blend=blend))
    assert list(tmp_path.iterdir()) == []


def test_parent_that_is_a_file_is_refused(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(InputError, match="name another"):
        RunFolder.create(tmp_path / "file", RUN)


def test_no_run_or_several_are_refused(run):
    parent = run.path.parent
    with pytest.raises(InputError, match="holds no run"):
        RunFolder.open(parent / "missing")
    (parent / "second").mkdir()
    (parent / "second" / RECIPE).write_bytes((run.path / RECIPE).read_bytes())
    with pytest.raises(InputError, match="holds 2 runs"):
        RunFolder.open(parent)


@pytest.mark.parametrize(
    "damage", [b"", b"garbage", b"PK\x03\x04 not a zip", b"\x80\x04\x95", "half", "no image", "no losses"]
)
def test_damaged_run_is_refused(run, damage):
    path = run.path / STATE
    if damage == "half":
        path.write_bytes(path.read_bytes()[:-40])
    elif damage == "no image":
        np.savez(path, iteration=1)
    elif damage == "no losses":
        (run.path / LOSSES).unlink()
    else:
        path.write_bytes(damage)
    with pytest.raises(InputError, match="is damaged"):
        run.load_state()


class Trap:
    """Makes a file when it is unpickled."""

    def __reduce__(self):
        return open, ("sprung", "w")


def test_pickled_state_is_not_executed(run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    np.savez(run.path / STATE, image=np.array([Trap()], object), iteration=1)
    with pytest.raises(InputError, match="is damaged"):
        run.load_state()
    assert not (tmp_path / "sprung").exists()


@pytest.mark.parametrize("text", [b"\xff\xfe binary", b"{}", b"[" * 1000])
def test_damaged_recipe_is_refused(run, text):
    (run.path / RECIPE).write_bytes(text)
    with pytest.raises(InputError, match="not a recipe"):
        RunFolder.open(run.path)


@pytest.mark.parametrize("failing", [1, 2, 3])
def test_failure_at_any_write_leaves_a_run_that_goes_on(run, monkeypatch, failing):
    """The disk is full at the first, second or third file of a snapshot."""
    written = []

    def write(path, content):
        written.append(path)
        if len(written) < failing:
            return files.write_atomically(path, content)
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(snapshots, "write_atomically", write)
    monkeypatch.setattr(snapshots, "save_image", lambda image, path, recipe: write(path, b"jpeg"))
    run.record(snapshot(6))
    with pytest.raises(OSError, match="No space"):
        run.save(snapshot(6), state(6))
    assert int(RunFolder.open(run.path).load_state()["iteration"]) == 4
    assert not [name for name in names(run) if name.startswith(".")]
