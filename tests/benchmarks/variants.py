"""One step of neural style transfer, written in several ways, on the same images with the same network.

A variant is prepared once, does one update of the image in `step()`, and tells in `losses` the content and the style
loss of the image from which it started. Each minimises its own losses, as whoever writes a step like that would; what
it tells is converted to ours, float32 means over normalised features, so that all must tell the same two numbers.
Total variation differs in kind from one to the other and is not told.

The peers are written here after what is publicly known of them, with what they have in common left out.
"""

from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np
import tensorflow as tf

from nst_helpers.layers import CHANNELS, CONTENT_LAYER, STYLE_LAYERS
from nst_helpers.losses import content_loss, gram_matrix, style_loss, style_unit
from nst_helpers.settings import METHOD
from nst_helpers.transfer import StyleTransfer
from nst_helpers.vgg import FeatureExtractor

from .inputs import LAYERS

Inputs = Mapping[str, np.ndarray]


class Variant(Protocol):
    """What the benchmark asks of each."""

    precision: str
    losses: dict[str, float]

    def step(self) -> Any: ...


class Ours:
    """StyleTransfer with the peers' losses and layer weights; or with the Wasserstein distance, its default.

    The losses to compare are those of our functions with zeros beyond the border, as the peers have them.
    """

    def __init__(self, inputs: Inputs, weights: str | None, precision: str = "auto", distance: str = "squared"):
        network = FeatureExtractor(LAYERS, weights=weights, precision=precision, border="zeros")
        content, style, start = (network(inputs[name]) for name in ("content", "style", "start"))
        grams = [{layer: gram_matrix(of[layer]) for layer in STYLE_LAYERS} for of in (style, start)]
        losses = {"content": content_loss(content[CONTENT_LAYER], start[CONTENT_LAYER]), "style": style_loss(*grams)}
        self.precision = network.precision
        self.losses = {name: float(loss) for name, loss in losses.items()}
        transfer = StyleTransfer(
            inputs["content"],
            inputs["style"],
            init=inputs["start"],
            **METHOD | {"style_distance": distance},
            style_layers={layer: style_unit(layer, distance) for layer in STYLE_LAYERS},
            weights=weights,
            precision=precision,
        )
        self._steps = transfer.steps(10**9)

    def step(self):
        return next(self._steps)


class Tutorial:
    """The shape of TensorFlow's tutorial: Keras model, einsum Gram, means of squares, absolute variation, Adam."""

    precision = "float32"
    content_weight, style_weight, tv_weight = 1e4, 1e-2, 30
    compiled = True

    def __init__(self, inputs: Inputs):
        self.vgg = keras_vgg19(inputs)
        self.content_target = self.features(inputs["content"])[CONTENT_LAYER]
        style = self.features(inputs["style"])
        self.style_targets = {layer: self.gram(style[layer]) for layer in STYLE_LAYERS}
        self.image = tf.Variable(inputs["start"])
        self.optimizer = tf.keras.optimizers.Adam(learning_rate=0.02, beta_1=0.99, epsilon=1e-1)
        self.update = tf.function(self.train_step) if self.compiled else self.train_step
        self.losses = self.in_our_units(inputs)

    def step(self):
        return float(self.update())

    def features(self, image):
        return self.vgg(tf.keras.applications.vgg19.preprocess_input(image * 255.0))

    def gram(self, features):
        places = tf.cast(tf.shape(features)[1] * tf.shape(features)[2], tf.float32)
        return tf.linalg.einsum("bijc,bijd->bcd", features, features) / places

    def terms(self):
        features = self.features(self.image)
        content = tf.reduce_mean((features[CONTENT_LAYER] - self.content_target) ** 2)
        styles = [tf.reduce_mean((self.gram(features[s]) - self.style_targets[s]) ** 2) for s in STYLE_LAYERS]
        return content, styles

    def train_step(self):
        with tf.GradientTape() as tape:
            content, styles = self.terms()
            loss = self.content_weight * content + self.style_weight / len(styles) * tf.add_n(styles)
            loss += self.tv_weight * tf.image.total_variation(self.image)[0]
        gradient = tape.gradient(loss, self.image)
        self.optimizer.apply_gradients([(gradient, self.image)])
        self.image.assign(tf.clip_by_value(self.image, 0.0, 1.0))
        return loss

    def in_our_units(self, inputs):
        content, styles = self.terms()
        units = [(CHANNELS[layer] * inputs[f"{layer}/mean"] ** 2) ** 2 for layer in STYLE_LAYERS]
        return {
            "content": 0.5 * float(content) / float(inputs[f"{CONTENT_LAYER}/mean"]) ** 2,
            "style": sum(float(term / unit) for term, unit in zip(styles, units, strict=True)),
        }


class Eager(Tutorial):
    """The tutorial's step left uncompiled, each operation called from Python."""

    compiled = False


class KerasExample:
    """The shape of Keras's example: three images through the network at each step, sums of squares, SGD, BGR 0..255."""

    precision = "float32"
    content_weight, style_weight, tv_weight = 2.5e-8, 1e-6, 1e-6

    def __init__(self, inputs: Inputs):
        preprocess = tf.keras.applications.vgg19.preprocess_input
        self.vgg = keras_vgg19(inputs)
        self.content, self.style, start = (
            tf.constant(preprocess(inputs[name] * 255.0)) for name in ("content", "style", "start")
        )
        self.image = tf.Variable(start)
        decay = tf.keras.optimizers.schedules.ExponentialDecay(100.0, decay_steps=100, decay_rate=0.96)
        self.optimizer = tf.keras.optimizers.SGD(decay)
        self.pixels = self.image.shape[1] * self.image.shape[2]
        self.losses = self.in_our_units(inputs)

    def step(self):
        loss, gradient = self.loss_and_gradient()
        self.optimizer.apply_gradients([(gradient, self.image)])
        return float(loss)

    def gram(self, features):
        rows = tf.reshape(tf.transpose(features, (2, 0, 1)), (features.shape[-1], -1))
        return tf.matmul(rows, tf.transpose(rows))

    def terms(self):
        features = self.vgg(tf.concat([self.content, self.style, self.image], axis=0))
        content = tf.reduce_sum((features[CONTENT_LAYER][2] - features[CONTENT_LAYER][0]) ** 2)
        divisor = 4.0 * 3**2 * self.pixels**2
        styles = [
            tf.reduce_sum((self.gram(features[s][1]) - self.gram(features[s][2])) ** 2) / divisor for s in STYLE_LAYERS
        ]
        return content, styles, features

    @tf.function
    def loss_and_gradient(self):
        with tf.GradientTape() as tape:
            content, styles, _ = self.terms()
            down = (self.image[:, :-1, :-1] - self.image[:, 1:, :-1]) ** 2
            across = (self.image[:, :-1, :-1] - self.image[:, :-1, 1:]) ** 2
            tv = tf.reduce_sum((down + across) ** 1.25)
            loss = self.content_weight * content + self.style_weight / len(styles) * tf.add_n(styles)
            loss += self.tv_weight * tv
        return loss, tape.gradient(loss, self.image)

    def in_our_units(self, inputs):
        content, styles, features = self.terms()
        style = 0.0
        for layer, term in zip(STYLE_LAYERS, styles, strict=True):
            _, height, width, channels = features[layer].shape
            unit = channels * height * width * channels * float(inputs[f"{layer}/mean"]) ** 2
            style += float(term) * 4.0 * 3**2 * self.pixels**2 / unit**2
        places = tf.size(features[CONTENT_LAYER][0]).numpy()
        mean = float(inputs[f"{CONTENT_LAYER}/mean"])
        return {"content": 0.5 * float(content) / places / mean**2, "style": style}


def keras_vgg19(inputs: Inputs) -> tf.keras.Model:
    """Return Keras's VGG19 with the kernels in `inputs`, frozen, as a function from an image to the layers' outputs."""
    vgg = tf.keras.applications.VGG19(include_top=False, weights=None)
    for layer in vgg.layers:
        if f"{layer.name}/kernel" in inputs:
            layer.set_weights([inputs[f"{layer.name}/kernel"], inputs[f"{layer.name}/bias"]])
    vgg.trainable = False
    return tf.keras.Model(vgg.input, {name: vgg.get_layer(name).output for name in LAYERS})
