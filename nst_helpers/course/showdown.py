"""Five statistics of a style on three networks, and metrics for the results that use neither of them.

A contestant is a statistic and a network. The networks are VGG19 as trained, with every layer's trained numbers in
random order, and with random numbers.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import tensorflow as tf
from scipy.ndimage import gaussian_filter

from ..errors import InputError
from ..layers import STYLE_LAYERS
from ..losses import DEPTH, STYLE_SCALE
from ..machine.kernels import Kernels, random_kernels, trained_kernels
from ..objective import Objective
from ..transfer import StyleTransfer
from .score_card import ScoreCard, to_lab

DIRECTIONS = 16
"""Random directions that the sliced Wasserstein distance draws for each layer at each step."""
DEEPEST = "block4_conv2"
"""The content layer of a contestant's run."""
SCALES, ORIENTATIONS = 4, 4
"""Of the band-pass filters whose responses `band_distance` compares."""
PATCH, PATCHES = 5, 4000
"""Side of a square patch in pixels, and how many of each picture `patch_distance` looks at."""


class CovarianceObjective(Objective):
    """Compares the channels' covariances, as a Gram matrix after the means have been subtracted."""

    def statistic(self, features: tf.Tensor, weights: tf.Tensor | None = None) -> tf.Tensor:
        """Return `[C, C]`."""
        flat, mean, share = _columns(features, weights)
        return tf.matmul((flat - mean) * share, flat - mean, transpose_a=True)


class MeanStdObjective(Objective):
    """Compares two numbers of each channel, its mean and its standard deviation."""

    def statistic(self, features: tf.Tensor, weights: tf.Tensor | None = None) -> tf.Tensor:
        """Return `[2, C]`."""
        flat, mean, share = _columns(features, weights)
        variance = tf.reduce_sum(share * (flat - mean) ** 2, axis=0)
        return tf.stack([mean, tf.sqrt(variance + 1e-4)])  # the root's slope is infinite at 0


class SlicedObjective(Objective):
    """Compares the distributions of the activations along random directions, new ones at each evaluation.

    Source: Heitz, Vanhoey, Chambon & Belcour 2021.
    """

    def __init__(self, *args, **kwargs):
        self._random = tf.random.Generator.from_seed(kwargs["settings"].seed)
        super().__init__(*args, **kwargs)

    def statistic(self, features: tf.Tensor, weights: tf.Tensor | None = None) -> tf.Tensor:
        """Return the activations themselves, `[h·w, C]`; directions are drawn at each evaluation."""
        if weights is not None:
            raise InputError("the sliced Wasserstein distance takes no masks.")
        return _columns(features)[0]

    def _distance(self, target: tf.Tensor, statistic: tf.Tensor) -> tf.Tensor:
        directions = self._random.normal([statistic.shape[1], DIRECTIONS])
        return sliced_wasserstein(target, statistic, directions)


def sliced_wasserstein(a: tf.Tensor, b: tf.Tensor, directions: tf.Tensor) -> tf.Tensor:
    """Return the mean squared difference of two clouds' sorted projections.

    Args:
        a, b: points, `[n, C]` and `[m, C]`.
        directions: `[C, k]`, of any length.

    Built in notebooks/10_do_we_need_gram.
    """
    directions /= tf.norm(directions, axis=0)
    one, other = (tf.sort(tf.matmul(directions, each, transpose_a=True, transpose_b=True)) for each in (a, b))
    ranks = np.linspace(0, one.shape[1] - 1, other.shape[1]).round().astype(int)  # where there are not equally many
    return tf.reduce_mean((tf.gather(one, ranks, axis=1) - other) ** 2)


STATISTICS = {
    "Gram": (Objective, "squared"),
    "covariance": (CovarianceObjective, "squared"),
    "mean + std": (MeanStdObjective, "wasserstein"),
    "sliced Wasserstein": (SlicedObjective, "wasserstein"),
    "Wasserstein": (Objective, "wasserstein"),
}
"""Statistic to its objective, and to the distance whose STYLE_SCALE suits it: squares of squares fall faster."""
NETWORKS = ("trained", "shuffled", "untrained")


def network(name: str, seed: int = 0) -> str | Kernels:
    """Return the weights of a network, as `StyleTransfer` takes them: "trained", "shuffled" or "untrained".

    "shuffled" has each layer's trained numbers in random order, with the biases unchanged; "untrained" has normally
    distributed kernels without biases (He et al. 2015, as every layer is brought to a mean activation of 1 anyway).
    """
    if name == "trained":
        return "imagenet"
    random, layers = np.random.default_rng(seed), [STYLE_LAYERS[-1]]
    if name == "shuffled":
        kernels = trained_kernels(layers)
        return {layer: (random.permutation(k.ravel()).reshape(k.shape), b) for layer, (k, b) in kernels.items()}
    kernels = random_kernels(layers)
    return {layer: (random.standard_normal(k.shape, np.float32), b) for layer, (k, b) in kernels.items()}


@dataclass(frozen=True)
class Contestant:
    """A statistic of STATISTICS on a network of NETWORKS; the seed is that of its random numbers."""

    statistic: str
    network: str
    seed: int = 0

    def start(self, content: np.ndarray, style: np.ndarray, layers: Mapping[str, float], **settings) -> StyleTransfer:
        """Return a run; `layers` are the weights that `balance` returns, the settings those of `StyleTransfer`."""
        objective, distance = STATISTICS[self.statistic]
        contest = type("Contest", (StyleTransfer,), {"Objective": objective})
        settings = {"content_layers": DEEPEST, "seed": self.seed} | settings
        weights = network(self.network, self.seed)
        return contest(content, style, style_distance=distance, style_layers=layers, weights=weights, **settings)

    def balance(self, content: np.ndarray, style: np.ndarray) -> dict[str, float]:
        """Return the style layers' weights with which each pulls as in the course's default, at a photograph.

        The units of `losses.style_unit` are those of Gram matrices and of the Wasserstein distance on the trained
        network; another statistic, or another network, has gradients of other lengths.
        """
        run = self.start(content, style, dict.fromkeys(STYLE_LAYERS, 1.0))
        pulls = {}
        for i, layer in enumerate(STYLE_LAYERS):
            alone = tf.one_hot(i, len(STYLE_LAYERS))
            gradient = run.objective.evaluate(run.image, tf.constant([0.0, 1.0, 0.0]), alone)[1]
            pulls[layer] = float(tf.norm(gradient)) * run.image.shape.num_elements() ** 0.5  # at any size alike
        scale = STYLE_SCALE[STATISTICS[self.statistic][1]]
        return {layer: 1 / (scale * DEPTH ** (int(layer[5]) - 3) * pull) for layer, pull in pulls.items()}


def palette_alone(style: np.ndarray) -> np.ndarray:
    """Return a picture's pixels in a random order: its colours, and nothing else of it."""
    return np.random.default_rng(0).permutation(style.reshape(-1, 3)).reshape(style.shape)


def upside_down(style: np.ndarray) -> np.ndarray:
    """Return a picture turned by 180°: its lines keep their directions, but nothing is where it was."""
    return style[:, ::-1, ::-1]


class Metrics:
    """Scores textures by four metrics, three of which use no network.

    "bands", "patches" and "Gram" are on one scale: 0 is as near to the painting as itself upside down, 100 as far from
    it as its own pixels in random order. "palette" is in ΔE. "Gram" is that of the score card: it compares the trained
    network's Gram matrices at layers that no contestant optimises, and so is not impartial.

    Args:
        style: the painting, `[1, H, W, 3]`, 0..1.

    Built in notebooks/10_do_we_need_gram.
    """

    def __init__(self, style: np.ndarray):
        self.style, self._card = style, ScoreCard(palette_alone(style), style)
        self._ends = [self.raw(landmark(style)) for landmark in (upside_down, palette_alone)]

    def raw(self, image: np.ndarray) -> dict[str, float]:
        """Return the distances before they are put on the scale; "bands" is the sum of its two parts."""
        scores = self._card(image)
        bands = sum(band_distance(image, self.style))
        patches = patch_distance(image, self.style)
        return {"bands": bands, "patches": patches, "Gram": scores.style, "palette": scores.palette}

    def __call__(self, image: np.ndarray) -> dict[str, float]:
        """Return the scores of a texture of the painting's shape."""
        (near, far), raw = self._ends, self.raw(image)
        on_scale = [name for name in raw if name != "palette"]
        return raw | {name: 100 * (raw[name] - near[name]) / (far[name] - near[name]) for name in on_scale}


def band_statistics(image: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return what a bank of oriented filters finds in a picture: the bands' energies and their correlations.

    Args:
        image: `[1, H, W, 3]`, 0..1.

    Returns:
        log2 of the mean energy of each band of the lightness L, and the correlations of the bands' magnitudes.

    Source: Portilla & Simoncelli 2000, sections 2.1 and 2.2.2, without its other statistics. Built in
    notebooks/10_do_we_need_gram.
    """
    light = to_lab(image)[0, ..., 0]
    responses = np.abs(np.fft.ifft2(np.fft.fft2(light - light.mean()) * _bank(*light.shape)))
    inside = responses[:, 8:-8, 8:-8]  # the transform takes opposite sides for neighbours
    energies = np.log2((inside**2).mean(axis=(1, 2)) + 1e-3)
    return energies, np.corrcoef(inside.reshape(len(inside), -1))


def band_distance(image: np.ndarray, style: np.ndarray) -> tuple[float, float]:
    """Return the mean differences of both `band_statistics`: in octaves, and in correlation."""
    pairs = zip(band_statistics(image), band_statistics(style), strict=True)
    octaves, correlation = (float(np.abs(a - b).mean()) for a, b in pairs)
    return octaves, correlation


def patch_distance(image: np.ndarray, style: np.ndarray) -> float:
    """Return how far the distributions of small patches are from each other, over three levels of detail.

    Only lightness counts, so that the palette has no part in it. At each level of a Laplacian pyramid the
    patches are projected on random directions, and the sorted projections are compared: the root mean square
    difference, as a share of the root mean square of the style's projections.

    Source: Karras, Aila, Laine & Lehtinen 2018, section 5. Built in notebooks/10_do_we_need_gram.
    """
    random, distances = np.random.default_rng(0), []
    for ours, theirs in zip(_pyramid(image), _pyramid(style), strict=True):
        directions = random.standard_normal((PATCH * PATCH, 64))
        a, b = (np.sort(_patches(level) @ directions, axis=0) for level in (ours, theirs))
        ranks = np.linspace(0, len(a) - 1, len(b)).round().astype(int)
        distances.append(np.sqrt(np.mean((a[ranks] - b) ** 2) / np.mean(b**2)))
    return float(np.mean(distances))


def _columns(features: tf.Tensor, weights: tf.Tensor | None = None) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
    """Return activations `[h·w, C]`, their mean `[C]`, and how much each position counts, `[h·w, 1]`."""
    flat = tf.cast(tf.reshape(features, [-1, features.shape[-1]]), tf.float32)
    share = tf.fill([flat.shape[0], 1], 1 / flat.shape[0]) if weights is None else tf.reshape(weights, [-1, 1])
    return flat, tf.reduce_sum(share * flat, axis=0), share


def _bank(height: int, width: int) -> np.ndarray:
    """Return filters in the frequency domain, `[SCALES·ORIENTATIONS, H, W]`, each an octave wide and one-sided."""
    down, across = np.meshgrid(np.fft.fftfreq(height), np.fft.fftfreq(width), indexing="ij")
    radius = np.maximum(np.hypot(down, across), 1e-9)
    angle = np.arctan2(down, across)
    bank = []
    for scale in range(SCALES):
        octaves = np.log2(radius / 0.3) + scale  # the finest band lies about 0.3 cycles a pixel
        ring = np.cos(np.pi / 2 * np.clip(octaves, -1, 1))
        for direction in np.pi * np.arange(ORIENTATIONS) / ORIENTATIONS:
            bank.append(ring * np.maximum(np.cos(angle - direction), 0) ** (ORIENTATIONS - 1))
    return np.stack(bank)


def _pyramid(image: np.ndarray) -> list[np.ndarray]:
    """Return three levels of detail of the lightness, the finest first, each half as large as the one before."""
    rest, levels = to_lab(image)[0, ..., 0], []
    for _ in range(3):
        coarser = gaussian_filter(rest, 1)
        levels.append(rest - coarser)
        rest = coarser[::2, ::2]
    return levels


def _patches(picture: np.ndarray) -> np.ndarray:
    """Return at most PATCHES patches as rows, always from the same places."""
    windows = np.lib.stride_tricks.sliding_window_view(picture, (PATCH, PATCH), axis=(0, 1))
    rows, columns = windows.shape[:2]
    chosen = np.random.default_rng(0).permutation(rows * columns)[:PATCHES]
    return windows[chosen // columns, chosen % columns].reshape(len(chosen), -1).astype(np.float32)
