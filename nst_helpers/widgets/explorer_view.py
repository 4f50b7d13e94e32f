"""What the weight explorer looks like: its controls, where they stand, and how they show a run."""

from collections.abc import Iterable

import ipywidgets as widgets
import numpy as np

from ..hardware import device_name
from ..plots import show_curves
from .panel import IN_SIGHT, hint, jpeg, png
from .sliders import SLIDERS, WeightSlider
from .steered import Remembered, SteeredRun

CSS = """<style>
.nst-thumbnail { background-size: cover !important; background-position: center !important; color: white !important;
  text-shadow: 0 0 2px black, 0 0 4px black, 0 0 6px black; font-size: 11px; line-height: 1.2; padding: 2px;
  white-space: normal; overflow: hidden; border-radius: 4px; display: flex; align-items: flex-end;
  justify-content: center; }
.nst-thumbnail:focus-visible { outline: 3px solid #ff9800; outline-offset: 1px; }
.nst-chosen { outline: 3px solid #1976d2; outline-offset: 1px; }
</style>"""
KINDS = ("specks and colours", "short strokes", "small motifs", "larger motifs", "whole shapes")
CURVES = ("α · content", "β · style", "γ · smoothness")


class ExplorerView:
    """All controls of the explorer as attributes, with methods that let them show a run; they do nothing by themselves.

    Args:
        layers: the style layers to choose from.
        content, style: where the pictures are chosen.
        strip: the pictures that were remembered.

    Built in notebooks/06_weight_explorer.
    """

    def __init__(self, layers: Iterable[str], content: widgets.Widget, style: widgets.Widget, strip: widgets.Widget):
        self.sliders = {name: WeightSlider(name) for name in SLIDERS}
        self._make_choices(layers)
        self._make_buttons()
        self._make_pictures()
        self._choosers, self._strip = (content, style), strip

    def layout(self, status: widgets.Widget) -> list[widgets.Widget]:
        """Return the explorer's rows, from top to bottom, with the status line among them."""
        layers = widgets.HBox([widgets.HTML("style from"), *self.layers.values()])
        layers.layout.flex_flow = "row wrap"
        choices = _row(self.size, self.init, self.optimizer, layers)
        controls = widgets.VBox(
            [
                *(slider.box for slider in self.sliders.values()),
                _row(self.play, self.one, self.many, self.again),
                widgets.HTML(f"<small>{IN_SIGHT}</small>"),
                widgets.HBox([self.goal, self.progress]),
                self.told,
                _row(self.remember, self.export),
                widgets.HTML("<b>who pulls at the picture?</b>"),
                self.pulls,
            ],
            layout=widgets.Layout(flex="1 1 380px", padding="0 12px 0 0"),
        )
        stage = widgets.HBox([_column(self.picture, self.picture_title), self.compared])
        sources = widgets.HBox([_column(self.content, "content"), _column(self.style, "style")])
        pictures = widgets.VBox([stage, sources], layout=widgets.Layout(flex="2 1 420px"))
        return [
            widgets.HTML(CSS, layout=widgets.Layout(display="none")),
            _row(*self._choosers),
            choices,
            status,
            _row(controls, pictures),
            self.exported,
            self.curves,
            self._strip,
        ]

    def show_run(self, run: SteeredRun, compared: Remembered | None) -> None:
        """Show the present picture, how far it has come, and a remembered one beside it."""
        image = run.image
        self.picture.value = jpeg(image)
        size = f"{image.shape[2]} × {image.shape[1]} pixels"
        if max(run.transfer.image.shape) < max(image.shape):
            size += f", still painted at {max(run.transfer.image.shape)}"
        self.picture_title.value = f"{size}, on {device_name()}"
        goal = run.recipe.iterations
        self.progress.value = min(run.iteration / goal, 1)
        words = [f"iteration <b>{run.iteration}</b> of {goal}"]
        if run.pace:
            words += [f"{1 / run.pace:.1f} iterations/s", f"{run.seconds_left:.0f} s left"]
        self.told.value = " · ".join(words)
        self.compared.layout.display = "none" if compared is None else ""
        if compared is not None:
            self.reference.value = jpeg(compared.image)
            title = f"remembered at iteration {compared.iteration}"
            if compared.image.shape == image.shape:
                title += f"; {255 * np.abs(compared.image - image).mean():.1f} of 255 gray levels away"
            self.reference_title.value = title

    def show_curves(self, run: SteeredRun) -> None:
        """Draw the weighted losses, with a mark where a weight was changed."""
        iterations, *terms = np.array(run.history).T
        curves = {
            name: (iterations, np.where(term > 0, term, np.nan)) for name, term in zip(CURVES, terms, strict=True)
        }
        marks, last = {}, iterations[-1]
        for iteration, changed in reversed(run.changes.items()):
            words = ", ".join(f"{SLIDERS[name][0]} {value:g}" for name, value in changed.items())
            marks[iteration] = words if last - iteration > 0.03 * iterations[-1] or not marks else ""
            last = iteration
        self.curves.value = png(show_curves(curves, y="weighted loss", marks=marks))
        self.curves.layout.display = ""

    def show_shares(self, run: SteeredRun) -> None:
        """Show each term's share of the gradient as a bar."""
        shares = run.meter.shares()
        if len(self.pulls.children) != len(shares):
            self.pulls.children = [_bar() for _ in shares]
        for bar, (name, share) in zip(self.pulls.children, shares.items(), strict=True):
            bar.value, bar.description = share, f"{name}  {share:4.0%}"

    def show_settings(self, run: SteeredRun) -> None:
        """Let the controls stand where the run is."""
        settings = run.transfer.settings
        for name, slider in self.sliders.items():
            slider.show(getattr(settings, name))
        for layer, toggle in self.layers.items():
            toggle.value = layer in settings.style_layers
        self.size.value, self.goal.value = run.recipe.size, run.recipe.iterations
        self.init.value, self.optimizer.value = settings.init, settings.optimizer

    def _make_choices(self, layers: Iterable[str]) -> None:
        starts = [("the content picture", "content"), ("the style picture", "style"), ("noise", "noise")]
        self.size = widgets.IntText(description="size", continuous_update=False)
        self.init = widgets.Dropdown(options=starts, description="start from")
        self.optimizer = widgets.Dropdown(options=[("Adam", "adam"), ("L-BFGS", "lbfgs")], description="optimiser")
        hint(self.size, "Longer side of the picture in pixels: small ones answer faster. Begins anew.")
        hint(self.init, "What the picture is before the first iteration. Begins anew.")
        hint(self.optimizer, "How the picture walks down the loss. Begins anew.")
        for widget, width in ((self.size, "130px"), (self.init, "240px"), (self.optimizer, "190px")):
            widget.layout = widgets.Layout(width=width)
            widget.style.description_width = "auto"
        self.layers = {}
        for layer in layers:
            toggle = widgets.ToggleButton(description=layer.removesuffix("_conv1").replace("_conv", "."))
            toggle.layout = widgets.Layout(width="64px", flex="0 0 auto")
            hint(toggle, f"Take the style from {layer}, which knows {KINDS[int(layer[5]) - 1]}. Begins anew.")
            self.layers[layer] = toggle

    def _make_buttons(self) -> None:
        self.play = widgets.Play(value=0, min=0, max=10**6, interval=100, show_repeat=False)
        hint(self.play, "Play and pause.")
        self.one = _button("one step", "Run one iteration.")
        self.many = _button("run 25", "Run 25 iterations.")
        self.again = _button("start over", "Back to the first picture; the weights stay.")
        self.remember = _button("remember this picture", "Put it on the strip below, with its weights.", "camera")
        self.export = _button("save it, with its command", "Write a file, and how to make it again.", "download")
        self.goal = widgets.BoundedIntText(min=1, max=10**7, description="stop at", continuous_update=False)
        self.goal.layout = widgets.Layout(width="150px")
        self.goal.style.description_width = "auto"
        hint(self.goal, "The iteration after which play stops by itself.")
        self.progress = widgets.FloatProgress(min=0, max=1, layout=widgets.Layout(flex="1 1 auto", min_width="60px"))
        hint(self.progress, "How much of the way to the last iteration is done.")
        self.told, self.pulls, self.exported = widgets.HTML(), widgets.VBox([]), widgets.HTML()

    def _make_pictures(self) -> None:
        self.picture, self.picture_title = _image("jpeg", "420px"), widgets.HTML()
        self.content, self.style = _image("jpeg", "200px"), _image("jpeg", "200px")
        self.curves = _image("png", "770px")
        self.reference, self.reference_title = _image("jpeg", "420px"), widgets.HTML()
        self.hide = _button("stop comparing", "Hide the remembered picture.")
        self.compared = _column(self.reference, self.reference_title, self.hide)


def _button(words: str, tooltip: str, icon: str = "") -> widgets.Button:
    return widgets.Button(description=words, tooltip=tooltip, icon=icon, layout=widgets.Layout(width="auto"))


def _image(kind: str, width: str) -> widgets.Image:
    return widgets.Image(format=kind, layout=widgets.Layout(width="100%", max_width=width, height="auto"))


def _bar() -> widgets.FloatProgress:
    bar = widgets.FloatProgress(min=0, max=1, layout=widgets.Layout(width="100%", height="20px"))
    bar.style.description_width = "160px"
    hint(bar, "Its part of the gradient, the direction in which the picture is pushed.")
    return bar


def _column(*rows: widgets.Widget | str) -> widgets.VBox:
    children = [widgets.HTML(row) if isinstance(row, str) else row for row in rows]
    return widgets.VBox(children, layout=widgets.Layout(flex="1 1 0", padding="0 8px 0 0"))


def _row(*children: widgets.Widget) -> widgets.HBox:
    return widgets.HBox(children, layout=widgets.Layout(flex_flow="row wrap", width="100%"))
