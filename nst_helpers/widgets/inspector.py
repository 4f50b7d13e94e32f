"""The Gram inspector: click a cell of a Gram matrix and see the feature maps behind it, in several pictures."""

from collections.abc import Mapping

import ipywidgets as widgets
import numpy as np
from matplotlib import colormaps
from matplotlib.colors import to_hex

from ..course.plots import show_gram_cell
from ..losses import gram_matrix
from ..vgg import FeatureExtractor
from .panel import Panel, button, callback, hint, image, png
from .panel import row as side_by_side

SHOWN = 12
"""How many channels, the strongest ones, have a row and a column of buttons."""

CELL = "26px"
CHOSEN = "cyan"


class GramInspector(Panel):
    """Click a cell of the Gram matrix of the first picture: the two feature maps, of every picture, and their product.

    The buttons show the strongest channels, coloured like the entries of the matrix; the sliders reach all channels.

    Args:
        extractor: the layers to choose from.
        pictures: title to picture `[1, H, W, 3]`, 0..1; the Gram matrix is that of the first one.
        layer: the first layer to show, the extractor's first when left out.
        row, column: the first channels to show, the two strongest when left out.
    """

    def __init__(
        self,
        extractor: FeatureExtractor,
        pictures: Mapping[str, np.ndarray],
        *,
        layer: str | None = None,
        row: int | None = None,
        column: int | None = None,
    ):
        self.pictures = dict(pictures)
        self.features = {title: extractor(image) for title, image in self.pictures.items()}
        self._make_widgets(list(extractor.layers), layer)
        self._choosing = False
        self.change_layer()
        if row is not None and column is not None:
            self.choose(row, column)

    def _make_widgets(self, layers: list[str], layer: str | None) -> None:
        self.layer = widgets.Dropdown(options=layers, value=layer or layers[0], description="layer")
        self.row, self.column = (
            widgets.IntSlider(0, 0, 0, description=name, continuous_update=False) for name in ("row", "column")
        )
        hint(self.layer, "whose Gram matrix to show")
        for slider in (self.row, self.column):
            hint(slider, f"the channel in the {slider.description}")
        self.closest = button("closest partner", "the column that fires most at the same places as the row")
        self.rarest = button("rarest partner", "the column that fires least at the same places as the row")
        square = widgets.Layout(width=CELL, height=CELL, margin="0", padding="0")
        self.cells = [[widgets.Button(layout=square) for _ in range(SHOWN)] for _ in range(SHOWN)]
        for i, line in enumerate(self.cells):
            for j, cell in enumerate(line):
                cell.on_click(lambda _, i=i, j=j: self.choose(self.shown[i], self.shown[j]))
        self.view = image(1100, "png")
        grid = widgets.GridBox(
            [cell for line in self.cells for cell in line],
            layout=widgets.Layout(grid_template_columns=f"repeat({SHOWN}, {CELL})", grid_gap="1px", margin="4px"),
        )
        controls = widgets.VBox([self.layer, self.row, self.column, widgets.HBox([self.closest, self.rarest])])
        super().__init__(side_by_side(grid, controls), self.view)
        self.layer.observe(self.change_layer, "value")
        for slider in (self.row, self.column):
            slider.observe(self.show, "value")
        self.closest.on_click(self.choose_closest)
        self.rarest.on_click(self.choose_rarest)

    @callback
    def change_layer(self) -> None:
        """Show another layer, first its two strongest channels."""
        layer = self.layer.value
        self.gram = gram_matrix(self.features[next(iter(self.pictures))][layer]).numpy()[0]  # (C, C)
        strength = np.sqrt(np.diag(self.gram))
        scale = np.outer(strength, strength)
        self.similarity = np.divide(self.gram, scale, out=np.zeros_like(scale), where=scale > 0)  # (C, C), 0..1
        self.strong = strength >= np.median(strength)
        self.shown = np.sort(np.argsort(-strength)[:SHOWN]).tolist()
        self._color_cells()
        first, second = np.argsort(-strength)[:2].tolist()
        self._choosing = True  # the sliders may move by themselves where a layer has fewer channels
        self.row.max = self.column.max = len(strength) - 1
        self.choose(first, second)

    def choose(self, row: int, column: int) -> None:
        """Go to a cell, as a click on it does."""
        self._choosing = True  # one picture, not two
        self.row.value, self.column.value = row, column
        self._choosing = False
        self.show()

    @callback
    def show(self) -> None:
        """Draw the chosen cell."""
        if self._choosing:
            return
        layer, row, column = self.layer.value, self.row.value, self.column.value
        behind = {title: (image, self.features[title][layer]) for title, image in self.pictures.items()}
        self.view.value = png(show_gram_cell(behind, row, column))
        self._mark(row, column)
        self.say(
            f"{layer}, channels {row} and {column}: of 1, where 1 is always together, they are "
            f"{self.similarity[row, column]:.2f} alike in {next(iter(self.pictures))}"
        )

    @callback
    def choose_closest(self) -> None:
        """Choose the column that fires most at the same places as the row."""
        others = np.arange(len(self.similarity)) != self.row.value
        self.column.value = int(np.where(others, self.similarity[self.row.value], -1).argmax())

    @callback
    def choose_rarest(self) -> None:
        """Choose the rarest partner of the row."""
        self.column.value = self.rarest_partner(self.row.value)

    def rarest_partner(self, row: int) -> int:
        """Return the channel, of the stronger half, that fires least at the same places."""
        return int(np.where(self.strong, self.similarity[row], 2).argmin())

    def _color_cells(self) -> None:
        """Colour the buttons like the entries of the matrix, on a logarithmic scale."""
        entries = np.log10(np.maximum(self.gram[np.ix_(self.shown, self.shown)], 1e-12))
        shares = (entries - entries.min()) / max(float(np.ptp(entries)), 1e-9)  # 0..1
        for (i, j), share in np.ndenumerate(shares):
            self.cells[i][j].style.button_color = to_hex(colormaps["magma"](float(share)))
            self.cells[i][j].tooltip = f"channels {self.shown[i]} and {self.shown[j]}"
        self._marked = None

    def _mark(self, row: int, column: int) -> None:
        """Highlight the chosen cell, and give the one before its own colour back."""
        if self._marked:
            cell, color = self._marked
            cell.style.button_color, self._marked = color, None
        if row in self.shown and column in self.shown:
            cell = self.cells[self.shown.index(row)][self.shown.index(column)]
            self._marked = cell, cell.style.button_color
            cell.style.button_color = CHOSEN
