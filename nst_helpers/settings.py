"""Everything that decides how a run goes, checked once, the same for Python, the command line and a run on disk."""

import math
import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from .errors import InputError
from .layers import CONTENT_LAYER, STYLE_LAYERS, layer_named, path_to
from .machine import BYTES

CHOICES = {
    "optimizer": ("adam", "lbfgs"),
    "schedule": ("decay", "constant"),
    "style_distance": ("wasserstein", "squared"),
    "reduction": ("mean", "sum"),
    "pooling": ("max", "avg"),
    "colors": ("style", "luminance", "matched"),
    "precision": ("auto", *BYTES),
}
INITS = ("content", "noise", "style", "image")
LARGEST_WEIGHT = 1e12
LEARNING_RATE = {"decay": 0.2, "constant": 0.02}


@dataclass(frozen=True)
class Settings:
    """The settings of a run, as keyword arguments of `StyleTransfer`.

    Args:
        alpha, beta, gamma: weights of the content, style and total variation loss, at least 0.
        content_layers: the layers whose activations are to be kept: a name, several, or a dict from name to weight.
        style_layers: the layers whose statistics are to be matched: names, or a dict from name to weight. A weight of
            None, and a bare name, mean 1.
        style_distance: how a layer's statistics are compared: "wasserstein", between Gaussians with its mean and
            covariance; "squared", between Gram matrices, as the method's authors do; None takes what suits `reduction`.
        scales: smaller sizes to begin with, from coarse to fine: longer side in pixels to iterations there, as
            `coarse_to_fine` returns them. The rest is painted at the content's own size.
        init: the image to start from: "content", "noise", "style", or "image" for one that is given.
        optimizer: "adam" or "lbfgs". An iteration is one update of the image, which is then evaluated once.
        learning_rate: length of the first step, in units of the 0..1 pixel range; None takes what suits `schedule`.
        schedule: "decay" lets Adam's rate fall and its β1 grow, with a large ε; "constant" is Adam as published.
        reduction: "mean" makes weights mean the same at every size; "sum" is the literal form, on VGG19's raw
            activations and with the same factor for all layers.
        pooling: "max", as VGG19 was trained, or "avg".
        seed: of the noise.
        precision: of VGG19's arithmetic: "auto", "float32", "bfloat16" or "float16"; all else is float32.
        colors: "style"; "luminance" lays the content's chroma over the result; "matched" first gives the style image
            the mean and covariance of the content's colours.
        color_strength: how much of the content's chroma "luminance" takes, 0..1.
        style_weights: how much each style of a blend counts; equally much by default.

    Raises:
        InputError: a value that cannot work; the message says which would.
    """

    alpha: float = 1.0
    beta: float = 1e4
    gamma: float = 10.0
    content_layers: str | Mapping[str, float | None] | Iterable[str] = "block4_conv2"
    style_layers: Mapping[str, float | None] | Iterable[str] = STYLE_LAYERS
    style_distance: str | None = None
    scales: Mapping[int, int] = field(default_factory=dict)
    init: str = "content"
    optimizer: str = "adam"
    learning_rate: float | None = None
    schedule: str = "decay"
    reduction: str = "mean"
    pooling: str = "max"
    seed: int = 0
    precision: str = "auto"
    colors: str = "style"
    color_strength: float = 1.0
    style_weights: Sequence[float] = ()

    def __post_init__(self):
        for name in ("alpha", "beta", "gamma"):
            self._set(name, in_range(name, getattr(self, name), 0, LARGEST_WEIGHT))
        if self.alpha == self.beta == self.gamma == 0:
            raise InputError("alpha, beta and gamma are all zero; at least one loss must have a weight.")
        self._set("seed", whole_number("seed", self.seed, 0, 2**32 - 1))
        if self.style_distance is None:
            self._set("style_distance", "wasserstein" if self.reduction == "mean" else "squared")
        for name, choices in CHOICES.items():
            one_of(name, getattr(self, name), choices)
        if self.reduction == "sum" and self.style_distance != "squared":
            raise InputError('reduction "sum" is the literal form, which has squared differences; take "squared".')
        rate = LEARNING_RATE[self.schedule] if self.learning_rate is None else self.learning_rate
        self._set("learning_rate", in_range("learning_rate", rate, 1e-6, 1.0))
        one_of("init", self.init, INITS)
        self._set("color_strength", in_range("color_strength", self.color_strength, 0, 1))
        self._set("style_weights", _style_weights(self.style_weights))
        for name in ("content_layers", "style_layers"):
            self._set(name, _layer_weights(name, getattr(self, name)))
        self._set("scales", _scales(self.scales))

    def _set(self, name: str, value: Any) -> None:
        object.__setattr__(self, name, value)  # the way to fill in a frozen dataclass

    @property
    def layers(self) -> tuple[str, ...]:
        """The layers whose features this run needs, from the image upwards."""
        wanted = {*self.content_layers, *self.style_layers}
        return tuple(layer for layer in path_to(wanted) if layer in wanted)


SMALLEST_SIZE = 128


def coarse_to_fine(shape: Sequence[int], iterations: int) -> dict[int, int]:
    """Return the `scales` of a run that has equally many iterations at each size, the content's own included.

    The sizes are 1/√2, 1/2, 1/√8 … of the content's, down to a longer side of SMALLEST_SIZE pixels and a shorter one
    of half as many. The smallest forms the large shapes in a fraction of the time that the largest would take.

    Args:
        shape: of the content image, `[1, H, W, 3]`.
        iterations: of the whole run.

    Source: Gatys, Ecker, Bethge, Hertzmann & Shechtman 2017, for two sizes.
    Used in notebooks/09_better_and_faster.
    """
    height, width = shape[1:3]
    sizes = []
    share = 0.5**0.5
    while share * max(height, width) >= SMALLEST_SIZE and share * min(height, width) >= SMALLEST_SIZE / 2:
        sizes.insert(0, round(share * max(height, width)))
        share *= 0.5**0.5
    each = iterations // (len(sizes) + 1)
    return dict.fromkeys(sizes, each) if each else {}


def _layer_weights(what: str, layers: Mapping[str, float | None] | Iterable[str]) -> dict[str, float]:
    if isinstance(layers, str):
        layers = [layers]
    try:
        given = dict(layers) if isinstance(layers, Mapping) else dict.fromkeys(layers)
    except TypeError as error:
        raise InputError(f"{what} must be layer names, or layer names with weights, not {layers!r}.") from error
    if not given:
        weight = {"content_layers": "alpha", "style_layers": "beta"}[what]
        raise InputError(f"{what} is empty; name at least one layer, or set {weight} to 0.")
    named = [(_known_layer(name), 1.0 if weight is None else weight) for name, weight in given.items()]
    weights = dict(named)
    if len(weights) < len(named):
        raise InputError(f"{what} names a layer twice ({', '.join(name for name, _ in named)}).")
    return {name: in_range(f"the weight of {name}", w, 0, LARGEST_WEIGHT) for name, w in weights.items()}


def _style_weights(weights: Sequence[float]) -> tuple[float, ...]:
    """Return the weights, if there are any, scaled to the sum 1."""
    if not isinstance(weights, Iterable) or isinstance(weights, str):
        raise InputError(f"style_weights must be a list of numbers, one for each style, not {weights!r}.")
    numbers = [in_range("each of style_weights", each, 0, LARGEST_WEIGHT) for each in weights]
    if numbers and not sum(numbers):
        raise InputError("style_weights are all zero; at least one style must have a weight.")
    total = sum(numbers)  # about 1 if the weights were scaled before; they then stay exactly as they are
    return tuple(numbers if math.isclose(total, 1, rel_tol=1e-12) else (each / total for each in numbers))


def _known_layer(name: str) -> str:
    layer = layer_named(name)
    if layer != name.strip():
        warnings.warn(f"{name} is read as {layer}.", stacklevel=5)
    return layer


def _scales(scales: Mapping[int, int]) -> dict[int, int]:
    if not isinstance(scales, Mapping):
        raise InputError(f"scales must be a dict from size to iterations, such as {{136: 50}}, not {scales!r}.")
    checked = {
        whole_number("each size of scales", size, 16, 10_000): whole_number("the iterations of a size", n, 1, 10**6)
        for size, n in scales.items()
    }
    if list(checked) != sorted(checked):
        raise InputError("scales must go from coarse to fine: the smallest size first.")
    return checked


def check_mask_counts(
    masks: Sequence[Any], style_masks: Sequence[Any], styles: int, style_weights: Sequence[float]
) -> None:
    """Raise InputError unless there are masks and style masks for so many styles; masks for each replace weights."""
    if len(masks) not in (0, 1, styles):
        raise InputError(
            f"masks: {len(masks)}, styles: {styles}; give one mask for each style, or one for all of them."
        )
    if len(style_masks) not in (0, styles):
        raise InputError(f"style masks: {len(style_masks)}, styles: {styles}; give one style mask for each style.")
    if len(masks) > 1 and style_weights:
        raise InputError("styles with a mask each have no weights; make a mask grey where its style is to be weak.")


def in_range(name: str, value: Any, lowest: float, highest: float) -> float:
    """Return `value` as a float if it is within bounds, else raise InputError."""
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        number = math.nan
    if not lowest <= number <= highest:
        raise InputError(f"{name} must be a number from {lowest:g} to {highest:g}, not {value!r}.")
    return number


def whole_number(name: str, value: Any, lowest: int, highest: int) -> int:
    """Return `value` as an int if it is whole and within bounds, else raise InputError."""
    number = in_range(name, value, lowest, highest)
    if number != int(number):
        raise InputError(f"{name} must be a whole number, not {value!r}.")
    return int(number)


def one_of(name: str, value: Any, choices: Iterable[str]) -> Any:
    """Return `value` if it is one of `choices`, else raise InputError."""
    if value not in choices:
        raise InputError(f"{name} must be one of {', '.join(choices)}, not {value!r}.")
    return value


DEFAULTS = Settings()
METHOD = {"content_layers": CONTENT_LAYER, "style_distance": "squared"}
"""Makes `StyleTransfer` the method that the course builds first, with a deeper content layer and Gram matrices."""
