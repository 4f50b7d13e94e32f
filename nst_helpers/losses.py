"""The three losses of neural style transfer, and the Gram matrix."""

from collections.abc import Mapping
from typing import Literal

import tensorflow as tf

Reduction = Literal["mean", "sum"]

CONTRAST = 0.25
"""Standard deviation of a picture's pixels, 0..1: the unit in which "mean" measures differences between neighbours."""


def gram_matrix(features: tf.Tensor, *, reduction: Reduction = "mean") -> tf.Tensor:
    """Return how strongly every two channels are active at the same places: FᵀF / (H·W·C).

    Args:
        features: `[B, H, W, C]`, the activations of one layer.
        reduction: "mean" divides by H·W·C, "sum" by H·W alone (the literal form).

    Returns:
        float32 `[B, C, C]`, symmetric, in units of squared activations.

    Source: Gatys, Ecker & Bethge 2016, equation 3. Built in notebooks/02_gram_matrices.
    """
    _, height, width, channels = features.shape
    divisor = height * width * (channels if reduction == "mean" else 1)
    if features.dtype == tf.float16:  # which ends at 65504, less than such sums reach
        features = _float32(features)

    @tf.custom_gradient
    def gram(f):  # f: (B, H·W, C)
        # The gradient takes one matrix product because FᵀF is symmetric; left to itself TensorFlow makes two.
        def gradient(d_gram):  # (B, C, C)
            symmetric = d_gram + tf.linalg.matrix_transpose(d_gram)
            return f @ tf.cast(symmetric / divisor, f.dtype)

        return tf.cast(tf.matmul(f, f, transpose_a=True), tf.float32) / divisor, gradient

    return gram(tf.reshape(features, [-1, height * width, channels]))


def content_loss(content: tf.Tensor, generated: tf.Tensor, *, reduction: Reduction = "mean") -> tf.Tensor:
    """Return half the squared difference of two layers' activations: ½ mean (C - G)², or literally ½ Σ (C - G)².

    Args:
        content, generated: `[1, h, w, C]`, the activations of the content layer for the two images.
        reduction: "mean" is comparable across sizes, "sum" grows with the number of pixels.

    Returns:
        float32 scalar, at least 0.

    Source: Gatys, Ecker & Bethge 2016, equation 1. Built in notebooks/04_three_losses.
    """
    return 0.5 * _reduce(tf.square(_float32(generated) - _float32(content)), reduction)


def style_loss(
    style: Mapping[str, tf.Tensor],
    generated: Mapping[str, tf.Tensor],
    *,
    layer_weights: Mapping[str, float] | None = None,
    reduction: Reduction = "mean",
) -> tf.Tensor:
    """Return the squared difference of the Gram matrices, summed over the layers: Σ_l w_l · mean (S_l - G_l)².

    Args:
        style, generated: layer name to Gram matrix `[1, C, C]`, as `gram_matrix` returns it.
        layer_weights: layer name to w_l; 1 for each layer when left out.
        reduction: "mean" or "sum" within a layer; take the same for the Gram matrices.

    Returns:
        float32 scalar, at least 0.

    Source: Gatys, Ecker & Bethge 2016, equations 4 and 5. Built in notebooks/03_texture_from_noise.
    """
    weights = layer_weights or dict.fromkeys(style, 1.0)
    return tf.add_n(
        [weights[layer] * gram_loss(style[layer], generated[layer], reduction=reduction) for layer in style]
    )


def gram_loss(style: tf.Tensor, generated: tf.Tensor, *, reduction: Reduction = "mean") -> tf.Tensor:
    """Return one layer's style term, mean (S - G)² or literally Σ (S - G)², of two Gram matrices `[1, C, C]`.

    Source: Gatys, Ecker & Bethge 2016, equation 4. Built in notebooks/03_texture_from_noise.
    """
    return _reduce(tf.square(_float32(generated) - _float32(style)), reduction)


def total_variation_loss(image: tf.Tensor, *, reduction: Reduction = "mean") -> tf.Tensor:
    """Return the squared differences between neighbouring pixels: mean down + mean across, or literally their sum.

    Args:
        image: float32 `[1, H, W, 3]`, 0..1.
        reduction: "mean" is comparable across sizes and measures differences in units of a picture's contrast, which
            makes it 1 / 0.25² = 16 times what it is in units of the 0..1 range; "sum" is in those, and grows with
            the number of pixels.

    Returns:
        float32 scalar, at least 0.

    Source: Mahendran & Vedaldi 2015, equation 3 with β = 2. Built in notebooks/04_three_losses.
    """
    down, across = _differences(image, axis=1), _differences(image, axis=2)
    unit = CONTRAST if reduction == "mean" else 1.0
    return _reduce(tf.square(down / unit), reduction) + _reduce(tf.square(across / unit), reduction)


def _differences(image: tf.Tensor, axis: int) -> tf.Tensor:
    """Return each pixel less the one before; by tf.split, because slices have a slow gradient."""
    last = image.shape[axis] - 1
    _, after = tf.split(image, [1, last], axis)
    before, _ = tf.split(image, [last, 1], axis)
    return after - before


def _reduce(values: tf.Tensor, reduction: Reduction) -> tf.Tensor:
    total = tf.reduce_sum(values)
    return total if reduction == "sum" else total / max(values.shape.num_elements(), 1)


def _float32(values) -> tf.Tensor:
    return tf.cast(values, tf.float32)
