"""The program that a reader builds in the exercises, one function a notebook: Gram matrices, three losses, plain Adam.

It works on the features of `nst_helpers.FeatureExtractor`, dicts from layer name to `[1, h, w, C]`.
"""

from collections.abc import Callable, Mapping

import numpy as np
import tensorflow as tf

Features = Mapping[str, tf.Tensor]


def vgg_input(image: tf.Tensor) -> tf.Tensor:
    """Return RGB 0..1 as VGG19 expects it: BGR, 0..255, minus the mean colour.

    Exercise of notebooks/01_what_vgg_sees.
    """
    return tf.reverse(image, [-1]) * 255.0 - tf.constant([103.939, 116.779, 123.68])


def gram(features: tf.Tensor) -> tf.Tensor:
    """Return the Gram matrix `[C, C]` of features `[1, h, w, C]`, FᵀF / (h·w·C).

    Exercise of notebooks/02_gram_matrices.
    """
    flat = tf.reshape(features, [-1, features.shape[-1]])
    return tf.matmul(flat, flat, transpose_a=True) / tf.cast(tf.size(flat), tf.float32)


def style_loss(style: Features, generated: Features) -> tf.Tensor:
    """Return Σ mean (G_S - G_X)² over the layers, of Gram matrices.

    Exercise of notebooks/03_texture_from_noise.
    """
    return tf.add_n([tf.reduce_mean((style[layer] - generated[layer]) ** 2) for layer in style])


def content_loss(content: tf.Tensor, generated: tf.Tensor) -> tf.Tensor:
    """Return ½ mean (C - X)² of two layers' activations.

    Exercise of notebooks/04_three_losses.
    """
    return 0.5 * tf.reduce_mean((content - generated) ** 2)


def total_variation(image: tf.Tensor) -> tf.Tensor:
    """Return the mean squared difference of neighbours, down plus across.

    Exercise of notebooks/04_three_losses.
    """
    down, across = image[:, 1:] - image[:, :-1], image[:, :, 1:] - image[:, :, :-1]
    return tf.reduce_mean(down**2) + tf.reduce_mean(across**2)


def adam_step(
    gradient: np.ndarray, mean: np.ndarray, square: np.ndarray, k: int, rate: float = 0.02
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return Adam's k-th step (k = 1, 2, …), to be subtracted, and both means.

    Exercise of notebooks/05_the_loop.
    """
    mean = 0.9 * mean + 0.1 * gradient
    square = 0.999 * square + 0.001 * gradient**2
    return rate * (mean / (1 - 0.9**k)) / (np.sqrt(square / (1 - 0.999**k)) + 1e-8), mean, square


def paint(image: tf.Tensor, loss: Callable[[tf.Tensor], tf.Tensor], iterations: int) -> tf.Tensor:
    """Return the image after so many steps of `adam_step` down a loss, within 0..1.

    Exercise of notebooks/05_the_loop.
    """
    mean = square = np.zeros_like(image)
    for k in range(1, iterations + 1):
        with tf.GradientTape() as tape:
            tape.watch(image)
            value = loss(image)
        step, mean, square = adam_step(tape.gradient(value, image), mean, square, k)
        image = tf.clip_by_value(image - step, 0.0, 1.0)
    return image


def masked_gram(features: tf.Tensor, mask: tf.Tensor) -> tf.Tensor:
    """Return the Gram matrix of the positions in a mask `[h, w]`, 0..1.

    Exercise of notebooks/09_better_and_faster.
    """
    flat, weight = tf.reshape(features, [-1, features.shape[-1]]), tf.reshape(mask, [-1, 1])
    return tf.matmul(flat * weight, flat, transpose_a=True) / (tf.reduce_sum(weight) * features.shape[-1])
