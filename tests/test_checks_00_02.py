"""The checkers of notebooks 00 to 02 refuse the usual mistakes with a helpful word."""

import numpy as np
import pytest
from exercises import checks, refusal

CHECKS = checks("0[012]_*")


def rows(f):  # (B, H·W, C)
    return f.reshape(f.shape[0], -1, f.shape[-1])


def gram(f):
    return rows(f).transpose(0, 2, 1) @ rows(f) / np.float32(f[0].size)


def untransposed(f):
    g = f.reshape(f.shape[0], f.shape[-1], -1)
    return g @ g.transpose(0, 2, 1) / np.float32(f[0].size)


def roots(g):
    return np.sqrt(np.outer(np.diag(g), np.diag(g)))


def masked(f, m, power=1):
    flat = f.reshape(-1, f.shape[-1])
    return flat.T @ (flat * m.reshape(-1, 1) ** power)


MEAN = np.float32([103.939, 116.779, 123.68])


def back(x):
    return ((x + MEAN) / np.float32(255))[..., ::-1]


def field(layers, kernel=1, start=1, late=False, strides=True):
    size, pixels = start, 1
    for k, stride in layers:
        size += (k - kernel) * (pixels * stride if late else pixels)
        pixels *= stride if strides else 1
    return size


def total(c, s, t, a, b, g):
    return a * c + b * s + g * t


def fit(height, width, size, side=max, rounded=round, most=1):
    factor = min(most, size / side(height, width))
    return rounded(height * factor), rounded(width * factor)


WRONG = {
    "total_loss": {
        "no weights": (lambda c, s, t, a, b, g: c + s + t, "no effect"),
        "α for β": (lambda c, s, t, a, b, g: total(c, s, t, b, a, g), "α belongs"),
        "β for γ": (lambda c, s, t, a, b, g: total(c, s, t, a, g, b), "β belongs"),
        "no total variation": (lambda c, s, t, a, b, g: a * c + b * s, "total variation is missing"),
        "mean": (lambda c, s, t, a, b, g: total(c, s, t, a, b, g) / (a + b + g), "no mean"),
        "divided": (lambda c, s, t, a, b, g: c / a + s / b + t / g, "multiply"),
        "three numbers": (lambda c, s, t, a, b, g: [a * c, b * s, g * t], "shape"),
    },
    "fitted_size": {
        "width first": (lambda h, w, s: fit(h, w, s)[::-1], "(height, width)"),
        "square": (lambda h, w, s: (s, s), "aspect"),
        "shorter side": (lambda h, w, s: fit(h, w, s, min), "longer"),
        "always the width": (lambda h, w, s: fit(h, w, s, lambda h, w: w), "whichever"),
        "cut off": (lambda h, w, s: fit(h, w, s, rounded=int), "round"),
        "enlarged": (lambda h, w, s: fit(h, w, s, most=9), "stays as it is"),
        "not whole": (lambda h, w, s: fit(h, w, s, rounded=float), "right"),
    },
    "preprocess_by_hand": {
        "RGB": (lambda x: x * 255 - MEAN, "blue, green, red"),
        "mean turned round": (lambda x: x[..., ::-1] * 255 - MEAN[::-1], "already"),
        "0..1": (lambda x: x[..., ::-1] - MEAN, "255"),
        "no mean": (lambda x: x[..., ::-1] * 255, "mean"),
        "mean first": (lambda x: (x[..., ::-1] - MEAN) * 255, "before"),
        "upside down": (lambda x: x[:, ::-1] * 255 - MEAN, "upside down"),
        "mirrored": (lambda x: x[:, :, ::-1] * 255 - MEAN, "mirrored"),
        "float64": (lambda x: np.float64(x[..., ::-1]) * 255 - MEAN, "float64"),
        "batch lost": (lambda x: x[0, ..., ::-1] * 255 - MEAN, "shape"),
    },
    "deprocess": {
        "no clip": (back, "clip"),
        "BGR": (lambda x: np.clip(back(x)[..., ::-1], 0, 1), "last axis"),
        "turned round first": (lambda x: np.clip((x[..., ::-1] + MEAN) / 255, 0, 1), "mean"),
        "0..255": (lambda x: np.clip((x + MEAN)[..., ::-1], 0, 255), "255"),
        "no mean": (lambda x: np.clip(x[..., ::-1] / 255, 0, 1), "mean"),
        "whole numbers": (lambda x: np.uint8(np.clip(back(x), 0, 1) * 255), "right"),
    },
    "receptive_field": {
        "no strides": (lambda n: field(n, strides=False), "strides"),
        "own stride too early": (lambda n: field(n, late=True), "after it"),
        "kernel, not kernel - 1": (lambda n: field(n, kernel=0), "adds 2"),
        "from 0": (lambda n: field(n, start=0), "1 pixel"),
        "product of strides": (lambda n: np.prod([stride for _, stride in n]), "right"),
    },
    "gram": {
        "reshape without transpose": (untransposed, "transpose"),
        "no divisor": (lambda f: rows(f).transpose(0, 2, 1) @ rows(f), "divide"),
        "divided by H·W": (lambda f: gram(f) * f.shape[-1], "H·W·C"),
        "divided by the whole batch": (lambda f: gram(f) / len(f), "divisor"),
        "mean over the batch": (lambda f: gram(f).mean(0), "batch"),
        "positions for channels": (lambda f: rows(f) @ rows(f).transpose(0, 2, 1) / np.float32(f[0].size), "FᵀF"),
        "float64": (lambda f: gram(np.float64(f)), "float64"),
        "flat": (lambda f: gram(f).ravel(), "shape"),
    },
    "correlation": {
        "no root": (lambda g: g / (roots(g) ** 2 + 1e-12), "root"),
        "rows only": (lambda g: g / (np.diag(g)[:, None] + 1e-12), "row"),
        "columns only": (lambda g: g / (np.diag(g)[None] + 1e-12), "column"),
        "one divisor": (lambda g: g / g.max(), "pair"),
        "0/0": (lambda g: g / roots(g), "never fires"),
        "centred": (lambda g: np.corrcoef(g).astype(np.float32), "right"),
    },
    "masked_gram": {
        "divided by H·W·C": (lambda f, m: masked(f, m) / f.size, "small mask"),
        "mask squared": (lambda f, m: masked(f, m, 2) / (m.sum() * f.shape[-1]), "twice"),
        "mask ignored": (lambda f, m: masked(f, m, 0) / f.size, "no effect"),
        "not by C": (lambda f, m: masked(f, m) / m.sum(), "not by C"),
        "mask transposed": (
            lambda f, m: masked(f, np.ascontiguousarray(m.T).reshape(m.shape)) / (m.sum() * f.shape[-1]),
            "order",
        ),
    },
}
CASES = [pytest.param(name, *case, id=f"{name}: {mistake}") for name in WRONG for mistake, case in WRONG[name].items()]


@pytest.mark.parametrize(("name", "wrong", "hint"), CASES)
def test_a_mistake_is_refused_with_a_hint(name, wrong, hint):
    assert hint in refusal(CHECKS[name], wrong)
