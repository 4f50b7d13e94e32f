"""How the method's tables of constants were measured: MEAN_ACTIVATION, AVERAGE_GAIN and TYPICAL_PULL."""

from collections.abc import Iterable, Sequence
from math import prod

import numpy as np
import tensorflow as tf

from nst_helpers.layers import CONV_LAYERS, LAYERS
from nst_helpers.losses import gaussian, gram_loss, gram_matrix, moments, wasserstein_loss
from nst_helpers.vgg import AVERAGE_GAIN, FeatureExtractor, Pooling


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


def typical_pulls(
    photographs: Iterable[np.ndarray], paintings: Iterable[np.ndarray], layers: Sequence[str] = CONV_LAYERS
) -> dict[str, dict[str, float]]:
    """Return distance to layer to the mean length of its gradient at the photographs: how TYPICAL_PULL was made.

    Each photograph `[1, H, W, 3]` is compared with one painting. The length is times √(3·H·W): the gradient of a mean
    over twice as many pixels is shorter by √2.
    """
    features = FeatureExtractor(layers)
    measured: dict[str, dict[str, list[float]]] = {}
    for photograph, painting in zip(photographs, paintings, strict=True):
        style, image = features(painting), tf.constant(photograph)
        with tf.GradientTape(persistent=True) as tape:
            tape.watch(image)
            found = features(image)
            distances = {
                "wasserstein": {n: wasserstein_loss(gaussian(moments(style[n])), moments(found[n])) for n in layers},
                "squared": {n: gram_loss(gram_matrix(style[n]), gram_matrix(found[n])) for n in layers},
            }
        for distance, by_layer in distances.items():
            for layer, value in by_layer.items():
                length = float(tf.norm(tape.gradient(value, image))) * prod(photograph.shape) ** 0.5
                measured.setdefault(distance, {}).setdefault(layer, []).append(length)
    return {
        name: {layer: float(np.mean(all)) for layer, all in by_layer.items()} for name, by_layer in measured.items()
    }
