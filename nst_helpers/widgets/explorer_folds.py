"""The explorer's two folds for painting: a second painting and the photograph's colours, and places to paint."""

import ipywidgets as widgets
import numpy as np

from ..errors import InputError
from ..files.images import load_image
from .interactive_run import InteractiveRun
from .panel import button, heading, hint, mark_chosen, row

PLACES = {  # what to do where the photograph is marked
    "": ("paint everywhere", "Marks do not count. Starts over."),
    "paint": ("paint only there", "Everywhere else the photograph stays as it is. Starts over."),
    "keep": ("keep the photograph there", "Where you marked it, the photograph stays as it is. Starts over."),
}
NO_MARKER = (
    "To mark places with the mouse, the package anywidget is needed: run <b>%pip install anywidget</b> in a cell, "
    "reload the page if this is JupyterLab, then fold this up and open it again."
)
MASK_SIDE = 1024
"""Longer side in pixels of the photograph on which places are marked, and of the mask."""


class PaintingFolds:
    """The controls of both folds, which show a run and do nothing by themselves; `second` chooses a painting."""

    def __init__(self, second: widgets.Widget):
        self.share = widgets.FloatSlider(0.5, min=0, max=1, step=0.05, description="how much of it")
        self.share.readout_format = ".0%"
        hint(self.share, "0 % is the first painting alone, 100 % the second. It acts at once.")
        self.alone = button("only one painting", "Take the second painting away. Starts over.")
        self.colors = widgets.FloatSlider(0, min=0, max=1, step=0.05, description="photograph's colours")
        colors = "0 takes the colours of the painting, 1 those of the photograph. It acts at once, even at the end."
        hint(self.colors, colors)
        for slider in (self.share, self.colors):
            slider.style.description_width = "130px"
            slider.layout = widgets.Layout(width="auto", max_width="560px", flex="1 1 300px")
        self.places = {use: button(*words) for use, words in PLACES.items()}
        self.marker = widgets.VBox()
        self.painter = None  # until its fold is opened
        self.use = ""
        """The key in PLACES of the button that began the present run."""
        self.looks = widgets.VBox([heading("a second painting"), second, row(self.share, self.alone), row(self.colors)])
        self.where = widgets.VBox([self.marker, row(*self.places.values())])

    @property
    def style_weights(self) -> tuple[float, float]:
        """How much the first and the second painting count."""
        share = round(self.share.value, 3)
        return 1 - share, share

    @property
    def mask(self) -> np.ndarray:
        """Where the photograph is marked, `[H, W]`, 0..1; InputError if that is nowhere or everywhere."""
        mask = None if self.painter is None else self.painter.value
        if mask is None or not mask.any():
            raise InputError("no place is marked; drag over the photograph first.")
        if mask.min() == 1:
            raise InputError("every place is marked; take some of it away with the eraser, or paint everywhere.")
        return mask

    def show(self, run: InteractiveRun) -> None:
        """Set the controls to the state of a run."""
        recipe, settings = run.recipe, run.transfer.settings
        blended = bool(recipe.blend)
        self.share.disabled = self.alone.disabled = not blended
        if blended:
            self.share.value = settings.style_weights[1]
        self.colors.disabled = settings.colors == "matched"  # the painting had the photograph's colours beforehand
        self.colors.value = 0 if self.colors.disabled else settings.color_strength
        for use, place in self.places.items():
            mark_chosen(place, use == self.use)

    def open_marker(self, run: InteractiveRun) -> None:
        """Show the photograph to mark, if it is not there yet, or how to install what that needs."""
        if self.painter is None:
            try:
                from .mask_painter import MaskPainter
            except ImportError:
                self.marker.children = (widgets.HTML(NO_MARKER),)
                return
            self.painter = MaskPainter(_photograph(run))
            self.marker.children = (self.painter.box,)

    def take_photograph(self, run: InteractiveRun) -> None:
        """Take another photograph to mark, which is painted everywhere at first."""
        self.use = ""
        if self.painter is not None:
            self.painter.show(_photograph(run))


def _photograph(run: InteractiveRun) -> np.ndarray:
    return load_image(run.recipe.content.path, MASK_SIDE, report=None)
