"""Checkers for the exercises of notebook 11: the cost of a run, the distance of two distributions, the Pareto front."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from ..score_card import pareto_front
from .base import Refused, checker, compare, require


@checker
def check_seconds(answer: Callable) -> str:
    """Check `seconds_for(size, iterations, timed_size, seconds_per_step)`: time grows with the number of pixels."""

    def oracle(size, iterations, timed_size, seconds_per_step):
        return np.float64(iterations * seconds_per_step * (size / timed_size) ** 2)

    mistakes = {
        "it grows with the side; a picture twice as wide is twice as high too, so square the ratio of the sides.": (
            lambda size, n, timed, each: n * each * size / timed
        ),
        "larger pictures come out faster; turn the fraction round.": (
            lambda size, n, timed, each: n * each * (timed / size) ** 2
        ),
        "that is one step; multiply by the iterations.": lambda size, n, timed, each: each * (size / timed) ** 2,
        "the size has no effect yet.": lambda size, n, timed, each: n * each,
    }
    for arguments in ((256, 200, 128, 0.125), (96, 1000, 192, 0.5), (1024, 50, 100, 0.03)):
        compare(_as_number(answer), oracle, arguments, mistakes)
    return "right for larger and for smaller pictures than the one that was timed."


@checker
def check_wasserstein(answer: Callable) -> str:
    """Check `wasserstein(a, b)` of two arrays `[n]`: the mean way by which one's numbers become the other's."""

    def oracle(a, b):
        return np.mean(np.abs(np.sort(a) - np.sort(b)))

    mistakes = {
        "each number goes to the one that happens to stand at its place; bring both into order first.": (
            lambda a, b: np.mean(np.abs(a - b))
        ),
        "differences cancel each other; take each without its sign.": lambda a, b: np.mean(np.sort(a) - np.sort(b)),
        "it compares the means; two distributions may share theirs and be far apart.": (
            lambda a, b: abs(np.mean(a) - np.mean(b))
        ),
        "the way is summed over all numbers; take the mean, or large pictures are far from everything.": (
            lambda a, b: np.sum(np.abs(np.sort(a) - np.sort(b)))
        ),
        "the ways are squared; that is the other Wasserstein distance, W₂. Here take them as they are.": (
            lambda a, b: np.mean((np.sort(a) - np.sort(b)) ** 2)
        ),
        "that is W₂, the root of the mean square; here take the mean way, W₁.": (
            lambda a, b: np.sqrt(np.mean((np.sort(a) - np.sort(b)) ** 2))
        ),
    }
    for seed, n in enumerate((3, 8, 100)):
        random = np.random.default_rng(seed)
        compare(answer, oracle, (random.random(n), 2 * random.random(n) - 0.5), mistakes)
    a = np.float64([3, 1, 2])
    given = a.copy()
    compare(answer, oracle, (given, np.float64([1, 2, 3])), mistakes)
    require((given == a).all(), "it sorts the array that it was given; np.sort returns a copy, a.sort() does not.")
    return "right for few numbers and many, and 0 for the same numbers in another order."


@checker
def check_front(answer: Callable) -> str:
    """Check `unbeaten(costs)` of a dict from name to costs, lower is better: the names that no other one beats."""
    random = np.random.default_rng(0)
    cases: list[Mapping[str, Sequence[float]]] = [
        {"cheap": (1, 5), "middle": (2, 2), "good": (5, 1), "beaten": (3, 3)},
        {"a": (1, 1), "as low in one, higher in the other": (1, 2)},
        {"a": (1, 2), "its twin": (1, 2), "b": (2, 1)},
        {str(i): tuple(random.random(3)) for i in range(12)},
    ]
    for costs in cases:
        right, got = set(pareto_front(costs)), _names(answer, costs)
        if got == right:
            continue
        best = {min(costs, key=lambda name: costs[name][i]) for i in range(len(next(iter(costs.values()))))}
        dominated_by_more = {
            name
            for name in costs
            if not any(all(x < y for x, y in zip(costs[o], costs[name], strict=True)) for o in costs)
        }
        require(got != best, f"given {costs}, it names only the best in each column; compromises are on the front too.")
        require(got, f"given {costs}, it names nobody: a row must not beat itself, nor its twin.")
        require(
            got != dominated_by_more,
            f"given {costs}, it keeps a row that is as low in one column and higher in another; that one is beaten.",
        )
        worse = {name: tuple(-x for x in row) for name, row in costs.items()}
        require(got != set(pareto_front(worse)), "it keeps the highest costs; lower is better here.")
        raise Refused(f"given {costs}, it names {sorted(got)}, but {sorted(right)} is right.")
    return "right for two columns and three, with equal rows and with twins."


def _as_number(answer: Callable) -> Callable:
    """Let a Python number pass for NumPy's."""

    def converted(*arguments):
        got = answer(*arguments)
        return np.float64(got) if isinstance(got, int | float) else got

    converted.__name__ = answer.__name__
    return converted


def _names(answer: Callable, costs: Mapping[str, Sequence[float]]) -> set[str]:
    got = answer(dict(costs))
    require(not isinstance(got, str | dict), f"it returns a {type(got).__name__}; return a list of names.")
    try:
        got = set(got)
    except TypeError:
        raise Refused(f"it returns a {type(got).__name__}; return a list of names.") from None
    require(got <= set(costs), f"it returns {sorted(map(str, got))}, which are not all names of {sorted(costs)}.")
    return got
