"""The widgets of notebook 00 without a browser: widgets are moved from Python, as a frontend would move them."""

import io
import threading

import pytest
from PIL import Image

pytest.importorskip("ipywidgets")

from nst_helpers.widgets.live import LivePicture, WidgetCheck


@pytest.fixture
def live(noise):
    return LivePicture(noise(32, 48), noise(40, 40, seed=1), weights=None, style_layers=["block1_conv1"], beta=100)


def picture(panel) -> Image.Image:
    return Image.open(io.BytesIO(panel.view.value))


def test_check_answers_to_button_and_slider():
    check = WidgetCheck()
    assert check.status.value == ""
    check.button.click()
    assert "stands at 3" in check.status.value
    check.slider.value = 7
    assert "stands at 7" in check.status.value


def test_ten_iterations_by_button(live):
    before = live.view.value
    live.ten.click()
    assert live.transfer.iteration == 10
    assert live.view.value != before
    assert "iteration 10 " in live.status.value
    assert picture(live).size == (48, 32)


def test_clock_ticks_run_iterations_and_stop_does_not(live):
    live.play.value = 1
    ran = live.transfer.iteration
    assert ran > 0
    live.play.value = 5  # numbers may be skipped
    assert live.transfer.iteration > ran
    ran = live.transfer.iteration
    live.play.value = live.play.min  # what the stop button does
    assert live.transfer.iteration == ran


def test_slider_reaches_the_loss_of_the_next_iteration(live):
    live.ten.click()
    live.beta.value = 1e4
    assert live.transfer.beta == pytest.approx(1e4)
    assert "10,000" in live.status.value
    losses = live.transfer.snapshot.losses
    assert losses.total == pytest.approx(losses.content + 1e4 * losses.style + 10 * losses.tv, rel=1e-3)


def test_slider_changes_where_the_picture_goes(live):
    def style_after(beta):
        live.again.click()
        live.beta.value = beta
        for _ in range(3):
            live.ten.click()
        return live.transfer.snapshot.losses.style

    assert style_after(1e6) < style_after(10)


def test_start_over_keeps_the_slider(live):
    live.beta.value = 1e3
    live.ten.click()
    live.again.click()
    assert live.transfer.iteration == 0
    assert live.transfer.beta == pytest.approx(1e3)


def test_late_tick_is_dropped(live):
    with live._lock:
        tick = threading.Thread(target=live.tick)
        live.play.unobserve_all()
        live.play.value = 1
        tick.start()
        tick.join(10)
        assert not tick.is_alive()
    assert live.transfer.iteration == 0


def test_error_is_reported_in_the_status_line(live, capsys):
    def broken(n):
        raise ValueError("out of paint")

    live.transfer.steps = broken
    live.ten.click()
    assert "stopped: out of paint" in live.status.value
    assert capsys.readouterr() == ("", "")
    assert live._lock.acquire(blocking=False)
