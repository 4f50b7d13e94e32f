"""The objective of a picture too large for memory: the same losses and the same gradient, tile by tile."""

from collections.abc import Mapping, Sequence
from functools import reduce
from typing import NamedTuple

import tensorflow as tf

from .layers import CHANNELS, smallest_side
from .losses import Moments, moments, total_variation_loss
from .machine.grid import Span, cut
from .objective import Objective, compiled
from .regions import carried, position_weights
from .settings import Settings
from .vgg import FeatureExtractor

Sums = tuple[tf.Tensor, dict[str, list[Moments]]]
"""A content loss, and each style layer's moments in each region, of an image or of one tile of it."""

OfTile = tuple[Mapping[str, Sequence[tf.Tensor]], Mapping[str, tuple[tf.Tensor, tf.Tensor]]]
"""Style layer to the weights of a tile's positions in each region; content layer to its target and their weights."""


class Tile(NamedTuple):
    """A part of a picture, and what it sees beyond that in its neighbours' parts."""

    rows: Span
    columns: Span

    @property
    def seen(self) -> tuple[slice, slice, slice]:
        """The slices of an image `[1, H, W, 3]` that it sees."""
        return slice(None), *(slice(span.start, span.stop) for span in self)

    def own(self, weights: tf.Tensor, layer: str) -> tf.Tensor:
        """Return the weights `[h, w]` of a layer's positions that it sees, 0 outside its own part."""
        down, across = (Span(*(pixels // smallest_side([layer]) for pixels in span)) for span in self)
        part = weights[down.begin : down.end, across.begin : across.end]
        return tf.pad(part, [(span.begin - span.start, span.stop - span.end) for span in (down, across)])


class TiledObjective(Objective):
    """An `Objective` that holds the network's activations of only one tile in memory at a time.

    A first pass adds up each tile's content loss and style layers' moments. From the sums follow the losses and their
    gradient with respect to the sums; a second pass propagates that back to each tile's pixels. This takes up to one
    and a half times as long, plus the time for the overlap of the tiles.

    Args:
        content, styles, settings, features, masks, style_masks: as `Objective` takes them.
        pixels: the most that a tile may have; a larger style is cut too.

    Source: Galerne, Raad, Lezama & Morel 2022, for Gram matrices.
    """

    def __init__(
        self,
        content: tf.Tensor,
        styles: Sequence[tf.Tensor],
        settings: Settings,
        features: FeatureExtractor,
        masks: Sequence[tf.Tensor] = (),
        style_masks: Sequence[tf.Tensor | None] = (),
        *,
        pixels: float,
    ):
        self._pixels, self.settings = pixels, settings
        self.tiles = self._cut(content)
        super().__init__(content, styles, settings, features, masks or [tf.ones(content.shape[1:3])], style_masks)
        weights = {layer: [region[layer][0] for region in self._regions] for layer in settings.style_layers}
        self._of_tiles = [(_own(tile, weights), each) for tile, each in zip(self.tiles, self._content, strict=True)]
        nothing = {layer: Moments(*(tf.zeros([CHANNELS[layer]] * rank) for rank in (1, 2))) for layer in weights}
        self._nothing = tf.constant(0.0), {layer: [each] * len(self._regions) for layer, each in nothing.items()}

    def evaluate(self, image: tf.Tensor, weights: tf.Tensor, layer_weights: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Return the losses and the gradient of their weighted total, as `Objective` does."""
        (last, given), *others = zip(self.tiles, self._of_tiles, strict=True)
        sums = reduce(_plus, (self._sums(image[tile.seen], *each) for tile, each in others), self._nothing)
        # The last tile of the first pass is the first of the second: its features are computed only once.
        values, slopes, gradient, part = self._losses(image, image[last.seen], given, sums, weights, layer_weights)
        gradient = gradient.numpy()
        gradient[last.seen] += part.numpy()
        for tile, each in others:
            gradient[tile.seen] += self._gradient(image[tile.seen], each, slopes).numpy()
        return values, tf.constant(gradient / self._scale)

    def terms(self, image: tf.Tensor) -> tuple[tf.Tensor, list[tf.Tensor], tf.Tensor]:
        """Return the unweighted losses, as `Objective` does; a tape would hold all tiles' activations."""
        parts = (self._sums(image[tile.seen], *each) for tile, each in zip(self.tiles, self._of_tiles, strict=True))
        return self._losses_of(image, reduce(_plus, parts))

    def gradients(self, image: tf.Tensor) -> list[tf.Tensor]:
        """Return each loss's gradient, as `Objective` does, one after another: a tape would hold all tiles."""
        alpha, beta, gamma = tf.eye(3)
        layers = tf.eye(len(self.settings.style_layers))
        none = tf.zeros_like(layers[0])
        weights = [(alpha, none), *((beta, layer) for layer in layers), (gamma, none)]
        return [self.evaluate(image, *each)[1] for each in weights]

    @compiled
    def _losses(
        self,
        image: tf.Tensor,
        piece: tf.Tensor,
        given: OfTile,
        sums: Sums,
        weights: tf.Tensor,
        layer_weights: tf.Tensor,
    ) -> tuple[tf.Tensor, Sums, tf.Tensor, tf.Tensor]:
        """Return the losses from a tile and the others' sums; the total's gradient by the sums, image and tile."""
        with tf.GradientTape() as tape:
            tape.watch((sums, image, piece))
            terms = self._losses_of(image, _plus(sums, self._sums(piece, *given)))
            values, scaled = self._weighted(terms, weights, layer_weights)
        return values, *tape.gradient(scaled, (sums, image, piece), unconnected_gradients="zero")

    @compiled
    def _gradient(self, piece: tf.Tensor, given: OfTile, slopes: Sums) -> tf.Tensor:
        """Return the total's gradient by a tile's pixels, from its gradient by the sums."""
        with tf.GradientTape() as tape:
            tape.watch(piece)
            part = self._sums(piece, *given)
        return tape.gradient(part, piece, slopes)

    def _losses_of(self, image: tf.Tensor, sums: Sums) -> tuple[tf.Tensor, list[tf.Tensor], tf.Tensor]:
        s, (content, found) = self.settings, sums
        style = [
            self._style_term(layer, list(map(self._of_moments, found[layer])), self._given) for layer in s.style_layers
        ]
        return content, style, total_variation_loss(image, reduction=s.reduction)

    def _of_moments(self, found: Moments) -> tf.Tensor | Moments:
        """Return what `statistic` returns for features with these moments."""
        if self.settings.style_distance == "wasserstein":
            return found
        return found.second[None] / (found.mean.shape[0] if self.settings.reduction == "mean" else 1)

    @compiled
    def _sums(self, piece: tf.Tensor, weights: Mapping, content: Mapping) -> Sums:
        """Return what a tile `[1, h, w, 3]` adds to the sums."""
        features, loss = self.features(piece), tf.constant(0.0)
        for layer, (target, own) in content.items():
            difference = tf.cast(features[layer], tf.float32) - tf.cast(target, tf.float32)
            loss += self.settings.content_layers[layer] * 0.5 * tf.reduce_sum(own[..., None] * difference**2)
        return loss, {layer: [moments(features[layer], w) for w in each] for layer, each in weights.items()}

    def _content_features(self, content: tf.Tensor) -> list[dict[str, tuple[tf.Tensor, tf.Tensor]]]:
        """Return, for each tile, layer to the content's features there and the weights of the squared differences."""
        features_of, counts = super()._content_features, {}
        for layer in self.settings.content_layers:
            height, width = (side // smallest_side([layer]) for side in content.shape[1:3])
            numbers = height * width * CHANNELS[layer] if self.settings.reduction == "mean" else 1
            counts[layer] = tf.fill([height, width], 1 / numbers)
        found = []
        for tile in self.tiles:
            features = features_of(content[tile.seen])
            found.append({layer: (each, tile.own(counts[layer], layer)) for layer, each in features.items()})
        return found

    def _statistics(self, style: tf.Tensor, mask: tf.Tensor | None) -> dict[str, tf.Tensor | Moments]:
        mask = tf.ones(style.shape[1:3]) if mask is None else mask
        seen = carried(mask, self.settings.style_layers)
        weights = {layer: [position_weights(each)[0]] for layer, each in seen.items()}
        parts = (self._sums(style[tile.seen], _own(tile, weights), {}) for tile in self._cut(style))
        _, found = reduce(_plus, parts)
        return {layer: self._of_moments(each) for layer, [each] in found.items()}

    def _cut(self, picture: tf.Tensor) -> list[Tile]:
        return [Tile(*spans) for spans in cut(picture.shape, self.settings.layers, self._pixels)]


def _own(tile: Tile, weights: Mapping[str, Sequence[tf.Tensor]]) -> dict[str, list[tf.Tensor]]:
    return {layer: [tile.own(each, layer) for each in of_regions] for layer, of_regions in weights.items()}


def _plus(some: Sums, more: Sums) -> Sums:
    return tf.nest.map_structure(tf.add, some, more)
