"""Checkers for the exercises of notebook 08: when to stop, where artefacts show, which frames to take."""

from collections.abc import Callable

import numpy as np

from .base import checker, compare

CALM = 0.2
"""Share of the positions that count as calm."""


@checker
def check_enough(answer: Callable) -> str:
    """Check `enough(changes, threshold, patience)`: where the first run of so many changes below a threshold begins."""

    def oracle(changes, threshold, patience):
        below = np.asarray(changes) < threshold
        starts = [i for i in range(len(below) - patience + 1) if below[i : i + patience].all()]
        return starts[0] if starts else -1

    def single(changes, threshold, patience):
        return oracle(changes, threshold, 1)

    def smallest(changes, threshold, patience):
        return int(np.argmin(changes))

    def scattered(changes, threshold, patience):
        below = np.flatnonzero(np.asarray(changes) < threshold)
        return int(below[0]) if len(below) >= patience else -1

    def last_of_them(changes, threshold, patience):
        at = oracle(changes, threshold, patience)
        return at if at < 0 else at + patience - 1

    mistakes = {
        "the small changes need not follow one another; start counting anew after a large one.": scattered,
        "a single small change is enough for it; wait until `patience` of them follow one another.": single,
        "the very end is missed; let the last window reach the last change.": lambda c, t, p: oracle(c[:-1], t, p),
        "it returns the last of the small changes; return the first of them.": last_of_them,
        "it looks for changes above the threshold.": lambda c, t, p: oracle(-np.asarray(c), -t, p),
        "the smallest change decides; it is the first ones below the threshold that are asked for.": smallest,
    }
    for changes, threshold, patience in (
        ([8, 7, 1.5, 6, 1, 5], 2, 3),
        ([9, 5, 2.5, 1, 3, 1, 2, 1.5], 2.9, 3),
        ([9, 1, 4, 2, 1, 6, 0.5], 2.2, 2),
        ([1, 0.5, 4], 2, 1),
    ):
        compare(answer, oracle, [changes, threshold, patience], mistakes)
    return "right early, late and never, whatever the patience."


@checker
def check_speckle(answer: Callable) -> str:
    """Check `speckle(fine, content_fine)`: the mean of one map where the other one is within its lowest fifth."""

    def oracle(fine, content_fine):
        return fine[content_fine <= np.quantile(content_fine, CALM)].mean()

    mistakes = {
        "it looks where the generated picture is calm; ask the content.": lambda f, c: f[
            f <= np.quantile(f, CALM)
        ].mean(),
        "it looks where the content is busiest; take the lowest fifth.": lambda f, c: f[
            c > np.quantile(c, 1 - CALM)
        ].mean(),
        "it is the mean over all positions; take only the calm ones.": lambda f, c: f.mean(),
        "it is the content's own speckle; average the generated picture's map.": lambda f, c: oracle(c, c),
        "the other positions count as zeros; average over the calm ones alone.": lambda f, c: (
            f * (c <= np.quantile(c, CALM))
        ).mean(),
        "a fifth of the content's *range* is not a fifth of its positions; take a quantile.": lambda f, c: f[
            c <= c.min() + CALM * np.ptp(c)
        ].mean(),
    }
    for seed, shape in enumerate(((8, 12), (15, 10), (7, 9))):
        random = np.random.default_rng(seed)
        maps = [random.random(shape) ** 2 for _ in range(2)]
        compare(answer, oracle, maps, mistakes)
    return "right on maps of three shapes."


@checker
def check_equal_steps(answer: Callable) -> str:
    """Check `equal_steps(changes, n)`: the snapshots nearest to equal shares of the accumulated change."""

    def nearest(way, n):
        return np.abs(way[:, None] - np.linspace(0, way[-1], n)).argmin(axis=0)

    def oracle(changes, n):
        return nearest(np.concatenate([[0], np.cumsum(changes)]), n)

    mistakes = {
        "these are equal times; share out the accumulated change.": lambda c, n: (
            np.linspace(0, len(c), n).round().astype(int)
        ),
        "everything is one snapshot too early: before the first change lies snapshot 0, at a way of 0.": lambda c, n: (
            nearest(np.cumsum(c), n)
        ),
        "the last snapshot is missing; n frames have n - 1 steps between them.": lambda c, n: oracle(c, n + 1)[:-1],
        "it returns how far the frames are along the way; return their indices.": lambda c, n: np.concatenate(
            [[0], np.cumsum(c)]
        )[oracle(c, n)],
        "it returns the largest changes; accumulate them first.": lambda c, n: np.sort(np.argsort(c)[-n:]),
    }
    for seed, (length, n) in enumerate(((40, 5), (25, 8), (60, 3))):
        changes = 10 * np.exp(-np.arange(length) / 9) + np.random.default_rng(seed).random(length)
        compare(answer, oracle, [changes, n], mistakes)
    return "right for runs of three lengths."
