"""VGG19, cut to the layers that are asked for, as a function from an image to its features."""

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Literal

import h5py
import numpy as np
import tensorflow as tf

from .errors import InputError
from .hardware import fastest_precision
from .layers import CHANNELS, CONV_LAYERS, LAYERS, check_side, path_to
from .vgg_weights import find_weights

Pooling = Literal["max", "avg"]
Precision = Literal["auto", "float32", "bfloat16", "float16"]
Border = Literal["repeat", "zeros"]
Kernels = Mapping[str, tuple[np.ndarray, np.ndarray]]
"""Convolution to its kernel `[3, 3, in, out]` and its bias `[out]`, float32."""

CAFFE_MEAN = (103.939, 116.779, 123.68)
"""Mean of the training images in blue, green, red, 0..255, which this network expects to be subtracted."""

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
"""Pool to what its averages are multiplied by, since VGG19 was trained on maxima, which are larger: by `average_gains`,
over the same pictures as MEAN_ACTIVATION. Without it the biases would outweigh what they are added to."""
MEAN_ACTIVATION = {
    pooling: {layer: means[i] for layer, means in _MEANS.items()} for i, pooling in enumerate(("max", "avg"))
}
"""Pooling to layer to mean activation, over data/'s photographs and paintings at 256 px, by `mean_activations`."""


class FeatureExtractor:
    """VGG19 up to the deepest of the layers asked for: an image in, these layers' activations out.

    Args:
        layers: names of convolutions (after their ReLU) and pools, as Keras gives them.
        weights: "imagenet", the path of the weight file, None for an untrained network (always the same one), or
            kernels of your own: a dict from convolution to `(kernel [3, 3, in, out], bias [out])`, as
            `trained_kernels` gives them. The latter two are rescaled so that a layer's mean activation on noise is 1.
        pooling: "max" as trained, or "avg", averages times AVERAGE_GAIN.
        normalize: whether activations are divided by their layer's mean over photographs and paintings, so that
            all layers come out at about 1; pools take the scale of the convolution before them.
        precision: the arithmetic of the network; "auto" chooses what is fastest here.
        border: what the first convolution sees beyond the image: its outermost pixels again ("repeat"), or "zeros", as
            VGG19 was trained. All others see zeros.

    Calling it with a float32 image `[B, H, W, 3]`, RGB, 0..1, returns a dict from layer name to `[B, h, w, C]`.

    Raises:
        InputError: an unknown layer, an image too small for the deepest layer, no weight file, or kernels that do not
            fit.

    Source: Simonyan & Zisserman 2014; normalisation after Gatys, Ecker & Bethge 2016, section 2.
    Built in notebooks/01_what_vgg_sees.
    """

    def __init__(
        self,
        layers: Iterable[str],
        *,
        weights: str | os.PathLike | Kernels | None = "imagenet",
        pooling: Pooling = "max",
        normalize: bool = True,
        precision: Precision = "float32",
        border: Border = "repeat",
    ):
        self.layers = tuple(layers)
        self.path = path_to(self.layers)
        self.pooling, self.border, self.gains = pooling, border, AVERAGE_GAIN
        self.precision = fastest_precision() if precision == "auto" else precision
        if self.precision == "float16" and not normalize:  # raw activations outgrow it
            self.precision = "float32"
        if weights is None:
            kernels = _rescaled(_untrained(self.path), self.path, pooling, border)
        elif isinstance(weights, Mapping):
            kernels = _rescaled(_checked(weights, self.path), self.path, pooling, border)
        else:
            kernels = _read(self.path, find_weights(None if weights == "imagenet" else weights))
            kernels = _normalized(kernels, MEAN_ACTIVATION[pooling]) if normalize else kernels
        self._kernels = {
            name: (tf.constant(kernel, self.precision), tf.constant(bias, self.precision))
            for name, (kernel, bias) in kernels.items()
        }

    def __call__(self, image: tf.Tensor) -> dict[str, tf.Tensor]:
        """Return the features of an image, by layer."""
        check_side("given", image.shape, self.layers)
        x = tf.cast(preprocess(image), self.precision)
        features = {}
        for name in self.path:
            if name in self._kernels:
                kernel, bias = self._kernels[name]
                x = tf.nn.relu(tf.nn.bias_add(_convolution(x, kernel, self.border), bias))
            else:
                x = _pool(x, self.pooling, self.gains[name])
            features[name] = x
        return {name: features[name] for name in self.layers}


def _convolution(x: tf.Tensor, kernel: tf.Tensor, border: Border) -> tf.Tensor:
    if border == "zeros" or x.shape[-1] != 3:
        return tf.nn.conv2d(x, kernel, 1, "SAME")
    repeated = tf.pad(x, [[0, 0], [1, 1], [1, 1], [0, 0]], "SYMMETRIC")
    return tf.nn.conv2d(repeated, kernel, 1, "VALID")


def _pool(x: tf.Tensor, pooling: Pooling, gain: float) -> tf.Tensor:
    x = tf.nn.pool(x, (2, 2), pooling.upper(), (2, 2), "VALID")
    return x * tf.cast(gain, x.dtype) if pooling == "avg" else x


def preprocess(image: tf.Tensor) -> tf.Tensor:
    """Turn RGB 0..1 into what the network was trained on: BGR, 0..255, less CAFFE_MEAN.

    Built in notebooks/01_what_vgg_sees.
    """
    return tf.reverse(tf.convert_to_tensor(image, tf.float32), [-1]) * 255.0 - tf.constant(CAFFE_MEAN)


def mean_activations(images: Iterable[np.ndarray], pooling: Pooling = "max") -> dict[str, float]:
    """Return each convolution's mean activation over images `[1, H, W, 3]`: how MEAN_ACTIVATION was made."""
    extractor = FeatureExtractor(CONV_LAYERS, pooling=pooling, normalize=False)
    measured = [{name: float(tf.reduce_mean(f)) for name, f in extractor(image).items()} for image in images]
    return {name: float(np.mean([each[name] for each in measured])) for name in CONV_LAYERS}


def average_gains(images: Iterable[np.ndarray]) -> dict[str, float]:
    """Return for each pool but the last what its averages have to be multiplied by: how AVERAGE_GAIN was made.

    With it the convolution that follows is as active, over images `[1, H, W, 3]`, as it is after maxima.
    """
    images, gains = list(images), dict.fromkeys(AVERAGE_GAIN, 1.0)
    usual = mean_activations(images)
    for pool in list(gains)[:-1]:
        following = LAYERS[LAYERS.index(pool) + 1]
        average = FeatureExtractor([following], pooling="avg", normalize=False)
        average.gains = gains
        gains[pool] = usual[following] / float(np.mean([tf.reduce_mean(average(image)[following]) for image in images]))
    return gains


def trained_kernels(layers: Iterable[str]) -> Kernels:
    """Return VGG19's kernels and biases as trained, up to the deepest of `layers`: something to take apart.

    Raises:
        InputError: an unknown layer, or no weight file.

    Built in notebooks/10_do_we_need_gram.
    """
    return _read(path_to(layers), find_weights())


def _read(path: tuple[str, ...], file: Path) -> Kernels:
    with h5py.File(file) as groups:
        return {
            name: (groups[name][f"{name}_W_1:0"][:], groups[name][f"{name}_b_1:0"][:])
            for name in path
            if name in CONV_LAYERS
        }


def _untrained(path: tuple[str, ...]) -> Kernels:
    """Random kernels from a fixed seed, and no biases."""
    random, before, kernels = np.random.default_rng(0), 3, {}
    for name in path:
        if name in CONV_LAYERS:
            kernel = random.standard_normal((3, 3, before, CHANNELS[name]), np.float32) / np.sqrt(
                np.float32(9 * before)
            )
            kernels[name] = kernel, np.zeros(CHANNELS[name], np.float32)
            before = CHANNELS[name]
    return kernels


def _checked(kernels: Kernels, path: tuple[str, ...]) -> Kernels:
    before, checked = 3, {}
    for name in path:
        if name in CONV_LAYERS:
            if name not in kernels:
                raise InputError(f"the kernels lack {name}; give one for each convolution up to {path[-1]}.")
            shapes = [list(np.shape(each)) for each in kernels[name]]
            wanted = [[3, 3, before, CHANNELS[name]], [CHANNELS[name]]]
            if shapes != wanted:
                raise InputError(f"kernel and bias of {name} must have the shapes {wanted}, not {shapes}.")
            checked[name] = tuple(np.asarray(each, np.float32) for each in kernels[name])
            before = CHANNELS[name]
    return checked


def _rescaled(kernels: Kernels, path: tuple[str, ...], pooling: Pooling, border: Border) -> Kernels:
    """Divide each layer's output by its mean on noise."""
    x = preprocess(np.random.default_rng(0).random((1, 64, 64, 3), np.float32))
    means = {}
    for name in path:
        if name in kernels:
            kernel, bias = kernels[name]
            x = tf.nn.relu(_convolution(x, kernel, border) + bias)
            means[name] = max(float(tf.reduce_mean(x)), 1e-20)  # a layer may be dead
        else:
            x = _pool(x, pooling, AVERAGE_GAIN[name])
    return _normalized(kernels, means)


def _normalized(kernels: Kernels, means: Mapping[str, float]) -> Kernels:
    """Divide each layer's output by its mean, inside the weights: ReLU and pooling pass a factor through."""
    scaled, before = {}, 1.0
    for name, (kernel, bias) in kernels.items():
        scaled[name] = kernel * np.float32(before / means[name]), bias / np.float32(means[name])
        before = means[name]
    return scaled
