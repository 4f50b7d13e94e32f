"""The atlas's panel: sliders over pictures that were painted beforehand, so that they act at once."""

import ipywidgets as widgets

from ..course.notebooks import picture_path
from ..errors import InputError
from ..files.atlas_folder import ATLAS, CONTENT, STYLE, AtlasFolder
from ..machine.disk import File
from ..settings import DEFAULTS
from .panel import Panel, button, callback, choice_slider, column, image, jpeg, row

SLIDERS = {
    "alpha": ("content α", "content weight: how much of the content picture's structure is kept"),
    "beta": ("style β", "style weight: how much of the style picture's strokes and colours is taken"),
    "gamma": ("smooth γ", "total variation weight: how smooth the picture becomes"),
    "iterations": ("iteration", "how many iterations the picture has had"),
}


def view_atlas(folder: File | None = None) -> "AtlasPanel":
    """Return the sliders over an atlas: the course's own, or a folder that `nst atlas` made.

    They need neither TensorFlow nor VGG19.

    Raises:
        InputError: there is no atlas.
    """
    return AtlasPanel(AtlasFolder.open(picture_path(f"atlas/{ATLAS}").parent if folder is None else folder))


class AtlasPanel(Panel):
    """Sliders for α, β, γ and the iteration, the picture that they choose, and a button for a live run with them."""

    def __init__(self, atlas: AtlasFolder):
        self.atlas, self.sliders = atlas, {}
        for name, (label, tooltip) in SLIDERS.items():
            values = getattr(atlas.grid, name)
            usual = getattr(DEFAULTS, name, max(values))
            nearest = min(values, key=lambda value, usual=usual: abs(value - usual))
            self.sliders[name] = choice_slider(label, values, nearest, tooltip)
            self.sliders[name].observe(self.show, "value")
        self.alpha, self.beta, self.gamma, self.iteration = self.sliders.values()
        self.real = button(
            "run this one for real", "start a live run with these weights, below; needs TensorFlow and VGG19", "play"
        )
        self.real.on_click(self.run_for_real)
        self.view, self.content, self.style = image(480), image(220), image(220)
        self.content.value, self.style.value = jpeg(atlas.content), jpeg(atlas.style)
        self.live = widgets.VBox()
        sources = widgets.Label("content"), self.content, widgets.Label("style"), self.style
        panel = row(
            column(self.view, flex="3 1 260px", width="480px"),
            column(*sources, flex="1 1 110px", width="220px"),
            column(*self.sliders.values(), self.real, width="480px"),
        )
        panel.layout.align_items = "flex-start"
        super().__init__(panel, self.live)
        self.show()

    @property
    def weights(self) -> tuple[float, float, float]:
        """α, β and γ of the sliders."""
        return self.alpha.value, self.beta.value, self.gamma.value

    @callback
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

    @callback
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
