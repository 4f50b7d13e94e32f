"""Everything that decides how a run goes, checked once, the same for Python, the command line and a run on disk."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from .errors import InputError
from .layers import CONTENT_LAYER, STYLE_LAYERS, check_layer, path_to

CHOICES = {
    "optimizer": ("adam", "lbfgs"),
    "schedule": ("decay", "constant"),
    "reduction": ("mean", "sum"),
    "pooling": ("max", "avg"),
    "precision": ("auto", "float32", "bfloat16", "float16"),
}
INITS = ("content", "noise", "style", "image")
LARGEST_WEIGHT = 1e12


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
    style_layers: Mapping[str, float] | Iterable[str] = STYLE_LAYERS
    init: str = "content"
    optimizer: str = "adam"
    learning_rate: float = 0.05
    schedule: str = "decay"
    reduction: str = "mean"
    pooling: str = "max"
    seed: int = 0
    precision: str = "auto"

    def __post_init__(self):
        for name in ("alpha", "beta", "gamma"):
            self._set(name, _number(name, getattr(self, name), 0, LARGEST_WEIGHT))
        if self.alpha == self.beta == self.gamma == 0:
            raise InputError("alpha, beta and gamma are all zero; at least one loss must have a weight.")
        self._set("learning_rate", _number("learning_rate", self.learning_rate, 1e-6, 1.0))
        self._set("seed", whole_number("seed", self.seed, 0, 2**32 - 1))
        for name, choices in CHOICES.items():
            _one_of(name, getattr(self, name), choices)
        _one_of("init", self.init, INITS)
        check_layer(self.content_layer)
        self._set("style_layers", _layer_weights(self.style_layers))

    def _set(self, name: str, value: Any) -> None:
        object.__setattr__(self, name, value)  # the way to fill in a frozen dataclass

    @property
    def layers(self) -> tuple[str, ...]:
        """The layers whose features this run needs, from the image upwards."""
        wanted = {self.content_layer, *self.style_layers}
        return tuple(layer for layer in path_to(wanted) if layer in wanted)


def _layer_weights(layers: Mapping[str, float] | Iterable[str]) -> dict[str, float]:
    if isinstance(layers, str):
        layers = [layers]
    try:
        weights = dict(layers) if isinstance(layers, Mapping) else dict.fromkeys(layers, 1.0)
    except TypeError as error:
        raise InputError(f"style_layers must be layer names, or layer names with weights, not {layers!r}.") from error
    if not weights:
        raise InputError("style_layers is empty; name at least one layer, or set beta to 0.")
    return {check_layer(name): _number(f"the weight of {name}", w, 0, LARGEST_WEIGHT) for name, w in weights.items()}


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


def _one_of(name: str, value: Any, choices: Iterable[str]) -> None:
    if value not in choices:
        raise InputError(f"{name} must be one of {', '.join(choices)}, not {value!r}.")


DEFAULTS = Settings()
