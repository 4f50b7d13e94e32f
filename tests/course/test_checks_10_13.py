"""The checkers of notebooks 10 and 13 refuse the usual mistakes with a helpful sentence."""

import numpy as np
import pytest
from exercises import checks, refusal

pytestmark = pytest.mark.quick

CHECKS = checks("10_*") | checks("13_*")


def projected(points, directions):
    return points @ (directions / np.linalg.norm(directions, axis=0))


def sliced(a, b, directions, axis=0):
    return (np.sort(projected(a, directions), axis=axis) - np.sort(projected(b, directions), axis=axis)) ** 2


def normal(x, axis, power=0.5):
    return (x - x.mean(axis, keepdims=True)) / (x.var(axis, keepdims=True) + np.float32(1e-5)) ** np.float32(power)


def root(points, power=0.5):
    values, vectors = np.linalg.eigh(np.cov(points.T, bias=True))
    return vectors * values**power @ vectors.T


WRONG = {
    "covariance_from": {
        "divided by C; multiply the Gram matrix": lambda g, m: g[0] - np.outer(m, m) / g.shape[-1],
        "before you subtract": lambda g, m: g[0] - np.outer(m, m),
        "second moment": lambda g, m: g[0] * g.shape[-1],
        "mean i times mean j": lambda g, m: g[0] * g.shape[-1] - m**2,
        "variances alone": lambda g, m: np.diag(np.diag(g[0] * g.shape[-1] - np.outer(m, m))),
        "batch axis": lambda g, m: g * g.shape[-1] - np.outer(m, m),
        "returns None": lambda g, m: ...,
    },
    "sliced_wasserstein": {
        "sort the projections first": lambda a, b, d: np.mean((projected(a, d) - projected(b, d)) ** 2),
        "wrong axis": lambda a, b, d: np.mean(sliced(a, b, d, axis=1)),
        "longer than 1": lambda a, b, d: np.mean((np.sort(a @ d, axis=0) - np.sort(b @ d, axis=0)) ** 2),
        "absolute differences": lambda a, b, d: np.mean(np.sqrt(sliced(a, b, d))),
        "root": lambda a, b, d: np.sqrt(np.mean(sliced(a, b, d))),
        "mean projections": lambda a, b, d: np.mean(projected(a.mean(0) - b.mean(0), d) ** 2),
        "summed": lambda a, b, d: np.sum(sliced(a, b, d)),
        "returns None": lambda a, b, d: None,
    },
    "instance_norm": {
        "batch normalisation": lambda x: normal(x, (0, 1, 2)),
        "layer normalisation": lambda x: normal(x, (1, 2, 3)),
        "each position": lambda x: normal(x, -1),
        "divides by the variance": lambda x: normal(x, (1, 2), 1),
        "the mean is still there": lambda x: x / x.std((1, 2), keepdims=True),
        "the deviation is as it was": lambda x: x - x.mean((1, 2), keepdims=True),
        "returns None": lambda x: ...,
    },
    "wct": {
        "this is AdaIN": lambda c, s: (c - c.mean(0)) / c.std(0) * s.std(0) + s.mean(0),
        "whitened only": lambda c, s: (c - c.mean(0)) @ root(c, -0.5),
        "not yet with its covariance": lambda c, s: (c - c.mean(0)) @ root(c, -0.5) + s.mean(0),
        "add the style's mean": lambda c, s: (c - c.mean(0)) @ root(c, -0.5) @ root(s),
        "not whitened": lambda c, s: (c - c.mean(0)) @ root(s) + s.mean(0),
        "multiply by its root": lambda c, s: (c - c.mean(0)) @ root(c, -0.5) @ root(s, 1) + s.mean(0),
        "exchanged": lambda c, s: (s - s.mean(0)) @ root(s, -0.5) @ root(c) + c.mean(0),
        "as it was": lambda c, s: c,
        "[n, C]": lambda c, s: 1.0,
        "returns None": lambda c, s: None,
    },
}
CASES = [pytest.param(name, hint, wrong, id=f"{name}: {hint}") for name in WRONG for hint, wrong in WRONG[name].items()]


@pytest.mark.parametrize(("name", "hint", "wrong"), CASES)
def test_a_wrong_answer_is_refused_with_a_hint(name, hint, wrong):
    assert hint in refusal(CHECKS[name], wrong)


def test_any_root_of_the_covariances_is_right(capsys):
    def wct(content, style):
        whiten, colour = (np.linalg.cholesky(np.cov(x.T, bias=True)) for x in (content, style))
        return np.linalg.solve(whiten, (content - content.mean(0)).T).T @ colour.T + style.mean(0)

    CHECKS["wct"](wct)
    assert capsys.readouterr().out.startswith("✓")
