"""The checkers of notebooks 09 and 10 refuse the usual mistakes with a helpful sentence."""

import numpy as np
import pytest
from exercises import checks, refusal

CHECKS = checks("09_*") | checks("10_*")


def running(images, decay, swapped=False, start=0):
    average = start * images[0]
    for image in images[start:]:
        old, new = (1 - decay, decay) if swapped else (decay, 1 - decay)
        average = old * average + new * image
    return average


def shares(sizes, budget, power=2, parts=None):
    return [round(budget / (parts or len(sizes)) * (sizes[-1] / size) ** power) for size in sizes]


def matched(style, content, axis=(1, 2), spread=np.std, clip=(0, 1)):
    of_style, of_content = ((x.mean(axis=axis), spread(x, axis=axis)) for x in (style, content))
    return np.clip((style - of_style[0]) / of_style[1] * of_content[1] + of_content[0], *clip)


def rows(features):
    return features.reshape(-1, features.shape[-1])


def ranked(values, n):
    return values[np.linspace(0, len(values) - 1, n).round().astype(int)]


def diagonal(gram):
    return np.diagonal(gram, axis1=1, axis2=2)


WRONG = {
    "average_of": {
        "too dark": running,
        "exchanged": lambda x, d: running(x, d, swapped=True) / (1 - d ** len(x)),
        "starts with the first": lambda x, d: running(x, d, start=1),
        "plain mean": lambda x, d: np.mean(x, axis=0),
        "last image": lambda x, d: x[-1],
        "divisor": lambda x, d: running(x, d) / (1 - d),
        "shape": lambda x, d: running(x, d)[0],
        "float64": lambda x, d: np.float64(running(x, d)) / (1 - d ** len(x)),
        "nothing yet": lambda x, d: ...,
    },
    "evaluations": {
        "square of the side": lambda s, b: shares(s, b, power=1),
        "whole budget": lambda s, b: shares(s, b, parts=1),
        "not fewer": lambda s, b: shares(s, b, power=-2),
        "as many": lambda s, b: shares(s, b, power=0),
        "whole numbers": lambda s, b: [b / len(s) * (s[-1] / size) ** 2 for size in s],
        "returns the shape": lambda s, b: shares(s, b)[:-1],
        "is right": lambda s, b: [x + 3 for x in shares(s, b)],
        "nothing yet": lambda s, b: None,
    },
    "match_channels": {
        "exchanged": lambda s, c: matched(c, s),
        "for all channels": lambda s, c: matched(s, c, None),
        "variance": lambda s, c: matched(s, c, spread=np.var),
        "clip": lambda s, c: matched(s, c, clip=(-9, 9)),
        "not the spread": lambda s, c: np.clip(s - s.mean((1, 2)) + c.mean((1, 2)), 0, 1),
        "where": lambda s, c: s,
        "nothing yet": lambda s, c: ...,
    },
    "independent_numbers": {
        "symmetric": lambda c: (c * c, 2 * c),
        "diagonal of the Gram matrix is missing": lambda c: (c * (c - 1) // 2, 2 * c),
        "half of the diagonal": lambda c: (c * c // 2, 2 * c),
        "for each channel": lambda c: (c * (c + 1) // 2, c),
        "exchanged": lambda c: (2 * c, c * (c + 1) // 2),
        "float64": lambda c: (c * (c + 1) / 2, 2 * c),
        "nothing yet": lambda c: None,
    },
    "spread_from": {
        "multiply its diagonal by C": lambda g, m: np.sqrt(np.maximum(diagonal(g) - m**2, 0)),
        "mean square": lambda g, m: diagonal(g) * g.shape[-1],
        "root mean square": lambda g, m: np.sqrt(diagonal(g) * g.shape[-1]),
        "take its root": lambda g, m: diagonal(g) * g.shape[-1] - m**2,
        "shape": lambda g, m: np.sqrt(g * g.shape[-1]),
        "nothing yet": lambda g, m: None,
    },
    "quantiles": {
        "turn it round": lambda f, n: ranked(np.sort(rows(f), axis=0), n)[::-1],
        "channels are mixed": lambda f, n: ranked(rows(np.sort(f, axis=None).reshape(f.shape)), n),
        "channels of each position": lambda f, n: ranked(np.sort(rows(np.sort(f, axis=-1)), axis=0), n),
        "one column for each channel": lambda f, n: ranked(np.sort(rows(f), axis=0), n).T,
        "sort them": lambda f, n: rows(f)[:n],
        "shape": lambda f, n: np.sort(rows(f), axis=0)[: n - 1],
        "nothing yet": lambda f, n: ...,
    },
}
CASES = [pytest.param(name, hint, wrong, id=f"{name}: {hint}") for name in WRONG for hint, wrong in WRONG[name].items()]


@pytest.mark.parametrize(("name", "hint", "wrong"), CASES)
def test_a_wrong_answer_is_refused_with_a_hint(name, hint, wrong):
    assert hint in refusal(CHECKS[name], wrong)
