"""The weight explorer without a browser: every control is moved from Python, as a frontend would move it."""

import html
import io
import shlex
import sys
import threading
import time
import warnings
from datetime import datetime, timezone
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from conftest import DATA, compilations
from PIL import Image

pytest.importorskip("ipywidgets")
import ipywidgets as widgets

from nst_helpers import InputError, load_image
from nst_helpers.color import with_chroma_of
from nst_helpers.widgets.explorer import Throttle, explore
from nst_helpers.widgets.explorer_view import CURVES_AND_SHARES, PRESETS, REMEMBERED, SLIDERS, WHERE, WeightSlider
from nst_helpers.widgets.panel import VIEW, jpeg, playing_trait
from nst_helpers.widgets.uploads import save_upload

SMALL = {
    "weights": None,
    "size": 32,
    "content_layers": "block2_conv1",
    "style_layers": ["block1_conv1", "block2_conv1"],
    "precision": "float32",
}
WEIGHTS = {"alpha": 1.0, "beta": 1e4, "gamma": 10.0, "learning_rate": 0.2}


@pytest.fixture(scope="module")
def shared():
    return explore(**SMALL)


@pytest.fixture
def explorer(shared, tmp_path, monkeypatch):
    """An explorer at iteration 0 with the usual weights; one for all tests, since each network has to be compiled."""
    monkeypatch.chdir(tmp_path)
    shared.pause()
    shared.run.change(**WEIGHTS, color_strength=0)
    shared.view.goal.value = 200
    shared.view.again.click()
    shared.stop_comparing()
    shared.view.wipe.value = 0
    shared.view.folded.selected_index = CURVES_AND_SHARES
    return shared


@pytest.fixture
def other(tmp_path, monkeypatch):
    """An explorer of its own, for tests that start over with something else."""
    monkeypatch.chdir(tmp_path)
    return explore(**SMALL)


def picture(image: widgets.Image) -> Image.Image:
    return Image.open(io.BytesIO(image.value))


def play(explorer, ticks=1):
    for _ in range(ticks):
        explorer.view.play.value += 1


def set_upload(upload, name, content):
    """Put a file into a FileUpload as the installed ipywidgets would: a dict in 7, a tuple in 8."""
    file = {
        "name": name,
        "type": "image/png",
        "size": len(content),
        "content": content,
        "last_modified": datetime.now(timezone.utc),
    }
    if isinstance(upload.value, dict):
        upload.set_trait("value", {name: {"metadata": file, "content": content}})
    else:
        upload.value = ({**file, "content": memoryview(content)},)


def png_bytes(width=40, height=24):
    file = io.BytesIO()
    Image.new("RGB", (width, height), (200, 30, 30)).save(file, "PNG")
    return file.getvalue()


# The clock and the buttons


def test_clock_ticks_run_iterations_and_stop_does_not(explorer):
    before = explorer.view.picture.value
    play(explorer)
    ran = explorer.run.iteration
    assert ran > 0
    assert explorer.view.picture.value != before
    assert f"<b>{ran}</b> of 200" in explorer.view.counter.value
    explorer.view.play.value += 5  # numbers may be skipped
    assert explorer.run.iteration > ran
    ran = explorer.run.iteration
    explorer.view.play.value = explorer.view.play.min  # what its stop button does
    assert explorer.run.iteration == ran


def test_pause_brings_curves_and_shares_up_to_date(explorer):
    setattr(explorer.view.play, playing_trait(explorer.view.play), True)
    explorer.view.one.click()
    explorer._curves.due = explorer._shares.due = time.monotonic() + 100
    play(explorer)
    curves, shares = explorer.view.curves.value, [bar.value for bar in explorer.view.shares.children]
    explorer.pause()
    assert explorer.view.curves.value != curves
    assert [bar.value for bar in explorer.view.shares.children] != shares


def test_one_step_and_run_25(explorer):
    explorer.view.one.click()
    assert explorer.run.iteration == 1
    explorer.view.many.click()
    assert explorer.run.iteration == 26
    assert "<b>26</b>" in explorer.view.counter.value
    assert "steps a second" in explorer.view.counter.value
    assert "s left" in explorer.view.counter.value
    assert explorer.view.progress.value == pytest.approx(0.13)
    assert picture(explorer.view.picture).size == (32, 21)


def test_start_over_goes_back_to_the_first_picture_and_keeps_the_weights(explorer):
    first = explorer.view.picture.value
    explorer.view.sliders["beta"].slider.value = 1e6
    explorer.view.many.click()
    explorer.view.again.click()
    assert explorer.run.iteration == 0
    assert explorer.view.picture.value == first
    assert explorer.run.transfer.beta == explorer.view.sliders["beta"].value == 1e6
    assert explorer.run.changes == {}
    assert explorer.view.curves.layout.display == "none"


def test_play_stops_at_the_goal(explorer):
    explorer.view.goal.value = 3
    setattr(explorer.view.play, playing_trait(explorer.view.play), True)
    play(explorer, 6)
    assert explorer.run.iteration == 3
    assert "3 steps are done" in explorer.status.value
    assert not getattr(explorer.view.play, playing_trait(explorer.view.play))
    explorer.view.goal.value = 4
    assert "of 4" in explorer.view.counter.value
    play(explorer)
    assert explorer.run.iteration == 4
    setattr(explorer.view.play, playing_trait(explorer.view.play), True)  # play at the goal is a wish for more
    assert explorer.view.goal.value == 204
    play(explorer)
    assert explorer.run.iteration > 4


def test_tick_that_comes_while_another_runs_is_dropped(explorer):
    with explorer._lock:
        tick = threading.Thread(target=lambda: play(explorer))
        tick.start()
        tick.join(20)
        assert not tick.is_alive()
    assert explorer.run.iteration == 0


# Weights


@pytest.mark.parametrize("name", WEIGHTS)
def test_slider_reaches_the_next_iteration_and_leaves_a_mark(explorer, name):
    explorer.view.many.click()
    curves = explorer.view.curves.value
    slider = explorer.view.sliders[name].slider
    slider.value = slider.value * 3.3333
    value = float(f"{3.3333 * WEIGHTS[name]:.3g}")
    assert getattr(explorer.run.transfer, name) == value
    assert explorer.run.changes == {25: {name: value}}
    explorer.view.one.click()
    losses = explorer.run.transfer.snapshot.losses
    s = explorer.run.transfer.settings
    assert losses.total == pytest.approx(
        s.alpha * losses.content + s.beta * losses.style + s.gamma * losses.tv, rel=1e-3
    )
    assert explorer.view.curves.value != curves


def test_moved_slider_is_answered_by_the_very_next_iteration(explorer):
    play(explorer)
    before, shown = explorer.run.iteration, explorer.view.picture.value
    explorer.view.sliders["beta"].slider.value = 1e6
    play(explorer)
    assert explorer.run.iteration == before + 1
    assert explorer.view.picture.value != shown
    play(explorer)
    assert explorer.run.iteration > before + 2


def test_costly_figures_wait_for_a_moved_slider_and_for_each_other(explorer):
    def both():
        return [bar.value for bar in explorer.view.shares.children], explorer.view.curves.value

    play(explorer)
    explorer.view.sliders["beta"].slider.value = 1e6
    explorer._curves.due = explorer._shares.due = 0
    shares, curves = both()
    play(explorer)
    assert both() == (shares, curves)
    play(explorer)
    later, still = both()
    assert later != shares
    assert still == curves
    play(explorer)
    assert both()[1] != curves


def test_slider_changes_where_the_picture_goes(explorer):
    def style_after(beta):
        explorer.view.again.click()
        explorer.view.sliders["beta"].slider.value = beta
        explorer.view.many.click()
        return explorer.run.transfer.snapshot.losses.style

    assert style_after(1e7) < style_after(1)


@pytest.mark.parametrize("name", ["alpha", "beta", "gamma"])
def test_switch_takes_a_term_out_and_puts_it_back(explorer, name):
    control = explorer.view.sliders[name]
    control.switch.value = False
    assert getattr(explorer.run.transfer, name) == 0
    assert not control.switch.value
    control.switch.value = True
    assert getattr(explorer.run.transfer, name) == WEIGHTS[name]


def test_all_weights_off_is_refused_and_the_last_one_stays(explorer):
    run = explorer.run
    for name in ("alpha", "beta", "gamma"):
        explorer.view.sliders[name].switch.value = False
    assert "nothing changed: alpha, beta and gamma are all zero" in explorer.status.value
    assert explorer.run is run
    assert run.transfer.gamma == 10
    assert explorer.view.sliders["gamma"].switch.value


def test_shares_follow_the_slider_at_once(explorer):
    explorer.view.one.click()
    bars = explorer.view.shares.children
    assert sum(bar.value for bar in bars) == pytest.approx(1)
    before = bars[-1].value
    assert bars[-1].description.startswith("total variation")
    assert bars[-1].description.endswith("%")
    explorer.view.sliders["gamma"].slider.value = 1e4
    assert explorer.view.shares.children[-1].value > before


@pytest.mark.parametrize(("value", "low", "high"), [(1e-5, -5, 8), (2e9, 0, 10), (1e9, 0, 9), (100, 0, 8)])
def test_slider_makes_room_for_what_is_beyond_its_ends(value, low, high):
    control = WeightSlider("beta")
    control.show(value)
    assert control.value == value
    assert (control.slider.min, control.slider.max) == (low, high)


def test_slider_shows_zero_as_switched_off_and_stays_where_it_was():
    control = WeightSlider("beta")
    control.show(300)
    control.show(0)
    assert (control.value, control.slider.value) == (0, pytest.approx(300))


# What starts over


def test_size_starts_over(other):
    other.view.one.click()
    other.view.size.value = 40
    assert other.run.iteration == 0
    assert picture(other.view.picture).size == (40, 27)
    assert "40 × 27" in other.view.caption.value
    assert other.run.recipe.size == 40


@pytest.mark.parametrize("size", [8, -3, 0, 10**9])
def test_impossible_size_is_refused_and_the_old_run_stays(explorer, size):
    explorer.view.one.click()
    run = explorer.run
    explorer.view.size.value = size
    assert "nothing changed: size must be a number from 16 to 10000" in explorer.status.value
    assert explorer.run is run
    assert explorer.view.size.value == 32
    explorer.view.one.click()
    assert run.iteration == 2


def test_size_too_small_for_the_layers_is_refused(explorer):
    run = explorer.run
    explorer.view.size.value = 16
    explorer.view.layers["block5_conv1"].value = True  # 16 × 11 pixels
    assert "block5_conv1 needs at least 16" in explorer.status.value
    assert not explorer.view.layers["block5_conv1"].value
    explorer.view.size.value = 32
    assert explorer.run is not run


def test_start_and_optimiser_start_over(other):
    first = other.view.picture.value
    other.view.init.value = "noise"
    assert other.run.transfer.settings.init == "noise"
    assert other.view.picture.value != first
    other.view.optimizer.value = "lbfgs"
    assert other.run.transfer.settings.optimizer == "lbfgs"
    other.view.one.click()
    assert other.run.iteration == 1


def test_a_layer_that_is_switched_on_again_has_its_weight(other):
    other.run.transfer.style_layers = {"block1_conv1": 0.2, "block2_conv1": 3}
    for on in (False, True):
        other.view.layers["block1_conv1"].value = on
    assert other.run.transfer.style_layers == {"block1_conv1": 0.2, "block2_conv1": 3}


def test_layers_start_over_and_none_is_refused(other):
    assert [layer for layer, toggle in other.view.layers.items() if toggle.value] == SMALL["style_layers"]
    other.view.layers["block2_conv1"].value = False
    assert list(other.run.transfer.style_layers) == ["block1_conv1"]
    run = other.run
    other.view.layers["block1_conv1"].value = False
    assert "style_layers is empty" in other.status.value
    assert other.run is run
    assert other.view.layers["block1_conv1"].value
    other.view.layers["block3_conv1"].value = True
    assert list(other.run.transfer.style_layers) == ["block1_conv1", "block3_conv1"]


def test_weights_survive_a_new_beginning(other):
    other.view.sliders["beta"].slider.value = 100
    other.view.size.value = 36
    assert other.run.transfer.beta == other.view.sliders["beta"].value == 100


@pytest.mark.parametrize("role", ["content", "style"])
def test_thumbnail_chooses_a_picture(other, role):
    chooser = other.choosers[role]
    before, (first, second, *_) = getattr(other.run, role), chooser.thumbnails
    assert "nst-chosen" in chooser.thumbnails[first]._dom_classes
    chooser.thumbnails[second].click()
    assert getattr(other.run.recipe, role).path == str(second)
    assert not np.array_equal(getattr(other.run, role), before)
    assert "nst-chosen" in chooser.thumbnails[second]._dom_classes
    assert "nst-chosen" not in chooser.thumbnails[first]._dom_classes


@pytest.mark.parametrize("role", ["content", "style"])
def test_upload_becomes_the_picture_and_joins_the_thumbnails(other, role):
    chooser = other.choosers[role]
    count = len(chooser.thumbnails)
    set_upload(chooser.upload, "../my <b>picture.png", png_bytes())
    assert len(chooser.thumbnails) == count + 1
    path = Path(getattr(other.run.recipe, role).path)
    assert other.folder in path.parents
    assert path.read_bytes() == png_bytes()
    assert getattr(other.run, role).shape == (1, 19, 32, 3)
    assert chooser.thumbnails[path] in controls(chooser.box)


@pytest.mark.parametrize("content", [b"", b"no picture", png_bytes()[:60]], ids=["empty", "text", "cut off"])
def test_broken_upload_is_refused_and_the_old_run_stays(explorer, content):
    run, count = explorer.run, len(explorer.choosers["style"].thumbnails)
    set_upload(explorer.choosers["style"].upload, f"broken-{len(content)}.png", content)
    assert "nothing changed: broken-" in explorer.status.value  # by its name, not by where it was put
    assert explorer.run is run
    assert len(explorer.choosers["style"].thumbnails) == count


def test_the_same_file_counts_again_after_it_was_refused(other):
    run = other.run
    for _ in range(2):
        other.say("")
        set_upload(other.choosers["content"].upload, "tiny.png", png_bytes(1, 1))
        assert "needs at least 2 on each side" in other.status.value
        assert other.run is run
        assert not other.choosers["content"].upload.value
    set_upload(other.choosers["content"].upload, "mine.png", png_bytes())
    assert Path(other.run.recipe.content.path).name.endswith("mine.png")


def texts(explorer):
    """All words that the explorer shows."""

    def within(widget):
        yield getattr(widget, "value", "") if isinstance(widget, widgets.HTML) else ""
        for child in getattr(widget, "children", ()):
            yield from within(child)

    return " ".join(within(explorer.box))


def test_the_limit_of_uploads_and_the_alternative_are_shown(explorer):
    assert "10 MB, on Colab 1 MB" in texts(explorer)
    assert 'explore("its name", "its name")' in texts(explorer)


def test_it_is_said_that_a_hidden_tab_is_slow(explorer):
    assert "Keep this tab in sight" in texts(explorer)


def test_uploaded_picture_that_is_too_small_is_refused(explorer):
    run = explorer.run
    set_upload(explorer.choosers["content"].upload, "tiny.png", png_bytes(1, 1))
    assert "needs at least 2 on each side" in explorer.status.value
    assert explorer.run is run


@pytest.mark.parametrize("nothing", [{}, ()], ids=["ipywidgets 7", "ipywidgets 8"])
def test_upload_without_a_file_is_refused(nothing, tmp_path):
    with pytest.raises(InputError, match="no file"):
        save_upload(SimpleNamespace(value=nothing), tmp_path)


# What is kept


def test_remember_compare_and_restore(explorer):
    view = explorer.view
    explorer.shelf.box.children = []
    view.many.click()
    view.remember.click()
    assert view.folded.selected_index == REMEMBERED
    (frame,) = explorer.shelf.box.children
    thumbnail, caption, restore = frame.children
    assert "β 10000" in caption.value
    kept = view.picture.value
    view.sliders["beta"].slider.value = 10
    view.many.click()
    assert view.hide.layout.display == "none"
    thumbnail.children[0].click()
    assert view.hide.layout.display != "none"
    assert view.wipe.value == 50
    view.wipe.value = 100
    assert view.picture.value == kept
    assert "remembered at step 25" in view.caption.value
    assert "grey levels away" in view.caption.value
    restore.click()
    assert explorer.run.transfer.beta == view.sliders["beta"].value == 1e4
    assert explorer.run.changes == {25: {"beta": 10}, 50: {"beta": 1e4}}
    view.hide.click()
    assert view.hide.layout.display == "none"
    assert "remembered" not in view.caption.value


def test_wipe_draws_the_photograph_over_the_picture(explorer):
    explorer.view.sliders["beta"].slider.value = 1e6
    explorer.view.many.click()
    painted = np.asarray(picture(explorer.view.picture), int)
    photograph = 255 * explorer.run.content[0]
    explorer.view.wipe.value = 50
    half = np.asarray(picture(explorer.view.picture), int)
    assert np.abs(half[:, :8] - photograph[:, :8]).mean() < 8 < np.abs(half[:, :8] - painted[:, :8]).mean()
    assert np.abs(half[:, 24:] - painted[:, 24:]).mean() < 8
    explorer.view.wipe.value = 100
    assert explorer.view.picture.value == jpeg(explorer.run.content)


@pytest.mark.parametrize("name", PRESETS)
def test_preset_sets_the_weights_and_is_marked(explorer, name):
    explorer.run.change(alpha=2, beta=5, gamma=1)
    explorer.view.presets[name].click()
    for weight, value in PRESETS[name][0].items():
        assert getattr(explorer.run.transfer, weight) == explorer.view.sliders[weight].value == value
    marked = [each for each, preset in explorer.view.presets.items() if "nst-chosen" in preset._dom_classes]
    assert marked == [name]
    explorer.view.sliders["beta"].slider.value = 20
    assert "nst-chosen" not in explorer.view.presets[name]._dom_classes


def test_curves_are_drawn_on_the_way_only_where_they_are_seen(explorer):
    explorer.view.folded.selected_index = None
    explorer._curves.due = explorer._shares.due = 0
    curves = explorer.view.curves.value
    play(explorer, 3)
    assert explorer.view.curves.value == curves
    explorer.view.folded.selected_index = CURVES_AND_SHARES
    assert explorer.view.curves.value != curves


def test_export_writes_the_picture_and_shows_a_command(explorer, tmp_path):
    explorer.view.export.click()
    assert "run some iterations first" in explorer.status.value
    assert explorer.view.exported.value == ""
    explorer.view.many.click()
    explorer.view.export.click()
    np.testing.assert_array_equal(
        np.asarray(Image.open(tmp_path / "explorer-1.png")), np.uint8(np.round(explorer.run.image[0] * 255))
    )
    assert "--iterations 25" in explorer.view.exported.value
    assert 'download="explorer-1.png" href="data:image/png;base64,' in explorer.view.exported.value
    explorer.view.export.click()
    assert (tmp_path / "explorer-2.png").exists()


def test_export_says_what_no_command_repeats(explorer):
    explorer.run.trained = True
    try:
        explorer.view.many.click()
        explorer.view.export.click()
        assert "makes the same picture again" in explorer.view.exported.value
        explorer.view.sliders["beta"].slider.value = 10
        explorer.view.one.click()
        explorer.view.export.click()
        assert "weights were changed on the way (at iteration 25)" in explorer.view.exported.value
        assert "makes the same picture again" not in explorer.view.exported.value
    finally:
        explorer.run.trained = False


# The whole


def test_error_is_reported_and_does_not_lock_the_explorer(explorer, monkeypatch, capsys):
    def broken(n):
        raise ValueError("out of <paint>")

    monkeypatch.setattr(explorer.run.transfer, "steps", broken)
    for act in (lambda: play(explorer), explorer.view.one.click, explorer.view.many.click):
        explorer.say("")
        act()
        assert "stopped: out of &lt;paint&gt;" in explorer.status.value
    assert capsys.readouterr() == ("", "")
    monkeypatch.undo()
    explorer.view.one.click()
    assert explorer.run.iteration == 1
    free = threading.Thread(target=lambda: explorer._lock.acquire(timeout=1) and explorer._lock.release())
    free.start()
    free.join()
    assert "stopped" not in explorer.status.value


def test_what_a_run_warns_of_is_reported(explorer, monkeypatch):
    transfer, trouble = explorer.run.transfer, ["the loss is odd"]
    monkeypatch.setattr(transfer, "_trouble", lambda: trouble.pop() if trouble else None)
    play(explorer)
    assert "iteration 1 diverged: the loss is odd; trying again at the rate 0.1" in explorer.status.value


def test_what_a_cell_warns_of_while_the_picture_plays_is_the_cell_s(explorer, monkeypatch):
    """ipykernel 7 runs callbacks on threads of their own, beside the cells."""
    steps = explorer.run.transfer.steps

    def meanwhile(n):
        cell = threading.Thread(target=warnings.warn, args=("the cell's own",))
        cell.start()
        cell.join()
        yield from steps(n)

    monkeypatch.setattr(explorer.run.transfer, "steps", meanwhile)
    with pytest.warns(UserWarning, match="the cell's own"):
        explorer.one_step()
    assert explorer.run.iteration == 1
    assert "cell" not in explorer.status.value + " ".join(explorer.run.messages)


def test_a_cell_and_the_player_may_step_one_run_at_once(explorer):
    """Each iteration is whole: both together get where one alone does."""
    transfer, seen = explorer.run.transfer, []

    def cell():
        seen.extend(snapshot.iteration for snapshot in transfer.steps(20))

    thread = threading.Thread(target=cell)
    thread.start()
    explorer.run.advance(20)
    thread.join()
    assert transfer.iteration == 40
    assert len(set(seen)) == 20
    together = transfer.image.numpy()
    explorer.view.again.click()
    explorer.run.advance(40)
    np.testing.assert_array_equal(transfer.image.numpy(), together)


def test_files_arrays_and_what_is_odd_about_them(tmp_path, noise):
    kept = explore(noise(20, 30), DATA / "auvers.jpg", **SMALL)
    assert Path(kept.run.recipe.content.path).parent == kept.folder
    np.testing.assert_array_equal(kept.run.content, np.float32(np.round(noise(20, 30) * 255)) / 255)
    np.testing.assert_array_equal(kept.run.style, load_image(DATA / "auvers.jpg", 32))
    assert "kept at 30×20, since it is smaller than 32" in kept.status.value
    with pytest.raises(InputError, match="does not exist"):
        explore(tmp_path / "none.jpg", **SMALL)


def test_it_shows_itself_and_says_so_where_there_is_no_kernel(shared, monkeypatch):
    shown = []
    monkeypatch.setattr("nst_helpers.widgets.panel.display", lambda data, raw: shown.append(data))
    shared._ipython_display_()
    assert shown[0][VIEW]["model_id"] == shared.box.model_id


def controls(widget):
    """All widgets in a box that a reader can move, upwards from the deepest."""
    for child in getattr(widget, "children", ()):
        yield from controls(child)
    if isinstance(widget, widgets.Button | widgets.FileUpload | widgets.Play) or (
        isinstance(widget, widgets.ValueWidget) and not isinstance(widget, widgets.HTML | widgets.Image)
    ):
        yield widget


def test_every_control_has_a_name_and_a_tooltip(explorer):
    explorer.view.one.click()
    explorer.view.remember.click()
    found = list(controls(explorer.box))
    assert len(found) > 35
    for widget in found:
        tooltip = getattr(widget, "tooltip", None) or getattr(widget, "description_tooltip", None)
        assert tooltip, widget
        assert widget.description or isinstance(widget, widgets.Play | widgets.FloatProgress), widget


def test_sliders_are_for_what_may_change_in_a_run():
    from nst_helpers import StyleTransfer

    assert tuple(SLIDERS) == ("alpha", "beta", "gamma", "learning_rate")
    assert all(getattr(StyleTransfer, name).fset for name in SLIDERS)


@pytest.mark.parametrize("role", ["content", "style"])
def test_an_address_is_to_be_downloaded_first(role):
    with pytest.raises(InputError, match=r"^https:/.*/a\.jpg is an address; download the picture"):
        explore(**SMALL, **{role: "https://example.org/a.jpg"})


def test_costly_actions_are_throttled():
    done, throttle = [], Throttle(1000)
    for now in (False, False, True):
        throttle(lambda: done.append(1), now=now)
    assert len(done) == 2
    throttle = Throttle(0)
    throttle(lambda: time.sleep(0.02))
    assert throttle.due - time.monotonic() > 0.1


# What is folded away: the brush, a second painting, colors, places


@pytest.fixture
def brushed(other):
    """An explorer of its own whose photograph's left half is marked."""
    pytest.importorskip("anywidget")
    other.view.folded.selected_index = WHERE
    other.view.more.painter.value = left_half()
    return other


def left_half():
    mask = np.zeros((21, 32), np.float32)
    mask[:, :16] = 1
    return mask


def words_of(explorer, monkeypatch):
    """Save, and return the words of the command and what is said about it."""
    monkeypatch.setattr(explorer.run, "trained", True)
    explorer.view.export.click()
    shown = explorer.view.exported.value
    command = html.unescape(shown.partition('user-select:all">')[2].partition("</pre>")[0])
    return shlex.split(command), shown


def test_brush_size_starts_over_and_is_in_the_command(other, monkeypatch):
    other.view.one.click()
    before = other.run.style
    other.view.brush.value = 0.5
    assert other.run.iteration == 0
    assert max(other.run.style.shape) == 16 < max(before.shape) == 32
    assert other.view.brush.value == 0.5
    other.view.size.value = 40  # it survives another beginning
    other.view.one.click()
    words, shown = words_of(other, monkeypatch)
    assert words[words.index("--style-scale") + 1] == "0.5"
    assert "makes the same picture again" in shown


def test_brush_that_leaves_too_little_of_the_painting_is_refused(other):
    other.view.layers["block5_conv1"].value = True
    run = other.run
    other.view.brush.value = 0.25
    assert "block5_conv1 needs at least 16" in other.status.value
    assert other.run is run
    assert other.view.brush.value == 1


def test_second_painting_is_mixed_during_the_run_and_nothing_is_compiled(other, monkeypatch):
    more = other.view.more
    assert more.share.disabled
    second = list(other.choosers["second style"].thumbnails)[1]
    other.choosers["second style"].thumbnails[second].click()
    assert "nst-chosen" in other.choosers["second style"].thumbnails[second]._dom_classes
    assert not more.share.disabled
    assert other.run.transfer.style_weights == (0.5, 0.5)
    more.share.value = 0.3
    words, shown = (other.view.one.click(), words_of(other, monkeypatch))[1]
    assert words[words.index("--blend") + 1] == f"{second}:{0.3 / 0.7:.12g}"
    assert "makes the same picture again" in shown
    compiled = compilations(other.run.transfer.objective)
    loss = other.run.transfer.snapshot.losses.style
    more.share.value = 0.9
    assert other.run.transfer.snapshot.losses.style != loss
    other.view.one.click()
    assert compilations(other.run.transfer.objective) == compiled
    assert other.run.changes == {1: {"style_weights": pytest.approx((0.1, 0.9))}}
    assert "weights were changed on the way" in words_of(other, monkeypatch)[1]
    other.view.folded.selected_index = CURVES_AND_SHARES  # the mark of a blend can be drawn
    assert "stopped" not in other.status.value


def test_second_painting_goes_again_and_the_brush_stays(other):
    other.view.brush.value = 0.5
    next(iter(other.choosers["second style"].thumbnails.values())).click()
    assert other.run.recipe.style_scale == (0.5, 0.5)
    other.view.more.alone.click()
    assert other.run.recipe.blend == other.run.transfer.style_weights == ()
    assert other.run.recipe.style_scale == (0.5,)
    assert not any("nst-chosen" in each._dom_classes for each in other.choosers["second style"].thumbnails.values())


def test_upload_becomes_the_second_painting(other):
    set_upload(other.choosers["second style"].upload, "mine.png", png_bytes())
    assert Path(other.run.recipe.blend[0].path).read_bytes() == png_bytes()


def test_all_of_the_second_painting_is_a_command_with_it_first(other, monkeypatch):
    second = list(other.choosers["second style"].thumbnails)[1]
    other.choosers["second style"].thumbnails[second].click()
    first = other.run.recipe.style.path
    other.view.more.share.value = 1
    other.view.one.click()
    words, shown = words_of(other, monkeypatch)
    assert words[2] == str(second)
    assert words[words.index("--blend") + 1] == f"{first}:0"
    assert "makes the same picture again" in shown
    other.view.init.value = "style"
    other.view.one.click()
    assert "began as a painting that has no part in it" in words_of(other, monkeypatch)[1]


def test_colors_of_the_photograph_are_seen_at_once_and_are_no_change_on_the_way(explorer, monkeypatch):
    run, colors = explorer.run, explorer.view.more.colors
    explorer.view.many.click()
    painted = run.image
    colors.value = 1
    assert run.iteration == 25
    np.testing.assert_array_equal(run.image, with_chroma_of(run.content, painted))
    half = 0.5 * with_chroma_of(run.content, painted) + 0.5 * painted
    colors.value = 0.5
    np.testing.assert_allclose(run.image, half, atol=1e-6)
    assert run.changes == {}
    words, _ = words_of(explorer, monkeypatch)
    assert words[words.index("--colors") + 1] == "luminance"
    assert words[words.index("--color-strength") + 1] == "0.5"
    colors.value = 0
    np.testing.assert_array_equal(run.image, painted)
    assert "--colors" not in words_of(explorer, monkeypatch)[0]


def test_matched_colors_leave_nothing_to_slide(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    matched = explore(**SMALL, colors="matched")
    assert matched.view.more.colors.disabled
    assert matched.run.transfer.settings.colors == "matched"
    assert not explore(**SMALL, colors="luminance", color_strength=0.3).view.more.colors.disabled


def outside(explorer):
    """How far the right half is from the photograph, and how far the left one."""
    distance = np.abs(explorer.run.image - explorer.run.content)[0]
    return distance[:, 20:].mean(), distance[:, :12].mean()


@pytest.mark.parametrize("use", ["paint", "keep"])
def test_places_are_painted_or_kept_and_are_in_the_command(brushed, use, monkeypatch, tmp_path):
    more = brushed.view.more
    more.places[use].click()
    assert brushed.run.iteration == 0
    assert "nst-chosen" in more.places[use]._dom_classes
    brushed.view.many.click()
    right, left = outside(brushed)
    photograph, painted = (right, left) if use == "paint" else (left, right)
    assert photograph < 1e-6
    assert painted > 0.02
    words, shown = words_of(brushed, monkeypatch)
    assert words[words.index("--keep") + 1] == str(tmp_path / "explorer-1-keep.png")
    assert "makes the same picture again" in shown
    kept = np.asarray(Image.open(tmp_path / "explorer-1-keep.png"))
    assert kept.ndim == 2
    parts = kept[:, : kept.shape[1] * 2 // 5], kept[:, kept.shape[1] * 3 // 5 :]
    assert [(part.min(), part.max()) for part in parts] == (
        [(0, 0), (255, 255)] if use == "paint" else [(255, 255), (0, 0)]
    )
    brushed.view.size.value = 40  # the places stay
    assert brushed.run.recipe.keep
    assert "nst-chosen" in more.places[use]._dom_classes
    more.places[""].click()
    brushed.view.many.click()
    assert min(outside(brushed)) > 0.02
    assert "--keep" not in words_of(brushed, monkeypatch)[0]


def test_places_without_a_mark_are_refused(other):
    run = other.run
    other.view.more.places["paint"].click()
    assert "no place is marked" in other.status.value
    assert other.run is run


@pytest.mark.parametrize("use", ["paint", "keep"])
def test_a_mark_everywhere_is_refused(brushed, use):
    brushed.view.more.painter.value = np.ones((21, 32), np.float32)
    run = brushed.run
    brushed.view.more.places[use].click()
    assert "every place is marked" in brushed.status.value
    assert brushed.run is run
    assert "nst-chosen" in brushed.view.more.places[""]._dom_classes


def test_another_photograph_has_no_marks(brushed):
    brushed.view.more.places["paint"].click()
    photo = brushed.view.more.painter.canvas.photo
    list(brushed.choosers["content"].thumbnails.values())[1].click()
    assert brushed.run.recipe.keep is None
    assert not brushed.view.more.painter.value.any()
    assert brushed.view.more.painter.canvas.photo != photo
    assert "nothing changed" not in brushed.status.value


def test_without_anywidget_the_fold_says_what_to_install(other, monkeypatch):
    monkeypatch.setitem(sys.modules, "anywidget", None)
    monkeypatch.delitem(sys.modules, "nst_helpers.widgets.mask_painter", raising=False)
    other.view.folded.selected_index = WHERE
    assert "%pip install anywidget" in texts(other)
    other.view.more.places["paint"].click()
    assert "no place is marked" in other.status.value
    monkeypatch.undo()
    pytest.importorskip("anywidget")
    other.view.folded.selected_index = None
    other.view.folded.selected_index = WHERE
    assert other.view.more.painter is not None
    assert "%pip install anywidget" not in texts(other)
