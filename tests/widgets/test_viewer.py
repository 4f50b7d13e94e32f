"""The snapshot viewer without a browser: every control is moved, as a frontend would move it."""

import base64
import io
import re

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("ipywidgets")


from nst_helpers.errors import InputError
from nst_helpers.files.film import visible_change
from nst_helpers.files.images import save_image
from nst_helpers.transfer import Losses, Snapshot
from nst_helpers.widgets.panel import wipe
from nst_helpers.widgets.viewer import difference_map, view_run

ITERATIONS = (0, 1, 10, 100, 400, 900, 1000)


def image_at(iteration):
    """Dark at first, bright in the end; the right half is faster."""
    image = np.full((1, 32, 48, 3), iteration / 1000, np.float32)
    image[:, :, 24:] = (iteration / 1000) ** 0.5
    return image


@pytest.fixture
def snapshots():
    return [Snapshot(i, image_at(i), Losses(i / 500, 9 / (i + 1), 1, 10 / (i + 1), {}), 48) for i in ITERATIONS]


@pytest.fixture
def viewer(snapshots):
    return view_run(snapshots)


def array(widget):
    return np.asarray(Image.open(io.BytesIO(widget.value)).convert("RGB"), np.float32) / 255


def close(a, b):
    return np.abs(np.asarray(a) - np.asarray(b)).max() < 0.1


def test_opens_at_the_end_against_the_beginning(viewer):
    assert (viewer.iteration.value, viewer.other.value) == (1000, 0)
    assert close(array(viewer.picture), image_at(1000)[0])
    assert "iteration 1,000 · losses: content 2 · style 0.00899" in viewer.status.value


@pytest.mark.parametrize("table", ["", "iteration,content,total\n"])
def test_a_run_whose_losses_were_not_recorded_is_shown_without_them(tmp_path, table):
    for iteration in (1, 1000):
        save_image(image_at(iteration), tmp_path / f"iteration_{iteration:05d}.jpg")
    (tmp_path / "losses.csv").write_text(table)
    viewer = view_run(tmp_path)
    assert close(array(viewer.picture), image_at(1000)[0])
    assert "iteration 1,000 · losses: not recorded · visible change" in viewer.status.value
    before = viewer.curves.value
    viewer.iteration.value = 1
    assert viewer.curves.value != before


def test_slider_changes_picture_status_and_mark(viewer):
    curves = viewer.curves.value
    viewer.iteration.value = 100
    assert close(array(viewer.picture), image_at(100)[0])
    assert "iteration 100 · losses: content 0.2 ·" in viewer.status.value
    assert viewer.curves.value != curves


def test_mark_moves_to_the_right_with_the_iterations(viewer):
    def mark():
        """The mark's columns: where the curves' picture differs from that at iteration 1."""
        return np.flatnonzero(np.abs(array(viewer.curves) - first).max(axis=(0, 2)) > 0.5)

    viewer.iteration.value = 1
    first = array(viewer.curves)
    places = []
    for iteration in (10, 100, 1000):
        viewer.iteration.value = iteration
        places.append(mark().max())
    steps = np.diff(places)
    assert (steps > 100).all() and abs(steps[0] - steps[1]) <= 3  # equal steps on a logarithmic axis


def test_other_snapshot_changes_the_comparison(viewer):
    before = viewer.comparison.value
    viewer.other.value = 400
    assert viewer.comparison.value != before
    change = visible_change(image_at(1000), image_at(400))
    assert f"visible change against 400: {change:.1f} of 255" in viewer.status.value


def test_line_of_the_wipe(viewer):
    viewer.iteration.value, viewer.other.value = 1000, 0
    for share in (25, 75):
        viewer.line.value = share
        shown = array(viewer.comparison)
        at = 48 * share // 100
        assert shown[:, : at - 9].max() < 0.1 and shown[:, at + 9 :].min() > 0.9
    viewer.line.value = 0
    assert array(viewer.comparison).min() > 0.9
    viewer.line.value = 100
    assert array(viewer.comparison).max() < 0.1


def test_view_of_the_difference(viewer):
    viewer.iteration.value, viewer.other.value = 100, 0  # the left half differs by 0.1, the right one by 0.3
    viewer.view.value = "difference"
    assert viewer.line.layout.visibility == "hidden"
    shown = array(viewer.comparison)
    assert shown[:, 26:].mean() > 2 * shown[:, :22].mean() > 0
    viewer.view.value = "wipe"
    assert viewer.line.layout.visibility == "visible"
    assert not close(array(viewer.comparison), shown)


def test_clock_walks_through_the_snapshots(viewer):
    assert viewer.play.max == len(ITERATIONS) - 1
    for k in (1, 2, 5):
        viewer.play.value = k
        assert viewer.iteration.value == ITERATIONS[k]
        assert close(array(viewer.picture), image_at(ITERATIONS[k])[0])


def test_clock_goes_on_from_where_the_slider_is(viewer):
    viewer.iteration.value = 100
    assert viewer.play.value == 3
    viewer.play.value += 1
    assert viewer.iteration.value == 400


def test_strip_shows_and_goes_to_its_snapshots(snapshots):
    viewer = view_run(snapshots, strip=(1, 100, 900))
    assert len(viewer.strip.children) == 3
    for cell, iteration in zip(viewer.strip.children, (1, 100, 900), strict=True):
        thumbnail, button = cell.children
        assert close(array(thumbnail), image_at(iteration)[0])
        assert button.description == str(iteration)
        button.click()
        assert viewer.iteration.value == iteration


def test_strip_by_itself_is_of_five_that_differ(viewer):
    shown = [cell.children[1].description for cell in viewer.strip.children]
    assert len(set(shown)) == 5 and (shown[0], shown[-1]) == ("0", "1,000")


@pytest.mark.parametrize("format", ["gif", "webp"])
def test_film_is_made_shown_and_offered(viewer, format):
    assert viewer.film.layout.display == "none"
    viewer.format.value = format
    viewer.frames.value = 4
    viewer.make.click()
    film = Image.open(io.BytesIO(viewer.film.value))
    assert (film.format, film.n_frames) == (format.upper(), 4)
    assert (viewer.film.format, viewer.film.layout.display) == (format, "")
    name, data = re.search(rf'download="(.*?)" href="data:image/{format};base64,(.*?)"', viewer.download.value).groups()
    assert name == f"film.{format}" and base64.b64decode(data) == viewer.film.value
    assert "a film of 4 frames" in viewer.status.value


def test_run_on_disk_and_its_damage(snapshots, tmp_path):
    for each in snapshots:
        save_image(each.image, tmp_path / f"iteration_{each.iteration:05d}.jpg")
    (tmp_path / "losses.csv").write_text("iteration,content,total\n0,0,9\n1000,2,1\n")
    viewer = view_run(tmp_path)
    viewer.iteration.value = 100
    assert close(array(viewer.picture), image_at(100)[0])
    (tmp_path / "iteration_00400.jpg").write_bytes(b"\xff\xd8 cut off")
    viewer = view_run(tmp_path, strip=(0, 1000))
    viewer.iteration.value = 400
    assert "stopped: " in viewer.status.value and "iteration_00400.jpg" in viewer.status.value
    viewer.iteration.value = 100
    assert "iteration 100 " in viewer.status.value


def test_run_of_a_single_snapshot(snapshots):
    viewer = view_run(snapshots[3:4])
    viewer.make.click()
    assert "stopped: a film needs at least two" in viewer.status.value


def test_no_snapshots_are_refused():
    with pytest.raises(InputError, match="no snapshots"):
        view_run([])


def test_controls_have_labels_and_tooltips(viewer):
    for widget in (viewer.iteration, viewer.other, viewer.line, viewer.frames):
        tip = widget.tooltip if widget.has_trait("tooltip") else widget.description_tooltip
        assert widget.description and len(tip) > 20
    assert viewer.make.description and viewer.make.tooltip
    assert len(viewer.view.tooltips) == len(viewer.view.options)


def test_wipe_and_difference_map():
    a, b = np.zeros((1, 4, 10, 3), np.float32), np.full((1, 4, 10, 3), 0.5, np.float32)
    half = wipe(a, b, 0.5)
    assert half[0, 0, :, 0].tolist() == [0, 0, 0, 0, 1, 1, 0.5, 0.5, 0.5, 0.5]
    np.testing.assert_array_equal(wipe(a, b, 0), b)
    np.testing.assert_array_equal(wipe(a, b, 1), a)
    assert a.max() == 0 and difference_map(a, a).max() < 0.02
    b[0, 2, 3] = 1
    heat = difference_map(a, b).sum(axis=-1)
    assert np.unravel_index(heat.argmax(), heat.shape) == (0, 2, 3)
