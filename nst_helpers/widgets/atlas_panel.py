"""The atlas's panel: three sliders over pictures that were painted beforehand, so that each answers at once."""

import os
from collections.abc import Sequence

import ipywidgets as widgets

from ..atlas_folder import ATLAS, CONTENT, STYLE, AtlasFolder
from ..course import picture_path
from ..errors import InputError
from ..settings import DEFAULTS
from .panel import Panel, hint, jpeg, told

TIPS = {
    "alpha": "content weight: how much the structure of the content picture is held",
    "beta": "style weight: how much the strokes and colours of the style picture are wanted",
    "gamma": "total variation weight: how smooth the picture is to be",
    "iterations": "how many iterations the picture has had",
}
NAMES = {"alpha": "content α", "beta": "style β", "gamma": "smooth γ", "iterations": "iteration"}


def view_atlas(folder: str | os.PathLike | None = None) -> "AtlasPanel":
    """Return the sliders over an atlas: the one in data/atlas, or the folder that `nst atlas` was given.

    Looking needs neither TensorFlow nor VGG19.

    Raises:
        InputError: there is no atlas.

    Built in notebooks/08_iterations_and_snapshots.
    """
    return AtlasPanel(AtlasFolder.open(picture_path(f"atlas/{ATLAS}").parent if folder is None else folder))


class AtlasPanel(Panel):
    """α, β, γ and the iteration by slider, the picture at once, and a button that makes a live run of it.

    Args:
        atlas: the pictures.

    Built in notebooks/08_iterations_and_snapshots.
    """

    def __init__(self, atlas: AtlasFolder):
        self.atlas = atlas
        nearest = {
            name: _nearest(getattr(atlas.grid, name), getattr(DEFAULTS, name)) for name in ("alpha", "beta", "gamma")
        }
        self.sliders = {name: _slider(name, getattr(atlas.grid, name), nearest.get(name)) for name in TIPS}
        self.alpha, self.beta, self.gamma, self.iteration = self.sliders.values()
        self.real = widgets.Button(
            description="run this one for real", icon="play", layout=widgets.Layout(width="220px")
        )
        self.real.tooltip = "start a live run with these weights, below; this needs TensorFlow and VGG19"
        self.view = _image("480px")
        self.content, self.style = _image("220px"), _image("220px")
        self.content.value, self.style.value = jpeg(atlas.content), jpeg(atlas.style)
        self.live = widgets.VBox()
        for slider in self.sliders.values():
            slider.observe(self.show, "value")
        self.real.on_click(self.run_for_real)
        inputs = _column(
            "1 1 110px", "220px", widgets.Label("content"), self.content, widgets.Label("style"), self.style
        )
        super().__init__(
            widgets.HBox(
                [
                    _column("3 1 260px", "480px", self.view),
                    inputs,
                    _column("2 1 300px", "480px", *self.sliders.values(), self.real),
                ],
                layout=widgets.Layout(flex_flow="row wrap"),
            ),
            self.live,
        )
        self.show()

    @property
    def weights(self) -> tuple[float, float, float]:
        """α, β and γ as the sliders say."""
        return self.alpha.value, self.beta.value, self.gamma.value

    @told
    def show(self) -> None:
        """Show the picture that the sliders choose, and its losses."""
        if not any(self.weights):
            raise InputError("all three weights are 0; move one of them up.")
        iteration = self.iteration.value
        self.view.value = self.atlas.picture(self.weights, iteration)
        losses = self.atlas.losses(self.weights)[iteration]
        each = " · ".join(f"{name} {losses[name]:.3g}" for name in ("content", "style", "tv"))
        alpha, beta, gamma = self.weights
        self.say(f"α : β : γ = {alpha:g} : {beta:g} : {gamma:g}, iteration {iteration} · losses: {each}")

    @told
    def run_for_real(self) -> None:
        """Open the weight explorer below, with these weights and pictures."""
        self.say("starting TensorFlow …")
        try:
            from .explorer import explore
        except ImportError as error:
            raise InputError(f"a live run needs TensorFlow, which cannot be loaded here ({error}).") from error
        alpha, beta, gamma = self.weights
        pictures = self.atlas.path / CONTENT, self.atlas.path / STYLE
        live = explore(*pictures, size=self.atlas.recipe.size, alpha=alpha, beta=beta, gamma=gamma)
        self.live.children = (live.box,)
        self.say("the live run is below: press play")


def _slider(name: str, values: Sequence[float], value: float | None) -> widgets.SelectionSlider:
    options = [(f"{each:,g}", each) for each in values]
    slider = widgets.SelectionSlider(
        options=options, value=values[-1] if value is None else value, description=NAMES[name]
    )
    slider.style.description_width, slider.layout.width = "80px", "97%"
    hint(slider, TIPS[name])
    return slider


def _nearest(values: Sequence[float], wanted: float) -> float:
    return min(values, key=lambda value: abs(value - wanted))


def _image(width: str) -> widgets.Image:
    return widgets.Image(format="jpeg", layout=widgets.Layout(width="100%", max_width=width))


def _column(flex: str, width: str, *parts: widgets.Widget) -> widgets.VBox:
    return widgets.VBox(parts, layout=widgets.Layout(flex=flex, max_width=width))
