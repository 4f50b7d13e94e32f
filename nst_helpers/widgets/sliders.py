"""A slider for a weight: logarithmic, with a box that switches it off, and rounded to what it shows."""

from collections.abc import Callable
from typing import Any

import ipywidgets as widgets

from .panel import hint

SLIDERS = {  # name: in short, in full, lowest and highest power of ten, what it does
    "alpha": ("α", "α content", -3, 4, "How strongly the drawing of the content picture is kept."),
    "beta": ("β", "β style", 0, 8, "How strongly strokes and colours of the style picture are taken over."),
    "gamma": ("γ", "γ smoothness", -2, 5, "How strongly differences between neighbouring pixels are smoothed away."),
    "learning_rate": ("rate", "learning rate", -3, 0, "How far a pixel moves in the first step: 1 is black to white."),
}


class WeightSlider:
    """A logarithmic slider and, for what may be 0, a box that switches it on and off.

    Args:
        name: "alpha", "beta", "gamma" or "learning_rate".

    `value` is rounded to three digits, so that what is shown is what counts.

    Built in notebooks/06_weight_explorer.
    """

    def __init__(self, name: str):
        short, label, low, high, explanation = SLIDERS[name]
        self.slider = widgets.FloatLogSlider(value=1, min=low, max=high, step=0.05, description=label)
        self.slider.readout_format = ".3r"
        self.slider.layout = widgets.Layout(flex="1 1 auto", min_width="200px")
        self.slider.style.description_width = "100px"
        hint(self.slider, f"{explanation} It acts at once.")
        self.switch = widgets.Checkbox(value=True, description="on", indent=False)
        self.switch.layout = widgets.Layout(width="48px", visibility="visible")
        hint(self.switch, f"Switch {short} off to see what the others do without it.")
        if name == "learning_rate":
            self.switch.layout.visibility = "hidden"
        self.box = widgets.HBox([self.slider, self.switch])

    @property
    def value(self) -> float:
        """What the run is to use."""
        return float(f"{self.slider.value:.3g}") if self.switch.value else 0.0

    def show(self, value: float) -> None:
        """Show a value that the run uses; one beyond the slider's ends moves them."""
        self.switch.value = value > 0
        if value > 0 and value != self.value:
            self.slider.min = min(self.slider.min, _power(value, up=False))
            self.slider.max = max(self.slider.max, _power(value, up=True))
            self.slider.value = value

    def on_change(self, callback: Callable[[Any], None]) -> None:
        """Have a function called when the reader moves the slider or clicks the box."""
        self.slider.observe(callback, "value")
        self.switch.observe(callback, "value")


def _power(value: float, *, up: bool) -> int:
    """Return the power of ten next to a number, below it or above it."""
    exponent = int(f"{value:e}".partition("e")[2])
    return exponent + 1 if up and value > 10.0**exponent else exponent
