"""Two ways to keep the content's colours: lay its chroma over the result, or give the style its statistics."""

import numpy as np

LUMINANCE = (0.299, 0.587, 0.114)
"""The weights of red, green and blue in Y, by ITU-R BT.601."""

SMALLEST_VARIANCE = 1e-4
"""Added to all variances, so that a grey picture's covariance can be inverted."""


def luminance(image: np.ndarray) -> np.ndarray:
    """Return the luminance Y (of YIQ) of an image `[1, H, W, 3]`, RGB, 0..1, as float32 `[1, H, W, 1]`, 0..1.

    Used in notebooks/09_better_and_faster.
    """
    return np.asarray(image, np.float32) @ np.float32(LUMINANCE)[:, None]


def with_chroma_of(content: np.ndarray, image: np.ndarray, strength: float = 1.0) -> np.ndarray:
    """Return `image` in the colours of `content`: the luminance of the former, the chroma of the latter.

    A change of Y in YIQ changes red, green and blue equally, so it is enough to add the difference of the luminances.

    Args:
        content, image: `[1, H, W, 3]` of one shape, RGB, 0..1.
        strength: from 0, which leaves the image as it is, to 1, which takes all chroma from the content.

    Returns:
        float32 `[1, H, W, 3]`, clipped to 0..1.

    Source: Gatys, Bethge, Hertzmann & Shechtman 2016, section 4. Built in notebooks/09_better_and_faster.
    """
    content = np.asarray(content, np.float32)
    recolored = np.clip(content + luminance(image) - luminance(content), 0, 1)
    return np.float32(strength) * recolored + np.float32(1 - strength) * np.asarray(image, np.float32)


def with_color_statistics_of(content: np.ndarray, style: np.ndarray) -> np.ndarray:
    """Return `style` with the mean and covariance of `content`'s colours, by one affine map for all pixels.

    Args:
        content, style: `[1, H, W, 3]`, RGB, 0..1, of any two sizes.

    Returns:
        float32, the shape of `style`, clipped to 0..1.

    Source: Gatys, Bethge, Hertzmann & Shechtman 2016, section 3, with square roots from eigenvectors.
    Used in notebooks/09_better_and_faster.
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
