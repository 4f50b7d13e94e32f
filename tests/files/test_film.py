"""Films and recordings: which frames are chosen, what is written, and what a run on disk or in memory gives to see."""

import io
import itertools
import subprocess
import sys

import numpy as np
import pytest
from conftest import settling
from PIL import Image

from nst_helpers.errors import InputError
from nst_helpers.files.film import choose_frames, encode_film, save_film, visible_change
from nst_helpers.files.images import load_image, save_image
from nst_helpers.files.recording import Recording
from nst_helpers.transfer import Losses, Snapshot

pytestmark = pytest.mark.quick


@pytest.fixture
def snapshots(noise):
    gone, images = settling(30, noise)
    return [
        Snapshot(k, image, Losses(g, 2 - g, 0.5, 2.5, {"block1_conv1": 2 - g}), 96)
        for k, (g, image) in enumerate(zip(gone, images, strict=True))
    ]


def test_visible_change_in_levels():
    black, white = np.zeros((1, 8, 12, 3), np.float32), np.ones((1, 8, 12, 3), np.float32)
    assert visible_change(black, white) == pytest.approx(255)
    assert visible_change(black, black) == 0
    assert visible_change(black, black + 10 / 255) == pytest.approx(10, rel=1e-5)
    assert visible_change(white, black) == visible_change(black, white)


def test_single_pixels_are_hardly_visible_but_areas_are():
    gray = np.full((1, 32, 32, 3), 0.5, np.float32)
    checkered, halves = gray.copy(), gray.copy()
    checkered[:, ::2, ::2] += 0.2
    checkered[:, 1::2, 1::2] += 0.2
    halves[:, :16] += 0.2
    assert np.mean((checkered - gray) ** 2) == pytest.approx(np.mean((halves - gray) ** 2))
    assert visible_change(gray, checkered - 0.1) < 0.1 * visible_change(gray, halves - 0.1)


def test_frames_share_out_the_change_equally(noise):
    _, images = settling(200, noise)
    chosen = choose_frames(images, 8)
    assert (chosen[0], chosen[-1], len(chosen)) == (0, 199, 8)
    steps = [visible_change(images[a], images[b]) for a, b in itertools.pairwise(chosen)]
    assert max(steps) < 1.3 * min(steps)  # of seven steps, each image up to one fortieth of the way from the next
    at_equal_times = np.linspace(0, 199, 8).astype(int)
    uneven = [visible_change(images[a], images[b]) for a, b in itertools.pairwise(at_equal_times)]
    assert max(uneven) > 10 * min(uneven)


def test_frames_are_the_best_of_all_choices(noise):
    """Against trying every choice of 4 out of 9 images that wander to and fro."""
    random = np.random.default_rng(3)
    images = [noise(8, 8, seed=int(seed)) for seed in random.integers(0, 4, 9)]

    def cost(chosen):
        return sum(visible_change(images[a], images[b]) ** 2 for a, b in itertools.pairwise(chosen))

    choices = [(0, *middle, 8) for middle in itertools.combinations(range(1, 8), 2)]
    assert cost(choose_frames(images, 4)) == pytest.approx(min(map(cost, choices)), rel=1e-3, abs=1e-3)


def test_few_images_are_all_taken(noise):
    images = [noise(8, 8, seed=k) for k in range(3)]
    assert choose_frames(images, 3) == choose_frames(images, 10) == [0, 1, 2]
    assert choose_frames(images, 2) == [0, 2]
    with pytest.raises(InputError, match="number of frames"):
        choose_frames(images, 1)


@pytest.mark.parametrize("format", ["gif", "webp"])
def test_film_has_the_frames_the_size_and_the_pictures(snapshots, format):
    images = {each.iteration: each.image for each in snapshots}
    film = Image.open(io.BytesIO(encode_film(images, frames=6, format=format)))
    assert (film.format, film.n_frames, film.size) == (format.upper(), 6, (32, 24))
    chosen = choose_frames(list(images.values()), 6)
    for k in range(6):
        film.seek(k)
        top = np.asarray(film.convert("RGB"), np.float32)[:8]  # above the caption
        distances = [np.abs(top - 255 * images[i][0, :8]).mean() for i in chosen]
        assert int(np.argmin(distances)) == k
    film.seek(5)
    film.load()
    hold = film.info["duration"]
    film.seek(1)
    film.load()
    assert hold > film.info["duration"]


def test_frames_tell_their_iteration(snapshots):
    still = {each.iteration: snapshots[0].image * 0 + 0.5 for each in snapshots[:2]}
    film = Image.open(io.BytesIO(encode_film(still, frames=2, format="webp")))
    captions = []
    for k in range(2):
        film.seek(k)
        captions.append(np.asarray(film.convert("L"), np.float32)[12:])
    assert captions[0].max() > 200 and np.abs(captions[0] - captions[1]).max() > 50


def test_film_is_written_by_its_ending(snapshots, tmp_path):
    images = {each.iteration: each.image for each in snapshots}
    save_film(images, tmp_path / "film.GIF", frames=3)
    assert Image.open(tmp_path / "film.GIF").n_frames == 3
    with pytest.raises(InputError, match=r"\.gif or a \.webp, not \.mp4"):
        save_film(images, tmp_path / "film.mp4")
    with pytest.raises(InputError, match="cannot be written"):
        save_film(images, tmp_path / "missing" / "film.gif")
    with pytest.raises(InputError, match="at least two"):
        encode_film({0: snapshots[0].image})


def test_recording_of_snapshots(snapshots):
    recording = Recording(snapshots[::-1])
    assert list(recording) == list(range(30))
    np.testing.assert_array_equal(recording[7], snapshots[7].image)
    assert recording.losses["block1_conv1"][7] == snapshots[7].losses.style_layers["block1_conv1"]
    assert recording.losses_at(7)["content"] == snapshots[7].losses.content


@pytest.fixture
def folder(snapshots, tmp_path):
    for each in snapshots[::10]:
        save_image(each.image, tmp_path / f"iteration_{each.iteration:05d}.jpg")
    rows = ["iteration,content,total", *(f"{k},{k / 10},{30 - k}" for k in range(0, 30, 4))]
    (tmp_path / "losses.csv").write_text("\n".join(rows) + "\n")
    (tmp_path / "iteration_x.jpg").write_bytes(b"not one of ours")
    return tmp_path


def test_recording_of_a_folder(folder):
    recording = Recording(folder)
    assert list(recording) == [0, 10, 20]
    np.testing.assert_array_equal(recording[10], load_image(folder / "iteration_00010.jpg"))
    assert recording.losses_at(10) == {"iteration": 8, "content": 0.8, "total": 22}
    assert recording.losses_at(0)["total"] == 30


@pytest.mark.parametrize("table", ["", "iteration,content,total\n"])
def test_recording_of_a_folder_without_losses(folder, table):
    (folder / "losses.csv").write_text(table)
    recording = Recording(folder)
    assert list(recording) == [0, 10, 20]
    assert recording.losses_at(10) == {}
    assert len(recording.losses["iteration"]) == 0


def test_looking_at_a_folder_needs_no_tensorflow_and_writes_nothing(folder):
    code = f"import sys; from nst_helpers.files.recording import Recording; Recording({str(folder)!r})[10]"
    subprocess.run([sys.executable, "-c", f"{code}; assert 'tensorflow' not in sys.modules"], check=True)
    assert len(list(folder.iterdir())) == 5


def test_recording_refuses_what_is_no_run(folder, tmp_path):
    with pytest.raises(InputError, match="holds no run"):
        Recording(tmp_path / "missing")
    with pytest.raises(InputError, match="no snapshots"):
        Recording([])
    (folder / "losses.csv").write_text("iteration,total\n0,1\n1,oops\n")
    with pytest.raises(InputError, match="damaged"):
        Recording(folder)
    for picture in folder.glob("*.jpg"):
        picture.unlink()
    (folder / "losses.csv").write_text("iteration,total\n0,1\n")
    with pytest.raises(InputError, match="no snapshots"):
        Recording(str(folder))
