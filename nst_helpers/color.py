"""Two ways to keep the content picture's colours: its chroma over the result, or its statistics for the style."""

import numpy as np

LUMINANCE = (0.299, 0.587, 0.114)
"""How much red, green and blue count in Y, by ITU-R BT.601."""

SMALLEST_VARIANCE = 1e-4
"""Added to all variances, so that a gray picture's covariance can be inverted: a hundredth of the range, squared."""


def luminance(image: np.ndarray) -> np.ndarray:
    """Return how bright each pixel of `[1, H, W, 3]`, 0..1, is: Y of YIQ, float32 `[1, H, W, 1]`, 0..1.

    Built in notebooks/09_better_and_faster.
    """
    return np.asarray(image, np.float32) @ np.float32(LUMINANCE)[:, None]


def with_chroma_of(content: np.ndarray, image: np.ndarray) -> np.ndarray:
    """Return `image` in the colours of `content`: the one's luminance, the other's chroma.

    Y of YIQ counts for red, green and blue alike, so nothing but the difference of the luminances has to be added.

    Args:
        content, image: `[1, H, W, 3]` of one shape, RGB, 0..1.

    Returns:
        float32 `[1, H, W, 3]`, clipped to 0..1.

    Source: Gatys, Bethge, Hertzmann & Shechtman 2016, section 4. Built in notebooks/09_better_and_faster.
    """
    content = np.asarray(content, np.float32)
    return np.clip(content + luminance(image) - luminance(content), 0, 1)


def with_color_statistics_of(content: np.ndarray, style: np.ndarray) -> np.ndarray:
    """Return `style` with the mean and the covariance of `content`'s colours, by one affine map for all its pixels.

    Args:
        content, style: `[1, H, W, 3]`, RGB, 0..1; they may differ in size.

    Returns:
        float32, the shape of `style`, clipped to 0..1.

    Source: Gatys, Bethge, Hertzmann & Shechtman 2016, section 3, with the roots of the covariances by their
    eigenvectors. Built in notebooks/09_better_and_faster.
    """
    (content_mean, content_covariance), (style_mean, style_covariance) = map(_statistics, (content, style))
    change = _power(content_covariance, 0.5) @ _power(style_covariance, -0.5)
    matched = (np.float64(style) - style_mean) @ change.T + content_mean
    return np.float32(np.clip(matched, 0, 1))


def _statistics(image: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    colours = np.float64(image).reshape(-1, 3)
    return colours.mean(axis=0), np.cov(colours, rowvar=False, bias=True) + SMALLEST_VARIANCE * np.eye(3)


def _power(covariance: np.ndarray, exponent: float) -> np.ndarray:
    """Return a power of a symmetric positive matrix."""
    variances, directions = np.linalg.eigh(covariance)
    return directions * variances**exponent @ directions.T
