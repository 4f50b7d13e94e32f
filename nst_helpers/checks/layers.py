"""Checkers for the exercises of notebook 07: layers left out, tilted weights, weights for raw activations."""

from collections.abc import Callable, Mapping

import numpy as np

from ..layers import STYLE_LAYERS
from .base import checker, named_numbers, require


def _numbers(seed: int, layers: int = 5) -> dict[str, float]:
    """Return one positive number for each of the first style layers, over several orders of magnitude."""
    random = np.random.default_rng(seed)
    return {layer: float(10.0 ** random.uniform(-4, 2)) for layer in STYLE_LAYERS[:layers]}


def _weights(answer: Callable, *arguments: Mapping[str, float] | float) -> np.ndarray:
    """Return the answer's weights in the order of the first argument's layers."""
    return named_numbers(answer(*arguments), arguments[0], "layer to weight")


@checker
def check_without_each(answer: Callable) -> str:
    """Check `without_each(weights)`: layer to the weights with this layer at 0 and all others as they were."""
    for layers in (2, 5):
        weights = _numbers(layers, layers)
        given = dict(weights)
        got = answer(given)
        require(isinstance(got, Mapping), f"it returns a {type(got).__name__}; return a dict from layer to weights.")
        require(set(got) == set(weights), f"it has the layers {sorted(got)}, but was given {sorted(weights)}.")
        require(given == weights, "it changes the weights that it was given; make new ones, {**weights, …}.")
        for layer, rest in got.items():
            require(
                isinstance(rest, Mapping), f"for {layer} it has a {type(rest).__name__}; a dict of weights is asked."
            )
            require(
                layer in rest,
                f"{layer} is missing from its own weights; StyleTransfer cannot drop a layer in mid-run: put 0 there.",
            )
            require(rest[layer] == 0, f"{layer} still weighs {rest[layer]:.3g} where it should be left out.")
            others = [other for other in weights if other != layer]
            require(
                any(rest.get(other) for other in others),
                f"without {layer}, all the others are 0 as well: this is the layer alone, or nothing.",
            )
            require(
                all(rest.get(other) == weights[other] for other in others),
                f"without {layer}, another layer's weight has changed; leave it, or two things are tried at once.",
            )
    return "each layer is left out once, and nothing else changes."


@checker
def check_tilted(answer: Callable) -> str:
    """Check `tilted(weights, terms, r)`: weight × rᵏ for the k-th layer, scaled so that Σ weight × term stays."""
    for seed, r in enumerate((0.25, 1.0, 3.0)):
        weights, terms = _numbers(seed), _numbers(seed + 10)
        got = _weights(answer, dict(weights), dict(terms), r)
        old, sizes = np.array(list(weights.values())), np.array(list(terms.values()))
        require(
            np.isfinite(got).all() and (got > 0).all(), "a weight is 0, negative or not a number; all must be positive."
        )
        slope = got[1:] / got[:-1] * old[:-1] / old[1:]
        require(
            not np.allclose(slope, 1 / r, rtol=1e-3) or r == 1,
            "it tilts the wrong way: each deeper layer must gain by the factor r.",
        )
        require(
            not np.allclose(got[1:] / got[:-1], r, rtol=1e-3),
            "the weights that were given have no effect; multiply them by the powers of r.",
        )
        require(
            np.allclose(slope, r, rtol=1e-3),
            f"given r = {r:g}, from layer to layer the weights gain by {', '.join(f'{s:.3g}' for s in slope)}; "
            f"each should gain by {r:g}.",
        )
        if np.isclose(got.sum(), old.sum(), rtol=1e-4) and not np.isclose(got @ sizes, old @ sizes, rtol=1e-3):
            require(False, "the weights' sum stays; keep the sum of weight × term, which is the loss.")
        require(
            np.isclose(got @ sizes, old @ sizes, rtol=1e-3),
            f"the loss went from {old @ sizes:.3g} to {got @ sizes:.3g}, and β with it; scale so that it stays.",
        )
    return "each deeper layer gains by r, and the loss is as large as before."


@checker
def check_raw_weights(answer: Callable) -> str:
    """Check `raw_weights(weights, means)`: the weights for raw activations that do what `weights` do, w / μ⁴."""
    mistakes = {
        -4: None,
        4: "it multiplies by μ⁴; raw activations are μ times as large, so their weights must be smaller.",
        0: "the weights are what they were; divide by a power of the mean activation.",
        -1: "it divides by μ; but the Gram matrix is a product of two activations, and the loss squares it.",
        -2: "it divides by μ²: that makes up for the Gram matrix, but the loss squares that once more.",
    }
    for seed in range(2):
        weights, means = _numbers(seed), _numbers(seed + 20)
        got = _weights(answer, dict(weights), dict(means))
        old, mu = np.array(list(weights.values())), np.array(list(means.values()))
        for power, explanation in mistakes.items():
            if explanation and np.allclose(got, old * mu**power, rtol=1e-4):
                require(False, explanation)
        right = old / mu**4
        shares = got / right
        require(
            not np.allclose(shares, shares[0], rtol=1e-3) or np.isclose(shares[0], 1, rtol=1e-3),
            f"all weights are {shares[0]:.3g} times what they should be: the layers are in balance, but β changes.",
        )
        require(
            np.allclose(got, right, rtol=1e-4), "some weights are not w / μ⁴; is each mean taken by its layer's name?"
        )
    return "normalised or raw, the loss is now the same."
