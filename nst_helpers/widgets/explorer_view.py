"""What the weight explorer looks like: its controls, their layout, and how they show a run."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import ipywidgets as widgets
import numpy as np

from ..course.plots import show_curves
from ..machine.hardware import device_name
from .explorer_folds import PaintingFolds
from .interactive_run import InteractiveRun, Remembered
from .panel import IN_SIGHT, button, column, heading, hint, image, jpeg, mark_chosen, png, row, wipe
from .uploads import LIMIT

SLIDERS = {  # name: in short, in full, lowest and highest power of ten, what it does
    "alpha": ("α", "photograph α", -3, 4, "How strongly the drawing of the photograph is kept."),
    "beta": ("β", "style β", 0, 8, "How strongly the strokes and colours of the painting are taken over."),
    "gamma": ("γ", "smoothness γ", -2, 5, "How strongly differences between neighbouring pixels are smoothed away."),
    "learning_rate": ("rate", "learning rate", -3, 0, "How far a pixel moves in the first step: 1 is black to white."),
}
PRESETS = {
    "a tint": ({"alpha": 1, "beta": 1e3, "gamma": 10}, "The photograph, in the colours of the painting."),
    "balanced": ({"alpha": 1, "beta": 1e4, "gamma": 10}, "The photograph, painted by that hand."),
    "all style": ({"alpha": 1, "beta": 1e5, "gamma": 10}, "Hardly more than the painting's own shapes."),
}
FOLDED = (
    "more: a second painting, the photograph's colours",
    "more: paint only some places",
    "pictures you remembered",
    "what moves the picture",
    "more settings",
)
_, WHERE, REMEMBERED, CURVES_AND_SHARES, _ = range(len(FOLDED))
KINDS = ("specks and colours", "short strokes", "small motifs", "larger motifs", "whole shapes")
CURVES = ("α · content", "β · style", "γ · smoothness")
CSS = Path(__file__).with_name("explorer.css")


class WeightSlider:
    """A logarithmic slider for one of SLIDERS, with a checkbox that switches it off, except for the learning rate.

    `value` is rounded to three digits, so that the run uses exactly what is shown.
    """

    def __init__(self, name: str):
        short, label, low, high, explanation = SLIDERS[name]
        self.slider = widgets.FloatLogSlider(value=1, min=low, max=high, step=0.05, description=label)
        self.slider.readout_format = ".3r"
        self.slider.layout = widgets.Layout(flex="1 1 auto", width="auto", min_width="200px")
        self.slider.style.description_width = "98px"
        hint(self.slider, f"{explanation} It acts at once.")
        self.switch = widgets.Checkbox(value=True, description="on", indent=False, layout={"width": "48px"})
        hint(self.switch, f"Switch {short} off to see what the others do without it.")
        self.box = widgets.HBox([self.slider] if name == "learning_rate" else [self.slider, self.switch])

    @property
    def value(self) -> float:
        """What the run should use."""
        return float(f"{self.slider.value:.3g}") if self.switch.value else 0.0

    def show(self, value: float) -> None:
        """Show a value that the run uses; the slider's range grows to hold it."""
        self.switch.value = value > 0
        if value > 0 and value != self.value:
            power = np.log10(value)
            self.slider.min = min(self.slider.min, np.floor(power))
            self.slider.max = max(self.slider.max, np.ceil(power))
            self.slider.value = value

    def on_change(self, callback: Callable[[Any], None]) -> None:
        """Call a function when the slider moves or the box is clicked."""
        self.slider.observe(callback, "value")
        self.switch.observe(callback, "value")


class ExplorerView:
    """All controls of the explorer as attributes, and methods that show a run in them; they do nothing by themselves.

    Args:
        layers: the style layers to choose from.
        choosers: of the content, the style and the second style.
        shelf: the remembered pictures.
    """

    def __init__(self, layers: Iterable[str], choosers: Iterable[widgets.Widget], shelf: widgets.Widget):
        *self._choosers, second = choosers
        self.more = PaintingFolds(second)
        self.brush = widgets.FloatLogSlider(value=1, base=2, min=-2, max=1, step=0.25, description="brush size")
        self.brush.continuous_update, self.brush.readout_format = False, ".2f"
        self.brush.layout = widgets.Layout(width="auto", min_width="200px")
        self.brush.style.description_width = "98px"
        hint(self.brush, "How large the strokes are: 0.5 makes them half as large. Starts over.")
        self.sliders = {name: WeightSlider(name) for name in SLIDERS}
        self.presets = {name: button(name, f"{tooltip} It acts at once.") for name, (_, tooltip) in PRESETS.items()}
        self._make_bar()
        self._make_canvas()
        self._make_folded(layers, shelf)

    def layout(self, status: widgets.Widget) -> list[widgets.Widget]:
        """Return the explorer's rows, from top to bottom, with the status line among them."""
        going = column(self.counter, self.progress, flex="1 1 170px")
        bar = row(self.play, going, self.one, self.many, self.again)
        kept = row(self.remember, self.export, self.hide)
        drawn = self.picture, self.wipe, self.ends
        canvas = column(*drawn, kept, self.caption, self.exported, flex="10 1 512px", width="776px")
        content, style = self._choosers
        presets = row(*self.presets.values())
        weights = [self.sliders[name].box for name in ("alpha", "beta", "gamma")]
        limit = f'<div class="nst-quiet">Your own: {LIMIT}; a larger file by explore("its name", "its name").</div>'
        side = column(
            heading("photograph"), content, heading("style of"), style, self.brush, widgets.HTML(limit),
            heading("begin with"), presets, heading("then mix"), *weights, status,
            flex="1 1 368px", width="560px",
        )  # fmt: skip
        stage = row(canvas, side)
        for box, css in ((bar, "nst-bar"), (canvas, "nst-canvas"), (stage, "nst-stage"), (presets, "nst-presets")):
            box.add_class(css)
        css = widgets.HTML(f"<style>{CSS.read_text()}</style>", layout={"display": "none"})
        return [css, bar, stage, self.folded]

    def show_run(self, run: InteractiveRun, compared: Remembered | None) -> None:
        """Show the present picture, wiped against a remembered one or the photograph, and the progress of the run."""
        image, other = run.image, run.content if compared is None else compared.image
        share = self.wipe.value / 100
        self.picture.value = jpeg(wipe(other, image, share) if share else image)
        caption = f"{image.shape[2]} × {image.shape[1]} pixels"
        painted = max(run.transfer.image.shape)
        if painted < max(image.shape):
            caption += f", still painted at {painted}"
        caption += f", on {device_name()}. {IN_SIGHT}"
        if compared is not None:
            caption += f" Left of the line: the picture remembered at step {compared.iteration}"
            if other.shape == image.shape:
                caption += f", {255 * np.abs(other - image).mean():.1f} of 255 grey levels away"
            caption += "."
        seen = "the photograph" if compared is None else f"step {compared.iteration}"
        self.ends.value = (
            f'<div class="nst-quiet nst-ends"><span>◂ painting</span><span>drag to see {seen} ▸</span></div>'
        )
        self.hide.layout.display = "none" if compared is None else ""
        self.caption.value = f'<div class="nst-quiet">{caption}</div>'
        goal = run.recipe.iterations
        self.progress.value = min(run.iteration / goal, 1)
        pace = f" · {1 / run.pace:.1f} steps a second · {run.seconds_left:.0f} s left" if run.pace else ""
        self.counter.value = f"step <b>{run.iteration}</b> of {goal}<small>{pace}</small>"

    def show_curves(self, run: InteractiveRun) -> None:
        """Draw the weighted losses, with a mark where a weight was changed."""
        iterations, *terms = np.array(run.history).T
        curves = {
            name: (iterations, np.where(term > 0, term, np.nan)) for name, term in zip(CURVES, terms, strict=True)
        }
        marks, last = {}, iterations[-1]
        for iteration, changed in reversed(run.changes.items()):
            words = ", ".join(_in_short(name, value) for name, value in changed.items())
            marks[iteration] = words if last - iteration > 0.03 * iterations[-1] or not marks else ""
            last = iteration
        self.curves.value = png(show_curves(curves, x="step", y="weighted loss", marks=marks))
        self.curves.layout.display = ""

    def show_shares(self, run: InteractiveRun) -> None:
        """Show each term's share of the gradient as a bar."""
        shares = run.meter.shares()
        if len(self.shares.children) != len(shares):
            self.shares.children = [_bar() for _ in shares]
        for bar, (name, share) in zip(self.shares.children, shares.items(), strict=True):
            bar.value, bar.description = share, f"{name}  {share:4.0%}"

    def show_settings(self, run: InteractiveRun) -> None:
        """Set the controls to the state of a run."""
        settings = run.transfer.settings
        for name, slider in self.sliders.items():
            slider.show(getattr(settings, name))
        for name, (weights, _) in PRESETS.items():
            chosen = all(getattr(settings, weight) == value for weight, value in weights.items())
            mark_chosen(self.presets[name], chosen)
        for layer, toggle in self.layers.items():
            toggle.value = layer in settings.style_layers
        self.brush.value = (run.recipe.style_scale or (1,))[0]
        self.more.show(run)
        self.size.value, self.goal.value = run.recipe.size, run.recipe.iterations
        self.init.value, self.optimizer.value = settings.init, settings.optimizer

    def _make_bar(self) -> None:
        self.play = widgets.Play(value=0, min=0, max=10**6, interval=100, show_repeat=False)
        hint(self.play, "Play and pause.")
        self.one = button("one step", "Let it paint one step further.", "step-forward")
        self.many = button("25 steps", "Let it paint 25 steps further.", "forward")
        self.again = button("start over", "Back to the first picture; the sliders stay.", "refresh")
        self.progress = widgets.FloatProgress(min=0, max=1, layout={"width": "97%", "height": "12px"})
        hint(self.progress, "How many of the steps are done.")
        self.counter = widgets.HTML()

    def _make_canvas(self) -> None:
        self.picture = image(760)
        self.ends, self.caption, self.exported = (widgets.HTML() for _ in range(3))
        self.wipe = widgets.IntSlider(0, 0, 100, description="compare", readout=False)
        self.wipe.layout = widgets.Layout(width="100%", max_width="760px")
        self.wipe.add_class("nst-wipe")
        hint(self.wipe, "Draw the photograph over the painting.")
        self.remember = button("remember", "Put this picture and its weights on the shelf below.", "camera")
        self.export = button("save", "Write a file, and the command that makes it again.", "download")
        self.hide = button("compare with the photograph", "No longer with the remembered picture.")

    def _make_folded(self, layers: Iterable[str], shelf: widgets.Widget) -> None:
        starts = [("the photograph", "content"), ("the painting", "style"), ("noise", "noise")]
        self.size = widgets.IntText(description="size", continuous_update=False)
        self.goal = widgets.BoundedIntText(min=1, max=10**7, description="stop at step", continuous_update=False)
        self.init = widgets.Dropdown(options=starts, description="start from")
        self.optimizer = widgets.Dropdown(options=[("Adam", "adam"), ("L-BFGS", "lbfgs")], description="optimizer")
        hint(self.size, "Longer side of the picture in pixels: small ones answer faster. Starts over.")
        hint(self.goal, "The step after which play stops by itself.")
        hint(self.init, "What the picture is before the first step. Starts over.")
        hint(self.optimizer, "How the picture walks down the loss. Starts over.")
        for widget, width in ((self.size, 120), (self.goal, 170), (self.init, 220), (self.optimizer, 180)):
            widget.layout.width, widget.style.description_width = f"{width}px", "auto"
        self.layers = {}
        for layer in layers:
            toggle = widgets.ToggleButton(description=layer.removesuffix("_conv1").replace("_conv", "."))
            toggle.layout = widgets.Layout(width="64px", flex="0 0 auto")
            hint(toggle, f"Take the style from {layer}, which knows {KINDS[int(layer[5]) - 1]}. Starts over.")
            self.layers[layer] = toggle
        self.curves, self.shares = image(770, "png"), widgets.VBox()
        measured = row(
            column(self.curves, flex="3 1 420px"), column(heading("which loss moves the picture?"), self.shares)
        )
        chosen = row(self.size, self.goal, self.init, self.optimizer)
        toggles = row(widgets.HTML("style from the layers"), *self.layers.values())
        settings = widgets.VBox([chosen, toggles, self.sliders["learning_rate"].box])
        folds = [self.more.looks, self.more.where, shelf, measured, settings]
        self.folded = widgets.Accordion(children=folds, selected_index=None)
        for place, title in enumerate(FOLDED):
            self.folded.set_title(place, title)


def _in_short(name: str, value: float | tuple[float, ...]) -> str:
    return f"{SLIDERS[name][0]} {value:g}" if name in SLIDERS else f"blend {value[1]:.0%}"


def _bar() -> widgets.FloatProgress:
    bar = widgets.FloatProgress(min=0, max=1, layout={"width": "97%", "height": "20px"})
    bar.style.description_width = "160px"
    hint(bar, "Its part of the gradient, the direction in which the picture is pushed.")
    return bar
