"""The three losses of neural style transfer, the Gram matrix, and two ways to compare the statistics of a style."""

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
"""Distance to layer to the length of its gradient at a photograph: by `typical_pulls`, over data/ at 384 px."""

STYLE_SCALE = {"wasserstein": 200.0, "squared": 40.0}
"""Distance to what makes α : β : γ = 1 : 10000 : 10 a good beginning; squares fall faster on the way."""


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


class Moments(NamedTuple):
    """The mean activation of each channel, `[C]`, and the mean product of every two, `[C, C]`, float32."""

    mean: tf.Tensor
    second: tf.Tensor


def moments(features: tf.Tensor) -> Moments:
    """Return the first two moments of a layer's activations `[1, H, W, C]` over all positions.

    The second moment is the Gram matrix FᵀF / (H·W); together with the mean it gives the covariance.

    Source: Li, Wang, Liu & Hou 2017 for style as a distribution of activations.
    """
    _, height, width, channels = features.shape
    positions = height * width
    if features.dtype == tf.float16:  # as in gram_matrix, and both gradients in one go here
        features = _float32(features)

    @tf.custom_gradient
    def both(f):  # (H, W, C)
        flat = tf.reshape(f, [positions, channels])

        def gradient(d_mean, d_second):
            symmetric = tf.cast((d_second + tf.transpose(d_second)) / positions, f.dtype)
            return tf.reshape(flat @ symmetric + tf.cast(d_mean / positions, f.dtype), f.shape)

        # Rows are averaged by a matrix product, which takes a third of the time of a mean in float32.
        rows = tf.matmul(tf.ones([height, 1, width], f.dtype), f) / width
        second = _float32(tf.matmul(flat, flat, transpose_a=True)) / positions
        return (tf.reduce_mean(_float32(rows), axis=(0, 1)), second), gradient

    return Moments(*both(features[0]))


class Gaussian(NamedTuple):
    """A style layer's mean `[C]`, and a root `[C, r]` of its covariance along its r strongest directions."""

    mean: tf.Tensor
    root: tf.Tensor


def gaussian(style: Moments) -> Gaussian:
    """Return the Gaussian distribution with these moments, less the directions in which it hardly varies.

    Those are left out whose variance is below LEAST_VARIANCE times the largest; it makes the distance cheap.
    """
    mean, second = (tf.cast(each, tf.float64) for each in style)
    # NumPy's eigh would take seconds where another program has a core.
    variances, directions = (each.numpy() for each in tf.linalg.eigh(second - mean[:, None] * mean))
    kept = variances > max(LEAST_VARIANCE * variances[-1], 1e-12)
    kept[-1] = True  # where nothing varies there has to be one
    root = directions[:, kept] * np.sqrt(np.maximum(variances[kept], 1e-12))
    return Gaussian(_float32(mean), tf.constant(root, tf.float32))


def wasserstein_loss(style: Gaussian, generated: Moments) -> tf.Tensor:
    """Return one layer's style term as the squared Wasserstein-2 distance of two Gaussian distributions, over C.

    (‖μ - μ_s‖² + tr Σ + tr Σ_s - 2 tr (Lᵀ Σ L)^½) / C, where Σ_s = L Lᵀ. It compares what `gram_loss` compares, and
    the means, but standard deviations in the place of variances: fine lines and rare colours, which vary little,
    count beside what varies most.

    Args:
        style: what `gaussian` returns.
        generated: what `moments` returns.

    Returns:
        float32 scalar, at least 0 but for rounding.

    Source: Dowson & Landau 1982 for the distance. Its gradient by Σ is I - L (Lᵀ Σ L)^-½ Lᵀ.
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
    """Return what a layer's distance is divided by: STYLE_SCALE times the length that its gradient typically has.

    The gradient of a distance at a photograph, by the pixels, has another length at each layer and for each kind of
    distance. Divided by it, all layers pull equally when a run begins at 384 px; at smaller sizes block5, which has few
    positions there, pulls harder. Pools take the unit of the convolution before them.

    Built in notebooks/04_three_losses.
    """
    layer = layer if "conv" in layer else LAYERS[LAYERS.index(layer) - 1]
    return STYLE_SCALE[distance] * TYPICAL_PULL[distance][layer]


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
