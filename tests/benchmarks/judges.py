"""Numbers for a painted picture, each of which tells one thing that one sees; none of them is what a painter minimises.

`surface` needs no network; all is about the brightness Y, 0..1:
fine       high-frequency energy, mean |Y - Y blurred by 1 px|, as a multiple of the content's
dots       the same where the content is flattest, its calmest fifth, in 1/255
border     the same in a frame of 8 px as a multiple of that inside it, over the content's multiple: 1 is clean
rim        brightness of the outer 2 px as a multiple of that of the 10 px inside them, over the content's: 1 is clean
strokes    energy of broader structure, between blurs of 2 and 8 px, as a multiple of the content's
nyquist    energy of period 2 px, across or down, as a multiple of that of slightly longer ones: 1 or less is clean

`Judges` looks through VGG19. Likeness, at most 1, after StyleEval (Wang et al. 2021), with average pooling:
content    cosine of the picture's activations and the content's
patterns   of a sample of patches, 3×3 activations: half the mean cosine to the nearest one of the style's, half the
           share of the style's that are the nearest to any
colours    cosine of the histograms of red, green and blue
And by how much the picture's distance from the style grows where nobody has optimised it, 1 at best:
shift      moved by 1 px against the grid of the pools
scale      picture and style at 0.7 and 1.4 times their size
"""

import numpy as np

CONTENT_LAYERS = ("block4_conv1", "block5_conv1")
PATCH_LAYERS = ("block3_conv1", "block4_conv1")
PATCHES = 1024
BINS = 128
SCALES = (0.7, 1.4)


def surface(image: np.ndarray, content: np.ndarray) -> dict[str, float]:
    """Return the numbers for a picture `[1, H, W, 3]`, 0..1, and its content, of the same shape."""
    from scipy.ndimage import gaussian_filter

    ours, theirs = (np.asarray(picture, np.float32)[0].mean(-1) for picture in (image, content))
    fine, content_fine = (np.abs(y - gaussian_filter(y, 1)) for y in (ours, theirs))
    calm = gaussian_filter(content_fine, 4)
    flat = calm <= np.quantile(calm, 0.2)
    strokes, content_strokes = (np.abs(gaussian_filter(y, 2) - gaussian_filter(y, 8)).mean() for y in (ours, theirs))
    border, content_border = (_ring(energy, 0, 8) / _ring(energy, 8, np.inf) for energy in (fine, content_fine))
    rim, content_rim = (_ring(y, 0, 2) / _ring(y, 2, 12) for y in (ours, theirs))
    numbers = {
        "fine": fine.mean() / content_fine.mean(),
        "dots": 255 * fine[flat].mean(),
        "border": border / content_border,
        "rim": rim / content_rim,
        "strokes": strokes / content_strokes,
        "nyquist": _nyquist(ours),
    }
    return {name: float(number) for name, number in numbers.items()}


class Judges:
    """What VGG19 sees; `weights` as for FeatureExtractor."""

    def __init__(self, weights: str | None = "imagenet"):
        import nst_helpers.machine.hardware  # noqa: F401  starts TensorFlow without its banner
        from nst_helpers.layers import STYLE_LAYERS
        from nst_helpers.vgg import FeatureExtractor

        likeness = {*CONTENT_LAYERS, *PATCH_LAYERS}
        self._likeness = FeatureExtractor(sorted(likeness), pooling="avg", weights=weights)
        self._painters = FeatureExtractor(STYLE_LAYERS, weights=weights)

    def __call__(self, image: np.ndarray, content: np.ndarray, style: np.ndarray) -> dict[str, float]:
        """Return the numbers for a picture, its content and its style, `[1, H, W, 3]`, 0..1; they include `surface`."""
        seen, content_seen, style_seen = map(self._likeness, (image, content, style))
        distance = self._distance(image, style)
        scaled = [self._distance(_resized(image, scale), _resized(style, scale)) for scale in SCALES]
        numbers = {
            "content": np.mean([_cosine(seen[layer], content_seen[layer]) for layer in CONTENT_LAYERS]),
            "patterns": np.mean([_patterns(seen[layer], style_seen[layer]) for layer in PATCH_LAYERS]),
            "colours": np.mean([_cosine(_histogram(image, c), _histogram(style, c)) for c in range(3)]),
            "shift": self._distance(image[:, 1:, 1:], style) / distance,
            "scale": np.mean(scaled) / distance,
        }
        return {name: float(number) for name, number in numbers.items()} | surface(image, content)

    def _distance(self, image: np.ndarray, style: np.ndarray) -> float:
        """Return the mean over the layers of |G - S| / |S| for the Gram matrices; never quite 0, so as to divide by."""
        pairs = zip(*(map(_gram, self._painters(each).values()) for each in (image, style)), strict=True)
        return max(1e-9, np.mean([np.linalg.norm(g - s) / np.linalg.norm(s) for g, s in pairs]))


def _ring(values: np.ndarray, first: int, end: float) -> float:
    """Return the mean of the values from `first` to less than `end` pixels away from the nearest side."""
    rows, columns = (np.minimum(np.arange(n), np.arange(n)[::-1]) for n in values.shape)
    away = np.minimum.outer(rows, columns)
    return values[(away >= first) & (away < end)].mean()


def _nyquist(y: np.ndarray) -> float:
    y = y[: y.shape[0] // 2 * 2, : y.shape[1] // 2 * 2]
    window = np.outer(*map(np.hanning, y.shape))  # or the jump from side to side would be in the spectrum
    power = np.abs(np.fft.fft2((y - y.mean()) * window)) ** 2
    finest, next_to_it = 0.0, 0.0
    for along in (power, power.T):
        frequency = np.abs(np.fft.fftfreq(len(along)))
        finest += along[frequency == 0.5].mean()
        next_to_it += along[(frequency >= 0.4) & (frequency <= 0.47)].mean()
    return finest / next_to_it


def _gram(features: np.ndarray) -> np.ndarray:
    rows = np.reshape(features, (-1, features.shape[-1]))
    return rows.T @ rows / len(rows)


def _cosine(a: np.ndarray, b: np.ndarray) -> float:
    a, b = np.ravel(a), np.ravel(b)
    return a @ b / np.sqrt((a @ a) * (b @ b))


def _histogram(image: np.ndarray, channel: int) -> np.ndarray:
    return np.histogram(image[..., channel], BINS, (0, 1))[0].astype(float)


def _patterns(image: np.ndarray, style: np.ndarray) -> float:
    windows = [np.lib.stride_tricks.sliding_window_view(each[0], (3, 3), axis=(0, 1)) for each in (image, style)]
    many = min(PATCHES, *(w.shape[0] * w.shape[1] for w in windows))  # equally many, so that each could be the nearest
    ours, theirs = (_sample(each, many) for each in windows)
    cosines = ours @ theirs.T
    return (cosines.max(1).mean() + len(np.unique(cosines.argmax(1))) / many) / 2


def _sample(windows: np.ndarray, many: int) -> np.ndarray:
    """Return so many of the patches, always the same places, as rows of length 1."""
    height, width = windows.shape[:2]
    chosen = np.random.default_rng(0).choice(height * width, many, replace=False)
    rows = windows[chosen // width, chosen % width].reshape(many, -1)
    return rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12)


def _resized(image: np.ndarray, scale: float) -> np.ndarray:
    import tensorflow as tf

    size = [round(side * scale) for side in image.shape[1:3]]
    return tf.clip_by_value(tf.image.resize(image, size, "bicubic", antialias=True), 0, 1)
