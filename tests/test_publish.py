"""A run that is passed on: what is kept of it, and that nothing tells where it was made."""

import csv

import numpy as np
import pytest
from pictures import publish

from nst_helpers.errors import InputError
from nst_helpers.files.images import save_image
from nst_helpers.files.recipe import Picture, Recipe
from nst_helpers.files.recording import Recording
from nst_helpers.settings import Settings

pytestmark = pytest.mark.quick


@pytest.fixture
def run(noise, tmp_path):
    folder = tmp_path / "somebody" / "runs"
    folder.mkdir(parents=True)
    pictures = (Picture(str(tmp_path / "somebody" / f"{name}.jpg"), name) for name in ("a", "b"))
    (folder / "run.json").write_text(Recipe(*pictures, 48, 3000, Settings(), output="/somebody/x.jpg").to_json())
    rows = ["iteration,total", *(f"{k},{100 / (k + 3):.12f}" for k in range(2201))]
    (folder / "losses.csv").write_text("\n".join(rows) + "\n")
    for iteration in (100, 777, 1000, 2000, 2199):
        save_image(noise(8, 8, seed=iteration), folder / f"iteration_{iteration:05d}.jpg")
    np.savez(folder / "state.npz", image=noise())
    return folder


def test_small_copy_of_a_run(run, tmp_path, capsys):
    to = tmp_path / "data" / "run"
    publish.main([str(run), str(to)])
    assert "3 pictures" in capsys.readouterr().out
    assert sorted(file.name for file in to.iterdir()) == [
        "iteration_00100.jpg", "iteration_01000.jpg", "iteration_02000.jpg", "losses.csv", "run.json",
    ]  # fmt: skip
    assert (to / "iteration_01000.jpg").read_bytes() == (run / "iteration_01000.jpg").read_bytes()
    assert "somebody" not in (to / "run.json").read_text()
    before, after = (Recipe.from_json((folder / "run.json").read_bytes()) for folder in (run, to))
    assert after.differences(before) == [] and after.content.path == "a.jpg"
    recording = Recording(to)
    assert list(recording) == [100, 1000, 2000]
    assert recording.losses_at(1000)["total"] == pytest.approx(100 / 1003, rel=1e-4)


def test_thinned_losses(run, tmp_path):
    publish.publish(run, tmp_path / "thin", [777, 2000])
    with (tmp_path / "thin" / "losses.csv").open() as file:
        iterations = [int(row["iteration"]) for row in csv.DictReader(file)]
    assert iterations == sorted({*range(501), *range(520, 2201, 20), 777})


def test_what_cannot_be_published_is_refused(run, tmp_path):
    with pytest.raises(InputError, match="none of the iterations"):
        publish.publish(run, tmp_path / "x", [5])
    with pytest.raises(InputError, match="holds no run"):
        publish.publish(tmp_path / "missing", tmp_path / "x", [5])
    with pytest.raises(InputError, match="--every must be"):
        publish.main([str(run), str(tmp_path / "x"), "--every", "0"])
    assert not (tmp_path / "x").exists()
