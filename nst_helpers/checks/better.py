"""Checkers for the exercises of notebooks 09 and 10: averages, budgets, colours, and what stands in for a Gram."""

from collections.abc import Callable

import numpy as np

from .base import call, checker, compare, require


def _numbers(*shape: int) -> np.ndarray:
    """Return float32 numbers 0..1, the same at every call."""
    return np.random.default_rng(sum(shape)).random(shape, np.float32)


# Exercises of notebooks/09_better_and_faster


@checker
def check_average(answer: Callable) -> str:
    """Check `average_of(images, decay)`: the exponential moving average, corrected for having started at zero."""

    def running(images, new, old, divisor=1.0):
        average = np.zeros_like(images[0])
        for image in images:
            average = np.float32(old) * average + np.float32(new) * image
        return average / np.float32(divisor)

    def oracle(images, decay):
        return running(images, 1 - decay, decay, 1 - decay ** len(images))

    def first_in_full(images, decay):
        return running([images[0] / np.float32(1 - decay), *images[1:]], 1 - decay, decay)

    mistakes = {
        "starting at zero it stays too dark; divide by 1 - decay^k after k images.": lambda x, d: running(x, 1 - d, d),
        "old and new are exchanged: the average so far counts decay, a new image 1 - decay.": lambda x, d: running(
            x, d, 1 - d, 1 - d ** len(x)
        ),
        "it starts with the first image, which then counts too much; start at zero and correct.": first_in_full,
        "this is the plain mean; later images must count more.": lambda x, d: np.mean(x, axis=0),
        "this is the last image; average all of them.": lambda x, d: x[-1],
    }
    for count, decay in ((3, 0.8), (1, 0.9), (5, 0.9)):
        compare(answer, oracle, [_numbers(count, 2, 4, 3), decay], mistakes)
    return "right for one, three and five images."


@checker
def check_budget(answer: Callable) -> str:
    """Check `evaluations(sizes, budget)`: how many at each size, so that each costs the same, in all `budget`."""

    def shares(sizes, budget, power=2, parts=None):
        return [budget / (parts or len(sizes)) * (sizes[-1] / size) ** power for size in sizes]

    def rounded(values):
        return np.round(np.array(values)).astype(int)

    mistakes = {
        "the cost goes with the number of pixels, which is the square of the side.": (1, None),
        "every size gets the whole budget; share it among them.": (2, 1),
        "a smaller size must get more evaluations, not fewer.": (-2, None),
        "every size gets as many; a smaller one costs less, so it gets more.": (0, None),
    }
    for sizes, budget in (([64, 128], 40), ([96, 136, 192], 90), ([256], 50)):
        got = call(answer, list(sizes), budget)
        require(got.shape == (len(sizes),), f"given {len(sizes)} sizes, it returns the shape {list(got.shape)}.")
        whole = np.array_equal(got, np.round(got))
        require(whole, "these are no whole numbers; round them, an evaluation cannot be halved.")
        right = rounded(shares(sizes, budget))
        for explanation, (power, parts) in mistakes.items():
            wrong = rounded(shares(sizes, budget, power, parts))
            require(np.array_equal(got, right) or not np.array_equal(got, wrong), explanation)
        near = np.abs(got - right).max() <= 1
        require(near, f"given {sizes} and {budget}, it returns {got.tolist()} where {right.tolist()} is right.")
    return "each size costs the same, and all together what the budget allows."


@checker
def check_channel_match(answer: Callable) -> str:
    """Check `match_channels(style, content)`: each channel of the style gets the content's mean and spread."""

    def matched(style, content, axis=(1, 2), spread=np.std, clip=True):
        mean_s, mean_c = (x.mean(axis=axis, keepdims=True) for x in (style, content))
        spread_s, spread_c = (spread(x, axis=axis, keepdims=True) for x in (style, content))
        result = (style - mean_s) / spread_s * spread_c + mean_c
        return np.clip(result, 0, 1) if clip else result

    mistakes = {
        "the two pictures are exchanged; the style is to be changed.": lambda s, c: matched(c, s),
        "it takes one mean and one spread for all channels; take them for each.": lambda s, c: matched(s, c, None),
        "it takes the variance; the spread is its root, the standard deviation.": lambda s, c: matched(
            s, c, spread=np.var
        ),
        "some values are below 0 or above 1; clip them.": lambda s, c: matched(s, c, clip=False),
        "the mean is right, but not the spread.": lambda s, c: np.clip(
            s - s.mean((1, 2), keepdims=True) + c.mean((1, 2), keepdims=True), 0, 1
        ),
    }
    for style_shape, content_shape in (((1, 5, 4, 3), (1, 5, 4, 3)), ((1, 8, 3, 3), (1, 4, 7, 3))):
        style, content = 0.2 * _numbers(*style_shape), np.sqrt(_numbers(*content_shape)[..., ::-1])
        compare(answer, matched, [style, content], mistakes)
    return "every channel has the content's mean and spread, whatever the sizes."


# Exercises of notebooks/10_do_we_need_gram


@checker
def check_independent_numbers(answer: Callable) -> str:
    """Check `independent_numbers(channels)`: how many a Gram matrix holds, and how many means and spreads."""

    def oracle(channels):
        return np.array([channels * (channels + 1) // 2, 2 * channels])

    mistakes = {
        "a Gram matrix is symmetric; count what is above the diagonal once.": lambda c: np.array([c * c, 2 * c]),
        "the diagonal of the Gram matrix is missing.": lambda c: np.array([c * (c - 1) // 2, 2 * c]),
        "half of C × C leaves out half of the diagonal.": lambda c: np.array([c * c // 2, 2 * c]),
        "there is a mean and a spread for each channel.": lambda c: np.array([c * (c + 1) // 2, c]),
        "the two are exchanged; the Gram matrix comes first.": lambda c: oracle(c)[::-1],
    }
    for channels in (3, 64, 512):
        compare(answer, oracle, [channels], mistakes)
    return "a wide layer's Gram holds a hundred times as much."


@checker
def check_spread(answer: Callable) -> str:
    """Check `spread_from(gram, mean)`: each channel's standard deviation, out of its Gram matrix and its mean."""

    def spread(gram, mean, width=True, centred=True, root=True):
        square = np.diagonal(gram, axis1=-2, axis2=-1) * np.float32(gram.shape[-1] if width else 1)
        variance = square - mean**2 if centred else square
        return np.sqrt(np.maximum(variance, 0)) if root else variance

    mistakes = {
        "the Gram matrix was divided by C as well; multiply its diagonal by C.": lambda g, m: spread(g, m, width=False),
        "this is the mean square; the variance is that less the squared mean.": lambda g, m: spread(
            g, m, centred=False, root=False
        ),
        "this is the root mean square; take the squared mean away first.": lambda g, m: spread(g, m, centred=False),
        "this is the variance; take its root.": lambda g, m: spread(g, m, root=False),
    }
    for shape in ((1, 4, 5, 3), (2, 3, 3, 6)):
        flat = 3 * _numbers(*shape).reshape(shape[0], -1, shape[-1])
        gram = flat.transpose(0, 2, 1) @ flat / np.float32(flat[0].size)
        compare(answer, spread, [gram, flat.mean(axis=1)], mistakes, tolerance=1e-3)
    return "the Gram's diagonal and the means know the spread already."


@checker
def check_quantiles(answer: Callable) -> str:
    """Check `quantiles(features, n)`: `[1, h, w, C]` to `[n, C]`, from each channel's smallest to its largest value."""

    def at_ranks(columns, n):
        return np.quantile(columns, np.linspace(0, 1, n), axis=0).astype(np.float32)

    def oracle(features, n):
        return at_ranks(features.reshape(-1, features.shape[-1]), n)

    mistakes = {
        "it runs from the largest value to the smallest; turn it round.": lambda f, n: oracle(f, n)[::-1],
        "the channels are mixed; sort each one for itself.": lambda f, n: at_ranks(
            np.sort(f, axis=None).reshape(-1, f.shape[-1]), n
        ),
        "it sorts the channels of each position; sort the positions of each channel.": lambda f, n: at_ranks(
            np.sort(f, axis=-1).reshape(-1, f.shape[-1]), n
        ),
        "the table is [C, n]; one column for each channel is asked for.": lambda f, n: oracle(f, n).T,
        "these are the first values as they come; sort them.": lambda f, n: f.reshape(-1, f.shape[-1])[:n],
    }
    for shape, n in (((1, 3, 3, 4), 9), ((1, 4, 6, 5), 24), ((1, 5, 5, 2), 5)):
        compare(answer, oracle, [_numbers(*shape), n], mistakes)
    return "each channel's values in order, whatever the places they came from."
