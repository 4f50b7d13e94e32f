"""VGG19, cut to the layers that are asked for, as a function from an image to its features."""

import os
import time
from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Literal

import h5py
import numpy as np
import tensorflow as tf

from .errors import InputError
from .layers import CHANNELS, CONV_LAYERS, path_to, smallest_side
from .vgg_weights import find_weights

Pooling = Literal["max", "avg"]
Precision = Literal["auto", "float32", "bfloat16", "float16"]

CAFFE_MEAN = (103.939, 116.779, 123.68)
"""Mean of the training images in blue, green, red, 0..255, which this network expects to be subtracted."""

MEAN_ACTIVATION = {
    "block1_conv1": 23.76,
    "block1_conv2": 115.1,
    "block2_conv1": 143.0,
    "block2_conv2": 134.3,
    "block3_conv1": 155.3,
    "block3_conv2": 193.8,
    "block3_conv3": 399.8,
    "block3_conv4": 607.7,
    "block4_conv1": 587.8,
    "block4_conv2": 389.8,
    "block4_conv3": 212.7,
    "block4_conv4": 54.78,
    "block5_conv1": 55.65,
    "block5_conv2": 23.46,
    "block5_conv3": 10.02,
    "block5_conv4": 1.337,
}
"""Mean activation of each convolution over the pictures in data/ at 256 px, as `mean_activations` measures it."""


class FeatureExtractor:
    """VGG19 up to the deepest of the layers asked for: an image in, these layers' activations out.

    Args:
        layers: names of convolutions (after their ReLU) and pools, as Keras gives them.
        weights: "imagenet", the path of the weight file, or None for an untrained network (always the same one).
        pooling: "max" as trained, or "avg".
        normalize: whether activations are divided by their layer's mean over photographs and paintings, so that
            all layers come out at about 1; pools take the scale of the convolution before them.
        precision: the arithmetic of the network; "auto" chooses what is fastest here.

    Calling it with a float32 image `[B, H, W, 3]`, RGB, 0..1, returns a dict from layer name to `[B, h, w, C]`.

    Raises:
        InputError: an unknown layer, an image too small for the deepest layer, or no weight file.

    Source: Simonyan & Zisserman 2014; normalisation after Gatys, Ecker & Bethge 2016, section 2.
    Built in notebooks/01_what_vgg_sees.
    """

    def __init__(
        self,
        layers: Iterable[str],
        *,
        weights: str | os.PathLike | None = "imagenet",
        pooling: Pooling = "max",
        normalize: bool = True,
        precision: Precision = "float32",
    ):
        self.layers = tuple(layers)
        self.path = path_to(self.layers)
        self.pooling = pooling
        self.precision = fastest_precision() if precision == "auto" else precision
        if self.precision == "float16" and not normalize:  # raw activations outgrow it
            self.precision = "float32"
        if weights is None:
            kernels = _untrained(self.path)
        else:
            kernels = _trained(self.path, find_weights(None if weights == "imagenet" else weights))
            kernels = _normalized(kernels, MEAN_ACTIVATION) if normalize else kernels
        self._kernels = {
            name: (tf.constant(kernel, self.precision), tf.constant(bias, self.precision))
            for name, (kernel, bias) in kernels.items()
        }

    def __call__(self, image: tf.Tensor) -> dict[str, tf.Tensor]:
        smallest = smallest_side(self.path)
        if min(image.shape[1:3]) < smallest:
            raise InputError(
                f"an image of {image.shape[2]}×{image.shape[1]} pixels is too small: "
                f"{self.path[-1]} needs at least {smallest} on each side."
            )
        x = tf.cast(preprocess(image), self.precision)
        features = {}
        for name in self.path:
            if name in self._kernels:
                kernel, bias = self._kernels[name]
                x = tf.nn.relu(tf.nn.bias_add(tf.nn.conv2d(x, kernel, 1, "SAME"), bias))
            else:
                x = tf.nn.pool(x, (2, 2), self.pooling.upper(), (2, 2), "VALID")
            features[name] = x
        return {name: features[name] for name in self.layers}


def preprocess(image: tf.Tensor) -> tf.Tensor:
    """Turn RGB 0..1 into what the network was trained on: BGR 0..255 less the mean. Built in notebooks/01_…"""
    return tf.convert_to_tensor(image, tf.float32)[..., ::-1] * 255.0 - tf.constant(CAFFE_MEAN)


def mean_activations(images: Iterable[np.ndarray]) -> dict[str, float]:
    """Return each convolution's mean activation over images `[1, H, W, 3]`: how MEAN_ACTIVATION was made."""
    extractor = FeatureExtractor(CONV_LAYERS, normalize=False)
    measured = [{name: float(tf.reduce_mean(f)) for name, f in extractor(image).items()} for image in images]
    return {name: float(np.mean([each[name] for each in measured])) for name in CONV_LAYERS}


Kernels = Mapping[str, tuple[np.ndarray, np.ndarray]]


def _trained(path: tuple[str, ...], file: Path) -> Kernels:
    with h5py.File(file) as groups:
        return {
            name: (groups[name][f"{name}_W_1:0"][:], groups[name][f"{name}_b_1:0"][:])
            for name in path
            if name in CONV_LAYERS
        }


def _untrained(path: tuple[str, ...]) -> Kernels:
    """Random kernels from a fixed seed, each rescaled so that its mean activation on noise is 1."""
    random = np.random.default_rng(0)
    x = preprocess(random.random((1, 64, 64, 3), np.float32))
    kernels = {}
    for name in path:
        if name in CONV_LAYERS:
            kernel = random.standard_normal((3, 3, x.shape[-1], CHANNELS[name]), np.float32)
            y = tf.nn.relu(tf.nn.conv2d(x, kernel, 1, "SAME"))
            mean = tf.reduce_mean(y).numpy()
            kernels[name] = kernel / mean, np.zeros(CHANNELS[name], np.float32)
            x = y / mean
        else:
            x = tf.nn.max_pool2d(x, 2, 2, "VALID")
    return kernels


def _normalized(kernels: Kernels, means: Mapping[str, float]) -> Kernels:
    """Divide each layer's output by its mean, inside the weights: ReLU and pooling pass a factor through."""
    scaled, before = {}, 1.0
    for name, (kernel, bias) in kernels.items():
        scaled[name] = kernel * np.float32(before / means[name]), bias / np.float32(means[name])
        before = means[name]
    return scaled


@lru_cache
def fastest_precision() -> str:
    """Return the arithmetic that runs this network fastest here: "bfloat16" or "float16" where it pays, else "float32".

    GPUs are asked for their compute capability; on a CPU one convolution is timed, because bfloat16 is three times
    slower where the processor only emulates it. The environment variable NST_PRECISION overrides the choice.
    """
    if forced := os.environ.get("NST_PRECISION"):
        return forced
    if gpus := tf.config.list_physical_devices("GPU"):
        capability = tf.config.experimental.get_device_details(gpus[0]).get("compute_capability", (0, 0))
        return "bfloat16" if capability >= (8, 0) else "float16" if capability >= (7, 0) else "float32"
    try:
        return "bfloat16" if _convolution_seconds("bfloat16") < 0.8 * _convolution_seconds("float32") else "float32"
    except tf.errors.OpError:
        return "float32"


def _convolution_seconds(precision: str) -> float:
    x, kernel = tf.ones([1, 64, 64, 128], precision), tf.ones([3, 3, 128, 128], precision)
    seconds = []
    for _ in range(4):
        start = time.perf_counter()
        tf.nn.conv2d(x, kernel, 1, "SAME").numpy()
        seconds.append(time.perf_counter() - start)
    return min(seconds)


for _gpu in tf.config.list_physical_devices("GPU"):
    try:
        tf.config.experimental.set_memory_growth(_gpu, True)
    except RuntimeError:  # TensorFlow is already using it
        pass
