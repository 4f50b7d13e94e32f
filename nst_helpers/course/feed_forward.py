"""A small network that is trained to paint in one style: one pass through it makes a picture, without optimisation.

python -m nst_helpers.course.feed_forward FILE [--style NAME] [--steps N]      trains one and writes its weights

The network is that of Johnson et al. 2016, narrower, with instance normalisation after Ulyanov et al. 2017. It is
trained on crops of three of the course's photographs; the fourth, HELD_OUT, it never sees.
"""

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import tensorflow as tf

from ..layers import STYLE_LAYERS
from ..losses import content_loss, gaussian, moments, style_unit, total_variation_loss, wasserstein_loss
from ..machine.disk import File
from ..settings import DEFAULTS
from ..vgg import FeatureExtractor
from .notebooks import PHOTOGRAPHS, picture, picture_path

SHIPPED = "feed_forward/great_wave.npz"
"""The weights that come with the course, in data/, for data/great_wave.jpg."""
HELD_OUT = "summer_palace.jpg"
WIDTH, BLOCKS = 16, 4
"""Channels of the first layer, and how many residual blocks there are in the middle."""
CROP, STYLE_SIZE, STEPS, RATE = 160, 256, 600, 2e-3


class FeedForward:
    """A network from a photograph `[1, H, W, 3]`, 0..1, to a picture of its shape; the sides are multiples of 4.

    Args:
        weights: names to arrays, as `save` wrote them; random when left out.
        seed: of the random weights.

    Source: Johnson, Alahi & Fei-Fei 2016, supplementary material. Used in notebooks/13_what_came_after.
    """

    def __init__(self, weights: dict[str, np.ndarray] | None = None, *, seed: int = 0):
        random, w = np.random.default_rng(seed), WIDTH
        shapes = {"first": (9, 3, w), "down1": (3, w, 2 * w), "down2": (3, 2 * w, 4 * w)}
        shapes |= {f"block{i}{half}": (3, 4 * w, 4 * w) for i in range(BLOCKS) for half in "ab"}
        shapes |= {"up1": (3, 4 * w, 2 * w), "up2": (3, 2 * w, w), "last": (9, w, 3)}
        self.variables: dict[str, tf.Variable] = {}
        for name, (side, before, after) in shapes.items():
            kernel = random.standard_normal((side, side, before, after), np.float32)
            start = {"kernel": kernel * np.sqrt(2 / (side * side * before)), "scale": np.ones(after)}
            for kind, value in (start | {"shift": np.zeros(after)}).items():
                value = value if weights is None else weights[f"{name}_{kind}"]
                self.variables[f"{name}_{kind}"] = tf.Variable(np.float32(value))

    @classmethod
    def load(cls, file: File | None = None) -> "FeedForward":
        """Return the network whose weights `save` wrote; the shipped one when left out."""
        with np.load(file or picture_path(SHIPPED), allow_pickle=False) as weights:
            return cls(dict(weights))

    def save(self, file: File) -> None:
        """Write the weights in half precision."""
        np.savez_compressed(file, **{name: each.numpy().astype(np.float16) for name, each in self.variables.items()})

    def __call__(self, photograph: tf.Tensor) -> tf.Tensor:
        """Return the picture."""
        x = tf.nn.relu(self._layer("first", tf.convert_to_tensor(photograph, tf.float32) - 0.5))
        x = tf.nn.relu(self._layer("down1", x, stride=2))
        x = tf.nn.relu(self._layer("down2", x, stride=2))
        for i in range(BLOCKS):
            x += self._layer(f"block{i}b", tf.nn.relu(self._layer(f"block{i}a", x)))
        for name in ("up1", "up2"):
            x = tf.repeat(tf.repeat(x, 2, axis=1), 2, axis=2)
            x = tf.nn.relu(self._layer(name, x))
        return tf.sigmoid(self._layer("last", x))

    def _layer(self, name: str, x: tf.Tensor, stride: int = 1) -> tf.Tensor:
        """Convolve, then bring each channel to a learnt mean and deviation (instance normalisation)."""
        kernel, scale, shift = (self.variables[f"{name}_{kind}"] for kind in ("kernel", "scale", "shift"))
        beyond = kernel.shape[0] // 2
        x = tf.pad(x, [[0, 0], [beyond, beyond], [beyond, beyond], [0, 0]], "REFLECT")
        x = tf.nn.conv2d(x, kernel, stride, "VALID")
        mean, variance = tf.nn.moments(x, [1, 2], keepdims=True)
        return (x - mean) * tf.math.rsqrt(variance + 1e-5) * scale + shift


class Trainer:
    """Trains a network for one style, with the loss that the course's runs minimise by default.

    Args:
        network: the network to train.
        style: the painting, `[1, h, w, 3]`, 0..1.
        steps: how many steps the learning rate takes to fall.
    """

    def __init__(self, network: FeedForward, style: np.ndarray, *, steps: int = STEPS):
        self.network, self.steps, self.done = network, steps, 0
        self._content_layers = list(DEFAULTS.content_layers)
        self._features = FeatureExtractor([*STYLE_LAYERS, *self._content_layers], precision="auto")
        self._content = FeatureExtractor(self._content_layers, precision="auto")
        seen = self._features(style)
        self._style = {layer: gaussian(moments(seen[layer])) for layer in STYLE_LAYERS}
        self._variables = list(network.variables.values())
        self._means = [[tf.Variable(tf.zeros_like(each)) for each in self._variables] for _ in range(2)]
        self._step = tf.function(self._one_step, autograph=False)

    def train(self, crops: Iterator[np.ndarray], steps: int) -> list[float]:
        """Take some steps, one crop `[1, H, W, 3]` each, and return their losses."""
        losses = []
        for _ in range(steps):
            self.done += 1
            rate = RATE * max(1 - self.done / self.steps, 0.02)
            losses.append(float(self._step(tf.constant(next(crops)), tf.constant([rate, self.done], tf.float32))))
        return losses

    def loss(self, picture: tf.Tensor, photograph: tf.Tensor) -> tf.Tensor:
        """Return α·content + β·style + γ·total variation of a picture, as `StyleTransfer` does by default."""
        found, wanted, s = self._features(picture), self._content(photograph), DEFAULTS
        content = tf.add_n([content_loss(wanted[layer], found[layer]) for layer in self._content_layers])
        terms = {layer: wasserstein_loss(target, moments(found[layer])) for layer, target in self._style.items()}
        style = tf.add_n([term / style_unit(layer, "wasserstein") for layer, term in terms.items()])
        return s.alpha * content + s.beta * style + s.gamma * total_variation_loss(picture)

    def _one_step(self, photograph: tf.Tensor, numbers: tf.Tensor) -> tf.Tensor:
        rate, k = tf.unstack(numbers)
        with tf.GradientTape() as tape:
            loss = self.loss(self.network(photograph), photograph)
        gradients, _ = tf.clip_by_global_norm(tape.gradient(loss, self._variables), 10.0)
        for variable, gradient, mean, square in zip(self._variables, gradients, *self._means, strict=True):  # Adam
            mean.assign(0.9 * mean + 0.1 * gradient)
            square.assign(0.99 * square + 0.01 * gradient**2)
            variable.assign_sub(rate * (mean / (1 - 0.9**k)) / (tf.sqrt(square / (1 - 0.99**k)) + 1e-6))
        return loss


def random_crops(photographs: Sequence[np.ndarray], side: int = CROP) -> Iterator[np.ndarray]:
    """Yield squares `[1, side, side, 3]` of photographs, at random places and sizes, some of them mirrored."""
    random = np.random.default_rng(0)
    while True:
        photograph = photographs[random.integers(len(photographs))]
        share = random.uniform(1, min(photograph.shape[1:3]) / side)  # of the side, before it is scaled down
        length = int(share * side)
        y, x = (random.integers(n - length + 1) for n in photograph.shape[1:3])
        crop = photograph[:, y : y + length, x : x + length]
        crop = crop[:, :, :: random.choice([1, -1])]
        yield np.clip(tf.image.resize(crop, (side, side), antialias=True).numpy() ** random.uniform(0.7, 1.4), 0, 1)


def training_photographs() -> list[np.ndarray]:
    """Return the photographs that the network is trained on, 512 pixels wide or high."""
    return [picture(name, 512) for name in PHOTOGRAPHS if name != HELD_OUT]


def main() -> None:
    """Train a network and write its weights after every 50 steps."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("file", type=Path, help="where to write the weights, .npz")
    parser.add_argument("--style", default="great_wave.jpg", help="a picture of data/ (great_wave.jpg)")
    parser.add_argument("--steps", type=int, default=STEPS, help=f"one crop each ({STEPS})")
    options = parser.parse_args()
    network = FeedForward()
    trainer = Trainer(network, picture(options.style, STYLE_SIZE), steps=options.steps)
    crops = random_crops(training_photographs())
    while trainer.done < options.steps:
        losses = trainer.train(crops, min(50, options.steps - trainer.done))
        print(f"step {trainer.done} of {options.steps}: mean loss {np.mean(losses):.3f}", flush=True)
        network.save(options.file)


if __name__ == "__main__":
    main()
