"""The influence meter: which term of the loss moves the picture, and each term's share of the pull."""

from collections.abc import Mapping
from typing import Any

import tensorflow as tf

from ..settings import Settings
from ..transfer import StyleTransfer

CONTENT, VARIATION = "content", "total variation"


class InfluenceMeter:
    """The pull of each term on the image of a run: the length of its gradient.

    The gradient of the total is the sum of its terms' gradients, each times its weight:
    ∂total/∂x = α ∂content/∂x + β Σ_l w_l ∂style_l/∂x + γ ∂tv/∂x. A term's share is its part's length divided by the
    sum of all parts' lengths, so that the shares add up to 1 even where the parts point against each other. The
    unweighted lengths are measured once for an image; other weights then cost nothing.

    Args:
        transfer: the run to measure; one measurement takes as long as a few of its steps.

    Built in notebooks/06_weight_explorer.
    """

    def __init__(self, transfer: StyleTransfer):
        self.transfer = transfer
        self._measured: tuple[tuple[Any, ...], dict[str, float]] | None = None  # at what, and the lengths

    def gradients(self) -> dict[str, tf.Tensor]:
        """Return term to unweighted gradient `[1, H, W, 3]`, float32, at the run's present image."""
        gradients = self.transfer.objective.gradients(self.transfer.image)
        return dict(zip(term_weights(self.transfer.settings), gradients, strict=True))

    @property
    def is_fresh(self) -> bool:
        """Whether the run's present image has been measured already, against the present blend of styles."""
        if self._measured is None:
            return False
        (image, blend), _ = self._measured
        return image is self.transfer.image and blend == self.transfer.style_weights

    def lengths(self) -> dict[str, float]:
        """Return term to the length (root of the sum of squares) of its unweighted gradient."""
        if not self.is_fresh:
            lengths = {name: float(tf.norm(gradient)) for name, gradient in self.gradients().items()}
            self._measured = (self.transfer.image, self.transfer.style_weights), lengths
        return self._measured[1]

    def shares(self) -> dict[str, float]:
        """Return term to its share of the pull under the run's present weights, 0..1; all 0 where nothing pulls."""
        return shares(self.lengths(), term_weights(self.transfer.settings))


def term_weights(settings: Settings) -> dict[str, float]:
    """Return term to its weight in the total: α, β times each style layer's weight, γ.

    Built in notebooks/06_weight_explorer.
    """
    style = {layer: settings.beta * weight for layer, weight in settings.style_layers.items()}
    return {CONTENT: settings.alpha, **style, VARIATION: settings.gamma}


def shares(lengths: Mapping[str, float], weights: Mapping[str, float]) -> dict[str, float]:
    """Return term to its part of the sum of weight · length, 0..1; all 0 where that sum is 0.

    Built in notebooks/06_weight_explorer.
    """
    pull = {name: weights[name] * length for name, length in lengths.items()}
    whole = sum(pull.values())
    return {name: part / whole if whole else 0.0 for name, part in pull.items()}
