"""Checkers for the exercises of notebooks 10 and 13: what else can be compared, and what came after."""

import numpy as np

from .base import exercise, pixels, require

# Exercises of notebooks/10_do_we_need_gram


def _covariance(gram, mean, per_channel=1, subtracted=1, scaled=1):
    channels = np.float32(gram.shape[-1])
    return gram[0] * channels**per_channel - subtracted * np.outer(mean, mean) / channels ** (1 - scaled)


def _gram_and_mean(*shape):
    flat = 3 * pixels(1, *shape).reshape(-1, shape[-1])
    return (flat.T @ flat / np.float32(flat.size))[None], flat.mean(axis=0)


check_covariance = exercise(
    _covariance,
    (_gram_and_mean(4, 5, 3), _gram_and_mean(3, 3, 6)),
    {
        "this is the covariance divided by C; multiply the Gram matrix by C, then subtract.": {
            "per_channel": 0,
            "scaled": 0,
        },
        "the Gram matrix was divided by C; multiply it by C before you subtract.": {"per_channel": 0},
        "this is the second moment; subtract the products of the means.": {"subtracted": 0},
        "each column loses its own mean squared; entry (i, j) must lose mean i times mean j.": lambda g, m: (
            g[0] * np.float32(g.shape[-1]) - m**2
        ),
        "these are the variances alone; keep the whole matrix.": lambda g, m: np.diag(np.diag(_covariance(g, m))),
        "the batch axis is still there; the matrix is [C, C].": lambda g, m: _covariance(g, m)[None],
    },
    "so the Gram matrix and the means together know the covariance, and each channel's standard deviation.",
    tolerance=1e-3,
)


def _sliced(a, b, directions, ordered=lambda x: np.sort(x, axis=0), unit=True, between=np.square, average=np.mean):
    directions = directions / np.linalg.norm(directions, axis=0) if unit else directions
    return average(between(ordered(a @ directions) - ordered(b @ directions)))


def _clouds(n, channels, directions):
    random = np.random.default_rng(n)
    points = [random.standard_normal((n, channels)) * scale for scale in (1, 2)]
    return *points, 3 * random.standard_normal((channels, directions))


check_sliced = exercise(
    _sliced,
    (_clouds(8, 3, 2), _clouds(50, 4, 6), _clouds(7, 2, 1)),
    {
        "each point is compared with the one at its own place; sort the projections first.": {"ordered": np.asarray},
        "it sorts along the wrong axis: for each direction sort the points.": {"ordered": lambda x: np.sort(x, axis=1)},
        "the directions are longer than 1; divide each by its length.": {"unit": False},
        "it takes absolute differences; square them.": {"between": np.abs},
        "it takes a root; the course's losses are squared distances.": {"average": lambda x: np.sqrt(np.mean(x))},
        "it compares the mean projections only; compare all the sorted ones.": lambda a, b, d: _sliced(
            a.mean(0, keepdims=True), b.mean(0, keepdims=True), d
        ),
        "it is summed; take the mean, over the points and over the directions.": {"average": np.sum},
    },
    "and 0 for the same points in another order.",
)

# Exercises of notebooks/13_what_came_after


def _normalized(features, axis=(1, 2), power=0.5, centre=1):
    mean, variance = features.mean(axis, keepdims=True), features.var(axis, keepdims=True)
    return (features - centre * mean) / (variance + np.float32(1e-5)) ** np.float32(power)


check_instance_norm = exercise(
    _normalized,
    [[3 * pixels(*shape) ** 2] for shape in ((2, 4, 5, 3), (3, 6, 4, 2), (1, 5, 5, 4))],
    {
        "the pictures of a batch share their mean; that is batch normalisation. Take each picture by itself.": {
            "axis": (0, 1, 2)
        },
        "the channels share their mean; that is layer normalisation. Take each channel by itself.": {"axis": (1, 2, 3)},
        "it normalises each position over the channels; take each channel over the positions.": {"axis": -1},
        "it divides by the variance; the standard deviation is its root.": {"power": 1},
        "the deviation is right, but the mean is still there.": {"centre": 0},
        "the mean is right, but the deviation is as it was; divide by it.": {"power": 0},
    },
    "every channel of every picture has mean 0 and standard deviation 1.",
    tolerance=1e-3,
)


def _power(points, power):
    values, vectors = np.linalg.eigh(np.cov(points.T, bias=True))
    return vectors * np.maximum(values, 1e-12) ** power @ vectors.T


def _transferred(content, style, whiten=-0.5, colour=0.5, back=1):
    whitened = (content - content.mean(0)) @ _power(content, whiten)
    return whitened @ _power(style, colour) + back * style.mean(0)


def _adain(content, style):
    return (content - content.mean(0)) / content.std(0) * style.std(0) + style.mean(0)


def _moments(got, *_):
    got = np.asarray(got)
    require(got.ndim == 2 and got.dtype.kind in "fiu", "it must return an array of numbers of the shape [n, C].")
    return {"the number of rows": len(got), "the mean": got.mean(0), "the covariance": np.cov(got.T, bias=True)}


def _correlated(n, m, channels):
    random = np.random.default_rng(n)
    content, style = (
        random.standard_normal((rows, channels)) @ random.random((channels, channels)) + random.random(channels)
        for rows in (n, m)
    )
    return content, style


check_wct = exercise(
    _transferred,
    (_correlated(40, 30, 3), _correlated(25, 60, 4)),
    {
        "this is AdaIN: means and standard deviations are the style's, but not the covariances.": _adain,
        "this is whitened only; give it the style's covariance, then its mean.": {"colour": 0, "back": 0},
        "this is whitened, with the style's mean, but not yet with its covariance.": {"colour": 0},
        "the covariance is right; add the style's mean.": {"back": 0},
        "the content is not whitened, so both covariances are in it.": {"whiten": 0},
        "it multiplies by the covariance; multiply by its root.": {"colour": 1},
        "content and style are exchanged.": lambda c, s: _transferred(s, c),
        "this is the content as it was.": lambda c, s: c,
    },
    "the rows have the style's mean and covariance, whatever root you took.",
    read=_moments,
    tolerance=1e-3,
)
