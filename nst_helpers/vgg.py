"""VGG19 up to the deepest layer that is needed, as a function from an image to its features."""

import os
from collections.abc import Hashable, Iterable, Mapping
from functools import lru_cache
from typing import Any, Literal

import numpy as np
import tensorflow as tf

from .layers import check_side, path_to
from .machine.disk import File
from .machine.hardware import fastest_precision
from .machine.kernels import Kernels, checked_kernels, random_kernels, trained_kernels

Pooling = Literal["max", "avg"]
Precision = Literal["auto", "float32", "bfloat16", "float16"]
Border = Literal["repeat", "zeros"]
CAFFE_MEAN = (103.939, 116.779, 123.68)
"""Mean of the training images in blue, green and red, 0..255, which the network expects to be subtracted."""

_MEANS = {  # convolution: its mean activation with max pooling, with average pooling
    "block1_conv1": (23.5, 23.5),
    "block1_conv2": (114.2, 114.2),
    "block2_conv1": (141.4, 141.4),
    "block2_conv2": (133.4, 141.4),
    "block3_conv1": (153.1, 153.0),
    "block3_conv2": (190.2, 183.7),
    "block3_conv3": (391.2, 389.9),
    "block3_conv4": (598.5, 583.5),
    "block4_conv1": (577.3, 576.9),
    "block4_conv2": (384.5, 389.1),
    "block4_conv3": (209.4, 211.1),
    "block4_conv4": (54.12, 53.62),
    "block5_conv1": (54.82, 54.77),
    "block5_conv2": (23.11, 19.98),
    "block5_conv3": (9.881, 9.036),
    "block5_conv4": (1.322, 1.094),
}
AVERAGE_GAIN = {
    "block1_pool": 1.3,
    "block2_pool": 1.466,
    "block3_pool": 1.397,
    "block4_pool": 1.84,
    "block5_pool": 1.0,
}
"""Pool to the factor that makes its averages as large as the maxima that VGG19 was trained on, by `average_gains` over
the same pictures as MEAN_ACTIVATION; without it the biases would dominate."""
MEAN_ACTIVATION = {
    pooling: {layer: means[i] for layer, means in _MEANS.items()} for i, pooling in enumerate(("max", "avg"))
}
"""Pooling to layer to mean activation, by `mean_activations` over data/'s photographs and paintings at 256 px."""


class FeatureExtractor:
    """VGG19 up to the deepest of `layers`: an image in, these layers' activations out.

    Called with a float32 image `[B, H, W, 3]`, RGB, 0..1, it returns a dict from layer name to `[B, h, w, C]`.

    Args:
        layers: Keras's names of convolutions (after their ReLU) and pools.
        weights: "imagenet", the path of the weight file, None for an untrained network (always the same one), or
            your own kernels, a dict from convolution to `(kernel [3, 3, in, out], bias [out])`, as `trained_kernels`
            returns them. The latter two are rescaled so that a layer's mean activation on noise is 1.
        pooling: "max" as trained, or "avg", averages times AVERAGE_GAIN.
        normalize: whether to divide activations by MEAN_ACTIVATION, so that all layers are at about 1; pools take the
            scale of the convolution before them.
        precision: the arithmetic of the network; "auto" takes the fastest on this machine.
        border: what the first convolution sees beyond the image: its outermost pixels again ("repeat"), or "zeros", as
            VGG19 was trained. All others see zeros.

    `compiled` and `measured` are for what has been compiled and measured with this network, so that others that use it
    need not do it again.

    Raises:
        InputError: an unknown layer, an image too small for the deepest layer, no weight file, or unfitting kernels.

    Source: Simonyan & Zisserman 2014; normalisation after Gatys, Ecker & Bethge 2016, section 2.
    Built in notebooks/01_what_vgg_sees.
    """

    def __init__(
        self,
        layers: Iterable[str],
        *,
        weights: File | Kernels | None = "imagenet",
        pooling: Pooling = "max",
        normalize: bool = True,
        precision: Precision = "float32",
        border: Border = "repeat",
    ):
        self.layers = tuple(layers)
        self.path = path_to(self.layers)
        self.pooling, self.border, self.gains = pooling, border, AVERAGE_GAIN
        self.precision = fastest_precision() if precision == "auto" else precision
        if self.precision == "float16" and not normalize:  # raw activations overflow it
            self.precision = "float32"
        if weights is None:
            kernels = self._rescaled(random_kernels(self.path))
        elif isinstance(weights, Mapping):
            kernels = self._rescaled(checked_kernels(weights, self.path))
        else:
            kernels = trained_kernels(self.path, None if weights == "imagenet" else weights)
            kernels = normalized(kernels, MEAN_ACTIVATION[pooling]) if normalize else kernels
        self.compiled: dict[Hashable, Any] = {}
        self.measured: dict[Hashable, Any] = {}
        self._kernels = {
            name: (tf.constant(kernel, self.precision), tf.constant(bias, self.precision))
            for name, (kernel, bias) in kernels.items()
        }

    def __call__(self, image: tf.Tensor) -> dict[str, tf.Tensor]:
        """Return the features of an image, by layer."""
        check_side("given", image.shape, self.layers)
        features = self._activations(tf.cast(preprocess(image), self.precision), self._kernels)
        return {name: features[name] for name in self.layers}

    def _activations(self, x: tf.Tensor, kernels: Kernels) -> dict[str, tf.Tensor]:
        """Return the activations of all layers on the path, from a preprocessed image."""
        found = {}
        for name in self.path:
            if name in kernels:
                kernel, bias = kernels[name]
                x = tf.nn.relu(tf.nn.bias_add(_convolution(x, kernel, self.border), bias))
            else:
                x = _pool(x, self.pooling, self.gains[name])
            found[name] = x
        return found

    def _rescaled(self, kernels: Kernels) -> Kernels:
        """Divide each layer's output by its mean on noise."""
        noise = np.random.default_rng(0).random((1, 64, 64, 3), np.float32)
        found = self._activations(preprocess(noise), kernels)
        means = {name: max(float(tf.reduce_mean(found[name])), 1e-20) for name in kernels}  # a layer may be dead
        return normalized(kernels, means)


def shared_extractor(
    layers: tuple[str, ...], weights: File | Kernels | None, precision: Precision, **options: Any
) -> FeatureExtractor:
    """Return a `FeatureExtractor` that runs of one process share, with its `compiled`, unless the kernels are given."""
    if isinstance(weights, Mapping):
        return FeatureExtractor(layers, weights=weights, precision=precision, **options)
    file = weights and os.fspath(weights)
    chosen = fastest_precision() if precision == "auto" else precision
    return _latest(layers, weights=file, precision=chosen, **options)


_latest = lru_cache(maxsize=2)(FeatureExtractor)


def _convolution(x: tf.Tensor, kernel: tf.Tensor, border: Border) -> tf.Tensor:
    if border == "zeros" or x.shape[-1] != 3:
        return tf.nn.conv2d(x, kernel, 1, "SAME")
    repeated = tf.pad(x, [[0, 0], [1, 1], [1, 1], [0, 0]], "SYMMETRIC")
    return tf.nn.conv2d(repeated, kernel, 1, "VALID")


def _pool(x: tf.Tensor, pooling: Pooling, gain: float) -> tf.Tensor:
    x = tf.nn.pool(x, (2, 2), pooling.upper(), (2, 2), "VALID")
    return x * tf.cast(gain, x.dtype) if pooling == "avg" else x


def preprocess(image: tf.Tensor) -> tf.Tensor:
    """Turn RGB 0..1 into what the network was trained on: BGR, 0..255, minus CAFFE_MEAN.

    Built in notebooks/01_what_vgg_sees.
    """
    return tf.reverse(tf.convert_to_tensor(image, tf.float32), [-1]) * 255.0 - tf.constant(CAFFE_MEAN)


def normalized(kernels: Kernels, means: Mapping[str, float]) -> Kernels:
    """Divide each layer's output by its mean, inside the weights: ReLU and pooling pass a factor through."""
    scaled, before = {}, 1.0
    for name, (kernel, bias) in kernels.items():
        scaled[name] = kernel * np.float32(before / means[name]), bias / np.float32(means[name])
        before = means[name]
    return scaled
