"""Checkers for the exercises of notebooks 09 and 11: a masked Gram, your own picture."""

import numpy as np

from .base import exercise, pixels

# Exercises of notebooks/09_better_and_faster


def _masked(features, mask, power=1, per_channel=True, per_position=False):
    flat, weight = features.reshape(-1, features.shape[-1]), mask.reshape(-1, 1)
    divisor = (mask.size if per_position else mask.sum()) * (flat.shape[1] if per_channel else 1)
    return (flat * weight**power).T @ flat / np.float32(divisor)


check_masked_gram = exercise(
    _masked,
    [[3 * pixels(1, *shape), pixels(*shape[:2])] for shape in ((4, 4, 3), (3, 5, 4), (6, 2, 5))],
    {
        "it is divided by h·w·C, so a small mask gives a small Gram matrix; divide by C·Σm.": {"per_position": True},
        "the mask is counted twice, once in each factor; multiply only one of them by it.": {"power": 2},
        "the mask has no effect yet; multiply one of the two factors by it.": {"power": 0, "per_position": True},
        "it is divided by the sum of the mask, but not by C.": {"per_channel": False},
        "mask and features do not match: flatten both in the same order, rows first.": lambda f, m: _masked(f, m.T),
    },
    "right for masks with soft edges, square or not.",
)

# Exercises of notebooks/11_your_own_picture


def _two_samples(seed, n):
    random = np.random.default_rng(seed)
    return random.random(n), 2 * random.random(n) - 0.5


check_wasserstein = exercise(
    lambda a, b, ordered=np.sort, distance=np.abs, average=np.mean, power=1: (
        average(distance(ordered(a) - ordered(b))) ** power
    ),
    [*(_two_samples(seed, n) for seed, n in enumerate((3, 8, 100))), (np.float64([3, 1, 2]), np.float64([1, 2, 3]))],
    {
        "each number goes to the one at its own place; bring both into order first.": {"ordered": np.asarray},
        "differences cancel each other; take each without its sign.": {"distance": np.asarray},
        "it compares the means; they may be equal in distributions far apart.": lambda a, b: abs(a.mean() - b.mean()),
        "it is summed over all numbers; take the mean, or large pictures are far from everything.": {"average": np.sum},
        "the differences are squared, as W₂ has them; take them as they are.": {"distance": np.square},
        "that is W₂, the root of the mean square; take the mean, W₁.": {"distance": np.square, "power": 0.5},
    },
    "right for few numbers and many, and 0 for the same numbers in another order.",
)
