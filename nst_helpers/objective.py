"""What is minimised: how far an image is from a content, from a style, and from being smooth."""

import copy
from collections.abc import Callable, Hashable, Sequence
from functools import lru_cache, partial
from hashlib import sha256
from typing import Any

import numpy as np
import tensorflow as tf

from . import losses
from .regions import carried, position_weights
from .settings import Settings
from .vgg import FeatureExtractor

LOSS_SCALE = 1024.0
"""Lifts float16 gradients above the smallest number that float16 can hold."""

KEPT = 16
"""For how many sizes and settings a network keeps what has been compiled and measured; a run has about five sizes."""

Given = tuple[
    dict[str, tf.Tensor],
    list[dict[str, tf.Tensor | losses.Gaussian]],
    list[dict[str, tuple[tf.Tensor | None, tf.Tensor | None]]],
]
"""Content layer to its features; for each region, style layer to its target, and to its positions' weights and share of
the picture, None for all of it."""

# AutoGraph's search for Python ifs and loops over tensors, of which there are none, takes longer than all the tracing.
compiled = partial(tf.function, autograph=False)


class Objective:
    """The losses of images of one size, and the gradient of their weighted total.

    A subclass may override `statistic` to compare another statistic of the style, as notebooks/10_do_we_need_gram does.

    Args:
        content: `[1, H, W, 3]`, 0..1, of the size of the images to evaluate.
        styles: images `[1, h, w, 3]`, 0..1.
        settings: of the run; its α, β, γ and style layers' weights are not used, since `evaluate` gets them.
        features: VGG19, with the run's layers.
        masks: where the styles are painted, `[H, W]`, 0..1: none for everywhere, one for all of them, or one for each.
            A style's weight is its region's share of the picture.
        style_masks: the part of each style image to learn from, `[h, w]`, 0..1; None for all of it.

    Source: regions after Gatys, Ecker, Bethge, Hertzmann & Shechtman 2017. Built in notebooks/05_the_loop.
    """

    def __init__(
        self,
        content: tf.Tensor,
        styles: Sequence[tf.Tensor],
        settings: Settings,
        features: FeatureExtractor,
        masks: Sequence[tf.Tensor] = (),
        style_masks: Sequence[tf.Tensor | None] = (),
    ):
        self.settings, self.features = settings, features
        self._shared = self._without_pictures(content.shape) if type(self) is Objective else None
        self._content = self._compiler._content_features(content)
        pairs = zip(styles, style_masks or [None] * len(styles), strict=True)
        self._of_each = [self._measured(style, mask) for style, mask in pairs]
        layers = settings.style_layers
        self._regions = [
            {layer: position_weights(seen) for layer, seen in carried(mask, layers).items()} for mask in masks
        ] or [dict.fromkeys(layers, (None, None))]
        blended = self._blended(settings.style_weights)
        self._targets = [{layer: _held(target) for layer, target in targets.items()} for targets in blended]
        self._given: Given = self._content, self._targets, self._regions

    def evaluate(self, image: tf.Tensor, weights: tf.Tensor, layer_weights: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Return the losses at an image, and the gradient `[1, H, W, 3]` of their weighted total.

        Args:
            image: `[1, H, W, 3]`, 0..1.
            weights: α, β and γ. A tensor, since each new Python float would compile the function again.
            layer_weights: one for each style layer, as a tensor for the same reason.

        Returns:
            In one vector the total, content, style and total variation loss and each style layer's term; the gradient.
        """
        return self._compiler._evaluate(image, weights, layer_weights, self._given)

    def blend(self, style_weights: Sequence[float]) -> None:
        """Change the weights of the blended styles; nothing is compiled again."""
        new = self._blended(style_weights)
        for variable, value in zip(tf.nest.flatten(self._targets), tf.nest.flatten(new), strict=True):
            variable.assign(value)

    def terms(self, image: tf.Tensor) -> tuple[tf.Tensor, list[tf.Tensor], tf.Tensor]:
        """Return the unweighted losses at an image `[1, H, W, 3]`: content, each style layer's, total variation."""
        return self._terms(image, self._given)

    def gradients(self, image: tf.Tensor) -> list[tf.Tensor]:
        """Return the gradient `[1, H, W, 3]` of each unweighted loss, in the order of `terms`."""
        return self._compiler._gradients(image, self._given)

    def statistic(self, features: tf.Tensor, weights: tf.Tensor | None = None) -> tf.Tensor | losses.Moments:
        """Return what is to match between style and image, of a layer's features `[1, h, w, C]`.

        `weights`, `[h, w]` with the sum 1, are those of the positions if there are masks.
        """
        if self.settings.style_distance == "wasserstein":
            return losses.moments(features, weights)
        return losses.gram_matrix(features, weights=weights, reduction=self.settings.reduction)

    @property
    def _compiler(self) -> "Objective":
        return self._shared or self

    def _without_pictures(self, shape: Sequence[int]) -> "Objective":
        """Return the objective that compiles for all of this shape with the same settings, whatever their pictures.

        Compiling takes as long as several steps, and a learner starts run after run with other pictures or weights.
        """
        key = (*shape, *self.settings.content_layers.items(), *self._comparison)
        return _kept(self.features.compiled, key, lambda: copy.copy(self))

    def _measured(self, style: tf.Tensor, mask: tf.Tensor | None) -> dict[str, tf.Tensor | losses.Moments]:
        """Return a style's statistics; runs with the same network measure the same picture only once."""
        if not self._shared or mask is not None:
            return self._compiler._statistics(style, mask)
        key = (sha256(np.asarray(style)).digest(), *style.shape, *self._comparison)
        return _kept(self.features.measured, key, lambda: self._shared._statistics(style, None))

    @property
    def _comparison(self) -> tuple[Hashable, ...]:
        """What decides, beside the network, how styles are compared."""
        s, network = self.settings, self.features
        return (*s.style_layers, s.style_distance, s.reduction, network.border, *network.gains.values())

    @compiled
    def _evaluate(
        self, image: tf.Tensor, weights: tf.Tensor, layer_weights: tf.Tensor, given: Given
    ) -> tuple[tf.Tensor, tf.Tensor]:
        with tf.GradientTape() as tape:
            tape.watch(image)
            values, scaled = self._weighted(self._terms(image, given), weights, layer_weights)
        return values, tape.gradient(scaled, image) / self._scale

    @compiled
    def _gradients(self, image: tf.Tensor, given: Given) -> list[tf.Tensor]:
        with tf.GradientTape(persistent=True) as tape:
            tape.watch(image)
            content, style, variation = self._terms(image, given)
            scaled = [term * self._scale for term in (content, *style, variation)]
        return [tape.gradient(term, image) / self._scale for term in scaled]

    def _terms(self, image: tf.Tensor, given: Given) -> tuple[tf.Tensor, list[tf.Tensor], tf.Tensor]:
        s, features = self.settings, self.features(image)
        content, _, regions = given
        content_losses = [
            weight * losses.content_loss(content[layer], features[layer], reduction=s.reduction)
            for layer, weight in s.content_layers.items()
        ]
        style = [
            self._style_term(layer, [self.statistic(features[layer], each[layer][0]) for each in regions], given)
            for layer in s.style_layers
        ]
        return tf.add_n(content_losses), style, losses.total_variation_loss(image, reduction=s.reduction)

    @property
    def _scale(self) -> float:
        return LOSS_SCALE if self.features.precision == "float16" else 1.0

    def _weighted(
        self, terms: tuple[tf.Tensor, list[tf.Tensor], tf.Tensor], weights: tf.Tensor, layer_weights: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """Return the losses as `evaluate` does, and the total scaled for its gradient."""
        content, layers, tv = terms
        alpha, beta, gamma = tf.unstack(weights)
        style = tf.reduce_sum(layer_weights * layers)
        total = alpha * content + beta * style + gamma * tv
        return tf.stack([total, content, style, tv, *layers]), total * self._scale

    def _style_term(self, layer: str, statistics: Sequence[tf.Tensor | losses.Moments], given: Given) -> tf.Tensor:
        """Return a layer's term from the image's statistic in each region."""
        unit = losses.style_unit(layer, self.settings.style_distance) if self.settings.reduction == "mean" else 1.0
        _, targets, regions = given
        terms = []
        for target, region, statistic in zip(targets, regions, statistics, strict=True):
            distance, share = self._distance(target[layer], statistic), region[layer][1]
            terms.append(distance if share is None else share * distance)
        return tf.add_n(terms) / unit

    def _blended(self, style_weights: Sequence[float]) -> list[dict[str, tf.Tensor | losses.Gaussian]]:
        """Return layer to target for each region: of one style each, or of the mean of all styles' statistics."""
        if len(self._regions) > 1 or len(self._of_each) == 1:
            means = self._of_each
        else:
            shares = style_weights or [1 / len(self._of_each)] * len(self._of_each)

            def mean(*each):
                return tf.add_n([share * x for share, x in zip(shares, each, strict=True)])

            means = [tf.nest.map_structure(mean, *self._of_each)]
        return [{layer: self._target(statistic) for layer, statistic in mean.items()} for mean in means]

    def _target(self, statistic: tf.Tensor | losses.Moments) -> tf.Tensor | losses.Gaussian:
        return _gaussian(*(each.ref() for each in statistic)) if isinstance(statistic, losses.Moments) else statistic

    def _distance(self, target: tf.Tensor | losses.Gaussian, statistic: tf.Tensor | losses.Moments) -> tf.Tensor:
        if isinstance(target, losses.Gaussian):
            return losses.wasserstein_loss(target, statistic)
        return losses.gram_loss(target, statistic, reduction=self.settings.reduction)

    @compiled
    def _content_features(self, content: tf.Tensor) -> dict[str, tf.Tensor]:
        features = self.features(content)
        return {layer: features[layer] for layer in self.settings.content_layers}

    @compiled
    def _statistics(self, style: tf.Tensor, mask: tf.Tensor | None) -> dict[str, tf.Tensor | losses.Moments]:
        features, layers = self.features(style), self.settings.style_layers
        if mask is None:
            return {layer: self.statistic(features[layer]) for layer in layers}
        seen = carried(mask, layers)
        return {layer: self.statistic(features[layer], position_weights(seen[layer])[0]) for layer in layers}


def _kept(store: dict[Hashable, Any], key: Hashable, make: Callable[[], Any]) -> Any:
    """Return what a store has under a key, made if need be; the oldest goes if there are too many."""
    found = store.get(key)
    if found is None:
        while len(store) >= KEPT:
            store.pop(next(iter(store)), None)
        found = store.setdefault(key, make())
    return found


@lru_cache(maxsize=5 * KEPT)
def _gaussian(mean: Any, second: Any) -> losses.Gaussian:
    """Return the Gaussian of moments, which are given by reference: it takes longer than to measure them."""
    return losses.gaussian(losses.Moments(mean.deref(), second.deref()))


def _held(target: tf.Tensor | losses.Gaussian) -> tf.Variable | losses.Gaussian:
    """Return a target in variables; how many directions a Gaussian's root has depends on the picture and the blend."""
    if isinstance(target, losses.Gaussian):
        root = tf.Variable(target.root, trainable=False, shape=[target.root.shape[0], None])
        return losses.Gaussian(tf.Variable(target.mean, trainable=False), root)
    return tf.Variable(target, trainable=False)
