"""The three losses of neural style transfer, and two ways to compare styles: by Gram matrix or by distribution."""

from collections.abc import Mapping
from typing import Literal, NamedTuple

import numpy as np
import tensorflow as tf

from .layers import LAYERS

Reduction = Literal["mean", "sum"]
StyleDistance = Literal["wasserstein", "squared"]

CONTRAST = 0.25
"""Standard deviation of a picture's pixels, 0..1: the unit in which "mean" measures differences between neighbours."""

LEAST_VARIANCE = 0.01
"""Share of the largest variance below which `gaussian` leaves a direction out."""

_PULL = {  # convolution: typical gradient of its Wasserstein distance, of its squared Gram distance
    "block1_conv1": (27.8, 0.0193),
    "block1_conv2": (21.1, 0.015),
    "block2_conv1": (24.9, 0.00296),
    "block2_conv2": (66.2, 0.00548),
    "block3_conv1": (84.4, 0.00263),
    "block3_conv2": (65.2, 0.00191),
    "block3_conv3": (41.7, 0.00137),
    "block3_conv4": (71.3, 0.00223),
    "block4_conv1": (94.9, 0.000724),
    "block4_conv2": (165, 0.00089),
    "block4_conv3": (212, 0.000646),
    "block4_conv4": (766, 0.0025),
    "block5_conv1": (612, 0.00274),
    "block5_conv2": (1190.0, 0.00727),
    "block5_conv3": (1940.0, 0.0195),
    "block5_conv4": (11700.0, 0.731),
}
TYPICAL_PULL = {
    distance: {layer: pulls[i] for layer, pulls in _PULL.items()}
    for i, distance in enumerate(("wasserstein", "squared"))
}
"""Distance to layer to the length of its gradient at a photograph, by `typical_pulls` over data/ at 384 px."""

STYLE_SCALE = {"wasserstein": 205.0, "squared": 40.0}
"""Distance to the factor that makes α : β : γ = 1 : 10000 : 10 a good start; squared differences fall faster."""

DEPTH = 1.25
"""Factor by which the Wasserstein distance counts less from one block to the next."""


def gram_matrix(features: tf.Tensor, *, weights: tf.Tensor | None = None, reduction: Reduction = "mean") -> tf.Tensor:
    """Return how strongly every two channels are active at the same positions: FᵀF / (H·W·C).

    Args:
        features: `[B, H, W, C]`, the activations of one layer.
        weights: of each position, `[H, W]`, with the sum 1, in place of 1 / (H·W).
        reduction: "mean" divides by H·W·C, "sum" by H·W alone (the literal form).

    Returns:
        float32 `[B, C, C]`, symmetric, in units of squared activations.

    Source: Gatys, Ecker & Bethge 2016, equation 3; weights after Gatys et al. 2017, section 3.
    Built in notebooks/02_gram_matrices.
    """
    _, height, width, channels = features.shape
    if weights is not None:
        second = moments(features, weights).second[None]
        return second / channels if reduction == "mean" else second
    divisor = height * width * (channels if reduction == "mean" else 1)
    if features.dtype == tf.float16:  # its largest number, 65504, is smaller than such sums
        features = _float32(features)

    @tf.custom_gradient
    def gram(f):  # f: (B, H·W, C)
        # FᵀF is symmetric, so one matrix product is enough; TensorFlow's own gradient takes two.
        def gradient(d_gram):  # (B, C, C)
            symmetric = d_gram + tf.linalg.matrix_transpose(d_gram)
            return f @ tf.cast(symmetric / divisor, f.dtype)

        return tf.cast(tf.matmul(f, f, transpose_a=True), tf.float32) / divisor, gradient

    return gram(tf.reshape(features, [-1, height * width, channels]))


def content_loss(content: tf.Tensor, generated: tf.Tensor, *, reduction: Reduction = "mean") -> tf.Tensor:
    """Return half the squared difference of two layers' activations: ½ mean (C - G)², or literally ½ Σ (C - G)².

    Args:
        content, generated: `[1, h, w, C]`, the two images' activations of the content layer.
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
        layer_weights: layer name to w_l, 1 by default.
        reduction: "mean" or "sum" within a layer, the same as for the Gram matrices.

    Returns:
        float32 scalar, at least 0.

    Source: Gatys, Ecker & Bethge 2016, equations 4 and 5. Built in notebooks/03_texture_from_noise.
    """
    weights = layer_weights or dict.fromkeys(style, 1.0)
    terms = [weights[layer] * gram_loss(style[layer], generated[layer], reduction=reduction) for layer in style]
    return tf.add_n(terms)


def gram_loss(style: tf.Tensor, generated: tf.Tensor, *, reduction: Reduction = "mean") -> tf.Tensor:
    """Return one layer's style term, mean (S - G)² or literally Σ (S - G)², of two Gram matrices `[1, C, C]`.

    Source: Gatys, Ecker & Bethge 2016, equation 4. Built in notebooks/03_texture_from_noise.
    """
    return _reduce(tf.square(_float32(generated) - _float32(style)), reduction)


class Moments(NamedTuple):
    """The mean activation of each channel, `[C]`, and the mean product of every two, `[C, C]`, float32."""

    mean: tf.Tensor
    second: tf.Tensor


def moments(features: tf.Tensor, weights: tf.Tensor | None = None) -> Moments:
    """Return the first two moments of a layer's activations over all positions: the mean, and FᵀF / (H·W).

    Args:
        features: `[1, H, W, C]`, the activations.
        weights: of each position, `[H, W]`, with the sum 1; equal by default.

    Source: Li, Wang, Liu & Hou 2017 for style as a distribution of activations.
    """
    _, height, width, channels = features.shape
    if features.dtype == tf.float16:  # as in gram_matrix
        features = _float32(features)
    if weights is None:
        most, counts = 1 / (height * width), tf.ones([height, width], features.dtype)
    else:  # scaled to 0..1, whose ends bfloat16 and float16 represent exactly
        most = tf.reduce_max(weights)
        counts = tf.cast(tf.math.divide_no_nan(weights, most), features.dtype)

    def counted(flat):
        return flat if weights is None else flat * tf.reshape(counts, [-1, 1])

    @tf.custom_gradient
    def both(f):  # (H, W, C)
        flat = tf.reshape(f, [-1, channels])

        def gradient(d_mean, d_second):
            symmetric = tf.cast((d_second + tf.transpose(d_second)) * most, f.dtype)
            return tf.reshape(counted(flat @ symmetric + tf.cast(d_mean * most, f.dtype)), f.shape)

        # A matrix product sums the rows in a third of the time that a float32 sum takes.
        rows = tf.matmul(counts[:, None], f)
        second = tf.matmul(flat, counted(flat), transpose_a=True)
        return (tf.reduce_sum(_float32(rows), axis=(0, 1)) * most, _float32(second) * most), gradient

    return Moments(*both(features[0]))


class Gaussian(NamedTuple):
    """A style layer's mean `[C]`, and a square root `[C, r]` of its covariance along its r strongest directions."""

    mean: tf.Tensor
    root: tf.Tensor


def gaussian(style: Moments) -> Gaussian:
    """Return the Gaussian with these moments.

    Directions whose variance is below LEAST_VARIANCE times the largest are left out, which makes the distance cheap.
    """
    mean, second = (tf.cast(each, tf.float64) for each in style)
    # NumPy's eigh takes seconds while another program uses a core.
    variances, directions = (each.numpy() for each in tf.linalg.eigh(second - mean[:, None] * mean))
    kept = variances > max(LEAST_VARIANCE * variances[-1], 1e-12)
    kept[-1] = True  # at least one, even if nothing varies
    root = directions[:, kept] * np.sqrt(np.maximum(variances[kept], 1e-12))
    return Gaussian(_float32(mean), tf.constant(root, tf.float32))


def wasserstein_loss(style: Gaussian, generated: Moments) -> tf.Tensor:
    """Return one layer's style term as the squared Wasserstein-2 distance of two Gaussians, divided by C.

    (‖μ - μ_s‖² + tr Σ + tr Σ_s - 2 tr (Lᵀ Σ L)^½) / C, where Σ_s = L Lᵀ. It compares the same statistics as
    `gram_loss` and the means, but by standard deviations instead of variances, so that fine lines and rare colours,
    which vary little, count too.

    Args:
        style: what `gaussian` returns.
        generated: what `moments` returns.

    Returns:
        float32 scalar, at least 0 up to rounding.

    Source: Dowson & Landau 1982 for the distance; its gradient in Σ is I - L (Lᵀ Σ L)^-½ Lᵀ.
    Built in notebooks/09_better_and_faster.
    """

    @tf.custom_gradient
    def distance(mean, second):  # (C), (C, C)
        root, channels = style.root, mean.shape[0]
        covariance = second - mean[:, None] * mean
        values, vectors = tf.linalg.eigh(tf.matmul(root, covariance @ root, transpose_a=True))
        deviations = tf.sqrt(tf.maximum(values, 1e-6 * values[-1] + 1e-20))
        shift = mean - style.mean
        total = tf.reduce_sum(shift**2) + tf.linalg.trace(covariance) + tf.reduce_sum(root**2)

        def gradient(upstream):
            inverse = tf.matmul(vectors / deviations, vectors, transpose_b=True)
            by_covariance = tf.eye(channels) - tf.matmul(root @ inverse, root, transpose_b=True)
            by_mean = 2 * (shift - tf.linalg.matvec(by_covariance, mean))
            return upstream * by_mean / channels, upstream * by_covariance / channels

        return (total - 2 * tf.reduce_sum(deviations)) / channels, gradient

    return distance(generated.mean, generated.second)


def style_unit(layer: str, distance: StyleDistance) -> float:
    """Return what a layer's distance is divided by: STYLE_SCALE times the typical length of its gradient.

    The gradient with respect to a photograph's pixels has a different length for each layer and distance. Divided by
    it, all layers pull equally when a run starts at 384 px; at smaller sizes block5, with few positions, pulls harder.
    The Wasserstein distance is divided by DEPTH once more per block, since people prefer pictures in which palette and
    brushwork count a little more than motifs. Pools take the unit of the convolution before them.

    Built in notebooks/04_three_losses.
    """
    layer = layer if "conv" in layer else LAYERS[LAYERS.index(layer) - 1]
    depth = DEPTH ** (int(layer[5]) - 3) if distance == "wasserstein" else 1.0
    return STYLE_SCALE[distance] * TYPICAL_PULL[distance][layer] * depth


def total_variation_loss(image: tf.Tensor, *, reduction: Reduction = "mean") -> tf.Tensor:
    """Return the squared differences between neighbouring pixels: mean down + mean across, or literally their sum.

    Args:
        image: float32 `[1, H, W, 3]`, 0..1.
        reduction: "mean" is comparable across sizes, in units of a picture's contrast: 1 / 0.25² = 16 times what it
            is in units of the 0..1 range; "sum" is in the latter, and grows with the number of pixels.

    Returns:
        float32 scalar, at least 0.

    Source: Mahendran & Vedaldi 2015, equation 3 with β = 2. Built in notebooks/04_three_losses.
    """
    down, across = _differences(image, axis=1), _differences(image, axis=2)
    unit = CONTRAST if reduction == "mean" else 1.0
    return _reduce(tf.square(down / unit), reduction) + _reduce(tf.square(across / unit), reduction)


def _differences(image: tf.Tensor, axis: int) -> tf.Tensor:
    """Return each pixel minus the one before, by tf.split, since slices have a slow gradient."""
    last = image.shape[axis] - 1
    _, after = tf.split(image, [1, last], axis)
    before, _ = tf.split(image, [last, 1], axis)
    return after - before


def _reduce(values: tf.Tensor, reduction: Reduction) -> tf.Tensor:
    total = tf.reduce_sum(values)
    return total if reduction == "sum" else total / max(values.shape.num_elements(), 1)


def _float32(values) -> tf.Tensor:
    return tf.cast(values, tf.float32)
