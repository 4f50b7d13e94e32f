"""The two small widgets of notebook 00: a check that widgets work here, and one slider on a live picture."""

import threading
import time
from typing import Any

import ipywidgets as widgets
import numpy as np

from ..settings import DEFAULTS
from ..transfer import StyleTransfer
from .panel import IN_SIGHT, Panel, callback, image, jpeg

TICK_SECONDS = 0.3
"""How long a tick runs before it shows the picture."""


class WidgetCheck(Panel):
    """A button and a slider that answer if this frontend and the kernel are connected."""

    placeholder = "(No button here? Then there is no kernel, or ipywidgets is missing: pictures will do for a start.)"

    def __init__(self):
        self.button = widgets.Button(description="are you there?")
        self.slider = widgets.IntSlider(3, 0, 10, description="or move me")
        self.button.on_click(self.answer)
        self.slider.observe(self.answer, "value")
        super().__init__(widgets.HBox([self.button, self.slider]))

    @callback
    def answer(self) -> None:
        """Show that the kernel answers."""
        self.say(f"yes: the kernel answers, and the slider stands at {self.slider.value}")


class LivePicture(Panel):
    """A picture that is optimized as you watch, and a slider for its style weight.

    Play is a clock in the browser; each of its ticks runs a few iterations. The button runs ten without a clock.

    Args:
        content, style: `[1, H, W, 3]`, 0..1; small ones answer faster.
        options: further arguments of `StyleTransfer`; by default the learning rate is constant, so that the picture
            responds as quickly late in a run as early.
    """

    def __init__(self, content: np.ndarray, style: np.ndarray, **options: Any):
        options = {"beta": DEFAULTS.beta, "learning_rate": 0.01, "schedule": "constant", **options}
        self._make = lambda **changed: StyleTransfer(content, style, **options | changed)
        self.transfer = self._make()
        self._lock = threading.Lock()
        self.beta = widgets.FloatLogSlider(
            max(self.transfer.beta, 1.0), min=1, max=6, step=0.25, description="style β", readout_format=".0f"
        )
        self.play = widgets.Play(value=0, min=0, max=10**6, interval=200, show_repeat=False)
        self.ten = widgets.Button(description="run 10 iterations")
        self.again = widgets.Button(description="start over")
        self.view = image(384)
        self.beta.observe(self.change_beta, "value")
        self.play.observe(self.tick, "value")
        self.ten.on_click(self.run_ten)
        self.again.on_click(self.start_over)
        sight = widgets.HTML(f"<small>{IN_SIGHT}</small>")
        super().__init__(self.beta, widgets.HBox([self.play, self.ten, self.again]), sight, self.view)
        self.show()

    @callback
    def tick(self) -> None:
        """Run iterations for a moment and show the picture; a tick that arrives while another runs is dropped."""
        if self.play.value > self.play.min and self._lock.acquire(blocking=False):
            try:
                end = time.monotonic() + TICK_SECONDS
                for _ in self.transfer.steps(1000):
                    if time.monotonic() > end:
                        break
                self.show()
            finally:
                self._lock.release()

    @callback
    def run_ten(self) -> None:
        """Run ten iterations and show the picture."""
        with self._lock:
            for _ in self.transfer.steps(10):
                pass
            self.show()

    @callback
    def change_beta(self) -> None:
        """Set the slider's β from the next iteration on."""
        with self._lock:
            self.transfer.beta = self.beta.value
            self.show()

    @callback
    def start_over(self) -> None:
        """Start again from the content picture, with the slider's β."""
        with self._lock:
            self.transfer = self._make(beta=self.beta.value)
            self.show()

    def show(self) -> None:
        """Show the present picture and its losses."""
        snapshot = self.transfer.snapshot
        self.view.value = jpeg(snapshot.image)
        losses = snapshot.losses
        self.say(
            f"iteration {snapshot.iteration} · β = {self.transfer.beta:,.0f} · "
            f"content loss {losses.content:.3f} · style loss {losses.style:.2e}"
        )
