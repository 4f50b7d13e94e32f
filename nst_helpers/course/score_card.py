"""A score card for finished pictures: three numbers that no run has minimised, so that any two runs can be compared."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.figure import Figure
from matplotlib.offsetbox import AnnotationBbox, OffsetImage, TextArea, VPacker
from scipy.ndimage import gaussian_filter

from ..color import luminance
from ..errors import InputError
from ..losses import gram_matrix
from ..machine.kernels import Kernels
from ..vgg import FeatureExtractor
from .plots import WIDTH, drawable

HELD_OUT_LAYERS = ("block1_conv2", "block2_conv2", "block3_conv2", "block4_conv2", "block5_conv3")
"""One layer of each block that is no style layer of a usual run, nor the content layer of the course's method."""
SSIM_SIGMA, SSIM_C1, SSIM_C2 = 1.5, 0.01**2, 0.03**2
"""The window's width in pixels, and what keeps the fractions of SSIM finite, for values 0..1."""
LINEAR_RGB_TO_XYZ = ((0.4124, 0.3576, 0.1805), (0.2126, 0.7152, 0.0722), (0.0193, 0.1192, 0.9505))
BASES, LEVELS = 16, 256
"""How many bases of directions, and how many quantiles along each direction, a palette is compared by."""
THUMBNAIL = 92
"""Longer side of a picture in the plot, in points."""


@dataclass(frozen=True)
class Scores:
    """SSIM to the content, 1 if equal; distance to the style, 0 if equal, 1 for the content; to its colours, in ΔE."""

    structure: float
    style: float
    palette: float


class ScoreCard:
    """Scores pictures made from one content and one style image.

    Args:
        content, style: float32 `[1, H, W, 3]`, RGB, 0..1; they may differ in size and aspect.
        weights: of VGG19, as `FeatureExtractor` takes them; the network computes in float32.

    Calling it with a picture `[1, H, W, 3]` of the content's size returns its `Scores`.

    Raises:
        InputError: a picture of another size, or a style that is the content itself.

    Used in notebooks/11_your_own_picture.
    """

    def __init__(self, content: np.ndarray, style: np.ndarray, *, weights: str | Kernels | None = "imagenet"):
        self.content, self.style = content, style
        self._features = FeatureExtractor(HELD_OUT_LAYERS, weights=weights)
        self._target = self._grams(style)
        self._of_content = self._distances(content)
        if min(self._of_content.values()) == 0:
            raise InputError("the style image is the content image; take two pictures to compare with.")

    def __call__(self, image: np.ndarray) -> Scores:
        """Return the scores of a picture."""
        style = float(np.mean(list(self.style_distances(image).values())))
        return Scores(structural_similarity(self.content, image), style, palette_distance(self.style, image))

    def style_distances(self, image: np.ndarray) -> dict[str, float]:
        """Return for each layer ‖G - S‖ / ‖C - S‖ of the Gram matrices of picture, style and content."""
        return {layer: each / self._of_content[layer] for layer, each in self._distances(image).items()}

    def _distances(self, image: np.ndarray) -> dict[str, float]:
        grams = self._grams(image)
        return {layer: float(np.linalg.norm(gram - self._target[layer])) for layer, gram in grams.items()}

    def _grams(self, image: np.ndarray) -> dict[str, np.ndarray]:
        return {layer: gram_matrix(each).numpy() for layer, each in self._features(image).items()}


def structural_similarity(a: np.ndarray, b: np.ndarray) -> float:
    """Return the mean SSIM of two pictures' luminance: how alike light, contrast and pattern are, place by place.

    Args:
        a, b: `[1, H, W, 3]` of one shape, RGB, 0..1.

    Returns:
        at most 1, for equal pictures; about 0 for unrelated ones; below that, dark stands where light was.

    Raises:
        InputError: the shapes differ.

    Source: Wang, Bovik, Sheikh & Simoncelli 2004, equation 13, with their Gaussian window. Built in
    notebooks/11_your_own_picture.
    """
    if np.shape(a) != np.shape(b):
        raise InputError(f"SSIM compares place by place: {np.shape(a)} and {np.shape(b)} must be one shape.")
    # not by tf.image.ssim: of plain pictures, float32 gets only three digits right
    x, y = (luminance(each)[0, ..., 0].astype(np.float64) for each in (a, b))
    mean_x, mean_y = _local_mean(x), _local_mean(y)
    variance_x, variance_y = _local_mean(x * x) - mean_x**2, _local_mean(y * y) - mean_y**2
    covariance = _local_mean(x * y) - mean_x * mean_y
    light = (2 * mean_x * mean_y + SSIM_C1) / (mean_x**2 + mean_y**2 + SSIM_C1)
    pattern = (2 * covariance + SSIM_C2) / (variance_x + variance_y + SSIM_C2)
    return float(np.mean(light * pattern))


def palette_distance(a: np.ndarray, b: np.ndarray) -> float:
    """Return how far one picture's colours must move to become the other's, wherever in the picture they are.

    It is the sliced 2-Wasserstein distance in CIELAB, over bases of three directions at right angles: a picture whose
    colours all move by 10 ΔE is at the distance 10.

    Args:
        a, b: `[1, H, W, 3]`, RGB, 0..1; they may differ in size.

    Returns:
        ΔE of 1976, at least 0.

    Source: Rabin, Peyré, Delon & Bernot 2012, section 2.3. Used in notebooks/11_your_own_picture.
    """
    bases, _ = np.linalg.qr(np.random.default_rng(0).standard_normal((BASES, 3, 3)))
    directions = np.concatenate(bases, axis=1)  # (3, 3·BASES)
    levels = (np.arange(LEVELS) + 0.5) / LEVELS
    one, other = (np.quantile(to_lab(each).reshape(-1, 3) @ directions, levels, axis=0) for each in (a, b))
    return float(np.sqrt(3 * np.mean((one - other) ** 2)))


def to_lab(image: np.ndarray) -> np.ndarray:
    """Return an sRGB picture `[..., 3]`, 0..1, in CIELAB, where equal distances look about equal: L 0..100, a, b.

    Source: IEC 61966-2-1 (sRGB) and CIE 15 (CIELAB), white D65.
    """
    rgb = np.asarray(image, np.float64)
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((np.maximum(rgb, 0) + 0.055) / 1.055) ** 2.4)
    to_xyz = np.array(LINEAR_RGB_TO_XYZ)
    xyz = linear @ (to_xyz / to_xyz.sum(axis=1, keepdims=True)).T  # white is 1, 1, 1
    x, y, z = np.moveaxis(np.where(xyz > (6 / 29) ** 3, np.cbrt(xyz), xyz / (3 * (6 / 29) ** 2) + 4 / 29), -1, 0)
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], axis=-1)


def pareto_front(costs: Mapping[str, Sequence[float]]) -> list[str]:
    """Return the names that are not beaten: no other is as low in every cost and lower in one.

    Used in notebooks/11_your_own_picture.
    """
    names, rows = list(costs), np.array(list(costs.values()), np.float64)
    beaten = [((rows <= row).all(axis=1) & (rows < row).any(axis=1)).any() for row in rows]
    return [name for name, is_beaten in zip(names, beaten, strict=True) if not is_beaten]


def show_pareto(images: Mapping[str, np.ndarray], scores: Mapping[str, Scores]) -> Figure:
    """Return the pictures placed by their scores: more structure to the right, more style at the top.

    Those on the Pareto front of structure and style are framed and joined by a line.
    """
    places = {name: (each.structure, each.style) for name, each in scores.items()}
    front = sorted(pareto_front({name: (-x, y) for name, (x, y) in places.items()}), key=places.get)
    figure = Figure(figsize=(WIDTH, WIDTH * 0.6), layout="constrained")
    ax = figure.subplots()
    ax.scatter(*zip(*places.values(), strict=True), alpha=0)  # sets limits
    ax.plot(*zip(*map(places.get, front), strict=True), color="C2")
    for name in sorted(images, key=front.__contains__):  # the front on top
        image = drawable(images[name])
        thumbnail = OffsetImage(image, zoom=THUMBNAIL / max(image.shape))
        card = VPacker(children=[thumbnail, TextArea(name, textprops={"fontsize": 8})], align="center", pad=0, sep=2)
        frame = {"edgecolor": "C2" if name in front else "0.7", "linewidth": 3 if name in front else 1}
        ax.add_artist(AnnotationBbox(card, places[name], pad=0.1, bboxprops=frame)).set_in_layout(False)
    ax.set(xlabel="structure kept: SSIM to the content →", ylabel="nearer to the style, on layers not optimised →")
    ax.margins(0.12, 0.2)
    ax.invert_yaxis()
    ax.grid(alpha=0.3)
    return figure


def _local_mean(plane: np.ndarray) -> np.ndarray:
    return gaussian_filter(plane, SSIM_SIGMA, mode="reflect", truncate=3.5)
