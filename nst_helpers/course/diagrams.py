"""The course's two diagrams: the way of a picture through style transfer and back, and VGG19 with what it sees."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch, Polygon, Rectangle

from ..layers import LAYERS
from .plots import WIDTH, drawable

FORWARD, BACKWARD = "0.25", "C3"
LOSSES = {
    "content loss": (43.5, "α", "activations of one deep layer,\nposition by position"),
    "style loss": (28.0, "β", "statistics of five layers,\nwhatever the position"),
    "total variation": (8.0, "γ", "differences between\nneighbouring pixels"),
}
"""The boxes of the pipeline: height of the middle, weight, and what the loss compares."""


def show_pipeline(content: Any, style: Any, image: Any) -> Figure:
    """Return the diagram of style transfer: three pictures, VGG19, three losses, and the gradient's way back.

    Args:
        content, style, image: pictures `[1, H, W, 3]`, 0..1; `image` is the one that is being painted.
    """
    figure = Figure(figsize=(WIDTH, WIDTH / 2))
    ax = figure.add_axes((0, 0, 1, 1))
    _picture(ax, content, (1, 38.5), "content image")
    _picture(ax, style, (1, 20.5), "style image")
    _picture(ax, image, (1, 2), "generated image")
    ax.set(xlim=(0, 110), ylim=(0, 55))
    ax.axis("off")
    corners = [(30, 13), (30, 52), (49, 44), (49, 21)]
    ax.add_patch(Polygon(corners, closed=True, facecolor="#e3eaf5", edgecolor="C0", linewidth=1.5))
    for x in (33.8, 37.6, 41.4, 45.2):
        ax.plot([x, x], [13 + (x - 30) * 8 / 19, 52 - (x - 30) * 8 / 19], color="C0", linewidth=0.8)
    ax.text(39.5, 34.5, "VGG19", ha="center", va="center", fontsize=15, color="C0")
    ax.text(39.5, 30.5, "trained before;\nnever changes", ha="center", va="center", fontsize=9, color="C0")
    _box(ax, (93, 22.5), 15, "total loss", "one number", "#fdecea")
    for name, (y, weight, what) in LOSSES.items():
        _box(ax, (60, y - 4.5), 23, name, what, "#fff6df")
        _there_and_back(ax, (83.6, y), (92.4, 27 + (y - 27) * 0.12), f"× {weight}")
    for y in (44.5, 26.5):
        _arrow(ax, (22, y), (29.4, y - 2 * (y > 40)))
    _there_and_back(ax, (22, 11.5), (29.6, 17.5))
    _there_and_back(ax, (49.6, 37.5), (59.4, 43))
    _there_and_back(ax, (49.6, 29.5), (59.4, 28))
    _there_and_back(ax, (22, 6.5), (59.4, 6.5))
    ax.plot([60, 64], [52.7, 52.7], color=FORWARD, linewidth=1.8)
    ax.text(65, 52.7, "forward: from pixels to a loss", fontsize=9, va="center", color=FORWARD)
    ax.plot([86, 90], [52.7, 52.7], color=BACKWARD, linewidth=1.8, linestyle=(0, (4, 2)))
    ax.text(91, 52.7, "backward: the gradient", fontsize=9, va="center", color=BACKWARD)
    return figure


def show_vgg19(image: Any, sides: Mapping[str, int], *, content: str = "") -> Figure:
    """Return how much of a picture one unit of some layers sees, and where in VGG19 these layers are.

    Args:
        image: `[1, H, W, 3]` or `[H, W, 3]`, 0..1.
        sides: layer to the side of its receptive field in pixels of `image`, from the picture upwards.
        content: a layer to mark as the one that the content loss compares.
    """
    picture = drawable(image)
    figure = Figure(figsize=(WIDTH, WIDTH * 0.42))
    seen = figure.add_axes((0.005, 0.02, 0.41, 0.96))
    seen.imshow(picture, interpolation="antialiased")
    seen.axis("off")
    colors = {layer: f"C{i}" for i, layer in enumerate((*sides, content))}
    for layer, side in sides.items():
        corner = [edge / 2 - 0.5 - side / 2 for edge in picture.shape[1::-1]]
        for color, line in (("white", 4), (colors[layer], 2.2)):
            seen.add_patch(Rectangle(corner, side, side, fill=False, edgecolor=color, linewidth=line))
    network = figure.add_axes((0.43, 0.02, 0.565, 0.96))
    network.set(xlim=(0, 100), ylim=(0, 80))
    network.axis("off")
    left = 1.0
    for block in range(1, 6):
        names = [name for name in LAYERS if name.startswith(f"block{block}_conv")]
        high = 58 * 0.72 ** (block - 1)
        for i, name in enumerate(names):
            color = colors.get(name, "0.85")
            bar = left + 4.6 * i, 38 - high / 2
            network.add_patch(Rectangle(bar, 3.9, high, facecolor=color, edgecolor="0.4", linewidth=0.6))
            look = {"color": color, "fontsize": 9, "weight": "bold", "linespacing": 1.1}
            if name in sides:
                network.text(bar[0], 39 + high / 2, f"{name}\n{sides[name]} × {sides[name]} px", va="bottom", **look)
            elif name == content:
                network.text(bar[0], 37 - high / 2, f"{name}\nfor the content", va="top", **look)
        shape = f"{224 // 2 ** (block - 1)}²\n× {min(64 * 2 ** (block - 1), 512)}"
        middle = left + 2.3 * len(names) - 0.3
        network.text(middle, 4, shape, fontsize=9, ha="center", va="center", color="0.3")
        left += 4.6 * len(names) + 4.4
    return figure


def _picture(ax: Axes, image: Any, corner: tuple[float, float], title: str) -> None:
    """Draw a picture as large as fits into 20 × 12.5 units, and its title above it."""
    picture = drawable(image)
    (x, y), scale = corner, min(20 / picture.shape[1], 12.5 / picture.shape[0])
    wide, high = scale * picture.shape[1], scale * picture.shape[0]
    place = x + (20 - wide) / 2, x + (20 + wide) / 2, y, y + high
    ax.imshow(picture, extent=place, aspect="equal", interpolation="antialiased")
    ax.text(x + 10, y + high + 0.6, title, ha="center", va="bottom", fontsize=10)


def _box(ax: Axes, corner: tuple[float, float], wide: float, title: str, text: str, color: str) -> None:
    (x, y), high = corner, 9
    shape = {"boxstyle": "round,pad=0,rounding_size=1.2", "facecolor": color, "edgecolor": "0.4", "linewidth": 1.3}
    ax.add_patch(FancyBboxPatch(corner, wide, high, **shape))
    ax.text(x + wide / 2, y + high - 2, title, ha="center", va="center", fontsize=11)
    ax.text(x + wide / 2, y + 3.1, text, ha="center", va="center", fontsize=8.5, color="0.3")


def _there_and_back(ax: Axes, start: tuple[float, float], end: tuple[float, float], label: str = "") -> None:
    """Draw two parallel arrows, forward and backward, and a label in the middle."""
    a, b = np.float64(start), np.float64(end)
    aside = 0.75 * np.float64([a[1] - b[1], b[0] - a[0]]) / np.linalg.norm(b - a)
    _arrow(ax, a + aside, b + aside)
    _arrow(ax, b - aside, a - aside, back=True)
    if label:
        patch = {"facecolor": "white", "edgecolor": "none", "pad": 1}
        ax.text(*(a + b) / 2, label, ha="center", va="center", fontsize=12, bbox=patch)


def _arrow(ax: Axes, start: Any, end: Any, *, back: bool = False) -> None:
    look = {"color": BACKWARD, "linestyle": (0, (4, 2))} if back else {"color": FORWARD}
    ax.annotate("", end, start, arrowprops={"arrowstyle": "-|>", "linewidth": 1.6, "shrinkA": 0, "shrinkB": 0, **look})
