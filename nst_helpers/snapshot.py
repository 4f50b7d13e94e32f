"""What a run shows after an iteration: the image and its losses."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Losses:
    """The unweighted content, style and total variation losses, their weighted total, and each style layer's term."""

    content: float
    style: float
    tv: float
    total: float
    style_layers: dict[str, float]


@dataclass(frozen=True)
class Snapshot:
    """The image `[1, H, W, 3]`, float32, 0..1, at an iteration, and its losses.

    The image always has the content's shape; `size` is the longer side, in pixels, at which it was painted and its
    losses were measured. It is the average of the iterates where Adam's schedule averages, and it includes what is laid
    over it, such as the content's chroma; the losses are those of the last iterate alone.
    """

    iteration: int
    image: np.ndarray
    losses: Losses
    size: int

    def row(self) -> dict[str, float]:
        """Return the iteration and all losses by name, including the style layers' terms."""
        losses = dict(vars(self.losses))
        layers = losses.pop("style_layers")
        return {"iteration": self.iteration} | losses | layers

    def describe(self) -> str:
        """Return the painted size and the losses on one line."""
        x = self.losses
        return f"{self.size} px, content {x.content:.3g}, style {x.style:.3g}, tv {x.tv:.3g}, total {x.total:.4g}"
