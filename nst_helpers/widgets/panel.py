"""What all widgets share: a box with a status line, callbacks that tell their errors, pictures as bytes.

A panel keeps its state in ordinary attributes; its widgets only show them and change them. Whatever a widget can do,
a method does too, so that a panel can be tried without a browser. ipywidgets 7.7 and 8 will do alike.
"""

import html
import io
from collections.abc import Callable
from functools import wraps
from typing import Any

import ipywidgets as widgets
import numpy as np
from IPython.display import display
from matplotlib.figure import Figure

from ..images import to_pil

IN_SIGHT = "Play is a clock in this tab: out of sight, browsers slow it down to a tick a second, later one a minute."
VIEW = "application/vnd.jupyter.widget-view+json"


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
        self.status.value = f"<code>{html.escape(text, quote=False)}</code>"


def told(callback: Callable) -> Callable:
    """Make a method fit for a callback: an error goes into the status line, where it can be seen."""

    @wraps(callback)
    def safe(self, *event: Any) -> None:
        try:
            callback(self)
        except Exception as error:
            self.say(f"stopped: {error}")

    return safe


def jpeg(image: np.ndarray) -> bytes:
    """Return an image `[1, H, W, 3]` or `[H, W, 3]`, 0..1, as a JPEG file: quick to make and small, for previews."""
    file = io.BytesIO()
    to_pil(image).save(file, "JPEG", quality=85)
    return file.getvalue()


def png(figure: Figure) -> bytes:
    """Return a matplotlib figure as a PNG file."""
    file = io.BytesIO()
    figure.savefig(file, format="png")
    return file.getvalue()


def hint(widget: widgets.Widget, text: str) -> None:
    """Give a widget a tooltip; ipywidgets 7 has another name for it than 8."""
    setattr(widget, "tooltip" if widget.has_trait("tooltip") else "description_tooltip", text)


def playing_trait(play: widgets.Play) -> str:
    """Return the name under which a Play widget says whether its clock runs; ipywidgets 7 has another one than 8."""
    return "playing" if play.has_trait("playing") else "_playing"
