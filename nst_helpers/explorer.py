"""The widgets of the course: the only module that needs ipywidgets, 7.7 or 8 alike.

A panel keeps its state in ordinary attributes; its widgets only show them and change them. Whatever a widget can do,
a method does too, so that a panel can be tried without a browser.
"""

import io
import threading
import time
from collections.abc import Callable
from functools import wraps
from typing import Any

import ipywidgets as widgets
import numpy as np
from IPython.display import display
from matplotlib.figure import Figure

from .images import to_pil
from .plots import show_gram_cell
from .settings import DEFAULTS
from .transfer import StyleTransfer

VIEW = "application/vnd.jupyter.widget-view+json"
TICK_SECONDS = 0.3
"""How long a tick may step before it shows the picture."""


class Panel:
    """A box of widgets; where there is no kernel to move them, one line says so instead."""

    note = "(Controls appear here when the notebook runs; the figure below shows what they do.)"

    def __init__(self, *rows: widgets.Widget):
        self.status = widgets.HTML()
        self.box = widgets.VBox([*rows, self.status])

    def _ipython_display_(self):
        view = {"version_major": 2, "version_minor": 0, "model_id": self.box.model_id}
        display({"text/plain": self.note, VIEW: view}, raw=True)

    def say(self, text: str) -> None:
        """Show a line below the panel."""
        self.status.value = f"<code>{text}</code>"


def _told(callback: Callable) -> Callable:
    """Make a method fit for a callback: an error goes into the status line, where it can be seen."""

    @wraps(callback)
    def safe(self, *event: Any) -> None:
        try:
            callback(self)
        except Exception as error:
            self.say(f"stopped: {error}")

    return safe


class WidgetCheck(Panel):
    """A button and a slider that answer, to see whether this frontend and the kernel talk to each other.

    Built in notebooks/00_start_here.
    """

    note = "(No button here? Then there is no kernel, or ipywidgets is missing: pictures will do for a start.)"

    def __init__(self):
        self.button = widgets.Button(description="are you there?")
        self.slider = widgets.IntSlider(3, 0, 10, description="or move me")
        self.button.on_click(self.answer)
        self.slider.observe(self.answer, "value")
        super().__init__(widgets.HBox([self.button, self.slider]))

    @_told
    def answer(self) -> None:
        """Say that the kernel has heard."""
        self.say(f"yes: the kernel answers, and the slider stands at {self.slider.value}")


class GramInspector(Panel):
    """Choose a cell of a Gram matrix by its row and column: see the two feature maps behind it and their product.

    Args:
        image: `[1, H, W, 3]`, 0..1.
        features: one layer's activations of it, `[1, h, w, C]`.
        row, column: the cell to begin with.

    Built in notebooks/02_gram_matrices.
    """

    def __init__(self, image: np.ndarray, features: Any, row: int = 0, column: int = 0):
        self.image, self.features = image, np.asarray(features, np.float32)
        flat = self.features.reshape(-1, self.features.shape[-1])
        self.strength = np.linalg.norm(flat, axis=0) + 1e-12  # (C,)
        self.likeness = (flat.T @ flat) / np.outer(self.strength, self.strength)  # (C, C), 0..1
        last = flat.shape[1] - 1
        self.row = widgets.IntSlider(row, 0, last, description="row", continuous_update=False)
        self.column = widgets.IntSlider(column, 0, last, description="column", continuous_update=False)
        self.friend = widgets.Button(description="closest partner")
        self.stranger = widgets.Button(description="rarest partner")
        self.view = widgets.Image(format="png", layout=widgets.Layout(width="100%", max_width="1000px"))
        for slider in (self.row, self.column):
            slider.observe(self.show, "value")
        self.friend.on_click(self.choose_friend)
        self.stranger.on_click(self.choose_stranger)
        super().__init__(widgets.HBox([self.row, self.column, self.friend, self.stranger]), self.view)
        self.show()

    @_told
    def show(self) -> None:
        """Draw the chosen cell."""
        row, column = self.row.value, self.column.value
        self.view.value = _png(show_gram_cell(self.image, self.features, row, column))
        self.say(f"likeness of channels {row} and {column}: {self.likeness[row, column]:.2f} of 1")

    @_told
    def choose_friend(self) -> None:
        """Choose the column that is most alike the present row."""
        self.column.value = self.friend_of(self.row.value)

    @_told
    def choose_stranger(self) -> None:
        """Choose the column that is least alike the present row."""
        self.column.value = self.stranger_of(self.row.value)

    def friend_of(self, row: int) -> int:
        """Return the other channel that fires most at the same places."""
        return int(np.where(np.arange(len(self.likeness)) == row, -1, self.likeness[row]).argmax())

    def stranger_of(self, row: int) -> int:
        """Return the channel, of the stronger half, that fires least at the same places."""
        strong = self.strength >= np.median(self.strength)
        return int(np.where(strong, self.likeness[row], 2).argmin())


class LivePicture(Panel):
    """A picture that is being optimised while you look, and one slider that it answers to: the style weight.

    Play is a clock in the browser; each of its ticks runs a few iterations. The button does the same without a clock.

    Args:
        content, style: `[1, H, W, 3]`, 0..1; small ones answer faster.
        options: further arguments of `StyleTransfer`; its learning rate is constant here, so that the picture answers
            late in a run as willingly as early.

    Built in notebooks/00_start_here.
    """

    def __init__(self, content: np.ndarray, style: np.ndarray, **options: Any):
        options = {"beta": DEFAULTS.beta, "learning_rate": 0.01, "schedule": "constant", **options}
        self._make = lambda: StyleTransfer(content, style, **options)
        self.transfer = self._make()
        self._lock = threading.Lock()
        power = float(np.log10(max(self.transfer.beta, 1.0)))
        self.beta = widgets.FloatLogSlider(
            10**power, min=1, max=6, step=0.25, description="style β", readout_format=",.0f"
        )
        self.play = widgets.Play(value=0, min=0, max=10**6, interval=200)
        self.ten = widgets.Button(description="run 10 iterations")
        self.again = widgets.Button(description="start over")
        self.view = widgets.Image(format="jpeg", layout=widgets.Layout(width="384px"))
        self.beta.observe(self.change_beta, "value")
        self.play.observe(self.tick, "value")
        self.ten.on_click(self.run_ten)
        self.again.on_click(self.start_over)
        super().__init__(self.beta, widgets.HBox([self.play, self.ten, self.again]), self.view)
        self.show()

    @_told
    def tick(self) -> None:
        """Run iterations for a moment and show the picture; a tick that comes while another one runs is dropped."""
        if self.play.value > self.play.min and self._lock.acquire(blocking=False):
            try:
                end = time.monotonic() + TICK_SECONDS
                for _ in self.transfer.steps(1000):
                    if time.monotonic() > end:
                        break
                self.show()
            finally:
                self._lock.release()

    @_told
    def run_ten(self) -> None:
        """Run ten iterations and show the picture."""
        with self._lock:
            for _ in self.transfer.steps(10):
                pass
            self.show()

    @_told
    def change_beta(self) -> None:
        """Give the slider's β to the run; the next iteration goes by it."""
        with self._lock:
            self.transfer.beta = self.beta.value
            self.show()

    @_told
    def start_over(self) -> None:
        """Begin anew from the content picture, with the slider's β."""
        with self._lock:
            self.transfer = self._make()
            self.transfer.beta = self.beta.value
            self.show()

    def show(self) -> None:
        """Show the present picture and its losses."""
        snapshot = self.transfer.snapshot
        self.view.value = _jpeg(snapshot.image)
        losses = snapshot.losses
        self.say(
            f"iteration {snapshot.iteration} · β = {self.transfer.beta:,.0f} · "
            f"content loss {losses.content:.3f} · style loss {losses.style:.2e}"
        )


def _jpeg(image: np.ndarray) -> bytes:
    file = io.BytesIO()
    to_pil(image).save(file, "JPEG", quality=85)
    return file.getvalue()


def _png(figure: Figure) -> bytes:
    file = io.BytesIO()
    figure.savefig(file, format="png")
    return file.getvalue()
