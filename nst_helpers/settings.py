"""Everything that decides how a run goes, checked once, the same for Python, the command line and a run on disk."""

import math
import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from .errors import InputError
from .layers import CONTENT_LAYER, STYLE_LAYERS, layer_named, path_to

CHOICES = {
    "optimizer": ("adam", "lbfgs"),
    "schedule": ("decay", "constant"),
    "style_distance": ("wasserstein", "squared"),
    "reduction": ("mean", "sum"),
    "pooling": ("max", "avg"),
    "colors": ("style", "luminance", "matched"),
    "precision": ("auto", "float32", "bfloat16", "float16"),
}
INITS = ("content", "noise", "style", "image")
LARGEST_WEIGHT = 1e12
LEARNING_RATE = {"decay": 0.2, "constant": 0.02}


@dataclass(frozen=True)
class Settings:
    """The settings of a run; `StyleTransfer` says what each one means.

    Raises:
        InputError: a value that cannot work, with what would.
    """

    alpha: float = 1.0
    beta: float = 1e4
    gamma: float = 10.0
    content_layer: str = "block4_conv2"
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

    def __post_init__(self):
        for name in ("alpha", "beta", "gamma"):
            self._set(name, _number(name, getattr(self, name), 0, LARGEST_WEIGHT))
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
        self._set("learning_rate", _number("learning_rate", rate, 1e-6, 1.0))
        one_of("init", self.init, INITS)
        self._set("content_layer", _known_layer(self.content_layer))
        self._set("style_layers", _layer_weights(self.style_layers, self.reduction))
        self._set("scales", _scales(self.scales))

    def _set(self, name: str, value: Any) -> None:
        object.__setattr__(self, name, value)  # the way to fill in a frozen dataclass

    @property
    def layers(self) -> tuple[str, ...]:
        """The layers whose features this run needs, from the image upwards."""
        wanted = {self.content_layer, *self.style_layers}
        return tuple(layer for layer in path_to(wanted) if layer in wanted)


SMALLEST_SIZE = 128


def coarse_to_fine(shape: Sequence[int], iterations: int) -> dict[int, int]:
    """Return the `scales` of a run of some iterations, which every size has as many of: the last has the rest.

    The sizes are 1/√2, 1/2, 1/√8 … of the image's, as long as its longer side has SMALLEST_SIZE pixels and the shorter
    half as many. At the first the large forms are laid, for a fraction of the time that they would take at the
    last.

    Args:
        shape: of the content image, `[1, H, W, 3]`.
        iterations: of the whole run.

    Source: Gatys, Ecker, Bethge, Hertzmann & Shechtman 2017, for two sizes.
    Built in notebooks/09_better_and_faster.
    """
    height, width = shape[1:3]
    sizes = []
    share = 0.5**0.5
    while share * max(height, width) >= SMALLEST_SIZE and share * min(height, width) >= SMALLEST_SIZE / 2:
        sizes.insert(0, round(share * max(height, width)))
        share *= 0.5**0.5
    each = iterations // (len(sizes) + 1)
    return dict.fromkeys(sizes, each) if each else {}


def _layer_weights(layers: Mapping[str, float | None] | Iterable[str], reduction: str) -> dict[str, float]:
    if isinstance(layers, str):
        layers = [layers]
    try:
        given = dict(layers) if isinstance(layers, Mapping) else dict.fromkeys(layers)
    except TypeError as error:
        raise InputError(f"style_layers must be layer names, or layer names with weights, not {layers!r}.") from error
    if not given:
        raise InputError("style_layers is empty; name at least one layer, or set beta to 0.")
    named = [(_known_layer(name), 1.0 if weight is None else weight) for name, weight in given.items()]
    weights = dict(named)
    if len(weights) < len(named):
        raise InputError(f"style_layers names a layer twice ({', '.join(name for name, _ in named)}).")
    return {name: _number(f"the weight of {name}", w, 0, LARGEST_WEIGHT) for name, w in weights.items()}


def _known_layer(name: str) -> str:
    layer = layer_named(name)
    if layer != name.strip():
        warnings.warn(f"{name} is taken for {layer}.", stacklevel=5)
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


def _number(name: str, value: Any, lowest: float, highest: float) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        number = math.nan
    if not lowest <= number <= highest:
        raise InputError(f"{name} must be a number from {lowest:g} to {highest:g}, not {value!r}.")
    return number


def whole_number(name: str, value: Any, lowest: int, highest: int) -> int:
    """Return `value` as an int if it is whole and within bounds, else raise InputError."""
    number = _number(name, value, lowest, highest)
    if number != int(number):
        raise InputError(f"{name} must be a whole number, not {value!r}.")
    return int(number)


def one_of(name: str, value: Any, choices: Iterable[str]) -> Any:
    """Return `value` if it is one of `choices`, else raise InputError."""
    if value not in choices:
        raise InputError(f"{name} must be one of {', '.join(choices)}, not {value!r}.")
    return value


DEFAULTS = Settings()
METHOD = {"content_layer": CONTENT_LAYER, "style_distance": "squared"}
"""What makes `StyleTransfer` the method that the course builds first: a deeper content, and plain Gram matrices."""
