"""VGG19's kernels and biases: as trained, random, or given."""

from collections.abc import Iterable, Mapping

import h5py
import numpy as np

from ..errors import InputError
from ..layers import CHANNELS, path_to
from .disk import File
from .vgg_weights import find_weights

Kernels = Mapping[str, tuple[np.ndarray, np.ndarray]]
"""Convolution to its kernel `[3, 3, in, out]` and its bias `[out]`, float32."""


def trained_kernels(layers: Iterable[str], file: File | None = None) -> Kernels:
    """Return VGG19's kernels and biases as trained on ImageNet, up to the deepest of `layers`.

    Args:
        layers: Keras's names.
        file: the weight file; by default `find_weights` looks for it.

    Raises:
        InputError: an unknown layer, or no weight file.

    Used in notebooks/10_do_we_need_gram.
    """
    with h5py.File(find_weights(file)) as groups:
        return {
            name: (groups[name][f"{name}_W_1:0"][:], groups[name][f"{name}_b_1:0"][:]) for name in _convolutions(layers)
        }


def random_kernels(layers: Iterable[str]) -> Kernels:
    """Return normally distributed kernels, always the same, with zero biases, up to the deepest of `layers`."""
    random, kernels = np.random.default_rng(0), {}
    for name, (kernel, bias) in _shapes(layers).items():
        scale = np.sqrt(np.float32(np.prod(kernel[:3])))
        kernels[name] = random.standard_normal(kernel, np.float32) / scale, np.zeros(bias, np.float32)
    return kernels


def checked_kernels(kernels: Kernels, layers: Iterable[str]) -> Kernels:
    """Return the kernels that the layers need, as float32.

    Raises:
        InputError: one is missing or has another shape.
    """
    for name, wanted in _shapes(layers).items():
        if name not in kernels:
            raise InputError(f"the kernels lack {name}; give one for each convolution up to {path_to(layers)[-1]}.")
        if (shapes := [list(np.shape(each)) for each in kernels[name]]) != wanted:
            raise InputError(f"kernel and bias of {name} must have the shapes {wanted}, not {shapes}.")
    return {name: tuple(np.asarray(each, np.float32) for each in kernels[name]) for name in _convolutions(layers)}


def _convolutions(layers: Iterable[str]) -> list[str]:
    return [name for name in path_to(layers) if "conv" in name]


def _shapes(layers: Iterable[str]) -> dict[str, list[list[int]]]:
    """Return convolution to the shapes of its kernel and its bias."""
    shapes, before = {}, 3
    for name in _convolutions(layers):
        shapes[name] = [[3, 3, before, CHANNELS[name]], [CHANNELS[name]]]
        before = CHANNELS[name]
    return shapes
