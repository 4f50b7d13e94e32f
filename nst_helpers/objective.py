"""What is minimised: how far an image of one size is from a content, from a style, and from being smooth."""

from collections.abc import Iterable, Sequence
from math import prod

import numpy as np
import tensorflow as tf

from .layers import CONV_LAYERS
from .losses import (
    Gaussian,
    Moments,
    content_loss,
    gaussian,
    gram_loss,
    gram_matrix,
    moments,
    style_unit,
    total_variation_loss,
    wasserstein_loss,
)
from .settings import Settings
from .vgg import FeatureExtractor

LOSS_SCALE = 1024.0
"""Lifts float16 gradients above the smallest number that float16 can hold."""


class Objective:
    """The losses of images of one size, and the gradient of their weighted total.

    A subclass may compare another statistic of the style by `statistic`, as notebooks/10_do_we_need_gram does.

    Args:
        content: `[1, H, W, 3]`, 0..1, of the size of the images to come.
        styles: images `[1, h, w, 3]`, 0..1; the mean of their statistics is what is aimed at.
        settings: of the run. Of its weights nothing is kept here.
        features: VGG19, with the run's layers.

    `evaluate(image, (α, β, γ), style layers' weights)` returns the total, content, style and total variation loss and
    each style layer's term, one after another, and the gradient `[1, H, W, 3]` of the total. The weights come as
    tensors: as Python floats each new value would be compiled into a function of its own.

    Built in notebooks/05_the_loop.
    """

    def __init__(self, content: tf.Tensor, styles: Sequence[tf.Tensor], settings: Settings, features: FeatureExtractor):
        self.settings, self.features = settings, features
        # AutoGraph would rewrite Python's ifs and loops over tensors; here are none, and to look for them takes longer
        # than all the tracing.
        self._content = tf.function(self._content_features, autograph=False)(content)
        of_each = [tf.function(self._statistics, autograph=False)(style) for style in styles]
        blended = tf.nest.map_structure(lambda *each: tf.add_n(each) / len(each), *of_each)
        self._targets = {layer: self._target(statistic) for layer, statistic in blended.items()}
        self.evaluate = tf.function(self._losses_and_gradient, autograph=False)

    def terms(self, image: tf.Tensor) -> tuple[tf.Tensor, list[tf.Tensor], tf.Tensor]:
        """Return the unweighted losses at an image `[1, H, W, 3]`: content, each style layer's, total variation."""
        s = self.settings
        features = self.features(image)
        content = content_loss(self._content, features[s.content_layer], reduction=s.reduction)
        style = []
        for layer, target in self._targets.items():
            unit = style_unit(layer, s.style_distance) if s.reduction == "mean" else 1.0
            style.append(self._distance(target, self.statistic(features[layer])) / unit)
        return content, style, total_variation_loss(image, reduction=s.reduction)

    def statistic(self, features: tf.Tensor) -> tf.Tensor | Moments:
        """Return what is to be alike in style and image at a layer `[1, h, w, C]`."""
        if self.settings.style_distance == "wasserstein":
            return moments(features)
        return gram_matrix(features, reduction=self.settings.reduction)

    def _target(self, statistic: tf.Tensor | Moments) -> tf.Tensor | Gaussian:
        return gaussian(statistic) if isinstance(statistic, Moments) else statistic

    def _distance(self, target: tf.Tensor | Gaussian, statistic: tf.Tensor | Moments) -> tf.Tensor:
        if isinstance(target, Gaussian):
            return wasserstein_loss(target, statistic)
        return gram_loss(target, statistic, reduction=self.settings.reduction)

    def _content_features(self, content: tf.Tensor) -> tf.Tensor:
        return self.features(content)[self.settings.content_layer]

    def _statistics(self, style: tf.Tensor) -> dict[str, tf.Tensor | Moments]:
        features = self.features(style)
        return {layer: self.statistic(features[layer]) for layer in self.settings.style_layers}

    def _losses_and_gradient(
        self, image: tf.Tensor, weights: tf.Tensor, layer_weights: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor]:
        alpha, beta, gamma = tf.unstack(weights)
        with tf.GradientTape() as tape:
            tape.watch(image)
            content, terms, tv = self.terms(image)
            style = tf.reduce_sum(layer_weights * terms)
            total = alpha * content + beta * style + gamma * tv
            scale = LOSS_SCALE if self.features.precision == "float16" else 1.0
            scaled = total * scale
        return tf.stack([total, content, style, tv, *terms]), tape.gradient(scaled, image) / scale


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
