"""Everything that decides how a run goes, checked once, the same for Python, the command line and a run on disk."""

import math
import warnings
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from .errors import InputError
from .layers import CHANNELS, CONTENT_LAYER, STYLE_LAYERS, check_layer, layer_named, path_to

CHOICES = {
    "optimizer": ("adam", "lbfgs"),
    "schedule": ("decay", "constant"),
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
    content_layer: str = CONTENT_LAYER
    style_layers: Mapping[str, float | None] | Iterable[str] = STYLE_LAYERS
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
        for name, choices in CHOICES.items():
            one_of(name, getattr(self, name), choices)
        rate = LEARNING_RATE[self.schedule] if self.learning_rate is None else self.learning_rate
        self._set("learning_rate", _number("learning_rate", rate, 1e-6, 1.0))
        one_of("init", self.init, INITS)
        self._set("content_layer", _known_layer(self.content_layer))
        self._set("style_layers", _layer_weights(self.style_layers, self.reduction))

    def _set(self, name: str, value: Any) -> None:
        object.__setattr__(self, name, value)  # the way to fill in a frozen dataclass

    @property
    def layers(self) -> tuple[str, ...]:
        """The layers whose features this run needs, from the image upwards."""
        wanted = {self.content_layer, *self.style_layers}
        return tuple(layer for layer in path_to(wanted) if layer in wanted)


def balanced_weight(layer: str) -> float:
    """Return the weight that makes up for the width of a layer: (C / 100)².

    A mean over C² entries of FᵀF / (H·W·C) falls like 1 / C², which would leave most of the style to the shallowest
    layer.
    With this weight β = 10000 is the same as 1 for Gram matrices FᵀF / (H·W), not divided by C.

    Built in notebooks/04_three_losses.
    """
    return (CHANNELS[check_layer(layer)] / 100) ** 2


def _layer_weights(layers: Mapping[str, float | None] | Iterable[str], reduction: str) -> dict[str, float]:
    if isinstance(layers, str):
        layers = [layers]
    try:
        given = dict(layers) if isinstance(layers, Mapping) else dict.fromkeys(layers)
    except TypeError as error:
        raise InputError(f"style_layers must be layer names, or layer names with weights, not {layers!r}.") from error
    if not given:
        raise InputError("style_layers is empty; name at least one layer, or set beta to 0.")
    usual = balanced_weight if reduction == "mean" else lambda layer: 1.0
    given = [(_known_layer(name), weight) for name, weight in given.items()]
    weights = {name: usual(name) if weight is None else weight for name, weight in given}
    if len(weights) < len(given):
        raise InputError(f"style_layers names a layer twice ({', '.join(name for name, _ in given)}).")
    return {name: _number(f"the weight of {name}", w, 0, LARGEST_WEIGHT) for name, w in weights.items()}


def _known_layer(name: str) -> str:
    layer = layer_named(name)
    if layer != name.strip():
        warnings.warn(f"{name} is taken for {layer}.", stacklevel=5)
    return layer


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
